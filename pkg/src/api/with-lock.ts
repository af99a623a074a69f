// Work under a lock, for stores of either mode. How locks are stored does not matter here.

import { failed } from "../base/errors.js";
import { keep, untilFree } from "../base/keep.js";
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
    await untilFree(tries, signal);
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
  // A new token means a new hold: another owner may have held the lock in between.
  const stop = keep(
    lasting,
    async () => (await acquire()) === token,
    () => {
      end.abort(failed(op, "conflict", "has lost the lock: another may hold it now"));
    },
  );
  try {
    return await work({ token, signal: end.signal });
  } finally {
    signal?.removeEventListener("abort", giveUp);
    end.abort();
    // An extension under way would acquire the lock again after its release.
    await stop();
    try {
      await locks.release(name, owner);
    } catch {
      // What the work gave counts; the lock expires by itself.
    }
  }
}
