// Work under a lock, for stores of either mode. It must not know how locks are kept.

import { untilRung } from "../base/bell.js";
import { failed } from "../base/errors.js";
import { unguessable } from "../base/seeds.js";
import { type Cancellable, signalOf, throwIfAborted } from "../base/signals.js";
import type { Locks } from "../operations/locks.js";
import { callable, key, options } from "../values/arguments.js";
import { type Duration, milliseconds } from "../values/expiry.js";
import type { Mode } from "../values/mode.js";

/** How a lock is held. */
export interface LockOptions extends Cancellable {
  /** For how long at most when nobody prolongs it, because this process has ended: 30 seconds when left out. */
  readonly ttl?: Duration | undefined;
}

/** What work under a lock is given. */
export interface Held {
  /** The fencing token of the lock. */
  readonly token: number;
  /** Aborted when the lock is lost, or the caller gives up. */
  readonly signal: AbortSignal;
}

/** How long to wait for a lock that another has, in milliseconds: growing from the first to the last. */
const PAUSES = [25, 50, 100, 250, 500, 1_000];

/** @internal Waits for the lock, prolongs it while the work lasts, and gives it up. */
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
  let token = await acquire();
  for (let tries = 0; token === null; tries++) {
    await untilRung(PAUSES[Math.min(tries, PAUSES.length - 1)] as number, signal);
    throwIfAborted(op, signal);
    token = await acquire();
  }
  const end = new AbortController();
  const giveUp = () => end.abort(signal?.reason);
  signal?.addEventListener("abort", giveUp);
  let held = Date.now();
  let renewal: ReturnType<typeof setTimeout>;
  const renew = async () => {
    const begun = Date.now();
    try {
      // Another token is another hold: somebody may have held it in between.
      if ((await acquire()) !== token) return lose();
      held = begun;
    } catch {
      // The store may be reached again before the time is over.
      if (Date.now() - held >= lasting) return lose();
    }
    renewal = setTimeout(() => void renew(), lasting / 3);
  };
  const lose = () => end.abort(failed(op, "conflict", "has lost the lock: another may hold it now"));
  renewal = setTimeout(() => void renew(), lasting / 3);
  try {
    return await work({ token, signal: end.signal });
  } finally {
    clearTimeout(renewal);
    signal?.removeEventListener("abort", giveUp);
    end.abort();
    await locks.release(name, owner);
  }
}
