// Makes dist/ from wasm-bindgen's output: optimises the wasm, bundles the modules, prints the sizes.

import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import { build, transformSync } from "esbuild";
import { embed } from "./embed.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const path = (name) => `${root}${name}`;

execFileSync(process.execPath, [
  path("node_modules/binaryen/bin/wasm-opt"),
  "-O3",
  // What rustc's target has. Not --all-features: that emits encodings which only the newest engines read.
  ...[
    "bulk-memory",
    "multivalue",
    "mutable-globals",
    "nontrapping-float-to-int",
    "reference-types",
    "sign-ext",
  ].map((feature) => `--enable-${feature}`),
  path("dist/bindgen/core_bg.wasm"),
  "--output",
  path("dist/core.wasm"),
]);

// DESIGN.md says what other forms cost.
writeFileSync(path("dist/bindgen/core.text"), embed(readFileSync(path("dist/core.wasm"))));

// The contract of the component that is shipped beside, and what a package page shows.
cpSync(path("../wit"), path("dist/wit"), { recursive: true });
for (const name of ["LICENSE-APACHE", "LICENSE-MIT"]) cpSync(path(`../${name}`), path(name));
cpSync(path("src/wasm-module.d.ts"), path("dist/types/wasm-module.d.ts"));

const common = {
  absWorkingDir: root,
  entryPoints: ["src/index.ts"],
  bundle: true,
  format: "esm",
  target: ["es2022"],
  platform: "neutral",
  loader: { ".text": "text" },
  external: ["*.wasm"],
  legalComments: "none",
  logLevel: "warning",
};
/** The package's core stays one module, so that there is one set of stores and one class of errors: others import it. */
const beside = (file) => ({
  name: "beside",
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/index\.js$/ }, () => ({ path: file, external: true })),
});
for (const [suffix, conditions] of [
  ["", []],
  [".workerd", ["workerd"]],
]) {
  await build({ ...common, outfile: `dist/omnikv${suffix}.js`, conditions });
  const plugins = [beside(`./omnikv${suffix}.js`)];
  await build({ ...common, entryPoints: ["src/global.ts"], outfile: `dist/global${suffix}.js`, plugins });
}
const licence = readFileSync(path("node_modules/devalue/LICENSE"), "utf8");
await build({
  ...common,
  entryPoints: ["src/structured.ts"],
  outfile: "dist/structured.js",
  banner: { js: `/*! With devalue inside.\n${licence.trim()} */` },
});

const sizes = (name, bytes) => {
  const brotli = brotliCompressSync(bytes).length;
  console.log(`${name.padEnd(30)} ${bytes.length.toString().padStart(8)} bytes, brotli ${brotli}`);
};
sizes("dist/core.wasm", readFileSync(path("dist/core.wasm")));
for (const name of ["dist/omnikv.js", "dist/omnikv.workerd.js", "dist/structured.js", "dist/global.js"]) {
  const source = readFileSync(path(name), "utf8");
  sizes(name, Buffer.from(source));
  sizes(`${name}, minified`, Buffer.from(transformSync(source, { minify: true, format: "esm" }).code));
}
