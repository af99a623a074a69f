// Places: members of a sorted set, each with coordinates.

import {
  arity,
  type Integer,
  integer,
  isOptions,
  items,
  key,
  object,
  score,
  splitOptions,
  typeName,
  word,
  yes,
} from "../values/arguments.js";
import { invalidArgument } from "../base/errors.js";
import type { Cancellable } from "../base/signals.js";
import type { In, Mode, Out, Ret } from "../values/mode.js";
import { count, type Forms, many, orElse, score as number, textsOrNull, want } from "../wire/replies.js";
import { type Argument, type Reader, Tag } from "../wire/wire.js";
import type { As, Own, Raw, RawForm } from "./commands.js";
import { content, named, type Operation, run, variadic } from "./operation.js";

/** A point on the earth, in degrees (WGS 84). */
export interface Coordinates {
  /** From -180 to 180, eastwards. */
  readonly longitude: number;
  /** From -85.05112878 to 85.05112878, northwards. */
  readonly latitude: number;
}

/** A member and where it is. */
export interface GeoMember<W = unknown> extends Coordinates {
  /** The member. */
  readonly member: W;
}

/** A unit of length: metres, kilometres, feet or miles. */
export type LengthUnit = "m" | "km" | "ft" | "mi";

/** The point that a search is around: a member, or coordinates. */
export type SearchOrigin<W = unknown> = { readonly member: W } | Coordinates;

/** How far a search goes: a radius, or a box around the origin. `unit` is metres when left out. */
export type SearchArea = (
  { readonly radius: number } | { readonly width: number; readonly height: number }
) & {
  /** The unit of these lengths. Default: `"m"`. */
  readonly unit?: LengthUnit | undefined;
};

/** How `geoadd` writes. `nx` excludes `xx`. */
export interface GeoaddOptions extends Cancellable {
  /** Only adds new members. */
  readonly nx?: boolean | undefined;
  /** Only moves members that exist. */
  readonly xx?: boolean | undefined;
  /** Counts members that were moved too, not only new ones. */
  readonly ch?: boolean | undefined;
}

/** Which members a search returns. */
export interface GeosearchOptions extends Cancellable {
  /** From the nearest (`"asc"`) or from the farthest (`"desc"`). Without it and without a count, in no particular order. */
  readonly order?: "asc" | "desc" | undefined;
  /** At most so many members, by default the nearest. */
  readonly count?: Integer | undefined;
  /** Whether to end as soon as `count` are found, though others may be nearer. */
  readonly any?: boolean | undefined;
}

/** What `geosearch` returns beside each member. */
export interface GeoDetails {
  /** The distance from the origin, in the unit of the area, rounded to four decimals. */
  readonly withDist?: boolean | undefined;
  /** The score: the geohash as an integer of 52 bits. */
  readonly withHash?: boolean | undefined;
  /** Where the member is. */
  readonly withCoord?: boolean | undefined;
}

interface WithoutDetails {
  readonly withDist?: false | undefined;
  readonly withHash?: false | undefined;
  readonly withCoord?: false | undefined;
}

/** A member that a search has found, with the details that were asked for. */
export type FoundPlace<V, D extends GeoDetails = GeoDetails> = {
  /** The found member. */
  readonly member: V;
} & (D extends {
  readonly withDist: true;
}
  ? { readonly distance: number }
  : unknown) &
  (D extends { readonly withHash: true } ? { readonly hash: number } : unknown) &
  (D extends { readonly withCoord: true } ? { readonly coordinates: Coordinates } : unknown);

/**
 * Operations on places: members of a sorted set, each with coordinates. A member's score is a geohash of 52 bits, the same
 * as in Redis, so that the operations on sorted sets work on places too: `zrem` removes one. Coordinates are rounded to less
 * than a metre. Distances are those on a sphere, and up to 0.5 % wrong. A serializer applies to members. All fail with
 * `wrong-type` on a key of another type. n is the number of members.
 */
export interface Geo<M extends Mode> {
  /**
   * Adds members at coordinates, or moves members. Creates the sorted set if needed and keeps its TTL. Returns how many
   * members are new. O(log n) each.
   *
   * Errors: `invalid-argument` for no members, and for coordinates outside the map.
   *
   * @example
   * kv.geoadd("shops", { longitude: 13.405, latitude: 52.52, member: "Mitte" });
   *
   * @see https://redis.io/docs/latest/commands/geoadd/
   */
  geoadd(key: string, ...members: GeoMember<In<M>>[]): Ret<M, number>;
  geoadd(key: string, members: readonly GeoMember<In<M>>[], options?: GeoaddOptions): Ret<M, number>;
  geoadd(key: string, member: GeoMember<In<M>>, options: GeoaddOptions): Ret<M, number>;

