// Work under a lock, for stores of either mode. How locks are stored does not matter here.

import { untilRung } from "../base/bell.js";
import { failed } from "../base/errors.js";
import { unguessable } from "../base/seeds.js";
import { type Cancellable, signalOf, throwIfAborted } from "../base/signals.js";
import type { Locks } from "../operations/locks.js";
import { callable, key, options } from "../values/arguments.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Mode } from "../values/mode.js";

/** Options of a lock. */
export interface LockOptions extends Cancellable {
  /** The lock expires after this time if it is not extended, because this process has ended. Default: 30 seconds. */
  readonly ttl?: Duration | undefined;
}

/** The argument of work under a lock. */
export interface Held {
  /** The fencing token of the lock. */
  readonly token: number;
  /** Aborted when the lock is lost, or when the caller cancels. */
  readonly signal: AbortSignal;
}

/** The pauses between attempts while another holds the lock, in milliseconds. */
const PAUSES = [25, 50, 100, 250, 500, 1_000];

/** @internal Waits for the lock, extends it while the work runs, and releases it. */
export async function withLock<V>(
  locks: Locks<Mode>,
  name: string,
  work: (held: Held) => V | Promise<V>,
  given: unknown,
): Promise<V> {
  const op = "locks.withLock";
  key(op, "name", name);
  callable(op, "work", work);
  const { ttl = 30, signal } = options<LockOptions>(op, given, ["ttl"]);
  signalOf(op, signal);
  const lasting = milliseconds(op, "ttl", ttl);
  const owner = `${String(unguessable())}-${String(unguessable())}`;
  const acquire = async () => (await locks.acquire(name, owner, ttl)) as number | null;
  throwIfAborted(op, signal);
  let token = await acquire();
  for (let tries = 0; token === null; tries++) {
    await untilRung(PAUSES[Math.min(tries, PAUSES.length - 1)] as number, signal);
    throwIfAborted(op, signal);
    token = await acquire();
  }
  if (signal?.aborted) {
    await locks.release(name, owner);
    throwIfAborted(op, signal);
  }
  const end = new AbortController();
  const giveUp = () => end.abort(signal?.reason);
  signal?.addEventListener("abort", giveUp);
  let held = Date.now();
  let isOver = false;
  let renewal: ReturnType<typeof setTimeout> | undefined;
  let renewing: Promise<void> | undefined;
  const renew = async () => {
    const begun = Date.now();
    try {
      // A new token means a new hold: another owner may have held the lock in between.
      if ((await acquire()) !== token) return lose();
      held = begun;
    } catch {
      // The store may be reachable again before the lock expires.
      if (Date.now() - held >= lasting) return lose();
    }
    if (!isOver) later();
  };
  const later = () => {
    renewal = setTimeout(() => (renewing = renew()), lasting / 3);
  };
  const lose = () => end.abort(failed(op, "conflict", "has lost the lock: another may hold it now"));
  later();
  try {
    return await work({ token, signal: end.signal });
  } finally {
    isOver = true;
    clearTimeout(renewal);
    signal?.removeEventListener("abort", giveUp);
    end.abort();
    // A renewal under way would take the lock again after its release.
    await renewing;
    try {
      await locks.release(name, owner);
    } catch {
      // What the work gave counts; the lock expires by itself.
    }
  }
}
