// Copies the built package beside the playground (www/omnikv.js and what it loads), builds the document pages (www/docs/),
// and serves everything: `npm run www`. `npm run build:www` does not serve. PORT sets the port; by default it is a free
// one.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { transformSync } from "esbuild";
import { serve } from "../../tests/browser/serve.js";
import { writePages } from "./docs.js";

const path = (name) => fileURLToPath(new URL(`../${name}`, import.meta.url));
const www = path("../www/");

for (const name of ["omnikv.js", "net.js", "cron.js"]) {
  const source = readFileSync(path(`dist/${name}`), "utf8");
  const { code } = transformSync(source, { minify: true, format: "esm", target: "es2022" });
  writeFileSync(`${www}${name}`, code);
}
writePages();

if (process.argv.includes("--serve")) {
  const { url } = await serve(www, Number(process.env.PORT ?? 0));
  console.log(`The playground is at ${url} (Ctrl+C ends it)`);
}
