// The operations on sorted sets: for each, its WIT call and its words in a batch, and how the answers of both are read.

import { number, read } from "./answers.js";
import { flag as yes, integer, natural, oneOf, refuse, text, value } from "./arguments.js";

const score = (given) =>
  typeof given === "number" && !Number.isNaN(given) ? given : refuse("a number that is not NaN", given);

/** A list of keys: one array, or one by one. */
const keys = (given) => (Array.isArray(given[0]) ? given[0] : given).map(text);

/** A member and its score, from an object or a pair. */
const scored = (given) => {
  const [member, points] = Array.isArray(given) ? given : [given?.member, given?.score];
  return [value(member), score(points)];
};

const isOptions = (given) =>
  Object.prototype.toString.call(given) === "[object Object]" && !("member" in given);

/** Splits off the options, and checks them. */
function told(given, known) {
  const last = given.at(-1);
  const options = isOptions(last) ? last : {};
  for (const name of Object.keys(options)) {
    if (!(name in known)) refuse(`none of ${name}`, options[name]);
    known[name](options[name]);
  }
  return [isOptions(last) ? given.slice(0, -1) : given, options];
}

function scoreBound(given) {
  if (typeof given !== "string") return { tag: "including", val: score(given) };
  const points = Number(given.replace(/^\(/, "").replace("inf", "Infinity"));
  if (Number.isNaN(points)) refuse("a score", given);
  return { tag: given.startsWith("(") ? "excluding" : "including", val: points };
}

function lexBound(given) {
  if (given === "-") return { tag: "first" };
  if (given === "+") return { tag: "last" };
  const tag = { 91: "including", 40: "excluding" }[
    typeof given === "string" ? given.charCodeAt(0) : given?.[0]
  ];
  return tag ? { tag, val: value(given.slice(1)) } : refuse("a member's bound", given);
}

const ranged = { byScore: yes, byLex: yes, rev: yes, offset: natural, count: natural };

/** What a range selects: the WIT's arguments, and the words. */
function range(start, stop, options) {
  const { byScore, byLex, rev = false, offset, count } = options;
  if (byScore && byLex) refuse("one way to read bounds");
  const isPart = offset !== undefined || count !== undefined;
  if (isPart && !byScore && !byLex) refuse("a range by score or by member");
  const ends = rev && (byScore || byLex) ? [stop, start] : [start, stop];
  const tag = byScore ? "score" : byLex ? "lex" : "rank";
  const val = ends.map({ score: scoreBound, lex: lexBound, rank: integer }[tag]);
  const words = [start, stop].map((end) => (typeof end === "number" ? String(end) : end));
  if (byScore) words.push("BYSCORE");
  if (byLex) words.push("BYLEX");
  if (rev) words.push("REV");
  if (isPart) words.push("LIMIT", offset ?? 0, count ?? -1);
  const part = { offset: offset && BigInt(offset), count: count === undefined ? undefined : BigInt(count) };
  return [{ tag, val }, { reverse: rev, ...part }, words];
}

const combined = {
  weights: (given) => given.map(score),
  aggregate: oneOf("sum", "min", "max"),
};

function combining({ weights, aggregate = "sum" }) {
  const words = weights ? ["WEIGHTS", ...weights.map(String)] : [];
  return [
    { weights: weights && Float64Array.from(weights), aggregate },
    [...words, "AGGREGATE", aggregate.toUpperCase()],
  ];
}

const points = (got) => {
  if (got === undefined) return null;
  return typeof got === "number" ? got : Number(read(got).replace("inf", "Infinity"));
};
const pairs = (got, options) =>
  (Array.isArray(got[0]) ? got : got.flatMap((item, at) => (at % 2 ? [] : [[item, got[at + 1]]]))).map(
    ([member, mark]) => [read(member, options), points(mark)],
  );
/** One pair. In a batch, none is an empty list. */
const first = (got, options) =>
  got === undefined || got.length === 0 ? null : [read(got[0], options), points(got[1])];
const ranking = (got) =>
  got === undefined ? null : [Number(got[0] instanceof Uint8Array ? read(got[0]) : got[0]), points(got[1])];
const keyed = (got, options) => {
  if (got === undefined) return null;
  const [name, ...items] = got;
  return [read(name), pairs(Array.isArray(items[0]) ? items[0] : items, options)];
};
const as = { as: oneOf("bytes") };

/** `take` gets what was given; `call` the interface, `words` none. */
export const simple = (known, take) => (given) => {
  const [positional, options] = told(given, known);
  return take(positional, options);
};

const member = (wit, reply) =>
  simple({}, ([key, item]) => ({
    call: (kv) => kv[wit](text(key), value(item)),
    words: [key, item],
    reply,
  }));

const rank = (name) =>
  simple({ withScore: yes }, ([key, item], { withScore }) => ({
    call: (kv) => kv[withScore ? `${name}WithScore` : name](text(key), value(item)),
    words: [key, item, ...(withScore ? ["WITHSCORE"] : [])],
    reply: withScore ? ranking : number,
  }));

const pop = (name) =>
  simple(as, ([key, many], options) => ({
    call: (kv) => (many === undefined ? kv[name](text(key)) : kv[`${name}Count`](text(key), natural(many))),
    words: many === undefined ? [key] : [key, many],
    reply: (got) => (many === undefined ? first(got, options) : pairs(got, options)),
  }));

const bounds = (name, bound) =>
  simple({}, ([key, min, max]) => {
    const ends = [bound(min), bound(max)];
    return {
      call: (kv) => kv[name](text(key), ...ends),
      words: [key, ...[min, max].map((end) => (typeof end === "number" ? String(end) : end))],
      reply: number,
    };
  });

const algebra = (name) =>
  simple({ ...(name === "zdiff" ? {} : combined), withScores: yes, ...as }, (given, options) => {
    const names = keys(given);
    const [chosen, words] = name === "zdiff" ? [undefined, []] : combining(options);
    const { withScores } = options;
    return {
      call: (kv) => kv[withScores ? `${name}WithScores` : name](names, ...(chosen ? [chosen] : [])),
      words: [names.length, ...names, ...words, ...(withScores ? ["WITHSCORES"] : [])],
      reply: (got) => (withScores ? pairs(got, options) : read(got, options)),
    };
  });

const stored = (name) =>
  simple(name === "zdiffstore" ? {} : combined, ([to, ...given], options) => {
    const names = keys(given);
    const [chosen, words] = name === "zdiffstore" ? [undefined, []] : combining(options);
    return {
      call: (kv) => kv[name](text(to), names, ...(chosen ? [chosen] : [])),
      words: [to, names.length, ...names, ...words],
      reply: number,
    };
  });

const several = (name, reply) =>
  simple({}, ([key, ...given]) => {
    const members = Array.isArray(given[0]) ? given[0] : given;
    return { call: (kv) => kv[name](text(key), members.map(value)), words: [key, ...members], reply };
  });

const conditions = { nx: yes, xx: yes, gt: yes, lt: yes, ch: yes, incr: yes };

function condition({ nx, xx, gt, lt }) {
  if ((nx && (xx || gt || lt)) || (gt && lt)) refuse("one condition");
  if (nx) return "new";
  if (gt) return xx ? "known-greater" : "greater";
  if (lt) return xx ? "known-less" : "less";
  return xx ? "known" : undefined;
}

export const ZSETS = {
  zadd: simple(conditions, ([key, ...given], options) => {
    const members = (Array.isArray(given[0]) ? given[0] : given).map(scored);
    const when = condition(options);
    const { ch: changed = false, incr } = options;
    if (incr && members.length !== 1) refuse("a single member");
    const flags = Object.keys(conditions).filter((name) => options[name]);
    return {
      call: (kv) =>
        incr
          ? kv.zaddIncr(text(key), ...members[0], when)
          : kv.zadd(text(key), members, { condition: when, changed }),
      words: [
        key,
        ...flags.map((name) => name.toUpperCase()),
        ...members.flatMap(([item, mark]) => [String(mark), item]),
      ],
      reply: incr ? points : number,
    };
  }),
  zincrby: simple({}, ([key, by, item]) => ({
    call: (kv) => kv.zincrby(text(key), score(by), value(item)),
    words: [key, String(by), item],
    reply: points,
  })),
  zscore: member("zscore", points),
  zmscore: several("zmscore", (got) => got.map(points)),
  zcard: simple({}, ([key]) => ({ call: (kv) => kv.zcard(text(key)), words: [key], reply: number })),
  zrank: rank("zrank"),
  zrevrank: rank("zrevrank"),
  zrange: simple({ ...ranged, withScores: yes, ...as }, ([key, start, stop], options) => {
    const [by, part, words] = range(start, stop, options);
    const { withScores } = options;
    return {
      call: (kv) => kv[withScores ? "zrangeWithScores" : "zrange"](text(key), by, part),
      words: [key, ...words, ...(withScores ? ["WITHSCORES"] : [])],
      reply: (got) => (withScores ? pairs(got, options) : read(got, options)),
    };
  }),
  zrangestore: simple(ranged, ([to, key, start, stop], options) => {
    const [by, part, words] = range(start, stop, options);
    return {
      call: (kv) => kv.zrangestore(text(to), text(key), by, part),
      words: [to, key, ...words],
      reply: number,
    };
  }),
  zcount: bounds("zcount", scoreBound),
  zlexcount: bounds("zlexcount", lexBound),
  zrem: several("zrem", number),
  zremrangebyrank: simple({}, ([key, start, stop]) => ({
    call: (kv) => kv.zremrangebyrank(text(key), integer(start), integer(stop)),
    words: [key, start, stop],
    reply: number,
  })),
  zremrangebyscore: bounds("zremrangebyscore", scoreBound),
  zremrangebylex: bounds("zremrangebylex", lexBound),
  zpopmin: pop("zpopmin"),
  zpopmax: pop("zpopmax"),
  zmpop: simple({ count: natural, ...as }, ([names, from], options) => {
    const { count } = options;
    const end = oneOf("min", "max")(from);
    return {
      call: (kv) => kv.zmpop(names.map(text), end, count === undefined ? undefined : natural(count)),
      words: [names.length, ...names, end.toUpperCase(), ...(count === undefined ? [] : ["COUNT", count])],
      reply: (got) => keyed(got, options),
    };
  }),
  zrandmember: simple({ withScores: yes, ...as }, ([key, many], options) => {
    const { withScores } = options;
    const name =
      many === undefined ? "zrandmember" : withScores ? "zrandmemberWithScores" : "zrandmemberCount";
    return {
      call: (kv) => kv[name](text(key), ...(many === undefined ? [] : [integer(many)])),
      words: [key, ...(many === undefined ? [] : [many]), ...(withScores ? ["WITHSCORES"] : [])],
      reply: (got) => (withScores ? pairs(got, options) : read(got, options)),
    };
  }),
  zunion: algebra("zunion"),
  zinter: algebra("zinter"),
  zdiff: algebra("zdiff"),
  zunionstore: stored("zunionstore"),
  zinterstore: stored("zinterstore"),
  zdiffstore: stored("zdiffstore"),
  zintercard: simple({ limit: natural }, (given, { limit }) => {
    const names = keys(given);
    return {
      call: (kv) => kv.zintercard(names, limit === undefined ? undefined : natural(limit)),
      words: [names.length, ...names, ...(limit === undefined ? [] : ["LIMIT", limit])],
      reply: number,
    };
  }),
  zscan: simple({ match: value, count: natural, ...as }, ([key, cursor], options) => {
    const { match, count } = options;
    const chosen = {
      match: match === undefined ? undefined : value(match),
      count: count === undefined ? undefined : natural(count),
    };
    const words = [
      ...(match === undefined ? [] : ["MATCH", match]),
      ...(count === undefined ? [] : ["COUNT", count]),
    ];
    return {
      call: (kv) => kv.zscan(text(key), text(cursor), chosen),
      words: [key, cursor, ...words],
      reply: (got) => ({ cursor: got.cursor, members: pairs(got.members ?? got.items, options) }),
    };
  }),
};

/** The words as values of the WIT. */
export const inWords = (words) => words.map((word) => (word?.tag ? word : value(word)));
