// What an editor shows: every public name, member and overload comes with a text, as the compiler sees the built types, and "go to
// definition" leads to the sources.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
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

/** Where an editor goes from the last method that is called in a program: file and line. */
async function definition(program) {
  const server = spawn(process.execPath, [
    fileURLToPath(import.meta.resolve("typescript/lib/tsserver.js")),
    "--disableAutomaticTypingAcquisition",
  ]);
  try {
    const file = fileURLToPath(new URL("unsaved.ts", import.meta.url));
    const offset = program.lastIndexOf(".") + 2;
    for (const [command, given] of [
      ["open", { file, fileContent: program }],
      ["definition", { file, line: 1, offset }],
    ])
      server.stdin.write(`${JSON.stringify({ seq: 0, type: "request", command, arguments: given })}\n`);
    let told = "";
    for await (const chunk of server.stdout) {
      told += chunk;
      const answer = /^\{.*"type":"response","command":"definition".*\}$/m.exec(told);
      if (answer === null) continue;
      const [found] = JSON.parse(answer[0]).body;
      return { file: found.file, line: readFileSync(found.file, "utf8").split("\n")[found.start.line - 1] };
    }
  } finally {
    server.kill();
  }
}

describe("go to definition", () => {
  const open = 'import { MemoryStore } from "omnikv"; const kv = new MemoryStore(); ';
  for (const [method, source] of [
    ["hset", "operations/hashes.ts"],
    ["set", "operations/strings.ts"],
    ["getOrSet", "api/patterns.ts"],
    ["withPrefix", "api/handle.ts"],
  ]) {
    it(`leads from kv.${method} to src/${source}`, async () => {
      const { file, line } = await definition(`${open}kv.${method}`);
      assert.ok(file.endsWith(`/src/${source}`), file);
      assert.match(line, new RegExp(`^ +${method}[<(]`));
    });
  }
});
