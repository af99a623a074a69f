// The playground's console without its page: words, the table of commands, replies as redis-cli prints them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { connect } from "omnikv";
import { commands, find } from "../../www/commands.js";
import { complete, hint } from "../../www/complete.js";
import { errorText, format, indented } from "../../www/reply.js";
import { Session } from "../../www/session.js";
import { split, typed } from "../../www/words.js";

/** The console's output for these lines, on a new store. */
async function console_(...lines) {
  const session = new Session(await connect("memory:"));
  const shown = [];
  for (const line of lines) {
    shown.push(await session.run(line).then(format, errorText));
  }
  return shown;
}

describe("words", () => {
  const cases = [
    ["  SET  a   b ", ["SET", "a", "b"]],
    ["SET \"a b\" 'c d'", ["SET", "a b", "c d"]],
    [
      String.raw`"line\nbreak" "tab\there" "quote\"" 'it\'s' "back\\slash"`,
      ["line\nbreak", "tab\there", 'quote"', "it's", "back\\slash"],
    ],
    [String.raw`"\xe2\x82\xac"`, ["€"]],
    [String.raw`"a\xff"`, [Uint8Array.of(97, 255)]],
    ['SET k ""', ["SET", "k", ""]],
    ["héllo 🦀", ["héllo", "🦀"]],
  ];
  for (const [line, words] of cases) it(line, () => assert.deepEqual(split(line), words));

  it("unclosed quotes are rejected", () => {
    assert.throws(() => split('SET a "b'), /not closed/);
    assert.throws(() => split('SET a "b"c'), /space/);
  });

  it("a suggested word parses back", () => {
    for (const word of ["plain", "a b", 'q"uote', "it's", "back\\slash", "line\nbreak"]) {
      assert.deepEqual(split(typed(word)), [word]);
    }
  });
});

describe("the table of commands", () => {
  it("each command is a method of a store, and says what it does", async () => {
    const kv = await connect("memory:");
    for (const { name, group, method, args, parts, says } of commands) {
      assert(group === "also" || typeof kv[method] === "function", method);
      assert.match(says, /^[A-Z].+\.$/, name);
      assert(parts.length >= args.length && !parts.join(" ").includes("undefined"), name);
    }
  });

  it("finds each command in all spellings", () => {
    for (const { word, name, method } of commands) {
      for (const spelling of [word, word.toLowerCase(), name, method])
        assert.equal(find(spelling).word, word);
    }
  });
});

