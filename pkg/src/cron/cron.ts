// The moments of cron expressions, by croner: a module beside the package (`cron.js`), loaded when a schedule is made. It
// must not know what happens at these moments.

import { Cron } from "croner";

/**
 * The function that returns the first moment of an expression after another one, in milliseconds since 1970; `null` if
 * there is none. Throws croner's errors if the expression or the time zone is malformed.
 */
export function moments(expression: string, timezone: string): (after: number) => number | null {
  const cron = new Cron(expression, { timezone, paused: true });
  return (after) => cron.nextRun(new Date(after))?.getTime() ?? null;
}
