// What the wasm of all stores borrows: HTTP by fetch, time, and sockets where there are any (src/binding/js-net/host.rs is the
// other side). It must not know any server's protocol, and must not retry.

import { connectSocket, SOCKETS } from "#sockets";
import { afterJobs, afterTick } from "#tick";
import { keep } from "./causes.js";
import type { Failed, Ring, Socket, Tls } from "./sockets.js";
import { clearTimeout, monotonic, setTimeout } from "../base/timing.js";
import { isAboutTrust } from "./trust.js";

/** A function with the interface of `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** What `fetch` may do with its cache. Node's own types have no name for it. */
export type CacheMode = "default" | "force-cache" | "no-cache" | "no-store" | "only-if-cached" | "reload";

/** A response, or why there is none: in one of the words that the other side knows. */
type Received =
  | { readonly status: number; readonly headers: Headers; readonly body: Uint8Array }
  | {
      readonly failure: "unsent" | "untrusted" | "invalid" | "headers" | "timeout" | "cancelled" | "broken";
      /** The number of the platform's error. */
      readonly cause?: number;
    };

/** A running request. */
interface Exchange {
  readonly received: Promise<Received>;
  /** Cancels the request, unless it has been answered. */
  readonly stop: () => void;
}

/** Node's error codes for requests that were never sent to a server. */
const UNSENT: ReadonlySet<unknown> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

/** The longest delay of a timer. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The host of one connection. */
export class NetHost {
  readonly #fetch: Fetch | undefined;
  readonly #cache: CacheMode;
  readonly #signal: AbortSignal | undefined;
  readonly #ring: Ring;
  /** The last URL that was found to be valid. */
  #url = "";
  readonly settle: (id: number, address: number) => void;

  /**
   * `cache` is the cache mode of requests; `signal` cancels every request; `settle` receives the reply at an address;
   * `ring` wakes the task that waits for a bell.
   */
  constructor(
    fetch: Fetch | undefined,
    cache: CacheMode | undefined,
    signal: AbortSignal | undefined,
    settle: (id: number, address: number) => void,
    ring: Ring,
  ) {
    this.#fetch = fetch;
    this.#cache = cache ?? "no-store";
    this.#signal = signal;
    this.settle = settle;
    this.#ring = ring;
  }

  /** Sends a request; headers are names and values alternately. */
  fetch(
    method: string,
    url: string,
    words: readonly string[],
    body: Uint8Array<ArrayBuffer>,
    timeoutMs: number,
  ): Exchange {
    if (!this.#isUrl(url)) return refused("invalid");
    const headers = headersOf(words);
    if (headers === undefined) return refused("headers");
    let cancel = () => {};
    const received = new Promise<Received>((resolve) => {
      const end = new AbortController();
      const done = (received: Received) => {
        clearTimeout(timer);
        this.#signal?.removeEventListener("abort", cancel);
        resolve(received);
      };
      // The user's own fetch may ignore the signal.
      const stop = (failure: "timeout" | "cancelled") => {
        done({ failure });
        end.abort();
      };
      cancel = () => stop("cancelled");
      const timer = setTimeout(stop, Math.min(timeoutMs, LONGEST_TIMER), "timeout");
      this.#signal?.addEventListener("abort", cancel);
      // A GET must not have a body, not even an empty one.
      const sent = body.length === 0 ? {} : { body };
      const init: RequestInit = { method, headers, ...sent, signal: end.signal, redirect: "manual" };
      // Frameworks that wrap `fetch` may cache even POST requests.
      if (this.#cache !== "default" && takesCache()) init.cache = this.#cache;
      exchange(this.#fetch, url, init).then(done, (error: unknown) => {
        // In Node, the cause of fetch's error is the system's error.
        const inner = (error as { cause?: { code?: unknown } } | undefined)?.cause;
        const code = inner?.code;
        const cause = keep(code === undefined ? discreet(error, words) : inner);
        if (isAboutTrust(code)) done({ failure: "untrusted", cause });
        else done({ failure: UNSENT.has(code) ? "unsent" : "broken", cause });
      });
    });
    return { received, stop: cancel };
  }

  /** Whether there are sockets, and whether they can be shared. */
  get sockets(): "shared" | "lent" | undefined {
    return SOCKETS;
  }

  connect(
    host: string,
    port: number,
    family: 0 | 4 | 6,
    tls: Tls | undefined,
    startsPlain: boolean,
  ): Socket | Failed {
    return connectSocket({ host, port, family, tls, startsPlain }, this.#ring);
  }

  /** Milliseconds of a monotonic clock. */
  now(): number {
    return monotonic();
  }

  /** Rings a bell once the reactions of resolved promises have run. */
  soon(bell: number): void {
    afterJobs(() => this.#ring(bell));
  }

  /** Rings a bell later; 0: at the end of the tick. Returns an argument for `stop`. */
  sleep(ms: number, bell: number): unknown {
    if (ms !== 0) return setTimeout(this.#ring, Math.min(ms, LONGEST_TIMER), bell);
    afterTick(() => this.#ring(bell));
    return undefined;
  }

  /** Cancels a bell: its timer would keep the program alive. */
  stop(sleep: ReturnType<typeof setTimeout> | undefined): void {
    clearTimeout(sleep);
  }

  #isUrl(url: string): boolean {
    if (url !== this.#url) {
      try {
        if (!new URL(url).protocol.startsWith("http")) return false;
      } catch {
        return false;
      }
      this.#url = url;
    }
    return true;
  }
}

/** What a `fetch` has thrown, unless it quotes what the server is shown. */
function discreet(error: unknown, words: readonly string[]): unknown {
  const at = words.indexOf("authorization");
  const secret = at < 0 ? "" : (words[at + 1]?.replace(/^Bearer /, "") ?? "");
  const { stack = "", message = "" } = (error ?? {}) as Partial<Error>;
  return secret !== "" && `${stack}${message}${String(error)}`.includes(secret) ? undefined : error;
}

let cacheIsTaken: boolean | undefined;

/** Whether requests may set a cache mode: workerd rejects it, depending on a Worker's compatibility date and flags. */
function takesCache(): boolean {
  if (cacheIsTaken === undefined) {
    try {
      new Request("http://localhost", { cache: "no-store" });
      cacheIsTaken = true;
    } catch {
      cacheIsTaken = false;
    }
  }
  return cacheIsTaken;
}

/** A request that is never sent. */
function refused(failure: "invalid" | "headers"): Exchange {
  return { received: Promise.resolve({ failure }), stop: () => undefined };
}

/** Headers from names and values alternately; `undefined` if one of them is invalid. */
function headersOf(words: readonly string[]): Headers | undefined {
  const headers = new Headers();
  try {
    for (let index = 0; index < words.length; index += 2) {
      headers.append(words[index] as string, words[index + 1] as string);
    }
  } catch {
    // The thrown error quotes the value.
    return undefined;
  }
  return headers;
}

async function exchange(fetch: Fetch | undefined, url: string, init: RequestInit): Promise<Received> {
  // The global `fetch` is looked up each time, and must be called on the global object.
  const response = await (fetch === undefined ? globalThis.fetch(url, init) : fetch(url, init));
  const body = new Uint8Array(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, body };
}
