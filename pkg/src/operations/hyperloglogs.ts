// HyperLogLogs: estimates of how many different members were added.

import { key, type Several } from "../values/arguments.js";
import type { In, Mode, Ret } from "../values/mode.js";
import { count, flag, ok } from "../wire/replies.js";
import { content, type Operation, variadic } from "./operation.js";

/**
 * HyperLogLogs: how many different members were added, estimated within 0.81 % from at most 12 kB. They are strings in the
 * form that Redis stores: `get` with `{ as: "bytes" }` and `set` copy them between stores. A missing key counts as one without
 * members. All fail with `wrong-type` on a key of another type and on a string that is no HyperLogLog, and with
 * `invalid-value` on a damaged one.
 */
export interface HyperLogLogs<M extends Mode> {
  /**
   * Adds members, creating the HyperLogLog if needed, and keeps its TTL. Returns whether the estimate may have changed, or
   * the key is new. No members: only creates it. O(1) each.
   *
   * @see https://redis.io/docs/latest/commands/pfadd/
   */
  pfadd(key: string, ...members: Several<In<M>>): Ret<M, boolean>;
  pfadd(key: string, members: readonly In<M>[]): Ret<M, boolean>;

  /**
   * Returns the estimated number of different members of all these keys together. O(keys), with a large constant.
   *
   * Errors: `invalid-argument` for no keys.
   *
   * @see https://redis.io/docs/latest/commands/pfcount/
   */
  pfcount(...keys: string[]): Ret<M, number>;
  pfcount(keys: readonly string[]): Ret<M, number>;

  /**
   * Adds the members of other HyperLogLogs to the one at the key `to`, creating it if needed, and keeps its TTL. O(keys),
   * with a large constant.
   *
   * @see https://redis.io/docs/latest/commands/pfmerge/
   */
  pfmerge(to: string, ...keys: string[]): Ret<M, "OK">;
  pfmerge(to: string, keys: readonly string[]): Ret<M, "OK">;
}

/** @internal How each of them is done. */
export const hyperloglogs = {
  pfadd: variadic({ key }, "member", content, flag),
  pfcount: variadic({}, "key", key, count),
  pfmerge: variadic({ to: key }, "key", key, ok),
} satisfies Record<keyof HyperLogLogs<Mode>, Operation>;
