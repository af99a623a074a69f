// What the wasm of all stores borrows: HTTP by fetch, time, and sockets where there are any (src/binding/js/net/host.rs is the
// other side). It must not know any server's protocol, and must not retry.

import { connectSocket, SOCKETS } from "#sockets";
import { afterTick } from "#tick";
import type { Connected } from "./sockets.js";
import { isAboutTrust } from "./trust.js";

/** A function that is called as `fetch` is. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

interface Sent {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: Uint8Array<ArrayBuffer>;
  readonly timeoutMs: number;
}

/** A response, or why there is none: in one of the words that the other side knows. */
type Received =
  | { readonly status: number; readonly headers: string[]; readonly body: Uint8Array }
  | { readonly failure: "unsent" | "untrusted" | "invalid" | "headers" | "timeout" | "cancelled" | "broken" };

/** With these Node says that it has found no server to send anything to. */
const UNSENT: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The longest time that a timer takes. */
const LONGEST_TIMER = 2 ** 31 - 1;

type Timer = ReturnType<typeof setTimeout>;

/** What one connection is lent. */
export class NetHost {
  readonly #fetch: Fetch | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #timers = new WeakMap<Promise<void>, Timer>();
  readonly settle: (id: number, address: number) => void;

  /** `signal` ends every request; `settle` takes the reply that lies at an address. */
  constructor(
    fetch: Fetch | undefined,
    signal: AbortSignal | undefined,
    settle: (id: number, address: number) => void,
  ) {
    this.#fetch = fetch;
    this.#signal = signal;
    this.settle = settle;
  }

  async fetch({ method, url, headers, body, timeoutMs }: Sent): Promise<Received> {
    if (!isUrl(url)) return { failure: "invalid" };
    const head = headersOf(headers);
    if (head === undefined) return { failure: "headers" };
    const end = new AbortController();
    let failure: "timeout" | "cancelled" | undefined;
    const stop = (why: typeof failure) => {
      failure ??= why;
      end.abort();
    };
    const timer = setTimeout(() => stop("timeout"), Math.min(timeoutMs, LONGEST_TIMER));
    const cancel = () => stop("cancelled");
    this.#signal?.addEventListener("abort", cancel);
    try {
      // A fetch of the user's own may not listen to the signal.
      const ended = new Promise<never>((_, reject) => {
        end.signal.addEventListener("abort", () => reject(new Error("ended")));
      });
      // A GET takes no body, not even an empty one.
      const sent = body.length === 0 ? {} : { body };
      const init: RequestInit = { method, headers: head, ...sent, signal: end.signal, redirect: "manual" };
      return await Promise.race([exchange(this.#fetch, url, init), ended]);
    } catch (error) {
      if (failure !== undefined) return { failure };
      const cause = (error as { cause?: { code?: unknown } } | undefined)?.cause;
      if (isAboutTrust(cause?.code)) return { failure: "untrusted" };
      return { failure: UNSENT.has(cause?.code) ? "unsent" : "broken" };
    } finally {
      clearTimeout(timer);
      this.#signal?.removeEventListener("abort", cancel);
    }
  }

  /** Whether there are sockets, and whether they last. */
  get sockets(): "shared" | "lent" | undefined {
    return SOCKETS;
  }

  connect(host: string, port: number, tls: boolean): Promise<Connected> {
    return connectSocket(host, port, tls);
  }

  sleep(ms: number): Promise<void> {
    let timer: Timer | undefined;
    const slept = new Promise<void>((resolve) => {
      if (ms === 0) afterTick(resolve);
      else timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER));
    });
    if (timer !== undefined) this.#timers.set(slept, timer);
    return slept;
  }

  /** Gives up a sleep: its timer would keep the program alive. */
  forget(slept: Promise<void>): void {
    clearTimeout(this.#timers.get(slept));
  }
}

function isUrl(url: string): boolean {
  try {
    return new URL(url).protocol.startsWith("http");
  } catch {
    return false;
  }
}

/** Headers of names and values in turn; nothing when one of them cannot be sent. */
function headersOf(words: readonly string[]): Headers | undefined {
  const headers = new Headers();
  try {
    for (let index = 0; index < words.length; index += 2) {
      headers.append(words[index] as string, words[index + 1] as string);
    }
  } catch {
    // What is thrown quotes the value.
    return undefined;
  }
  return headers;
}

async function exchange(fetch: Fetch | undefined, url: string, init: RequestInit): Promise<Received> {
  // The global one is looked up each time, and belongs to the global object.
  const response = await (fetch === undefined ? globalThis.fetch(url, init) : fetch(url, init));
  const body = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: [...response.headers].flat(), body };
}
