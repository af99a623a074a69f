// Work that asks a store several times, written once for both modes: a generator that gives each answer out to be waited
// for, and what drives it. It must not know stores.

/** Work in steps, which gives a `V` at its end. */
export type Steps<V> = Generator<unknown, V, unknown>;

/** Waits for an answer, in whatever mode it comes: `const found = yield* wait<string | null>(kv.get(key))`. */
export function* wait<V>(answer: unknown): Steps<V> {
  return (yield answer) as V;
}

/** Does the work where answers are there at once. */
export function finishNow<V>(steps: Steps<V>): V {
  let step = steps.next();
  while (!step.done) step = steps.next(step.value);
  return step.value;
}

/** Does the work where answers are promised. */
export async function finishLater<V>(steps: Steps<V>): Promise<V> {
  let step = steps.next();
  while (!step.done) {
    let answer: unknown;
    try {
      answer = await step.value;
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(answer);
  }
  return step.value;
}
