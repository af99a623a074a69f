// Holds a file's write lock until its input ends.

import process from "node:process";
import { raw } from "./raw.js";

const database = raw(process.argv[2]);
database.exec("BEGIN IMMEDIATE");
console.log("held");
process.stdin.on("end", () => database.exec("COMMIT")).resume();
