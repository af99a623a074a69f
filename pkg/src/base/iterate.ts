// Iterators that wait, and can be left while they wait. What they wait for does not matter here.

/**
 * The items of a generator that stops waiting when `end` is aborted. It is, when the caller's signal is or when the
 * iterator is left: `return` of a plain generator would wait for the next item.
 */
export function iterate<V>(
  signal: AbortSignal | undefined,
  run: (end: AbortController) => AsyncGenerator<V, void, undefined>,
): AsyncGenerator<V, void, undefined> {
  const end = new AbortController();
  const stop = () => end.abort();
  const all = (async function* () {
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop);
    try {
      yield* run(end);
    } finally {
      signal?.removeEventListener("abort", stop);
    }
  })();
  const leave = all.return.bind(all);
  all.return = (value) => {
    stop();
    return leave(value);
  };
  return all;
}
