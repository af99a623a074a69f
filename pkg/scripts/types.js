// Makes dist/types, and dist/types-cjs with the same for CommonJS, and gives each overload the text of the one before it where it has
// none of its own: editors show nothing else, and in the sources a text stands once. Maps beside them lead "go to definition"
// to the sources.

import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = fileURLToPath(new URL("..", import.meta.url));
const types = `${root}dist/types`;
rmSync(types, { recursive: true, force: true });
const compiler = fileURLToPath(import.meta.resolve("typescript/bin/tsc"));
execFileSync(process.execPath, [compiler, "--project", `${root}tsconfig.build.json`], { stdio: "inherit" });

for (const name of readdirSync(types, { recursive: true }).filter((each) => each.endsWith(".d.ts"))) {
  const file = `${types}/${name}`;
  const map = JSON.parse(readFileSync(`${file}.map`, "utf8"));
  // A semicolon in a map is the end of a line.
  const lines = map.mappings.split(";");
  const text = documented(readFileSync(file, "utf8"), (line, count) => {
    lines[line] = ";".repeat(count) + lines[line];
  });
  writeFileSync(file, text);
  writeFileSync(`${file}.map`, JSON.stringify({ ...map, mappings: lines.join(";") }));
}
cpSync(`${root}src/wasm-module.d.ts`, `${types}/wasm-module.d.ts`);
cpSync(types, `${types}-cjs`, { recursive: true });
writeFileSync(`${types}-cjs/package.json`, '{ "type": "commonjs" }\n');

/** The same declarations, with a text at each overload; `added` is told before which lines how many have come. */
function documented(text, added) {
  const source = ts.createSourceFile("types.d.ts", text, ts.ScriptTarget.Latest, true);
  const texts = [];
  const visit = (siblings) => {
    let previous;
    for (const node of siblings) {
      const own = node.jsDoc?.at(-1);
      const isOverload = previous !== undefined && previous.name === nameOf(node);
      const docs = own?.getText(source) ?? (isOverload ? previous.docs : undefined);
      if (own === undefined && docs !== undefined) texts.push([node.getStart(source), docs]);
      previous = nameOf(node) === undefined ? undefined : { name: nameOf(node), docs };
      if (ts.isClassDeclaration(node) || ts.isInterfaceDeclaration(node)) visit(node.members);
    }
  };
  visit(source.statements);
  let result = text;
  for (const [at, docs] of texts.reverse()) {
    const indent = /[ \t]*$/.exec(result.slice(0, at))[0];
    added(source.getLineAndCharacterOfPosition(at).line, docs.split("\n").length);
    result = `${result.slice(0, at)}${docs}\n${indent}${result.slice(at)}`;
  }
  return result;
}

/** The name that overloads share. */
function nameOf(node) {
  if (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isMethodSignature(node))
    return node.name?.getText();
  if (ts.isConstructSignatureDeclaration(node) || ts.isConstructorDeclaration(node)) return "new";
  return ts.isCallSignatureDeclaration(node) ? "()" : undefined;
}
