// Sockets of Node, and of what has its modules. They are not imported, so that bundlers for browsers find nothing: there are
// none there. Workers have others (sockets.workerd.ts). They must not know any protocol.

import { isAboutTrust } from "./trust.js";

/** Wakes whoever waits for the bell of this number. */
export type Ring = (bell: number) => void;

/** A stream of bytes to a server and back. Both ways throw when the connection is broken. */
export interface Socket {
  /** Whether it is connected, or why not; nothing as long as it is being connected: the bell rings when there is something to see. */
  opened(bell: number): true | Failure | undefined;
  /** The bytes that have come, none at the end; nothing where none have: the bell rings when there is something to see. */
  read(bell: number): Uint8Array | undefined;
  /** Writes all of it, and tells whether it takes more at once; otherwise the bell rings when it does. */
  write(bytes: Uint8Array, bell: number): boolean;
  /** Ends it at once, also one that is still being connected: it will not open later. */
  close(): void;
}

/** Why there is no connection, in one of the words that the other side knows (src/binding/js/net/host/sockets.rs). */
export type Failure = "unreachable" | "untrusted" | "old";

/** What is needed of Node's sockets. */
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

/** Here connections last as long as the program. */
export const SOCKETS: "shared" | "lent" | undefined =
  process?.versions?.node === undefined ? undefined : "shared";

/** How soon a server that says nothing is asked whether it is still there. */
const KEEPALIVE_MS = 15_000;

/** Begins to connect to a server. */
export function connectSocket(host: string, port: number, tls: boolean, ring: Ring): Socket | Failure {
  const net = process?.getBuiltinModule?.<Net>("node:net");
  const secure = process?.getBuiltinModule?.<Tls>("node:tls");
  if (net === undefined || secure === undefined) return "old";
  // An address has no name to be served by.
  const servername = net.isIP(host) === 0 ? host : undefined;
  const socket = tls
    ? secure.connect({ host, port, ...(servername === undefined ? {} : { servername }) })
    : net.connect({ host, port });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEPALIVE_MS);
  return new NodeSocket(socket, tls, ring);
}

/** More pieces than these are left to the system until some have been taken. */
const MOST_PIECES = 64;

/** A socket that is read as fast as its bytes are wanted, and no faster. */
class NodeSocket implements Socket {
  readonly #socket: Stream;
  readonly #come: Uint8Array[] = [];
  #isPaused = false;
  #opened: true | Failure | undefined;
  #broken: Error | undefined;
  #ended = false;
  /** Who waits for the connection or for bytes, and who for room: 0 is nobody. */
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