describe("replies as redis-cli prints them", () => {
  const cases = {
    "a string": [
      ["SET k v", "GET k", "GET nope"],
      ["OK", '"v"', "(nil)"],
    ],
    "SET with options": [
      ["SET k v EX 10 NX", "SET k w NX", "SET k w XX GET", "TTL k", "SET k x KEEPTTL", "TTL k"],
      ["OK", "(nil)", '"v"', "(integer) -1", "OK", "(integer) -1"],
    ],
    "options in any order and case": [
      ["set k v nx ex 10", "ttl k"],
      ["OK", "(integer) 10"],
    ],
    "three spellings": [
      ["COMPAREANDSET n 1", "compare-and-set n 2 expect 1", "compareAndSet n 3 EXPECT 2"],
      ["(integer) 1", "(integer) 1", "(integer) 1"],
    ],
    "quotes and control characters": [
      [String.raw`SET k "a\"b\\c\n\x01"`, "GET k"],
      ["OK", String.raw`"a\"b\\c\n\x01"`],
    ],
    "bytes that are no text": [
      [String.raw`SET k "\xff\x00a"`, "GET k"],
      ["OK", String.raw`"\xff\x00a"`],
    ],
    lists: [
      ["RPUSH l a b c", "LRANGE l 0 -1", "LRANGE l 9 9", "LPOP l 2", "LPOP l"],
      ["(integer) 3", '1) "a"\n2) "b"\n3) "c"', "(empty array)", '1) "a"\n2) "b"', '"c"'],
    ],
    "ten lines are aligned": [
      ["RPUSH l 0 1 2 3 4 5 6 7 8 9", "LRANGE l 0 -1"],
      ["(integer) 10", [...Array(10).keys()].map((n) => `${String(n + 1).padStart(2)}) "${n}"`).join("\n")],
    ],
    hashes: [
      ["HSET h name Ada age 36", "HGETALL h", "HMGET h age nope", "HEXISTS h name"],
      ["(integer) 2", '1) "name"\n2) "Ada"\n3) "age"\n4) "36"', '1) "36"\n2) (nil)', "(integer) 1"],
    ],
    sets: [
      ["SADD s a", "SMISMEMBER s a b", "SINTERCARD 2 s s LIMIT 5", "SSCAN s 0"],
      ["(integer) 1", "1) (integer) 1\n2) (integer) 0", "(integer) 1", '1) "0"\n2) 1) "a"'],
    ],
    "many keys": [
      ["MSET a 1 b 2", "MGET a b c", "EXISTS a b a", "DEL a b", "DBSIZE"],
      ["OK", '1) "1"\n2) "2"\n3) (nil)', "(integer) 3", "(integer) 2", "(integer) 0"],
    ],
    ranges: [
      [
        "MSET u:1 a u:2 b v:1 c",
        "RANGE u:",
        "RANGE u:2 END w LIMIT 1 REVERSE",
        "COUNT u:",
        "COUNT u:2 END w",
      ],
      [
        "OK",
        '1) 1) "u:1"\n   2) "a"\n2) 1) "u:2"\n   2) "b"',
        '1) 1) "v:1"\n   2) "c"',
        "(integer) 2",
        "(integer) 2",
      ],
    ],
    "compare and set": [
      ["COMPAREANDSET k new EXPECT old", "COMPAREANDSET k v", "compareAndSet k w EXPECT v EX 5", "TTL k"],
      ["(integer) 0", "(integer) 1", "(integer) 1", "(integer) 5"],
    ],
    "conditions on time": [
      ["SET k v", "EXPIRE k 100", "EXPIRE k 50 GT", "EXPIRE k 5m", "TTL k", "PERSIST k"],
      ["OK", "(integer) 1", "(integer) 0", "(integer) 1", "(integer) 300", "(integer) 1"],
    ],
    "sides and places": [
      ["RPUSH l a b", "LMOVE l m LEFT RIGHT", "LINSERT l before b x", "RPOPLPUSH l m", "LRANGE m 0 -1"],
      ["(integer) 2", '"a"', "(integer) 2", '"b"', '1) "b"\n2) "a"'],
    ],
    "64 bits": [
      ["SET n 9223372036854775806", "INCRBY n 1", "INCRBYFLOAT f 0.1"],
      ["OK", "(integer) 9223372036854775807", '"0.1"'],
    ],
    "Redis's other words": [
      [
        "SETEX k 10 v",
        "TTL k",
        "MSETEX 1 a 1 EX 9",
        "TTL a",
        "SETNX a 2",
        "PING",
        "PING hi",
        "ECHO hi",
        "FLUSHALL",
      ],
      ["OK", "(integer) 10", "(integer) 1", "(integer) 9", "(integer) 0", "PONG", '"hi"', '"hi"', "OK"],
    ],
    "a transaction": [
      ["MULTI", "SET a 1", "INCR a", "LPUSH a x", "HRANDFIELD h 1 WITHVALUES", "EXEC", "GET a", "EXEC"],
      [
        "OK",
        ...Array(4).fill("QUEUED"),
        /^1\) OK\n2\) \(integer\) 2\n3\) \(error\) wrong-type: .*\n4\) \(empty array\)$/,
        '"2"',
        "(error) EXEC without MULTI",
      ],
    ],
    errors: [
      [
        "LPUSH",
        "NOPE a",
        "SET k v SOON",
        "SET k v EX",
        "INCRBY k x",
        "GET a b",
        "SET k v EX 1 PX 1",
        "SET k v KEEPTTL EXAT 5",
        "SET k v EX 1 EX 2",
        "SET k v NX XX",
        "GETEX k PERSIST EX 1",
        "SET k v EX -1",
        "SET k v EX 9223372036854775807",
        "SET k v PXAT 0",
        "SET k v EX soon",
        'GET "a',
      ],
      [
        "(error) wrong number of arguments: LPUSH key value [...]",
        '(error) there is no command "NOPE"; try HELP',
        /^\(error\) expects NX, XX, GET, EX, .* there: SET key value/,
        "(error) EX expects seconds",
        "(error) (by) expects an integer",
        "(error) wrong number of arguments: GET key",
        "(error) PX cannot stand beside EX",
        "(error) EXAT cannot stand beside KEEPTTL",
        "(error) EX stands there twice",
        "(error) XX cannot stand beside NX",
        "(error) EX cannot stand beside PERSIST",
        "(error) (seconds) expects no negative time",
        "(error) (seconds) expects at most 9007199254740",
        "(error) (unix-milliseconds) expects a moment after 1970",
        "(error) (seconds) expects an integer or a duration such as 5m",
        "(error) a quote is not closed",
      ],
    ],
    help: [
      ["HELP set", "help"],
      [/^SET key value \[NX\].*\nSets a key to a string/, /^keys +DEL EXISTS[^]*hashes +HSET/],
    ],
  };
  for (const [name, [lines, expected]] of Object.entries(cases)) {
    it(name, async () => {
      const shown = await console_(...lines);
      assert.equal(shown.length, expected.length);
      for (const [index, want] of expected.entries()) {
        if (want instanceof RegExp) assert.match(shown[index], want);
        else assert.equal(shown[index], want);
      }
    });
  }
});

