// Random calls of the release wasm itself, below the JavaScript API: nothing that JavaScript can write into the scratch
// buffer may trap, and memory is freed. FUZZ_CALLS and FUZZ_SEED set how many and which.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";

const CALLS = Number(process.env.FUZZ_CALLS ?? 1_000_000);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const wasm = readFileSync(new URL("../../pkg/dist/core.wasm", import.meta.url));
const glue = await import("../../pkg/dist/bindgen/core.js");
const { memory } = glue.initSync({ module: new WebAssembly.Module(wasm) });

/** A generator of numbers below a bound (mulberry32): the same seed gives the same calls. */
function randomness(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

// The arguments of each operation: k a key, K keys, v a value, V values, P keys with values, F fields with values, i an
// integer, n the count of what follows, c a cursor, g a glob, t a key prefix, w a side; then the options, each with its
// arguments.
const EXPIRY = "EX i,PX i,EXAT i,PXAT i,KEEPTTL,PERSIST";
const OPERATIONS = [
  ["k", "", "EXISTS TYPE TTL PTTL EXPIRETIME PEXPIRETIME PERSIST GET STRLEN GETDEL INCR DECR LLEN"],
  ["k", "", "HGETALL HLEN HKEYS HVALS SMEMBERS SCARD LPOP RPOP SPOP SRANDMEMBER HRANDFIELD"],
  ["K", "", "DEL TOUCH MGET SINTER SUNION SDIFF"],
  ["kv", "", "APPEND GETSET COMPAREANDDELETE HGET HEXISTS HSTRLEN SISMEMBER"],
  ["kv", `${EXPIRY},NX,XX,GET`, "SET"],
  ["kv", `${EXPIRY},EXPECT v`, "COMPAREANDSET"],
  ["kv", "RANK i,COUNT i,MAXLEN i", "LPOS"],
  ["kV", "", "LPUSH RPUSH LPUSHX RPUSHX HMGET HDEL SADD SREM SMISMEMBER"],
  ["P", "", "MSET MSETNX"],
  ["nP", `${EXPIRY},NX`, "MSETEX"],
  ["kF", "", "HSET"],
  ["ki", "", "INCRBY DECRBY INCRBYFLOAT LINDEX LPOP RPOP SPOP SRANDMEMBER"],
  ["ki", "WITHVALUES", "HRANDFIELD"],
  ["ki", "NX,XX,GT,LT", "EXPIRE PEXPIRE EXPIREAT PEXPIREAT"],
  ["kii", "", "GETRANGE LRANGE LTRIM"],
  ["kiv", "", "SETRANGE LSET LREM"],
  ["kvi", "", "HINCRBY HINCRBYFLOAT"],
  ["kvv", "", "HSETNX"],
  ["kk", "", "RENAME RENAMENX"],
  ["kk", "REPLACE", "COPY"],
  ["kkv", "", "SMOVE"],
  ["kK", "", "SINTERSTORE SUNIONSTORE SDIFFSTORE"],
  ["k", "EX i,PX i,EXAT i,PXAT i,PERSIST", "GETEX"],
  ["nK", "LIMIT i", "SINTERCARD"],
  ["kc", "MATCH g,COUNT i", "HSCAN SSCAN"],
  ["c", "MATCH g,COUNT i,TYPE string,TYPE hash", "SCAN"],
  ["g", "", "KEYS"],
  ["t", "END t,LIMIT i,REVERSE", "RANGE"],
  ["t", "END t", "COUNT DELETERANGE"],
  ["t", "", "RANDOMKEY FLUSH"],
  ["kwvv", "", "LINSERT"],
  ["kkww", "", "LMOVE"],
].flatMap(([shape, options, words]) =>
  words.split(" ").map((word) => ({ word, shape, options: options === "" ? [] : options.split(",") })),
);

const NUMBERS =
  "0 1 -1 2 5 10 100 -100 1000000 134217728 9223372036854775807 -9223372036854775808 9223372036854775808 18446744073709551616 0.1 -0 1e3 nan inf 1e400 0x10".split(
    " ",
  );
const GLOBS = ["*", "k?", "[a-", "[^k]*", "\\", "k*k*k*k*k*", "**?**", "[]", "[\\", "é*"];

/** Writes random requests: mostly valid commands, some garbage. */
class Fuzzer {
  constructor(seed) {
    this.below = randomness(seed);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  bytes(most) {
    return Uint8Array.from({ length: this.below(most + 1) }, () => this.below(256));
  }

  word(kind) {
    if (this.below(60) === 0) return this.bytes(12);
    switch (kind) {
      case "k":
        return `k${this.below(400)}`;
      case "v":
        return this.below(3) === 0
          ? this.pick(NUMBERS)
          : this.below(50) === 0
            ? "x".repeat(this.below(5_000))
            : `v${this.below(20)}`;
      case "i":
        return this.below(3) === 0 ? this.pick(NUMBERS) : String(this.below(20) - 8);
      case "c":
        return this.below(3) === 0
          ? String(this.below(2 ** 31))
          : this.below(9) === 0
            ? this.pick(NUMBERS)
            : "0";
      case "g":
        return this.pick(GLOBS);
      case "t":
        return `k${this.below(400)}`;
      case "w":
        return this.pick(["LEFT", "RIGHT", "BEFORE", "AFTER"]);
      default:
        return kind;
    }
  }

  /** Any operation, though rarely one that would keep the store empty. */
  operation() {
    const operation = this.pick(OPERATIONS);
    return SWEEPING.includes(operation.word) && this.below(100) > 0 ? this.operation() : operation;
  }

  command() {
    if (this.below(30) === 0)
      return Array.from({ length: this.below(6) }, () => this.word(this.pick([..."kvicgtw"])));
    const { word, shape, options } = this.operation();
    const words = [word];
    const many = 1 + this.below(4);
    for (const kind of shape) {
      if (kind === "n") words.push(this.below(20) === 0 ? this.pick(NUMBERS) : String(many));
      else if (kind === "K" || kind === "V") {
        for (let left = many; left > 0; left--) words.push(this.word(kind.toLowerCase()));
      } else if (kind === "P" || kind === "F") {
        for (let left = many; left > 0; left--)
          words.push(this.word(kind === "P" ? "k" : "v"), this.word("v"));
      } else words.push(this.word(kind));
    }
    for (let left = options.length === 0 ? 0 : this.below(3); left > 0; left--) {
      for (const part of this.pick(options).split(" ")) words.push(this.word(part));
    }
    return words;
  }
}

const SWEEPING = ["FLUSH", "DELETERANGE"];
const encoder = new TextEncoder();

/** Encodes requests: counts and lengths before what they count. */
class Packer {
  parts = [];

  number(value) {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    this.parts.push(bytes);
    return this;
  }

  command(words) {
    this.number(words.length);
    for (const word of words) {
      const bytes = typeof word === "string" ? encoder.encode(word) : word;
      this.number(bytes.length).parts.push(bytes);
    }
    return this;
  }

  get bytes() {
    const all = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

/** Writes a request to the core. */
function write(request) {
  const at = glue.scratch(request.length);
  assert.notEqual(at, 0, "no scratch buffer");
  new Uint8Array(memory.buffer, at, request.length).set(request);
}

/** Sends a request to the core and returns the tag of its reply. */
function send(core, method, request) {
  write(request);
  const reply = core[method]();
  return new Uint8Array(memory.buffer)[reply];
}

/** A private store, opened like the package does. */
const store = (seed, maxBytes, clock) => glue.Core.open("memory:", { maxBytes }, clock, BigInt(seed));

const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const pack = (...words) => new Packer().command(words).bytes;

describe("the core", () => {
  it(`accepts ${CALLS} random calls without a trap and frees memory`, (test) => {
    const fuzzer = new Fuzzer(SEED);
    let now = 1_700_000_000_000;
    const core = store(SEED, 32 * 2 ** 20, () => now);
    const tags = new Array(9).fill(0);
    const sizes = [];
    const rounds = 10;
    try {
      for (let round = 0; round < rounds; round++) {
        for (let call = 0; call < CALLS / rounds; call++) {
          if (fuzzer.below(20) === 0) now += fuzzer.below(3_000);
          const kind = fuzzer.below(100);
          let tag;
          if (kind < 88) tag = send(core, "call", new Packer().command(fuzzer.command()).bytes);
          else if (kind < 92) tag = send(core, fuzzer.pick(["call", "pipeline", "multi"]), fuzzer.bytes(60));
          else {
            const packer = new Packer();
            const checks = kind < 96 ? undefined : fuzzer.below(3);
            if (checks !== undefined) packer.number(checks);
            for (let left = checks ?? 0; left > 0; left--) {
              const bytes = encoder.encode(fuzzer.word("k"));
              packer.number(bytes.length).parts.push(bytes);
              packer.number(0xffff_ffff);
            }
            const commands = fuzzer.below(6);
            packer.number(commands);
            for (let left = commands; left > 0; left--) packer.command(fuzzer.command());
            tag = send(core, checks === undefined ? "pipeline" : "multi", packer.bytes);
          }
          tags[tag]++;
        }
        const before = core.stats().bytes;
        assert.equal(send(core, "call", pack("FLUSH", "")), 1);
        const after = core.stats();
        assert.equal(after.keys, 0);
        sizes.push(memory.buffer.byteLength);
        test.diagnostic(
          `round ${round + 1}: ${mebibytes(before)} before flush, ${after.bytes} bytes after; wasm memory ${mebibytes(memory.buffer.byteLength)}`,
        );
      }
    } catch (error) {
      error.message = `FUZZ_SEED=${SEED}: ${error.message}`;
      throw error;
    }
    test.diagnostic(
      `seed ${SEED}; replies by tag (nil, ok, int, bytes, list, ints, page, error, batch): ${tags.join(" ")}`,
    );
    for (const [tag, count] of tags.entries()) assert(count > 0, `no reply had tag ${tag}`);
    // A leak per call would show again in the second half; a single large value takes a few mebibytes.
    const growth = sizes.at(-1) - sizes[rounds / 2];
    assert(growth < 16 * 2 ** 20, `the wasm memory grows: ${sizes.map(mebibytes).join(", ")}`);
    core.close();
    core.free();
  });

  it("opens stores with random options without a trap", () => {
    const fuzzer = new Fuzzer(SEED);
    let opened = 0;
    for (let times = 0; times < 20_000; times++) {
      let url = "memory:";
      const options = {
        prefix: "p",
        defaultTtlMs: 5,
        maxBytes: 100_000,
        maxKeys: 10,
        eviction: "allkeys-lru",
        maxKeyBytes: 100,
      };
      const strange = () =>
        fuzzer.pick([
          "",
          "memory:",
          "redis://h",
          "\ud800",
          undefined,
          null,
          2 ** 60,
          1e300,
          -1,
          0.5,
          NaN,
          true,
        ]);
      for (let changes = fuzzer.below(4); changes > 0; changes--) {
        if (fuzzer.below(4) === 0) url = String(strange());
        else options[fuzzer.pick(Object.keys(options))] = strange();
      }
      const clock = fuzzer.below(2) === 0 ? undefined : () => times;
      try {
        glue.Core.open(url, options, clock, BigInt(times)).free();
        opened++;
      } catch (error) {
        assert.match(String(error.code), /^(invalid-argument|unsupported)$/, error.stack);
      }
    }
    assert(opened > 1_000 && opened < 19_000, `${opened} were opened`);
  });

  it("accepts random bytes and lengths in the fast paths without a trap", () => {
    const fuzzer = new Fuzzer(SEED);
    const core = store(SEED, 2 ** 20, () => 1_700_000_000_000);
    const places = new Uint32Array(memory.buffer, core.places(), 7).slice();
    const [keyAt, keyRoom, valueAt, valueRoom] = places;
    const length = (room) => (fuzzer.below(4) === 0 ? fuzzer.below(2 ** 31) * 2 : fuzzer.below(room + 2));
    const ways = [
      () => core.getDirect(length(20)),
      () => core.mgetDirect(length(5)),
      () => core.setDirect(length(20), length(valueRoom), fuzzer.pick([-1, 0, 0.5, 1e3, 1e300, NaN])),
      () => core.setAllDirect(length(5)),
      () => core.incrDirect(length(20), fuzzer.below(2 ** 31)),
      () => Number(core.bears(length(2 ** 20), length(100))),
    ];
    const answers = new Set();
    for (let times = 0; times < 100_000; times++) {
      // Half of the time, lengths that fit.
      const bytes = new Uint8Array(memory.buffer);
      bytes.set(fuzzer.bytes(Math.min(20, keyRoom)), keyAt);
      bytes.set(fuzzer.bytes(100), valueAt);
      for (let head = 0; head < 6; head++) {
        if (fuzzer.below(2) === 0) bytes.set([fuzzer.below(20), 0, 0, 0], valueAt + 4 * head);
      }
      answers.add(fuzzer.pick(ways)());
    }
    assert(answers.has(-2) && answers.has(0) && answers.has(1), [...answers].join(" "));
    assert(core.stats().keys > 0);
    core.close();
    core.free();
  });

  it("lets a million keys expire in small steps", (test) => {
    const keys = 1_000_000;
    let now = 1_700_000_000_000;
    const core = store(1, undefined, () => now);
    for (let start = 0; start < keys; start += 1_000) {
      const packer = new Packer().number(1_000);
      for (let key = start; key < start + 1_000; key++)
        packer.command(["SET", `session:${key}`, "value", "PX", "60000"]);
      assert.equal(send(core, "pipeline", packer.bytes), 8);
    }
    const full = core.stats();
    assert.equal(full.keys, keys);
    now += 60_001;
    assert.equal(core.stats().keys, 0, "an expired key is counted");
    const get = pack("GET", "session:1");
    const times = [];
    let left = full.bytes;
    while (left > 0 && times.length < keys) {
      const start = performance.now();
      send(core, "call", get);
      times.push(performance.now() - start);
      if (times.length % 1_000 === 0) left = core.stats().bytes;
    }
    times.sort((a, b) => b - a);
    const rare = times[Math.floor(times.length / 1_000)];
    test.diagnostic(
      `${keys} keys of ${(full.bytes / keys).toFixed(0)} bytes each expired over ${times.length} calls, the longest ${times[0].toFixed(2)} ms, one in a thousand ${rare.toFixed(2)} ms or longer; wasm memory ${mebibytes(memory.buffer.byteLength)}`,
    );
    assert.equal(left, 0, "memory of expired keys does not come back");
    core.close();
    core.free();
  });
});
