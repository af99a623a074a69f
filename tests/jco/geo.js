// The operations on places: for each, its WIT call and its words in a batch, and how the answers of both are read.

import { number, read } from "./answers.js";
import { flag as yes, natural, oneOf, refuse, text, value } from "./arguments.js";
import { simple } from "./zsets.js";

const UNITS = { m: "meters", km: "kilometers", ft: "feet", mi: "miles" };

const degrees = (given) =>
  typeof given === "number" && !Number.isNaN(given) ? given : refuse("a number that is not NaN", given);
const place = (given) => ({ longitude: degrees(given.longitude), latitude: degrees(given.latitude) });
const unit = (given = "m") => UNITS[oneOf(...Object.keys(UNITS))(given)];

function area({ radius, width, height, unit: given = "m" }) {
  if (radius !== undefined) {
    return [{ tag: "radius", val: [degrees(radius), unit(given)] }, ["BYRADIUS", String(radius), given]];
  }
  return [
    { tag: "box", val: [degrees(width), degrees(height), unit(given)] },
    ["BYBOX", String(width), String(height), given],
  ];
}

function origin(given) {
  if ("member" in given) return [{ tag: "member", val: value(given.member) }, ["FROMMEMBER", given.member]];
  const { longitude, latitude } = place(given);
  return [
    { tag: "point", val: { longitude, latitude } },
    ["FROMLONLAT", String(longitude), String(latitude)],
  ];
}

const searching = { order: oneOf("asc", "desc"), count: natural, any: yes };

function chosen({ order, count, any = false }) {
  const wit = {
    order: order && { asc: "ascending", desc: "descending" }[order],
    count: count === undefined ? undefined : natural(count),
    any,
  };
  const words = [
    ...(order === undefined ? [] : [order.toUpperCase()]),
    ...(count === undefined ? [] : ["COUNT", count]),
    ...(any ? ["ANY"] : []),
  ];
  return [wit, words];
}

const float = (got) => (got === undefined ? null : typeof got === "number" ? got : Number(read(got)));
const coordinates = (got) =>
  got === undefined ? null : { longitude: got.longitude, latitude: got.latitude };

/** Places: a list of them, or flat in a batch. */
function places(got) {
  if (got.length === 0 || !got.some((each) => each instanceof Uint8Array)) {
    const isFlat = got.length > 0 && got.every((each) => each === undefined);
    return isFlat ? got.map(() => null) : got.map(coordinates);
  }
  return got.flatMap((each, at) =>
    at % 2 ? [] : [each === undefined ? null : { longitude: float(each), latitude: float(got[at + 1]) }],
  );
}

/** Options stand behind the area, which is an object too. */
const behindArea = (count, operation) => (given) => operation(given.length > count ? given : [...given, {}]);

/** Found members with some details: all of them as records, or flat in a batch. */
function found(got, options) {
  const { withDist, withHash, withCoord } = options;
  if (!withDist && !withHash && !withCoord) return read(got, options);
  const show = (member, distance, hash, where) => ({
    member: read(member, options),
    ...(withDist && { distance: float(distance) }),
    ...(withHash && { hash: typeof hash === "bigint" ? number(hash) : Number(read(hash)) }),
    ...(withCoord && { coordinates: where() }),
  });
  if (!(got[0] instanceof Uint8Array)) {
    return got.map((each) =>
      show(each.member, each.distance, each.hash, () => coordinates(each.coordinates)),
    );
  }
  const items = [...got];
  const all = [];
  while (items.length > 0) {
    const member = items.shift();
    const distance = withDist ? items.shift() : undefined;
    const hash = withHash ? items.shift() : undefined;
    all.push(
      show(member, distance, hash, () => ({
        longitude: float(items.shift()),
        latitude: float(items.shift()),
      })),
    );
  }
  return all;
}

const several = (name, reply) =>
  simple({}, ([key, ...given]) => {
    const members = Array.isArray(given[0]) ? given[0] : given;
    return { call: (kv) => kv[name](text(key), members.map(value)), words: [key, ...members], reply };
  });

const details = { withDist: yes, withHash: yes, withCoord: yes, as: oneOf("bytes") };

export const GEO = {
  geoadd: simple({ nx: yes, xx: yes, ch: yes }, ([key, ...given], { nx, xx, ch = false }) => {
    const members = (Array.isArray(given[0]) ? given[0] : given).map((each) => [
      value(each.member),
      place(each),
    ]);
    if (nx && xx) refuse("one condition");
    const condition = nx ? "new" : xx ? "known" : undefined;
    const flags = [nx && "NX", xx && "XX", ch && "CH"].filter(Boolean);
    return {
      call: (kv) => kv.geoadd(text(key), members, { condition, changed: ch }),
      words: [
        key,
        ...flags,
        ...members.flatMap(([item, at]) => [String(at.longitude), String(at.latitude), item]),
      ],
      reply: number,
    };
  }),
  geopos: several("geopos", places),
  geodist: simple({}, ([key, from, to, given]) => ({
    call: (kv) =>
      kv.geodist(text(key), value(from), value(to), given === undefined ? undefined : unit(given)),
    words: [key, from, to, ...(given === undefined ? [] : [given])],
    reply: float,
  })),
  geohash: several("geohash", (got) => read(got)),
  geosearch: behindArea(
    3,
    simple({ ...searching, ...details }, ([key, from, by], options) => {
      const [center, fromWords] = origin(from);
      const [reach, byWords] = area(by);
      const [wit, words] = chosen(options);
      const { withDist, withHash, withCoord } = options;
      const asked = [withDist && "WITHDIST", withHash && "WITHHASH", withCoord && "WITHCOORD"].filter(
        Boolean,
      );
      return {
        call: (kv) =>
          kv[asked.length > 0 ? "geosearchWithDetails" : "geosearch"](text(key), center, reach, wit),
        words: [key, ...fromWords, ...byWords, ...words, ...asked],
        reply: (got) => found(got, options),
      };
    }),
  ),
  geosearchstore: behindArea(
    4,
    simple({ ...searching, storeDist: yes }, ([to, key, from, by], options) => {
      const [center, fromWords] = origin(from);
      const [reach, byWords] = area(by);
      const [wit, words] = chosen(options);
      const { storeDist = false } = options;
      return {
        call: (kv) => kv.geosearchstore(text(to), text(key), center, reach, wit, storeDist),
        words: [to, key, ...fromWords, ...byWords, ...words, ...(storeDist ? ["STOREDIST"] : [])],
        reply: number,
      };
    }),
  ),
};
