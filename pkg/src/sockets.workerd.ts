// Sockets of Workers. A connection belongs to the request in which it was made.

import type { Connected, Ring, Socket } from "./sockets.js";

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

/** Connects to a server. */
export async function connectSocket(
  host: string,
  port: number,
  tls: boolean,
  ring: Ring,
): Promise<Connected> {
  const { connect } = (await import("cloudflare:sockets")) as unknown as WorkerSockets;
  try {
    const options = { secureTransport: tls ? "on" : "off", allowHalfOpen: false } as const;
    const socket = connect({ hostname: host, port }, options);
    await socket.opened;
    return new WorkerStream(socket, ring);
  } catch {
    return { failure: "unreachable" };
  }
}

class WorkerStream implements Socket {
  readonly #socket: WorkerSocket;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #ring: Ring;
  #come: Uint8Array | undefined;
  #isAsking = false;
  #isBroken = false;

  constructor(socket: WorkerSocket, ring: Ring) {
    this.#socket = socket;
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
    this.#ring = ring;
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
    void this.#socket.close().catch(() => undefined);
  }

  async #ask(bell: number): Promise<void> {
    this.#isAsking = true;
    try {
      this.#come = (await this.#reader.read()).value ?? new Uint8Array();
    } catch {
      this.#isBroken = true;
    }
    this.#isAsking = false;
    this.#ring(bell);
  }

  async #send(bytes: Uint8Array, bell: number): Promise<void> {
    try {
      await this.#writer.write(bytes);
    } catch {
      // What does not arrive is answered by nobody.
      this.#isBroken = true;
      this.close();
    }
    this.#ring(bell);
  }
}
