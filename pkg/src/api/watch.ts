// Iterates over changes as they happen, for stores of either mode. How changes are stored does not matter here.

import { failed } from "../base/errors.js";
import { iterate } from "../base/iterate.js";
import { signalOf } from "../base/signals.js";
import type { ChangeOptions, Changes } from "../operations/changes.js";
import { settings } from "../values/arguments.js";
import type { Connection } from "../wire/connection.js";
import type { Mode } from "../values/mode.js";
import type { Change } from "../values/rows.js";
import { Waits } from "./waits.js";

/** Which changes to watch. */
export type WatchOptions = Omit<ChangeOptions, "limit">;

/** How many changes are read at once. */
const MANY = 256;

/** @internal The changes from a sequence number on, or from now on; ends when the signal is aborted. */
export function watch(
  changes: Changes<Mode>,
  connection: Connection,
  given: unknown,
): AsyncGenerator<Change, void, undefined> {
  const op = "changes.watch";
  const told = settings<WatchOptions>(op, given, ["from", "type", "prefix", "signal"]);
  const { from, signal, ...of } = told;
  return iterate(signalOf(op, signal), async function* ({ signal }) {
    // Without records it can be read, and there is nothing; to wait for more would be to wait for ever.
    if (!((await connection.capabilities()) as { readonly records: boolean }).records)
      throw failed(op, "unsupported", "waits for changes of records, which this store cannot have");
    const begun = (await changes.latest()) as number;
    let next = from ?? begun + 1;
    const waits = new Waits(connection);
    try {
      while (!signal.aborted) {
        waits.look();
        const latest = (await changes.latest()) as number;
        const found = (await changes.read({ ...of, from: next, limit: MANY })) as Change[];
        for (const change of found) {
          if (signal.aborted) return;
          yield change;
          next = change.seq + 1;
        }
        if (found.length > 0) continue;
        // Changes up to this one did not match.
        next = Math.max(next, latest + 1);
        await waits.untilChanged(signal);
      }
    } finally {
      waits.end();
    }
  });
}
