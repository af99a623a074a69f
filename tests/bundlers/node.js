import { run } from "./app.js";

console.log(await run());
