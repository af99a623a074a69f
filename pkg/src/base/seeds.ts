// Where the modules' randomness comes from.

/** A number that nobody can guess. Drawn when a store is opened, never when a module is loaded: Workers refuse randomness there. */
export function unguessable(): bigint {
  const [seed] = globalThis.crypto.getRandomValues(new BigUint64Array(1));
  return seed as bigint;
}
