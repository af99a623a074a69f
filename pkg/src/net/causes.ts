// What the platform says of failures, each under a number by which it passes through the wasm. It must not know who fails.

/** More than these are not kept: whoever failed has been told long before. */
const MOST = 64;

const causes = new Map<number, unknown>();
let last = 0;

/** Keeps what the platform has thrown, and gives its number. */
export function keep(cause: unknown): number {
  last = (last + 1) >>> 0;
  causes.set(last, cause);
  if (causes.size > MOST) causes.delete(causes.keys().next().value as number);
  return last;
}

/** What is kept under a number. */
export const kept = (number: number): unknown => causes.get(number);
