// Runs operations on a store for another program: each line of the input is `["operation", ...arguments]`, each line of
// the output the result, both as JSON.

import process from "node:process";
import { createInterface } from "node:readline";
import { connect } from "omnikv";

const kv = await connect(process.argv[2]);
for await (const line of createInterface({ input: process.stdin })) {
  const [operation, ...given] = JSON.parse(line);
  console.log(JSON.stringify(await kv[operation](...given)));
}
await kv.close();
