// THE list of operations. Stores and batches derive from it; nothing repeats it.

import type { Mode } from "./mode.js";
import { Commands } from "./operations/commands.js";
import { Sets } from "./operations/sets.js";

/** Every operation that is a command: of the keyspace, on strings, lists, hashes and sets. */
export abstract class Operations<M extends Mode> extends Sets<M> {}

/** The names of all operations. */
export const operationNames: readonly string[] = (() => {
  const names: string[] = [];
  for (
    let prototype = Sets.prototype as object;
    prototype !== Commands.prototype;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    names.unshift(...Object.getOwnPropertyNames(prototype).filter((name) => name !== "constructor"));
  }
  return names;
})();

/**
 * Makes the operations of a class hand on what they would throw: an operation throws where its arguments are wrong, which
 * is not how a promise or a chain says so.
 */
export function answerErrors<C extends object>(
  prototype: C,
  answer: (target: C, error: unknown) => unknown,
): void {
  for (const name of operationNames) {
    const operation = (prototype as Record<string, unknown>)[name] as (...given: unknown[]) => unknown;
    const guarded = function (this: C, ...given: unknown[]): unknown {
      try {
        return operation.apply(this, given);
      } catch (error) {
        return answer(this, error);
      }
    };
    Object.defineProperty(prototype, name, { value: guarded, configurable: true, writable: true });
  }
}
