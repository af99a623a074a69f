// Numbers as other programs write them in JSON, through the gateway over HTTP: they are stored as the client wrote
// them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect } from "omnikv";
import { randomness } from "../both/support.js";
import { gatewayOverMemory, TOKEN } from "./gateway.js";

const COUNT = 500;
/** OMNIKV_SEED repeats the numbers of an earlier run. */
const SEED = Number(process.env.OMNIKV_SEED ?? Date.now() >>> 0);

/** Numbers that were once read wrongly, or that are easy to get wrong. */
const KNOWN = [
  "-159.71926187423477",
  "106242075399214372653",
  "1e3",
  "1E+3",
  "-0",
  "-0.0",
  "0.10",
  "1.0",
  "1e400",
  "9007199254740993",
  "9223372036854775807",
  "9223372036854775808",
];

const random = randomness(SEED);
const any = (below) => random() % below;
const digits = (most) => Array.from({ length: 1 + any(most) }, () => any(10)).join("");

/** A random number of JSON's grammar. */
function number() {
  const sign = any(2) ? "-" : "";
  const whole = digits(40).replace(/^0+(?=.)/, "");
  const fraction = any(2) ? `.${digits(20)}` : "";
  const exponent = any(2) ? ["e", "E+", "e-"][any(3)] + digits(3) : "";
  return sign + whole + fraction + exponent;
}

describe("numbers from the gateway's clients", () => {
  const numbers = [...KNOWN, ...Array.from({ length: COUNT }, number)];

  it("are stored as they were written", async (test) => {
    test.diagnostic(`OMNIKV_SEED=${SEED} draws these numbers again`);
    const served = await gatewayOverMemory();
    try {
      const place = new URL(served.url.replace("upstash+", ""));
      const send = async (path, body) => {
        const headers = { authorization: `Bearer ${TOKEN}` };
        const response = await fetch(`http://${place.host}${path}`, { method: "POST", headers, body });
        assert.equal(response.status, 200, await response.text());
      };
      await send("/", `["RPUSH","one",${numbers.join(" , ")}]`);
      await send("/pipeline", `[${numbers.map((each) => `["RPUSH","many",${each}]`).join(",")}]`);
      await send("/multi-exec", `[["RPUSH","together",${numbers}]]`);
      await send(`/set/path/${KNOWN[0]}`);
      await send("/set/body", KNOWN[1]);
      const kv = await connect(served.url);
      for (const key of ["one", "many", "together"]) {
        assert.deepEqual(await kv.lrange(key, 0, -1), numbers);
      }
      assert.deepEqual(await kv.mget("path", "body"), KNOWN.slice(0, 2));
      await kv.close();
    } finally {
      await served.close();
    }
  });

  it("are read as a server wrote them", async () => {
    const fetch = () => new Response(`{"result":[${numbers}]}`);
    const kv = await connect("upstash://:token@localhost", { fetch });
    assert.deepEqual(await kv.lrange("list", 0, -1), numbers);
    await kv.close();
  });
});
