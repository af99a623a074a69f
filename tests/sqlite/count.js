// Counts up in a file, with several callers at once: `count.js url caller times`. Each prints its counter's key and what was acknowledged.

import process from "node:process";
import { connect } from "omnikv";

const [url, callers, times] = process.argv.slice(2);
const kv = await connect(url);
const count = async (_, caller) => {
  for (let done = 0; done < Number(times); done++) {
    await kv.incr("sum");
    console.log(`${caller} ${await kv.incr(`counter:${caller}`)}`);
  }
};
await Promise.all(Array.from({ length: Number(callers) }, count));
await kv.close();
