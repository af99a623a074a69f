// Builds dist/ from wasm-bindgen's output: optimises the wasm, bundles the modules, prints the sizes.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build, transformSync } from "esbuild";
import { writePages } from "./docs.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = (name) => `${root}${name}`;

/** Optimises a module and also writes it as text, for src/base/embedded.ts. */
function optimise(name) {
  execFileSync(process.execPath, [
    path("node_modules/binaryen/bin/wasm-opt"),
    "-O3",
    "--strip-producers",
    "--strip-target-features",
    // The features of rustc's target. Not --all-features: that emits encodings that only the newest engines can read.
    ...[
      "bulk-memory",
      "multivalue",
      "mutable-globals",
      "nontrapping-float-to-int",
      "reference-types",
      "sign-ext",
    ].map((feature) => `--enable-${feature}`),
    path(`dist/bindgen/${name}_bg.wasm`),
    "--output",
    path(`dist/${name}.wasm`),
  ]);
  writeFileSync(path(`dist/bindgen/${name}.text`), readFileSync(path(`dist/${name}.wasm`), "hex"));
}
optimise("core");
optimise("net");
optimise("postgres");

// The WIT of the component in the package, and what a package page shows.
cpSync(path("../wit"), path("dist/wit"), { recursive: true });
// The documents that the README links to.
for (const name of ["records.md", "reference.md", "seeds.md"])
  cpSync(path(`../www/${name}`), path(`dist/docs/${name}`));
for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) cpSync(path(`../${name}`), path(name));

/** What the cache in front of the wasm must know of commands (src/memory/cache/cache.ts). */
const table = JSON.parse(readFileSync(path("dist/commands.json"), "utf8"));
const words = (isMeant) =>
  JSON.stringify(
    table
      .filter(isMeant)
      .map(({ word }) => word)
      .join(" "),
  );
// The playground's console knows the commands by it; it has no words for what is built on records.
const console_ = table.filter(({ name }) => !name.includes("."));
writeFileSync(path("../www/table.js"), `export default ${JSON.stringify(console_)};\n`);
const effects = {
  READS: words(({ effect }) => effect === "Read"),
  SWEEPS: words(({ effect, isOnKeyspace }) => effect !== "Read" && isOnKeyspace),
};

const core = createHash("sha256");
for (const name of ["dist/core.wasm", "dist/bindgen/core.js"]) core.update(readFileSync(path(name)));
const common = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  target: ["es2022"],
  platform: "neutral",
  loader: { ".text": "text" },
  inject: ["src/base/globals.ts"],
  define: { ...effects, BUILD: JSON.stringify(core.digest("hex").slice(0, 12)), HERE: "undefined" },
  external: ["*.wasm", "cloudflare:*"],
  legalComments: "none",
  logLevel: "warning",
};
/**
 * The package's core stays one module, so that there is one set of stores and one error class: other modules import it,
 * and it loads the modules of remote stores and of cron expressions on demand.
 */
const beside = (end) => ({
  name: "beside",
  setup: ({ onResolve }) => {
    const external = (name) => () => ({ path: `./${name}${end}`, external: true });
    onResolve({ filter: /^\.\/index\.js$/ }, external("omnikv"));
    onResolve({ filter: /\/net\/net\.js$/ }, external("net"));
    onResolve({ filter: /\/net\/postgres\.js$/ }, external("postgres"));
    onResolve({ filter: /\/cron\/cron\.js$/ }, external("cron"));
    onResolve({ filter: /^\.\.\/index\.js$/ }, external("omnikv"));
    onResolve({ filter: /^\.\.\/gateway\.js$/ }, external("gateway"));
  },
});
/** `net/postgres.ts` is `net/net.ts` over another wasm. */
const withPostgres = {
  name: "with-postgres",
  setup: ({ onResolve }) => {
    onResolve({ filter: /\/bindgen\/net\.(js|text)$/ }, ({ path: name }) => ({
      path: path(`dist/bindgen/postgres.${name.split(".").at(-1)}`),
    }));
    onResolve({ filter: /^\.\/net\.wasm$/ }, () => ({ path: "./postgres.wasm", external: true }));
  },
};
/**
 * Bundles for pages and bundlers, for Workers, and for Node. In Node, `import` and `require` load the same CommonJS
 * module, so that a program that uses both has one set of stores.
 */
