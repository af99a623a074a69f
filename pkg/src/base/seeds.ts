// Random seeds for the modules.

/**
 * An unpredictable number. Drawn when a store is opened, never when a module is loaded: Workers do not allow randomness
 * there.
 */
export function unguessable(): bigint {
  const [seed] = globalThis.crypto.getRandomValues(new BigUint64Array(1));
  return seed as bigint;
}
