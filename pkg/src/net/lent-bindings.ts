// What the wasm of all stores borrows of a Worker's bindings: a KV namespace, and a way to Durable Objects
// (src/binding/js-net/kv.rs is the other side). It must not know cells or commands, and must not retry.

import type { Binding } from "../values/bindings.js";
import type { Fetch } from "./net-host.js";

interface Held<V> {
  readonly value: V | null;
  readonly metadata: unknown;
}

/** The part of a KV namespace that we use. */
interface Namespace {
  getWithMetadata(key: string, type: "arrayBuffer"): Promise<Held<ArrayBuffer>>;
  getWithMetadata(keys: readonly string[], type: "text"): Promise<Map<string, Held<string> | null>>;
  put(key: string, value: Uint8Array, options: object): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: object): Promise<{ keys: unknown[]; list_complete: boolean; cursor?: string }>;
}

/** The part of a Durable Object namespace that we use. */
interface Objects {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch: Fetch };
}

interface Pair {
  readonly key: string;
  readonly value: Uint8Array;
  readonly metadata?: string;
  readonly expirationTtl?: number;
}

type Found = { readonly value: Uint8Array; readonly metadata: unknown } | undefined;

/** Why there is no answer, in one of the words that the other side knows. */
interface Failure {
  readonly failure: "rate-limited" | "too-large" | "limit" | "broken";
}

/** A KV namespace for the wasm. */
export class LentNamespace {
  readonly #namespace: Namespace;

  constructor(binding: Binding) {
    this.#namespace = binding as unknown as Namespace;
  }

  get(keys: readonly string[]): Promise<Found[] | Failure> {
    return told(async () => {
      const [first] = keys;
      if (keys.length === 1 && first !== undefined) return [await this.#one(first)];
      const texts = await this.#texts(keys);
      const found: Found[] = [];
      for (const key of keys) {
        // The platform's map holds names such as `10` as numbers, and may lack `__proto__`.
        const held = texts?.get(key);
        if (texts?.has(key) !== true || (held?.value && !isClean(held.value)))
          found.push(await this.#one(key));
        else if (held == null || held.value === null) found.push(undefined);
        else found.push({ value: new TextEncoder().encode(held.value), metadata: held.metadata });
      }
      return found;
    });
  }

  put(pairs: readonly Pair[]): Promise<Failure | undefined> {
    return told(async () => {
      for (const { key, value, metadata, expirationTtl } of pairs) {
        const options = {
          ...(metadata === undefined ? {} : { metadata: JSON.parse(metadata) as unknown }),
          ...(expirationTtl === undefined ? {} : { expirationTtl }),
        };
        await this.#namespace.put(key, value, options);
      }
      return undefined;
    });
  }

  delete(keys: readonly string[]): Promise<Failure | undefined> {
    return told(async () => {
      for (const key of keys) await this.#namespace.delete(key);
      return undefined;
    });
  }

  list(prefix: string, cursor: string | undefined, limit: number): Promise<object> {
    return told(async () => {
      const options = { limit, ...(prefix === "" ? {} : { prefix }), ...(cursor ? { cursor } : {}) };
      const page = await this.#namespace.list(options);
      return { keys: page.keys, cursor: page.list_complete ? undefined : page.cursor };
    });
  }

  async #one(key: string): Promise<Found> {
    const { value, metadata } = await this.#namespace.getWithMetadata(key, "arrayBuffer");
    return value === null ? undefined : { value: new Uint8Array(value), metadata };
  }

  /** Reads all keys at once as text; `undefined` if together they exceed the platform's limit. */
  async #texts(keys: readonly string[]): Promise<Map<string, Held<string> | null> | undefined> {
    try {
      return await this.#namespace.getWithMetadata(keys, "text");
    } catch (error) {
      if (wordOf(error) === "too-large") return undefined;
      throw error;
    }
  }
}

/** Whether the text is exactly the stored bytes: bytes that are not UTF-8 became U+FFFD. */
function isClean(text: string): boolean {
  return !text.includes("\u{fffd}");
}

/** The result of work, or a word for its failure. */
async function told<V>(work: () => Promise<V>): Promise<V | Failure> {
  try {
    return await work();
  } catch (error) {
    return { failure: wordOf(error) };
  }
}

/** The platform's errors only have a message: `KV PUT failed: 429 Too Many Requests`. */
function wordOf(error: unknown): Failure["failure"] {
  const message = error instanceof Error ? error.message : "";
  if (/\b429\b/.test(message)) return "rate-limited";
  if (/\b413\b/.test(message)) return "too-large";
  return /too many (api requests|subrequests)/i.test(message) ? "limit" : "broken";
}

/** The prefix of all our objects' names. */
const NAMES = "omnikv";

/** A `fetch` that sends requests for `http://0.object/` to the object with this number, of `shards`. */
export function toObjects(binding: Binding, shards: number): Fetch {
  const objects = binding as unknown as Objects;
  return (url, init) => {
    const [number] = new URL(url).hostname.split(".");
    // A stub belongs to its request; the namespace does not.
    const stub = objects.get(objects.idFromName(`${NAMES}:${number}/${shards}`));
    return stub.fetch(url, init);
  };
}
