// What editors show: every public name, member and overload has a doc comment, as seen by the compiler in the built
// types.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const MODULES = ["index", "global", "structured"];
const files = MODULES.map((name) =>
  fileURLToPath(new URL(`../../pkg/dist/types/${name}.d.ts`, import.meta.url)),
);
const program = ts.createProgram(files, { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext });
const checker = program.getTypeChecker();

const isDocumented = (item) => item.getDocumentationComment(checker).length > 0;

/** Whether the member is public and belongs to the package. */
function isPublic(symbol) {
  const hidden = ts.ModifierFlags.Private | ts.ModifierFlags.Protected;
  return symbol.declarations?.every(
    (declaration) =>
      files.some((file) => declaration.getSourceFile().fileName.startsWith(file.replace(/[^/]*$/, ""))) &&
      (ts.getCombinedModifierFlags(declaration) & hidden) === 0 &&
      !(declaration.name && ts.isPrivateIdentifier(declaration.name)),
  );
}

/** The symbol, its members and their overloads that have no doc comment. */
function* silent(symbol, name) {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  if (!isDocumented(target)) yield name;
  const type =
    target.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Interface | ts.SymbolFlags.TypeAlias)
      ? checker.getDeclaredTypeOfSymbol(target)
      : checker.getTypeOfSymbol(target);
  yield* overloads(type, name);
  for (const member of type.getProperties().filter(isPublic)) {
    const within = `${name}.${member.name}`;
    if (!isDocumented(member)) yield within;
    yield* overloads(checker.getTypeOfSymbol(member), within);
  }
}

function* overloads(type, name) {
  for (const [index, signature] of type.getCallSignatures().entries()) {
    if (signature.declaration && !ts.isFunctionTypeNode(signature.declaration) && !isDocumented(signature))
      yield `${name}, overload ${index + 1}: ${checker.signatureToString(signature)}`;
  }
}

describe("the built types", () => {
  for (const [index, file] of files.entries()) {
    it(`document everything: ${MODULES[index]}`, () => {
      const source = program.getSourceFile(file);
      assert.ok(source, `${file}: npm run build in pkg/`);
      const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(source));
      assert.ok(exported.length > 0);
      const found = exported.flatMap((symbol) => [...silent(symbol, symbol.name)]);
      assert.equal(found.length, 0, `without a text:\n${found.join("\n")}`);
    });
  }
});
