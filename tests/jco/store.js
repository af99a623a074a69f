// Stores of the component, with the methods that the conformance cases call.

import { expiry, KvError, read, refuse, ttl, value } from "./arguments.js";
import { GEO } from "./geo.js";
import { instance } from "./host.js";
import { OPERATIONS } from "./operations.js";
import { families } from "./records.js";
import { inWords, ZSETS } from "./zsets.js";

const FAMILIES = [
  "connection",
  "keyspace",
  "strings",
  "lists",
  "hashes",
  "sets",
  "zsets",
  "geo",
  "bitmaps",
  "hyperloglogs",
  "records",
  "changes",
  "consumers",
  "locks",
  "tasks",
  "batch",
];

/** One instance, because creating one is slow; it uses the clock of the running case. */
let now;
const component = instance(() => now());

export function open(url, { clock, prefix, defaultTtl, maxBytes, maxKeys, eviction, maxKeyBytes }) {
  now = clock;
  const options = {
    prefix,
    defaultTtlMs: defaultTtl === undefined ? undefined : ttl(defaultTtl),
    maxBytes: maxBytes === undefined ? undefined : BigInt(maxBytes),
    maxKeys: maxKeys === undefined ? undefined : BigInt(maxKeys),
    eviction,
    maxKeyBytes: maxKeyBytes === undefined ? undefined : BigInt(maxKeyBytes),
  };
  return new Store(answered(() => component.connection.connect(url, options)));
}

/** A call's result; throws a WIT error with its code. */
function answered(call) {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error) throw error;
    throw new KvError(error.kind, error.message);
  }
}

class Store {
  constructor(store) {
    const bound = (family) =>
      new Proxy(component[family], {
        get: (functions, name) => {
          return (...given) => answered(() => functions[name](store, ...given));
        },
      });
    this.kv = Object.fromEntries(FAMILIES.map((family) => [family, bound(family)]));
    Object.assign(this, families(this.kv));
  }

  pipeline() {
    return new Chain((commands) => this.kv.batch.pipeline(commands), false);
  }

  multi() {
    const checks = [];
    const chain = new Chain((commands) => this.kv.batch.transaction(checks, commands), true);
    chain.check = (key, expected) => {
      checks.push({ key, expected: expected === null ? undefined : value(expected) });
    };
    return chain;
  }

  close() {
    this.kv.connection.close();
  }
}

/** Calls collected to be sent together. */
class Chain {
  calls = [];

  constructor(send, isWhole) {
    this.send = send;
    this.isWhole = isWhole;
  }

  add(name, given) {
    try {
      const { readers, options, reply } = OPERATIONS[name];
      const [positional, chosen] = read(readers, options, given);
      this.calls.push({ command: words(name, positional, chosen), show: (got) => reply(got, chosen) });
    } catch (error) {
      if (!(error instanceof KvError)) throw error;
      this.calls.push({ error });
    }
  }

  exec() {
    const refused = this.calls.find(({ error }) => error)?.error;
    if (refused && this.isWhole) throw refused;
    const sent = this.calls.filter(({ command }) => command);
    const replies = this.send(sent.map(({ command }) => command));
    return this.calls.map(({ error, show }) => {
      if (error) return error;
      const { tag, val } = replies.shift();
      if (tag === "err") return new KvError(val.kind, val.message);
      try {
        return show(plain(val));
      } catch (unread) {
        return unread;
      }
    });
  }
}

/** Converts a reply in a batch to the result of the WIT function. */
const plain = ({ tag, val }) => (tag === "nothing" ? undefined : tag === "ok" ? true : val);

/** A part of `bitfield` in Redis's words, from the WIT's variant. */
function bitWords({ tag, val }) {
  if (tag === "overflow") return [tag, val];
  const [{ signed, bits, offset }, ...number] = tag === "get" ? [val] : val;
  return [tag, `${signed ? "i" : "u"}${bits}`, offset, ...number];
}

/** An operation in Redis's words. */
function words(name, positional, options) {
  const word = (item) => (typeof item === "object" ? item : value(item));
  const given = positional.filter((item) => item !== undefined);
  switch (name) {
    case "flush":
      given.push("");
      break;
    case "range":
    case "count":
    case "deleteRange":
      if (given.length === 0) given.push("");
      if (given.length > 1) given.splice(1, 0, "END");
      break;
    case "lmpop":
      given.unshift(BigInt(given[0].length));
      break;
    case "bitfield":
      given.push(given.pop().map(bitWords));
      break;
    case "compareAndSet":
      if (given.length > 2) given.push("EXPECT", ...given.splice(1, 1));
      break;
  }
  const time = expiry(options);
  const said = Object.entries(options).flatMap(([option, item]) => {
    if (option === "values") return item ? [] : ["NOVALUES"];
    if (option === "as" || item === false) return [];
    if (["ttl", "ttlMs", "expireAt"].includes(option)) {
      return time.val === 0n ? ["PERSIST"] : [time.tag === "at-ms" ? "PXAT" : "PX", time.val];
    }
    return item === true ? [option.toUpperCase()] : [option.toUpperCase(), item];
  });
  if (options.nx && options.xx) refuse("one condition");
  const command = name === "getBytes" ? "get" : name;
  const all = [...given.flat(2), ...said].map(word);
  return { name: command.toUpperCase(), arguments: all };
}

for (const [name, { readers, options, call, reply }] of Object.entries(OPERATIONS)) {
  Store.prototype[name] = function (...given) {
    const [positional, chosen] = read(readers, options, given);
    return reply(call(this.kv, positional, chosen), chosen);
  };
  Chain.prototype[name] = function (...given) {
    this.add(name, given);
  };
}

for (const [name, take] of Object.entries({ ...ZSETS, ...GEO })) {
  const family = name in GEO ? "geo" : "zsets";
  Store.prototype[name] = function (...given) {
    const { call, reply } = take(given);
    return reply(call(this.kv[family]));
  };
  Chain.prototype[name] = function (...given) {
    try {
      const { words, reply } = take(given);
      const command = { name: name.toUpperCase(), arguments: inWords(words) };
      this.calls.push({ command, show: reply });
    } catch (error) {
      if (!(error instanceof KvError)) throw error;
      this.calls.push({ error });
    }
  };
}
