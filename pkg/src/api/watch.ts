// The changes as they come, for stores of either mode. It must not know how they are kept.

import { untilRung } from "../base/bell.js";
import { signalOf } from "../base/signals.js";
import type { ChangeOptions, Changes } from "../operations/changes.js";
import { settings } from "../values/arguments.js";
import type { Mode } from "../values/mode.js";
import type { Change } from "../wire/rows.js";

/** Which changes are watched for. */
export type WatchOptions = Omit<ChangeOptions, "limit">;

/** So many changes are read at a time. */
const MANY = 256;

/** What nobody here has done, such as an expiration, is looked for this often, in milliseconds. */
const SLOW = 1_000;

/** @internal The changes from a seq on, or those to come; ends when the signal is aborted. */
export async function* watch(
  changes: Changes<Mode>,
  given: unknown,
): AsyncGenerator<Change, void, undefined> {
  const told = settings<WatchOptions>("changes.watch", given, ["from", "type", "prefix", "signal"]);
  const { from, signal, ...of } = told;
  signalOf("changes.watch", signal);
  let next = from ?? ((await changes.latest()) as number) + 1;
  while (!signal?.aborted) {
    const latest = (await changes.latest()) as number;
    const found = (await changes.read({ ...of, from: next, limit: MANY })) as Change[];
    for (const change of found) {
      if (signal?.aborted) return;
      yield change;
      next = change.seq + 1;
    }
    if (found.length > 0) continue;
    // None of those until then was asked for.
    next = Math.max(next, latest + 1);
    await untilRung(SLOW, signal);
  }
}