  /**
   * Returns where each member is, in order; `null` for those that are not members. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/geopos/
   */
  geopos(key: string, ...members: In<M>[]): Ret<M, (Coordinates | null)[]>;
  geopos(key: string, members: readonly In<M>[]): Ret<M, (Coordinates | null)[]>;

  /**
   * Returns the distance of two members, rounded to four decimals; `null` when one of them is not a member. The unit is
   * metres when left out. O(1).
   *
   * @see https://redis.io/docs/latest/commands/geodist/
   */
  geodist(key: string, from: In<M>, to: In<M>, unit?: LengthUnit): Ret<M, number | null>;

  /**
   * Returns the standard geohash of each member, in order; `null` for those that are not members. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/geohash/
   */
  geohash(key: string, ...members: In<M>[]): Ret<M, (string | null)[]>;
  geohash(key: string, members: readonly In<M>[]): Ret<M, (string | null)[]>;

  /**
   * Returns the members within an area around a point. `withDist`, `withHash` and `withCoord` return objects of the member
   * and these details. O(log n + members of the areas that cover the search).
   *
   * Errors: `not-found` if the member that the search is around does not exist; `invalid-argument` for coordinates outside
   * the map, for negative lengths, for a count of 0, and for `any` without a count.
   *
   * @example
   * kv.geosearch("shops", { longitude: 13.37, latitude: 52.51 }, { radius: 10, unit: "km" }, { order: "asc", count: 3 });
   * kv.geosearch("shops", { member: "Mitte" }, { width: 5, height: 5, unit: "km" }, { withDist: true });
   *
   * @see https://redis.io/docs/latest/commands/geosearch/
   */
  geosearch<V extends Out<M> = Out<M>>(
    key: string,
    from: SearchOrigin<In<M>>,
    by: SearchArea,
    options?: GeosearchOptions & WithoutDetails & Own,
  ): Ret<M, V[]>;
  geosearch<F extends RawForm>(
    key: string,
    from: SearchOrigin<In<M>>,
    by: SearchArea,
    options: GeosearchOptions & WithoutDetails & As<F>,
  ): Ret<M, Raw<F>[]>;
  geosearch<const D extends GeoDetails>(
    key: string,
    from: SearchOrigin<In<M>>,
    by: SearchArea,
    options: GeosearchOptions & D & Own,
  ): Ret<M, FoundPlace<Out<M>, D>[]>;
  geosearch<F extends RawForm, const D extends GeoDetails>(
    key: string,
    from: SearchOrigin<In<M>>,
    by: SearchArea,
    options: GeosearchOptions & D & As<F>,
  ): Ret<M, FoundPlace<Raw<F>, D>[]>;

  /**
   * Stores the members within an area at the key `to`, replacing any value there; an empty result deletes the key. Returns
   * the number of members. The scores are hashes or, with `storeDist`, distances in the unit of the area. O(log n + members
   * of the areas that cover the search).
   *
   * Errors: as of `geosearch`.
   *
   * @see https://redis.io/docs/latest/commands/geosearchstore/
   */
  geosearchstore(
    to: string,
    key: string,
    from: SearchOrigin<In<M>>,
    by: SearchArea,
    options?: GeosearchOptions & {
      /** Stores distances as scores. */
      readonly storeDist?: boolean | undefined;
    },
  ): Ret<M, number>;
}

const UNITS = ["m", "km", "ft", "mi"];

const ADDING = named({ nx: yes, xx: yes, ch: yes });

/** The options of a search; an order is a word of its own. */
const searching = (more: Parameters<typeof named>[0]) => {
  const others = named({ count: integer, any: yes, ...more });
  return {
    names: ["order", ...others.names],
    words: (...[op, told, codec]: Parameters<typeof others.words>) => {
      const { order } = told;
      const words = others.words(op, told, codec);
      return order === undefined
        ? words
        : [word(op, "order", order, ["asc", "desc"]).toUpperCase(), ...words];
    },
  };
};
const SEARCH = searching({ withCoord: yes, withDist: yes, withHash: yes });
const STORED = searching({ storeDist: yes });

