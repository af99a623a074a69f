// Work with several calls of a store, written once for both modes: a generator that yields each answer to be awaited,
// and the functions that run it. No knowledge of stores.

/** Work in steps that finally returns a `V`. */
export type Steps<V> = Generator<unknown, V, unknown>;

/** Waits for an answer in either mode: `const found = yield* wait<string | null>(kv.get(key))`. */
export function* wait<V>(answer: unknown): Steps<V> {
  return (yield answer) as V;
}

/** Runs the work synchronously. */
export function finishNow<V>(steps: Steps<V>): V {
  let step = steps.next();
  while (!step.done) step = steps.next(step.value);
  return step.value;
}

/** Runs the work with promises. */
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
