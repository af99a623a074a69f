// Holds something that expires, such as a lock: waits until it is free, and keeps it by extending it in time. What it is
// does not matter here.

import { LONGEST, untilRung } from "./bell.js";

/** The pauses between attempts while another holds it, in milliseconds. */
const PAUSES = [25, 50, 100, 250, 500, 1_000];

/** Waits until it may be free, after so many attempts. */
export function untilFree(tries: number, signal?: AbortSignal): Promise<void> {
  return untilRung(PAUSES[Math.min(tries, PAUSES.length - 1)] as number, signal);
}

/**
 * Calls `extend` every third of the time that the thing lasts. Calls `lost` once when it is no longer held: `extend`
 * has returned false, or has failed for as long as the thing lasts. Returns a function that stops this and waits for an
 * extension under way.
 */
export function keep(
  lastingMs: number,
  extend: () => Promise<boolean>,
  lost: () => void,
  onError?: (error: unknown) => void,
): () => Promise<void> {
  let held = Date.now();
  let isOver = false;
  let extending: Promise<void> | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const next = async () => {
    const begun = Date.now();
    let isHeld: boolean;
    try {
      isHeld = await extend();
      held = begun;
    } catch (error) {
      onError?.(error);
      // The store may be reachable again before the thing expires.
      isHeld = Date.now() - held < lastingMs;
    }
    if (isOver) return;
    if (isHeld) later();
    else lost();
  };
  const later = () => {
    timer = setTimeout(() => (extending = next()), Math.min(lastingMs / 3, LONGEST));
  };
  later();
  return async () => {
    isOver = true;
    clearTimeout(timer);
    await extending;
  };
}
