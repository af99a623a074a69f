// Builds the deployable Worker (pkg/worker) like `wrangler deploy` does, with the command in wrangler.jsonc, but only
// with tools from registries: worker-build from cargo, esbuild and wasm-opt from npm, wasm-bindgen from pkg/build.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const worker = join(root, "pkg/worker");
const tools = join(root, "target/tools");

const run = (program, words, options) => execFileSync(program, words, { stdio: "inherit", ...options });

const [, version, command] =
  /"cargo install -q worker-build@([\d.]+) && ([^"]+)"/.exec(
    readFileSync(join(worker, "wrangler.jsonc"), "utf8"),
  ) ?? [];
if (command === undefined) throw new Error("wrangler.jsonc names another build command than this knows");

const installed = join(tools, `worker-build-${version}`);
if (!existsSync(join(installed, "bin"))) {
  // It only runs a few times: most of the time is spent building it.
  const quick = { CARGO_PROFILE_DEV_DEBUG: "0" };
  const words = ["install", "--quiet", "--locked", "--profile", "dev", "--root", installed];
  run("cargo", [...words, `worker-build@${version}`], { env: { ...process.env, ...quick } });
}
run("cargo", ["build", "--quiet", "--package", "omnikv-build", "--bin", "omnikv-bindgen"], { cwd: root });
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const bin = join(root, "pkg/node_modules/.bin");
const [program, ...words] = command.split(" ");
run(join(installed, "bin", program), words, {
  cwd: worker,
  env: {
    ...process.env,
    WASM_BINDGEN_BIN: join(target, "debug/omnikv-bindgen"),
    ESBUILD_BIN: join(bin, "esbuild"),
    WASM_OPT_BIN: join(bin, "wasm-opt"),
  },
});
