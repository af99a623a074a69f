// Sockets of Node and compatible runtimes. Node's modules are not imported, so that bundlers for browsers, which have
// no sockets, find nothing. Workers use another file (sockets.workerd.ts). No knowledge of any protocol.

import { isAboutTrust } from "./trust.js";

/** Wakes the task that waits for the bell with this number. */
export type Ring = (bell: number) => void;

/** A byte stream to a server and back. Both directions throw if the connection is broken. */
export interface Socket {
  /** True once connected, or the reason for failure; `undefined` while connecting: the bell rings when that changes. */
  opened(bell: number): true | Failure | undefined;
  /** Received bytes, empty at the end; `undefined` if there are none yet: the bell rings when that changes. */
  read(bell: number): Uint8Array | undefined;
  /** Writes all bytes, and returns whether more can be written immediately; if not, the bell rings when it can. */
  write(bytes: Uint8Array, bell: number): boolean;
  /** Closes it at once, even while it is connecting: it will not open later. */
  close(): void;
}

/** Why there is no connection, in one of the words that the other side knows (src/binding/js/net/host/sockets.rs). */
export type Failure = "unreachable" | "untrusted" | "old";

/** The part of Node's sockets that we use. */
interface Stream {
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean, ms: number): void;
  on(event: "data", listener: (bytes: Uint8Array) => void): void;
  on(event: string, listener: (error: Error & { code?: string }) => void): void;
  once(event: string, listener: (error: Error & { code?: string }) => void): void;
  pause(): void;
  resume(): void;
  write(bytes: Uint8Array): boolean;
  destroy(): void;
}

interface Net {
  isIP(host: string): number;
  connect(options: { host: string; port: number }): Stream;
}

interface Tls {
  connect(options: { host: string; port: number; servername?: string }): Stream;
}

interface Process {
  readonly versions?: { readonly node?: string };
  readonly getBuiltinModule?: <M>(name: string) => M | undefined;
}

const { process } = globalThis as { process?: Process };

/** Connections live as long as the program here. */
export const SOCKETS: "shared" | "lent" | undefined =
  process?.versions?.node === undefined ? undefined : "shared";

/** After how much silence the system probes whether a server is still there. */
const KEEPALIVE_MS = 15_000;

/** Starts to connect to a server. */
export function connectSocket(host: string, port: number, tls: boolean, ring: Ring): Socket | Failure {
  const net = process?.getBuiltinModule?.<Net>("node:net");
  const secure = process?.getBuiltinModule?.<Tls>("node:tls");
  if (net === undefined || secure === undefined) return "old";
  // An IP address is not allowed as a server name (SNI).
  const servername = net.isIP(host) === 0 ? host : undefined;
  const socket = tls
    ? secure.connect({ host, port, ...(servername === undefined ? {} : { servername }) })
    : net.connect({ host, port });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEPALIVE_MS);
  return new NodeSocket(socket, tls, ring);
}

/** The most pieces to queue before waiting until the system has taken some. */
const MOST_PIECES = 64;

/** A socket that is read only as fast as its bytes are consumed. */
class NodeSocket implements Socket {
  readonly #socket: Stream;
  readonly #come: Uint8Array[] = [];
  #isPaused = false;
  #opened: true | Failure | undefined;
  #broken: Error | undefined;
  #ended = false;
  /** The bells of the waiting reader (for the connection or for bytes) and writer; 0 is none. */
  #reader = 0;
  #writer = 0;

  constructor(socket: Stream, tls: boolean, ring: Ring) {
    this.#socket = socket;
    const wakeReader = () => {
      const bell = this.#reader;
      this.#reader = 0;
      if (bell !== 0) ring(bell);
    };
    socket.on("data", (bytes) => {
      this.#come.push(bytes);
      if (this.#come.length >= MOST_PIECES) {
        this.#isPaused = true;
        socket.pause();
      }
      wakeReader();
    });
    socket.on("drain", () => {
      const bell = this.#writer;
      this.#writer = 0;
      if (bell !== 0) ring(bell);
    });
    socket.once(tls ? "secureConnect" : "connect", () => {
      this.#opened ??= true;
      wakeReader();
    });
    socket.on("error", (error) => {
      this.#opened ??= tls && isAboutTrust(error.code) ? "untrusted" : "unreachable";
      this.#broken = error;
      wakeReader();
    });
    for (const end of ["end", "close"] as const) {
      socket.on(end, () => {
        this.#opened ??= "unreachable";
        this.#ended = true;
        wakeReader();
      });
    }
  }

  opened(bell: number): true | Failure | undefined {
    if (this.#opened === undefined) this.#reader = bell;
    return this.#opened;
  }

  read(bell: number): Uint8Array | undefined {
    const bytes = this.#come.shift();
    if (this.#isPaused && this.#come.length === 0) {
      this.#isPaused = false;
      this.#socket.resume();
    }
    if (bytes !== undefined) return bytes;
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#ended) return new Uint8Array();
    this.#reader = bell;
    return undefined;
  }

  write(bytes: Uint8Array, bell: number): boolean {
    if (this.#broken !== undefined) throw this.#broken;
    const takesMore = this.#socket.write(bytes);
    if (!takesMore) this.#writer = bell;
    return takesMore;
  }

  close(): void {
    this.#socket.destroy();
  }
}