const FORMS = [
  [".js", {}],
  [".workerd.js", { conditions: ["workerd"] }],
  // CommonJS, so that Node detects the names of exports; no `import()`, which Jest lacks.
  [
    ".cjs",
    {
      format: "cjs",
      platform: "node",
      supported: { "dynamic-import": false },
      define: { ...common.define, HERE: "__filename" },
    },
  ],
];
for (const [end, form] of FORMS) {
  const plugins = [beside(end)];
  for (const [entry, name] of [
    ["index", "omnikv"],
    ["global", "global"],
    ["gateway", "gateway"],
    ["net/net", "net"],
    ["net/postgres", "postgres"],
    ["durable-object", "durable-object"],
  ]) {
    const outfile = `dist/${name}${end}`;
    // wasm-bindgen's glue calls `queueMicrotask`: it gets the one that was there when the module was loaded.
    const inject = [...common.inject, ...(entry.startsWith("net") ? ["src/base/timing.ts"] : [])];
    const all = name === "postgres" ? [withPostgres, ...plugins] : plugins;
    await build({ ...common, ...form, entryPoints: [`src/${entry}.ts`], outfile, plugins: all, inject });
  }
}
await build({ ...common, entryPoints: ["src/net/no-postgres.ts"], outfile: "dist/no-postgres.js" });
const { version } = JSON.parse(readFileSync(path("package.json"), "utf8"));
await build({
  ...common,
  entryPoints: ["src/cli/main.ts"],
  outfile: "dist/cli.js",
  platform: "node",
  plugins: [beside(".js")],
  define: { VERSION: JSON.stringify(version) },
  banner: { js: "#!/usr/bin/env node" },
});
chmodSync(path("dist/cli.js"), 0o755);
// Modules with a library inside.
for (const [entry, name, library] of [
  ["structured", "structured", "devalue"],
  ["cron/cron", "cron", "croner"],
]) {
  const licence = readFileSync(path(`node_modules/${library}/LICENSE`), "utf8");
  for (const [end, form] of FORMS) {
    if (form.conditions && name === "structured") continue;
    await build({
      ...common,
      ...form,
      entryPoints: [`src/${entry}.ts`],
      outfile: `dist/${name}${end}`,
      banner: { js: `/*! With ${library} inside.\n${licence.trim()} */` },
    });
  }
}

// The playground, which the command serves together with the package's own modules.
writePages();
rmSync(path("dist/www"), { recursive: true, force: true });
const isPage = (file) => !/\.(md|png)$|\/www\/(omnikv|net|cron)\.js$|\/www\/backends$/.test(file);
cpSync(path("../www"), path("dist/www"), { recursive: true, filter: isPage });

const sizes = (name, bytes) => {
  const brotli = brotliCompressSync(bytes).length;
  console.log(`${name.padEnd(30)} ${bytes.length.toString().padStart(8)} bytes, brotli ${brotli}`);
};
for (const name of ["dist/core.wasm", "dist/net.wasm", "dist/postgres.wasm"])
  sizes(name, readFileSync(path(name)));
for (const name of [
  "omnikv",
  "omnikv.workerd",
  "net",
  "net.workerd",
  "postgres",
  "structured",
  "cron",
  "global",
  "gateway",
].map((each) => `dist/${each}.js`)) {
  const source = readFileSync(path(name), "utf8");
  sizes(name, Buffer.from(source));
  sizes(`${name}, minified`, Buffer.from(transformSync(source, { minify: true, format: "esm" }).code));
}
