import { run } from "./app.js";

globalThis.result = await run().catch(String);
