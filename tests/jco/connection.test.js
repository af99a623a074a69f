// Opening and closing stores of the component, and its errors as seen by a foreign host.

import assert from "node:assert/strict";
import { it } from "node:test";
import { instance } from "./host.js";

let now = 1_700_000_000_000;
const { connection, keyspace, strings } = instance(() => now);
const text = (val) => ({ tag: "text", val });
const always = { expiry: { tag: "unstated" } };

it("an error has all details", () => {
  const store = connection.connect("memory:", {});
  strings.set(store, "k", text("no number"), always);
  assert.throws(
    () => strings.incr(store, "k"),
    (error) => {
      assert.match(error.message, /^incr /);
      assert.deepEqual(error, {
        kind: "invalid-value",
        op: "incr",
        backend: "memory",
        message: error.message,
        retryable: false,
        maybeApplied: false,
      });
      return true;
    },
  );
});

it("an unsupported URL is printed without secrets", () => {
  assert.throws(() => connection.connect("rediz://user:secret@host/0?token=secret", {}), {
    kind: "unsupported",
    op: "connect",
    message: "connect Unsupported KVS URL: rediz://host/0",
  });
  assert.throws(() => connection.connect("", {}), { kind: "unsupported" });
});

it("a private store is new each time, a named one is shared until every handle is closed", () => {
  const [first, second] = [connection.connect("memory:", {}), connection.connect(":memory:", {})];
  strings.set(first, "k", text("v"), always);
  assert.equal(strings.get(second, "k"), undefined);

  const [a, b] = [
    connection.connect("memory:shared", {}),
    connection.connect("memory:shared", { prefix: "b" }),
  ];
  strings.set(b, "k", text("v"), always);
  assert.deepEqual(keyspace.keys(a, "*"), ["b:k"]);
  connection.close(a);
  connection.close(b);
  b[Symbol.dispose]();
  assert.deepEqual(keyspace.keys(connection.connect("memory:shared", {}), "*"), []);
});

it("dropping a handle does not end a named store", () => {
  const dropped = connection.connect("memory:dropped", {});
  strings.set(dropped, "k", text("v"), always);
  dropped[Symbol.dispose]();
  for (let time = 0; time < 2; time++) {
    const store = connection.connect("memory:dropped", {});
    assert.deepEqual(keyspace.keys(store, "*"), ["k"]);
    connection.close(store);
  }
});

it("a closed store reports closed, and can be closed again", () => {
  const store = connection.connect("memory:", {});
  connection.close(store);
  connection.close(store);
  assert.throws(() => strings.get(store, "k"), { kind: "closed", op: "get" });
  assert.throws(() => connection.flush(store, true), { kind: "closed", op: "flush" });
  assert.throws(() => connection.stats(store), { kind: "closed", op: "stats" });
});

it("options that contradict the open store's are invalid-argument", () => {
  const store = connection.connect("memory:limited", { maxBytes: 1000n });
  assert.throws(() => connection.connect("memory:limited", { maxBytes: 2000n }), {
    kind: "invalid-argument",
  });
  assert.throws(() => strings.set(store, "k", text("x".repeat(2000)), always), { kind: "out-of-memory" });
  assert.equal(connection.stats(store).keys, 0n);
});

it("time is the host's: a clock that reads 0 is refused", () => {
  const store = connection.connect("memory:", { defaultTtlMs: 1000n });
  strings.set(store, "k", text("v"), always);
  now += 999;
  assert.equal(keyspace.pttl(store, "k"), 1n);
  now += 1;
  assert.equal(keyspace.exists(store, "k"), false);
  const early = instance(() => 0);
  const unborn = early.connection.connect("memory:", { defaultTtlMs: 1000n });
  assert.throws(
    () => early.strings.set(unborn, "k", text("v"), always),
    (error) => typeof error.kind === "string",
  );
});
