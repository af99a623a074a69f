// THE list of operations. Stores and batches derive from it; nothing repeats it.

import { invalidArgument } from "../base/errors.js";
import type { Mode } from "../values/mode.js";
import { type Bitmaps, bitmaps } from "./bitmaps.js";
import { Commands } from "./commands.js";
import { type Geo, geo } from "./geo.js";
import { type Hashes, hashes } from "./hashes.js";
import { type HyperLogLogs, hyperloglogs } from "./hyperloglogs.js";
import { type Keyspace, keyspace } from "./keyspace.js";
import { type Lists, lists } from "./lists.js";
import type { Method } from "./operation.js";
import { type Sets, sets } from "./sets.js";
import { type SortedSets, zsets } from "./zsets.js";
import { type Strings, strings } from "./strings.js";
import type { Codec } from "../values/serializer.js";

/**
 * Every operation that is a command: of the keyspace, on strings, lists, hashes, sets, sorted sets, places, bitmaps and
 * HyperLogLogs.
 */
export interface Operations<M extends Mode>
  extends
    Keyspace<M>,
    Strings<M>,
    Lists<M>,
    Hashes<M>,
    Sets<M>,
    SortedSets<M>,
    Geo<M>,
    Bitmaps<M>,
    HyperLogLogs<M> {}

const operations = {
  ...keyspace,
  ...strings,
  ...lists,
  ...hashes,
  ...sets,
  ...zsets,
  ...geo,
  ...bitmaps,
  ...hyperloglogs,
};

abstract class Done<M extends Mode> extends Commands<M> {}

for (const [name, operation] of Object.entries(operations)) define(Done.prototype, name, operation(name));

/** Whatever takes commands, with the operations. */
export const Operations = Done as unknown as abstract new <M extends Mode>(
  codec: Codec,
) => Commands<M> & Operations<M>;

/** No engine has too little stack for so many arguments. */
const MANY = 1_000;
const TOO_MANY = "was given more arguments than a call can carry: they can be given as one array";

/**
 * Makes the operations of a class hand on what they would throw: an operation throws where its arguments are wrong, which
 * is not how a promise or a chain says so.
 */
export function answerErrors<C extends object>(
  prototype: C,
  answer: (target: C, error: unknown) => unknown,
): void {
  for (const name in operations) {
    const operation = (prototype as Record<string, unknown>)[name] as Method;
    define(prototype, name, function (this: C, ...given: unknown[]): unknown {
      try {
        return operation.apply(this as never, given);
      } catch (error) {
        const isTooMany = error instanceof RangeError && given.length > MANY;
        return answer(this, isTooMany ? invalidArgument(name, TOO_MANY) : error);
      }
    });
  }
}

/** Adds a method as a class would. */
function define(prototype: object, name: string, value: unknown): void {
  Object.defineProperty(prototype, name, { value, configurable: true, writable: true });
}
