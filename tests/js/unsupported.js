// What a backend may answer `unsupported`: the reviewed table (tests/support/unsupported.json) held against what really
// happens, as native Rust does. Whatever it lists must happen, and what it does not list must not.

/** Judges the cases that run on one backend. */
export class Unsupported {
  #rows;
  #met = new Set();

  /** The backend's rows of the table. */
  constructor(table, backend) {
    const { options = {}, calls = {}, cases = {}, differs = {} } = table[backend];
    this.#rows = { options, calls, cases, differs };
  }

  /** Takes a failure for expected when the table lists it; else throws it. */
  judge(testCase, error) {
    const { options, calls, cases, differs } = this.#rows;
    const isUnsupported = error.code === "unsupported";
    const { step = {} } = error;
    const ops = step.multi ? ["multi"] : (step.pipeline ?? [step.call ?? step.drain ?? []]).map(([op]) => op);
    const listed = isUnsupported
      ? (Object.keys(testCase.options ?? {}).find((name) => name in options) ??
        [testCase.name].find((name) => name in cases) ??
        ops.find((op) => op in calls))
      : undefined;
    const found = testCase.name in differs ? testCase.name : listed;
    if (found === undefined) throw error;
    this.#met.add(found);
  }

  /** Takes the failures of cases for expected when the table lists them; gives the others. */
  sift(cases, failures) {
    return failures.filter((failure) => {
      try {
        this.judge(
          cases.find(({ name }) => name === failure.name),
          failure,
        );
        return false;
      } catch {
        return true;
      }
    });
  }

  /** The rows that have not been met: what they list is supported after all. */
  idle() {
    return Object.values(this.#rows)
      .flatMap((rows) => Object.keys(rows))
      .filter((row) => !this.#met.has(row));
  }
}
