// Sockets of Node and compatible runtimes. Node's modules are not imported, so that bundlers for browsers, which have
// no sockets, find nothing. Workers use another file (sockets.workerd.ts). No knowledge of any protocol.

import { keep } from "./causes.js";
import { isAboutTrust } from "./trust.js";

/** Wakes the task that waits for the bell with this number. */
export type Ring = (bell: number) => void;

/** TLS options; certificates and keys are texts in PEM form. */
export interface Tls {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly rejectUnauthorized: boolean;
}

/** A server's address, and how to reach it. */
export interface Place {
  readonly host: string;
  readonly port: number;
  /** The IP version of its address; 0: any. */
  readonly family: 0 | 4 | 6;
  readonly tls: Tls | undefined;
  /** Whether TLS begins only with `startTls`. */
  readonly startsPlain: boolean;
}

/**
 * A byte stream to a server and back. If the connection is broken, both directions throw the number of the kept error.
 */
export interface Socket {
  /** True once connected, or the reason for failure; `undefined` while connecting: the bell rings when that changes. */
  opened(bell: number): true | Failed | undefined;
  /** Received bytes, empty at the end; `undefined` if there are none yet: the bell rings when that changes. */
  read(bell: number): Uint8Array | undefined;
  /** Writes all bytes, and returns whether more can be written immediately; if not, the bell rings when it can. */
  write(bytes: Uint8Array, bell: number): boolean;
  /** Begins TLS: what takes its place, connecting. Nothing may have come that was not read. */
  startTls(): Socket | Failed;
  /** Closes it at once, even while it is connecting: it will not open later. */
  close(): void;
}

/** Why there is no connection, in one of the words that the other side knows (src/binding/js-net/host/sockets.rs). */
export interface Failed {
  readonly failure: "unreachable" | "untrusted" | "old" | "fixed";
  /** The number of the platform's error. */
  readonly cause?: number;
}

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
  connect(options: { host: string; port: number; family: number }): Stream;
}

interface SecureNet {
  connect(options: object): Stream;
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
export function connectSocket({ host, port, family, tls, startsPlain }: Place, ring: Ring): Socket | Failed {
  const net = process?.getBuiltinModule?.<Net>("node:net");
  const secure = process?.getBuiltinModule?.<SecureNet>("node:tls");
  if (net === undefined || secure === undefined) return { failure: "old" };
  // An IP address is not allowed as a server name (SNI).
  const servername = net.isIP(host) === 0 ? host : undefined;
  const place = { host, port, family };
  // With an open socket, it is only the name in the certificate.
  const encrypt = (place: object) =>
    secure.connect({ ...place, ...tls, ...(servername === undefined ? {} : { servername }) });
  const isSecure = tls !== undefined && !startsPlain;
  const socket = isSecure ? encrypt(place) : net.connect(place);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEPALIVE_MS);
  return new NodeSocket(socket, isSecure, ring, (socket) => encrypt({ socket, host }));
}

/** The most pieces to queue before waiting until the system has taken some. */
const MOST_PIECES = 64;

/** A socket that is read only as fast as its bytes are consumed. */
class NodeSocket implements Socket {
  readonly #socket: Stream;
  readonly #ring: Ring;
  readonly #encrypt: (socket: Stream) => Stream;
  /** Whether another has taken its place. */
  #isReplaced = false;
  readonly #come: Uint8Array[] = [];
  #isPaused = false;
  #opened: true | Failed | undefined;
  /** The number of the error. */
  #broken: number | undefined;
  #ended = false;
  /** The bells of the waiting reader (for the connection or for bytes) and writer; 0 is none. */
  #reader = 0;
  #writer = 0;

  constructor(socket: Stream, tls: boolean, ring: Ring, encrypt: (socket: Stream) => Stream) {
    this.#socket = socket;
    this.#ring = ring;
    this.#encrypt = encrypt;
    const wakeReader = () => {
      const bell = this.#reader;
      this.#reader = 0;
      if (bell !== 0) ring(bell);
    };
    socket.on("data", (bytes) => {
      // In a test environment, Node's buffers belong to another realm, whose classes the wasm does not know.
      this.#come.push(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
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
      this.#broken = keep(error);
      const failure = tls && isAboutTrust(error.code) ? "untrusted" : "unreachable";
      this.#opened ??= { failure, cause: this.#broken };
      wakeReader();
    });
    for (const end of ["end", "close"] as const) {
      socket.on(end, () => {
        this.#opened ??= { failure: "unreachable" };
        this.#ended = true;
        wakeReader();
      });
    }
  }

  opened(bell: number): true | Failed | undefined {
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

  startTls(): Socket {
    this.#isReplaced = true;
    return new NodeSocket(this.#encrypt(this.#socket), true, this.#ring, this.#encrypt);
  }

  close(): void {
    if (!this.#isReplaced) this.#socket.destroy();
  }
}
