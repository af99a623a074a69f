// The component in a foreign host: transpiled by jco, instantiated in Node, with the two imports implemented by hand.
// No knowledge of operations.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { transpileBytes } from "@bytecodealliance/jco-transpile";

const component = readFileSync(new URL("../../pkg/dist/omnikv.wasm", import.meta.url));
const { files, imports } = await transpileBytes(component, {
  name: "omnikv",
  instantiation: "sync",
  wasiShim: false,
});
assert.deepEqual(imports.toSorted(), ["wasi:clocks/wall-clock", "wasi:random/insecure-seed"]);

const folder = mkdtempSync(join(tmpdir(), "omnikv-jco-"));
const script = join(folder, "omnikv.mjs");
writeFileSync(script, files["omnikv.js"]);
const { instantiate } = await import(pathToFileURL(script).href);
rmSync(folder, { recursive: true });

const modules = new Map();

function moduleOf(name) {
  if (!modules.has(name)) modules.set(name, new WebAssembly.Module(files[name]));
  return modules.get(name);
}

/** Creates an instance and returns its interfaces by name. `clock` returns milliseconds since 1970. */
export function instance(clock) {
  const now = () => {
    const ms = clock();
    return { seconds: BigInt(Math.floor(ms / 1000)), nanoseconds: (ms % 1000) * 1_000_000 };
  };
  return instantiate(moduleOf, {
    "wasi:clocks/wall-clock": { now, resolution: () => ({ seconds: 0n, nanoseconds: 1_000_000 }) },
    "wasi:random/insecure-seed": { insecureSeed: () => [1n, 2n] },
  });
}
