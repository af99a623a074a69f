// Sockets of Workers. A connection belongs to the request that opened it.

import { keep } from "./causes.js";
import type { Failed, Place, Ring, Socket } from "./sockets.js";

export const SOCKETS: "shared" | "lent" | undefined = "lent";

interface WorkerSocket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<unknown>;
  startTls(): WorkerSocket;
  close(): Promise<void>;
}

interface WorkerSockets {
  connect(
    address: { hostname: string; port: number },
    options: { secureTransport: "on" | "off" | "starttls"; allowHalfOpen: false },
  ): WorkerSocket;
}

/** Starts to connect to a server. */
export function connectSocket(place: Place, ring: Ring): Socket | Failed {
  const { host, port, family, tls, startsPlain } = place;
  const isPlain = tls === undefined || (tls.rejectUnauthorized && !tls.ca && !tls.cert && !tls.key);
  if (family !== 0 || !isPlain) return { failure: "fixed" };
  const secureTransport = tls === undefined ? "off" : startsPlain ? "starttls" : "on";
  return new WorkerStream(ring, async () => {
    const { connect } = (await import("cloudflare:sockets")) as unknown as WorkerSockets;
    return connect({ hostname: host, port }, { secureTransport, allowHalfOpen: false });
  });
}

class WorkerStream implements Socket {
  readonly #ring: Ring;
  #socket: WorkerSocket | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #opened: true | Failed | undefined;
  /** Whether another has taken its place. */
  #isReplaced = false;
  /** The bell of whoever waits for the connection; 0 is none. */
  #opener = 0;
  #come: Uint8Array | undefined;
  #isAsking = false;
  /** The number of the error. */
  #broken: number | undefined;

  constructor(ring: Ring, connect: () => Promise<WorkerSocket>) {
    this.#ring = ring;
    void this.#open(connect);
  }

  opened(bell: number): true | Failed | undefined {
    this.#opener = bell;
    return this.#opened;
  }

  read(bell: number): Uint8Array | undefined {
    if (this.#broken !== undefined) throw this.#broken;
    const come = this.#come;
    this.#come = undefined;
    if (come === undefined && !this.#isAsking) void this.#ask(bell);
    return come;
  }

  write(bytes: Uint8Array, bell: number): boolean {
    if (this.#broken !== undefined) throw this.#broken;
    void this.#send(bytes, bell);
    return false;
  }

  startTls(): Socket {
    this.#isReplaced = true;
    return new WorkerStream(this.#ring, async () => {
      this.#reader?.releaseLock();
      this.#writer?.releaseLock();
      const plain = this.#socket as WorkerSocket;
      return plain.startTls();
    });
  }

  close(): void {
    if (this.#isReplaced) return;
    this.#opened ??= { failure: "unreachable" };
    // Workerd closes a connection only after it is established: one with an unanswered TLS handshake stays until its
    // request ends. If the streams are aborted first, that happens to every connection.
    this.#socket?.close().catch(() => undefined);
  }

  async #open(connect: () => Promise<WorkerSocket>): Promise<void> {
    try {
      const socket = await connect();
      this.#socket = socket;
      // It may be closed while it is connecting.
      if (this.#opened !== undefined) {
        this.close();
        return;
      }
      this.#reader = this.#socket.readable.getReader();
      this.#writer = this.#socket.writable.getWriter();
      await this.#socket.opened;
      this.#opened ??= true;
    } catch (error) {
      this.#opened ??= { failure: "unreachable", cause: keep(error) };
      this.close();
    }
    this.#ring(this.#opener);
  }

  async #ask(bell: number): Promise<void> {
    this.#isAsking = true;
    try {
      this.#come = (await this.#reader?.read())?.value ?? new Uint8Array();
    } catch (error) {
      this.#broken = keep(error);
    }
    this.#isAsking = false;
    this.#ring(bell);
  }

  async #send(bytes: Uint8Array, bell: number): Promise<void> {
    try {
      await this.#writer?.write(bytes);
    } catch (error) {
      // Data that does not arrive gets no answer.
      this.#broken = keep(error);
      this.close();
    }
    this.#ring(bell);
  }
}
