// The parts of the playground's programs without its page: results, formatting of values, and the key tree.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { compile, lineOf } from "../../www/compile.js";
import { inspect, inspectShort, typeOf } from "../../www/inspect.js";
import { quoted } from "../../www/reply.js";
import { compared } from "../../www/records/diff.js";
import { idOf, treeOf } from "../../www/tree.js";
import { split } from "../../www/words.js";

describe("a program gives its last expression", () => {
  const cases = {
    "1 + 2": 3,
    "1 + 2;": 3,
    "1 + 2; // a sum": 3,
    "await two": 2,
    two: 2,
    "const a = 1;\na + 1": 2,
    "const a = 1;\n\n// what it is\na + 1;\n": 2,
    "const a = [\n  1,\n];\na\n  .map((n) => n + 1)\n  .at(0);": 2,
    "[1, 2].map(\n  (n) =>\n    n + 1,\n).length": 2,
    "`a\nb`": "a\nb",
    '"https://x" // not a comment': "https://x",
    "main();\nfunction main() { return 5 }": undefined,
    "const list = [1, 2];\nlet sum = 0;\nfor (const n of list)\n  sum += n": undefined,
    "let sum = 0;\nfor (const n of [1, 2]) {\n  sum += n;\n}\nsum": 3,
    "if (true)\n  1\nelse\n  2": undefined,
    "const f = (n) => n\n(2)": undefined,
    "const f = (n) => n;\n(2)": 2,
    "return 7": 7,
    "const two = 3;\ntwo": 3,
    "({ a: 2 }).a": 2,
    "": undefined,
    "// nothing": undefined,
  };
  for (const [source, expected] of Object.entries(cases)) {
    it(JSON.stringify(source), async () => {
      assert.equal(await compile(source, "two")(Promise.resolve(2)), expected);
    });
  }

  it("runs each statement once, whatever it gives", async () => {
    for (const source of [
      "say(1); say(2)",
      "say(1);\nsay(2);",
      "for (const n of [1, 2])\n  say(n)",
      "say(1)\nsay(2)",
    ]) {
      const said = [];
      await compile(source, "say")((n) => said.push(n));
      assert.deepEqual(said, [1, 2], source);
    }
  });

  it("knows the line of an error, and what is no program", async () => {
    const error = await compile("const a = 1;\n\nnothing;")().catch((thrown) => thrown);
    assert.equal(lineOf(error), 3);
    assert.equal(lineOf(new Error("elsewhere")), undefined);
    for (const source of ["await (", "x);(y", "import a from 'a'"]) {
      assert.throws(() => compile(source), SyntaxError);
    }
  });

  it("each example is a program, and has a title", () => {
    const folder = new URL("../../www/examples/", import.meta.url);
    const names = readdirSync(folder).map((name) => name.replace(".js", ""));
    const html = readFileSync(new URL("../../www/index.html", import.meta.url), "utf8");
    const offered = Array.from(html.matchAll(/data-name="([\w-]+)"/g), ([, name]) => name);
    assert.deepEqual(names.sort(), offered.sort());
    for (const name of names) compile(readFileSync(new URL(`${name}.js`, folder), "utf8"), "kv", "console");
  });
});

describe("values as text", () => {
  const circle = {};
  circle.self = circle;
  const cases = [
    ["text", '"text"', "string"],
    ['{"a":1}', `'{"a":1}'`, "string"],
    ["a\n'b'", String.raw`"a\n'b'"`, "string"],
    [-0, "-0", "number"],
    [2n ** 64n, "18446744073709551616n", "bigint"],
    [null, "null", "null"],
    [undefined, "undefined", "undefined"],
    [[1, [2]], "[1, [2]]", "array (2)"],
    [{ a: 1, "b c": null }, '{ a: 1, "b c": null }', "object"],
    [Object.assign(Object.create(null), { a: 1 }), "{ a: 1 }", "object"],
    [{}, "{}", "object"],
    [new Set([1]), "Set { 1 }", "Set (1)"],
    [new Map([["a", 1]]), 'Map { "a" => 1 }', "Map (1)"],
    [Uint8Array.of(1, 2), "Uint8Array [1, 2]", "Uint8Array (2)"],
    [new Date(0), "1970-01-01T00:00:00.000Z", "Date"],
    [new TypeError("no"), "[TypeError: no]", "TypeError"],
    [/a/g, "/a/g", "RegExp"],
    [circle, "{ self: [circular] }", "object"],
    [() => 1, "[function without a name]", "function"],
    [Array.from({ length: 200 }, () => 1), /^\[\n {2}1,\n[^]*… 100 more\n\]$/, "array (200)"],
    [{ long: "x".repeat(50), other: "y".repeat(50) }, /^{\n {2}long: "x+",\n {2}other: "y+"\n}$/, "object"],
  ];
  for (const [value, text, type] of cases) {
    it(`${type}: ${inspectShort(value, 40)}`, () => {
      if (text instanceof RegExp) assert.match(inspect(value), text);
      else assert.equal(inspect(value), text);
      assert.equal(typeOf(value), type);
      assert.doesNotMatch(inspectShort(value, 160), /\n/);
    });
  }
});

