// Sockets of Workers. A connection belongs to the request that opened it.

import type { Failure, Ring, Socket } from "./sockets.js";

export const SOCKETS: "shared" | "lent" | undefined = "lent";

interface WorkerSocket {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  readonly opened: Promise<unknown>;
  close(): Promise<void>;
}

interface WorkerSockets {
  connect(
    address: { hostname: string; port: number },
    options: { secureTransport: "on" | "off"; allowHalfOpen: false },
  ): WorkerSocket;
}

/** Starts to connect to a server. */
export function connectSocket(host: string, port: number, tls: boolean, ring: Ring): Socket {
  return new WorkerStream(host, port, tls, ring);
}

class WorkerStream implements Socket {
  readonly #ring: Ring;
  #socket: WorkerSocket | undefined;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #opened: true | Failure | undefined;
  /** The bell of whoever waits for the connection; 0 is none. */
  #opener = 0;
  #come: Uint8Array | undefined;
  #isAsking = false;
  #isBroken = false;

  constructor(host: string, port: number, tls: boolean, ring: Ring) {
    this.#ring = ring;
    void this.#open(host, port, tls);
  }

  opened(bell: number): true | Failure | undefined {
    this.#opener = bell;
    return this.#opened;
  }

  read(bell: number): Uint8Array | undefined {
    if (this.#isBroken) throw new Error("broken");
    const come = this.#come;
    this.#come = undefined;
    if (come === undefined && !this.#isAsking) void this.#ask(bell);
    return come;
  }

  write(bytes: Uint8Array, bell: number): boolean {
    if (this.#isBroken) throw new Error("broken");
    void this.#send(bytes, bell);
    return false;
  }

  close(): void {
    this.#opened ??= "unreachable";
    // Workerd closes a connection only after it is established: one with an unanswered TLS handshake stays until its
    // request ends. If the streams are aborted first, that happens to every connection.
    this.#socket?.close().catch(() => undefined);
  }

  async #open(hostname: string, port: number, tls: boolean): Promise<void> {
    try {
      const { connect } = (await import("cloudflare:sockets")) as unknown as WorkerSockets;
      // It may be closed while it is connecting.
      if (this.#opened !== undefined) return;
      const secureTransport = tls ? "on" : "off";
      this.#socket = connect({ hostname, port }, { secureTransport, allowHalfOpen: false });
      this.#reader = this.#socket.readable.getReader();
      this.#writer = this.#socket.writable.getWriter();
      await this.#socket.opened;
      this.#opened ??= true;
    } catch {
      this.close();
    }
    this.#ring(this.#opener);
  }

  async #ask(bell: number): Promise<void> {
    this.#isAsking = true;
    try {
      this.#come = (await this.#reader?.read())?.value ?? new Uint8Array();
    } catch {
      this.#isBroken = true;
    }
    this.#isAsking = false;
    this.#ring(bell);
  }

  async #send(bytes: Uint8Array, bell: number): Promise<void> {
    try {
      await this.#writer?.write(bytes);
    } catch {
      // Data that does not arrive gets no answer.
      this.#isBroken = true;
      this.close();
    }
    this.#ring(bell);
  }
}
