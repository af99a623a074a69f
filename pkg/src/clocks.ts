// The clocks that users lend their stores in memory, by the number under which the wasm knows them. It must not let one
// of them break the wasm: what throws, or gives no number, reads 0, which a store refuses.

const lent = new Map<number, () => unknown>();
let last = 0;

/** The number of a clock, the same for the same function; 0 for none. */
export function numberOf(clock: (() => unknown) | undefined): number {
  if (clock === undefined) return 0;
  for (const [number, known] of lent) if (known === clock) return number;
  lent.set(++last, clock);
  return last;
}

/** Milliseconds since 1970 by a clock. */
export function now(number: number): number {
  if (number === 0) return Date.now();
  try {
    const now = lent.get(number)?.();
    return typeof now === "number" ? now : 0;
  } catch {
    return 0;
  }
}

/** A clock is used no more. */
export function release(number: number): void {
  lent.delete(number);
}