it("says when a time of 0 means never", async () => {
  const session = new Session(await connect("memory:", { defaultTtl: 60 }));
  const remarks = {};
  for (const line of [
    "SET k v EX 0",
    "SETEX k 0 v",
    "PSETEX k 0 v",
    "SET k v PX 0 XX",
    "MSETEX 1 k v EX 0",
  ]) {
    await session.run(line);
    assert.equal(await session.run("TTL k"), -1, line);
    await session.run(line);
    remarks[line] = session.remark;
  }
  for (const line of ["SET k v EX 5", "SET k v PERSIST", "SET k v EX 0 NX", "EXPIRE k 0"]) {
    await session.run(line);
    assert.equal(session.remark, undefined, line);
  }
  for (const [line, remark] of Object.entries(remarks)) assert.match(remark, /0 means never/, line);
});

it("invisible and reordering characters are shown as bytes, which the prompt parses", async () => {
  const texts = [
    "\u202egnp.exe",
    "a\nb\tc",
    "zero\u200bwidth",
    "\u2066x\u2069",
    "\ufeffmark",
    "line\u2028end",
    "\x00",
  ];
  for (const text of texts) {
    const session = new Session(await connect("memory:"));
    await session.run(`SET ${typed(text)} ${typed(text)}`);
    const shown = format(await session.run("KEYS *"));
    assert.match(shown, /^1\) "[ -~]+"$/, JSON.stringify(text));
    assert.equal(shown, `1) ${typed(text)}`);
    assert.equal(format(await session.run(`GET ${typed(text)}`)), typed(text));
  }
  for (const text of ["plain", "שלום", "👩‍👩‍👧", "naïve"]) assert.equal(typed(text), text);
});

it("a JSON value is indented, unless that would change more than whitespace", () => {
  assert.equal(
    indented('{"a": [1, "x  \\" y", -2.5]}'),
    '{\n  "a": [\n    1,\n    "x  \\" y",\n    -2.5\n  ]\n}',
  );
  for (const text of [
    "[9007199254740993]",
    "[106242075399214372653]",
    "[1e3]",
    "[0.10]",
    "[1.0]",
    "[-0]",
    "[1e400]",
    '{"a": 1, "a": 2}',
    '{"b": 1, "2": 1}',
    "[1",
    "1234",
  ]) {
    assert.equal(indented(text), text);
  }
});

describe("completion", () => {
  const keysFrom = async (start) => ["user:1", "user:2", "two words"].filter((key) => key.startsWith(start));
  const texts = async (line) => (await complete(line, line.length, keysFrom)).items.map(({ text }) => text);

  it("of commands, in any spelling", async () => {
    assert.deepEqual((await texts("hincr")).sort(), ["HINCRBY", "HINCRBYFLOAT"]);
    assert.deepEqual((await texts("hincr-b")).sort(), ["HINCRBY", "HINCRBYFLOAT"]);
    assert.equal((await texts("GET"))[0], "GET", "what is whole already comes first");
    assert.deepEqual(await texts(""), []);
    assert.deepEqual(
      (await texts("s")).slice(0, 4),
      ["SET", "SADD", "SMEMBERS", "SCAN"],
      "what is typed most",
    );
    assert.equal((await texts("h"))[0], "HSET");
    assert.deepEqual((await texts("setr")).slice(0, 1), ["SETRANGE"]);
  });
  it("of keys", async () => {
    assert.deepEqual(await texts("GET us"), ["user:1", "user:2"]);
    assert.deepEqual(await texts("MGET user:1 tw"), ['"two words"']);
    assert.deepEqual(await texts("GET user:1"), [], "nothing is left to complete: Tab goes on");
    assert.deepEqual(await texts("SET k us"), [], "a value is no key");
  });
  it("of options", async () => {
    assert.deepEqual(await texts("SET k v e"), ["EX", "EXAT"]);
    assert.deepEqual(await texts("SET k v EX 10 n"), ["NX"]);
    assert.deepEqual(await texts("SET k v EX n"), []);
    assert.deepEqual(await texts("LMOVE a b l"), ["LEFT"]);
  });

  it("marks the current argument in the usage", () => {
    const marked = (line) => {
      const { parts, at } = hint(line, line.length);
      return parts[at];
    };
    assert.equal(marked("SET"), undefined);
    assert.equal(marked("SET "), "key");
    assert.equal(marked("SET k v"), "value");
    assert.equal(marked("SET k v EX"), "[EX seconds]");
    assert.equal(marked("SET k v NX EX 5"), "[EX seconds]");
    assert.equal(marked("SET k v EX 5 n"), undefined);
    assert.equal(marked("DEL a b c"), "key [...]");
    assert.equal(marked("HSET h f v g"), "field value [...]");
    assert.equal(hint("NOPE ", 5), undefined);
  });
});
