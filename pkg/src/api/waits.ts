// Waits between looks at the stream of changes. How changes are read does not matter here.

import { LONGEST, pause, untilRung } from "../base/bell.js";
import type { Connection } from "../wire/connection.js";

/** How often to check for changes by others, such as expirations, where the store cannot tell; in milliseconds. */
const SLOW = 1_000;

/** A watcher's waits: as long as nothing changes where the store can tell, else a second at most. */
export class Waits {
  readonly #end: (() => void) | undefined;
  readonly #wakers = new Set<() => void>();
  #isChanged = false;

  /** Starts to watch. What has changed before is not told. */
  constructor(connection: Connection) {
    this.#end = connection.watch?.(() => {
      this.#isChanged = true;
      for (const wake of this.#wakers) wake();
    });
  }

  /** Begins a look: what changes from now on ends the wait after it. */
  look(): void {
    this.#isChanged = false;
  }

  /** Waits until there may be new changes, or the signal is aborted. */
  async untilChanged(signal: AbortSignal): Promise<void> {
    if (this.#end === undefined) await untilRung(SLOW, signal);
    else if (!this.#isChanged) await pause(LONGEST, signal, this.#wakers);
  }

  /** Ends it. */
  end(): void {
    this.#end?.();
  }
}
