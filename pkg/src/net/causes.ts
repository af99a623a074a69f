// The platform's errors, each under a number that passes through the wasm. Which operation failed does not matter here.

/** The most errors that are kept: older ones have been delivered long ago. */
const MOST = 64;

const causes = new Map<number, unknown>();
let last = 0;

/** Keeps an error of the platform, and returns its number. */
export function keep(cause: unknown): number {
  last = (last + 1) >>> 0;
  causes.set(last, cause);
  if (causes.size > MOST) causes.delete(causes.keys().next().value as number);
  return last;
}

/** The error with this number. */
export const kept = (number: number): unknown => causes.get(number);
