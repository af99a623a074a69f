// What npm gets: the tarball's contents, its entry points and types as judged by tools, and the documents whose examples
// all run.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { pack } from "../pack.js";

const run = promisify(execFile);
const tests = fileURLToPath(new URL("..", import.meta.url));

describe("the tarball", () => {
  let folder;
  let tarball;
  let files;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "omnikv-package-"));
    tarball = await pack(folder);
    const { stdout } = await run("tar", ["--list", "--gzip", "--file", tarball]);
    files = stdout.split("\n").map((line) => line.replace("package/", ""));
  });

  after(() => rm(folder, { recursive: true, force: true }));

  /** Runs one of the tools on the tarball; its output is the failure. */
  const judge = (tool, ...options) =>
    run("npx", ["--no-install", tool, tarball, ...options], { cwd: tests }).catch((error) => {
      assert.fail(`${tool}: ${error.stdout}${error.stderr}`);
    });

  it("contains everything promised, and no development files", () => {
    const promised = [
      "README.md",
      "LICENSE-APACHE",
      "LICENSE-MIT",
      "dist/core.wasm",
      "dist/net.wasm",
      "dist/postgres.wasm",
      "dist/omnikv.wasm",
      "dist/omnikv-net.wasm",
    ];
    for (const name of [
      ...promised,
      "dist/net.js",
      "dist/net.cjs",
      "dist/cron.js",
      "dist/cron.cjs",
      "dist/cron.workerd.js",
      "dist/omnikv.cjs",
      "dist/types-cjs/index.d.ts",
      "dist/net.workerd.js",
      "dist/postgres.js",
      "dist/postgres.cjs",
      "dist/postgres.workerd.js",
      "dist/no-postgres.js",
      "dist/wit/world.wit",
      "dist/types/index.d.ts",
    ])
      assert.ok(files.includes(name), `no ${name}`);
    const strange = files.filter(
      (name) => !/^(|package\.json|README\.md|LICENSE-.*|(dist|src)\/.*)$/.test(name),
    );
    assert.deepEqual(strange, []);
  });

  it("is clean under publint", () => judge("publint", "--strict"));

  // The wasm files are for bundlers and hosts: what importing one gives is theirs to say, so they have no types.
  it("has types that resolve in every mode", () =>
    judge(
      "attw",
      "--exclude-entrypoints",
      "core.wasm",
      "net.wasm",
      "postgres.wasm",
      "omnikv.wasm",
      "omnikv-net.wasm",
    ));

  const document = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
  for (const [what, where, fence] of [
    ["the README that npm shows", "node_modules/omnikv/README.md", "js"],
    ["the project's README", document("README.md"), "ts"],
    ["the page on records", document("www/records.md"), "js"],
  ]) {
    it(`has examples that run, one after the other: ${what}`, async () => {
      const project = join(folder, what.replaceAll(/\W/g, "-"));
      await mkdir(join(project, "node_modules/omnikv"), { recursive: true });
      const unpack = ["--extract", "--gzip", "--strip-components=1", "--file", tarball];
      await run("tar", [...unpack, "--directory", join(project, "node_modules/omnikv")]);
      const readme = await readFile(resolve(project, where), "utf8");
      const examples = [...readme.matchAll(new RegExp(`\`\`\`${fence}\n(.*?)\`\`\``, "gs"))];
      assert(examples.length >= 8, `${examples.length} examples`);
      const [program, answers] = answering(examples.map(([, source]) => source).join("\n"));
      assert(answers >= 20, `${answers} answers are told`);
      // Node 20 supports neither types nor `await using`.
      const { code } = await transform(program, { loader: "ts", target: "es2022" });
      await writeFile(join(project, "examples.mjs"), code);
      await run(process.execPath, ["examples.mjs"], { cwd: project });
    });
  }

  it("has a README whose links exist", async () => {
    const readme = await readFile(new URL("../../pkg/README.md", import.meta.url), "utf8");
    const links = [...readme.matchAll(/\]\(([^)#]+)[^)]*\)/g)].map(([, link]) => link);
    const local = links.filter((link) => !link.startsWith("https:"));
    assert(local.length >= 2);
    for (const link of local) assert.ok(files.includes(link), `no ${link}`);
  });
});

/**
 * The examples as a program that fails if a call's result differs from the comment after it, and the number of such
 * comments.
 */
function answering(source) {
  let answers = 0;
  const told = (_, indent, expression, answer, remark) => {
    answers += 1;
    return `${indent}assert.deepEqual(${expression}, ${answer}); //${remark}`;
  };
  const ANSWER = / +\/\/ (\[.*\]|\{.*\}|"[^"]*"|true|false|null|-?\d+)(.*)/.source;
  const EXPRESSIONS = [
    // A call, a member of what it gives, and a member of what is awaited. What is printed is not compared.
    /(?!console\.)(?:await )?[a-z][\w.]*(?:<.*?>)?\(.*\)(?:\.\w+)?/,
    /\(await .*/,
    // A variable or a member of one.
    /[a-z][\w.]*/,
    // A call over several lines.
    /(?:await )?[a-z][^\n;]*[[({]\n(?: .*\n|\n)+?[\])}].*/,
  ];
  const checked = EXPRESSIONS.reduce(
    (text, each) => text.replace(new RegExp(`^( *)(${each.source});${ANSWER}`, "gm"), told),
    source,
  );
  return [`import assert from "node:assert/strict";\n${checked}`, answers];
}
