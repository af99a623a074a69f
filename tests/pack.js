// The package as users get it: packed into a tarball.

import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const pkg = fileURLToPath(new URL("../pkg/", import.meta.url));

/** Packs the built package into an empty folder, and returns the tarball's path. */
export async function pack(folder) {
  // The package is built already, so do not run the build again.
  const command = ["pack", "--ignore-scripts", "--pack-destination", folder];
  await promisify(execFile)("npm", command, { cwd: pkg });
  const [name] = (await readdir(folder)).filter((each) => each.endsWith(".tgz"));
  return join(folder, name);
}