const degrees = (op: string, given: object): [string, string] => {
  const { longitude, latitude } = given as { longitude?: unknown; latitude?: unknown };
  return [score(op, "longitude", longitude), score(op, "latitude", latitude)];
};

const isMember = (given: unknown): given is GeoMember => isOptions(given) && "member" in (given as object);

/** The words of a search's origin and area. */
function around(
  op: string,
  from: unknown,
  by: unknown,
  encode: (op: string, name: string, value: unknown) => Argument,
): Argument[] {
  const origin = object(op, "from", from);
  const { radius, width, height, unit = "m" } = object(op, "by", by) as Record<string, unknown>;
  const words: Argument[] = isMember(origin)
    ? ["FROMMEMBER", encode(op, "member", origin.member)]
    : ["FROMLONLAT", ...degrees(op, origin)];
  if (radius === undefined) {
    words.push("BYBOX", score(op, "width", width), score(op, "height", height));
  } else {
    words.push("BYRADIUS", score(op, "radius", radius));
  }
  return [...words, word(op, "unit", unit, UNITS)];
}

const asNumber = (reply: Reader): number => Number(reply.text());

/** Places, `null` for a missing one. */
const places = (reply: Reader): (Coordinates | null)[] => {
  want(reply, Tag.List);
  return many(reply.count() / 2, () => {
    const [longitude, latitude] = [reply.text(), reply.text()];
    return longitude === null ? null : { longitude: Number(longitude), latitude: Number(latitude) };
  });
};

/** Found members, with the details that the options ask for. */
const found = ({ withDist, withHash, withCoord }: GeoDetails) => ({
  of: (forms: Forms<unknown>) => (reply: Reader) => {
    want(reply, Tag.List);
    const width = 1 + Number(withDist === true) + Number(withHash === true) + 2 * Number(withCoord === true);
    return many(reply.count() / width, () => ({
      member: forms.item(reply),
      ...(withDist === true && { distance: asNumber(reply) }),
      ...(withHash === true && { hash: asNumber(reply) }),
      ...(withCoord === true && {
        coordinates: { longitude: asNumber(reply), latitude: asNumber(reply) },
      }),
    }));
  },
});

/** @internal How each of them is done. */
export const geo = {
  geoadd: (op) =>
    function (name, ...given) {
      arity(op, arguments.length, 2, Number.POSITIVE_INFINITY);
      const last = given[given.length - 1];
      const [members, told] = isMember(last) ? [given, undefined] : splitOptions(given);
      const words = items(members).flatMap((each) => {
        if (!isMember(each)) {
          const expected = "objects of longitude, latitude and member";
          throw invalidArgument(op, `(members) expects ${expected}, got ${typeName(each)}`);
        }
        return [...degrees(op, each), this.codec.encode(op, "member", each.member)];
      });
      if (words.length === 0) throw invalidArgument(op, "(members) expects at least one member");
      // The options precede the members.
      return run(this, op, ["GEOADD", key(op, "key", name)], count, told ?? {}, {
        ...ADDING,
        words: (...telling) => [...ADDING.words(...telling), ...words],
      });
    },
  geopos: variadic({ key }, "member", content, places),
  geodist: (op) =>
    function (name, from, to, unit) {
      arity(op, arguments.length, 3, 4);
      const { encode } = this.codec;
      const command = ["GEODIST", key(op, "key", name), encode(op, "from", from), encode(op, "to", to)];
      if (unit !== undefined) command.push(word(op, "unit", unit, UNITS));
      return run(this, op, command, orElse(number, null), undefined);
    },
  geohash: variadic({ key }, "member", content, textsOrNull),
  geosearch: (op) =>
    function (name, from, by, told) {
      arity(op, arguments.length, 3, 4);
      const command = ["GEOSEARCH", key(op, "key", name), ...around(op, from, by, this.codec.encode)];
      const details = (told ?? {}) as GeoDetails;
      const { withDist, withHash, withCoord } = details;
      const isDetailed = withDist === true || withHash === true || withCoord === true;
      return run(this, op, command, isDetailed ? found(details) : "values", told, SEARCH);
    },
  geosearchstore: (op) =>
    function (to, name, from, by, told) {
      arity(op, arguments.length, 4, 5);
      const keys = [key(op, "to", to), key(op, "key", name)];
      const command = ["GEOSEARCHSTORE", ...keys, ...around(op, from, by, this.codec.encode)];
      return run(this, op, command, count, told, STORED);
    },
} satisfies Record<keyof Geo<Mode>, Operation>;