it("two texts are compared by their lines", () => {
  const marked = (one, other) =>
    compared(one, other).map((lines) =>
      lines.map(({ text, isOwn }) => (isOwn ? `+${text}` : text)).join(" "),
    );
  assert.deepEqual(marked("a\nb\nc", "a\nx\nc\nd"), ["a +b c", "a +x c +d"]);
  assert.deepEqual(marked("a\nb", "a\nb"), ["a b", "a b"]);
  assert.deepEqual(marked("b\na", "a\nb"), ["+b a", "a +b"]);
  const long = Array.from({ length: 700 }, (_, n) => n).join("\n");
  assert.deepEqual(compared(long, "x")[1], [{ text: "x", isOwn: false }], "long texts are not compared");
});

it("bytes in quotes are read back as they were", () => {
  for (const bytes of [[255], [92, 120, 102, 102, 255], [34, 255, 39, 10], [0, 128]]) {
    assert.deepEqual(split(quoted(Uint8Array.from(bytes))), [Uint8Array.from(bytes)]);
  }
});

describe("the tree of keys", () => {
  const drawn = (keys, chosen = new Map()) =>
    treeOf([...keys].sort(), chosen).map((line) =>
      line.key === undefined
        ? `${" ".repeat(line.depth)}${line.isOpen ? "-" : "+"}${line.prefix.slice(line.from)} ${line.count}`
        : `${" ".repeat(line.depth)}${line.key.slice(line.from)}`,
    );

  it("has a group for each prefix of two keys or more", () => {
    assert.deepEqual(drawn(["b:1", "a:x:1", "a:x:2", "a:y", "a", "a:", "c:d:1", "c:d:2"]), [
      "a",
      "-a: 4",
      " ",
      " -x: 2",
      "  1",
      "  2",
      " y",
      "b:1",
      "-c:d: 2",
      " 1",
      " 2",
    ]);
    assert.deepEqual(drawn([":", "::", ":::"]), ["-: 3", " ", " -: 2", "  ", "  :"]);
    assert.deepEqual(drawn([]), []);
  });

  it("closes what is large or was closed", () => {
    const many = Array.from({ length: 51 }, (_, n) => `m:${n}`);
    assert.deepEqual(drawn([...many, "z"]), ["+m: 51", "z"]);
    assert.equal(drawn(many, new Map([["m:", true]])).length, 52);
    assert.deepEqual(drawn(["a:1", "a:2"], new Map([["a:", false]])), ["+a: 2"]);
  });

  it("shows each key once, whatever is in their names", () => {
    let seed = 7;
    const random = (below) => (seed = (seed * 48271) % 2147483647) % below;
    for (let round = 0; round < 300; round += 1) {
      const name = () => Array.from({ length: 1 + random(5) }, () => "ab::é"[random(5)]).join("");
      const keys = [...new Set(Array.from({ length: random(20) }, name))].sort();
      const lines = treeOf(keys, new Map());
      assert.deepEqual(
        lines.flatMap(({ key }) => key ?? []),
        keys,
      );
      assert.equal(new Set(lines.map(idOf)).size, lines.length);
      for (const { prefix, count } of lines.filter((line) => line.key === undefined)) {
        assert.equal(keys.filter((key) => key.startsWith(prefix)).length, count);
      }
    }
  });
});
