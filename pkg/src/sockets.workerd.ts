// Sockets of Workers. A connection belongs to the request in which it was made.

import type { Connected, Socket } from "./sockets.js";

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
export async function connectSocket(host: string, port: number, tls: boolean): Promise<Connected> {
  const { connect } = (await import("cloudflare:sockets")) as unknown as WorkerSockets;
  try {
    const options = { secureTransport: tls ? "on" : "off", allowHalfOpen: false } as const;
    const socket = connect({ hostname: host, port }, options);
    await socket.opened;
    return streams(socket);
  } catch {
    return { failure: "unreachable" };
  }
}

function streams(socket: WorkerSocket): Socket {
  const reader = socket.readable.getReader();
  const writer = socket.writable.getWriter();
  return {
    read: async () => (await reader.read()).value ?? new Uint8Array(),
    write: (bytes) => writer.write(bytes),
    close: () => void socket.close().catch(() => undefined),
  };
}
