// Sockets of Node, and of what has its modules. They are not imported, so that bundlers for browsers find nothing: there are
// none there. Workers have others (sockets.workerd.ts). They must not know any protocol.

import { isAboutTrust } from "./trust.js";

/** A stream of bytes to a server and back. */
export interface Socket {
  /** The bytes that have come; none at the end. Rejects when the connection is broken. */
  read(): Promise<Uint8Array>;
  /** Writes all of it. Rejects when the connection is broken. */
  write(bytes: Uint8Array): Promise<void>;
  close(): void;
}

/** A socket, or why there is none: in one of the words that the other side knows (src/binding/js/net/host/sockets.rs). */
export type Connected = Socket | { readonly failure: "unreachable" | "untrusted" | "old" };

/** What is needed of Node's sockets. */
interface Stream {
  setNoDelay(on: boolean): void;
  setKeepAlive(on: boolean, ms: number): void;
  on(event: string, listener: (error: Error & { code?: string }) => void): void;
  once(event: string, listener: (error: Error & { code?: string }) => void): void;
  off(event: string, listener: (error: Error & { code?: string }) => void): void;
  read(): Uint8Array | null;
  write(bytes: Uint8Array, written: (error?: Error | null) => void): void;
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

/** Connects to a server. */
export function connectSocket(host: string, port: number, tls: boolean): Promise<Connected> {
  const net = process?.getBuiltinModule?.<Net>("node:net");
  const secure = process?.getBuiltinModule?.<Tls>("node:tls");
  if (net === undefined || secure === undefined) return Promise.resolve({ failure: "old" });
  // An address has no name to be served by.
  const servername = net.isIP(host) === 0 ? host : undefined;
  const socket = tls
    ? secure.connect({ host, port, ...(servername === undefined ? {} : { servername }) })
    : net.connect({ host, port });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEPALIVE_MS);
  return new Promise((resolve) => {
    const failed = (error: Error & { code?: string }) => {
      resolve({ failure: tls && isAboutTrust(error.code) ? "untrusted" : "unreachable" });
    };
    socket.once("error", failed);
    socket.once(tls ? "secureConnect" : "connect", () => {
      socket.off("error", failed);
      resolve(new NodeSocket(socket));
    });
  });
}

/** A socket that is read as fast as its bytes are wanted, and no faster. */
class NodeSocket implements Socket {
  readonly #socket: Stream;
  #broken: Error | undefined;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(socket: Stream) {
    this.#socket = socket;
    const wake = () => this.#wake?.();
    socket.on("readable", wake);
    socket.on("error", (error) => {
      this.#broken = error;
      wake();
    });
    for (const end of ["end", "close"] as const) {
      socket.on(end, () => {
        this.#ended = true;
        wake();
      });
    }
  }

  async read(): Promise<Uint8Array> {
    for (;;) {
      const bytes = this.#socket.read();
      if (bytes !== null) return bytes;
      if (this.#broken !== undefined) throw this.#broken;
      if (this.#ended) return new Uint8Array();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => (error == null ? resolve() : reject(error)));
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
