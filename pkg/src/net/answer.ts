// Connects web-standard requests and responses to a gateway in the wasm. What is requested does not matter here.

/** The wasm's gateway. */
export interface Gate {
  readonly maxRequestBytes: number;
  handle(method: string, path: string, query: string, headers: string[], body: Uint8Array): Promise<Answer>;
}

interface Answer {
  readonly status: number;
  /** Names and values alternately. */
  readonly headers: readonly string[];
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Answers a request. */
export async function answer(gate: Gate, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const body = await upTo(gate.maxRequestBytes + 1, request.body);
  const words = [...request.headers].flat();
  const response = await gate.handle(request.method, pathname, search.slice(1), words, body);
  const headers = new Headers();
  for (let index = 0; index < response.headers.length; index += 2) {
    headers.append(response.headers[index] as string, response.headers[index + 1] as string);
  }
  const isEmpty = response.body.length === 0;
  return new Response(isEmpty ? null : response.body, { status: response.status, headers });
}

/** The body, or enough of it to see that it is too large. */
async function upTo(most: number, stream: ReadableStream<Uint8Array> | null): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  if (stream !== null) {
    const reader = stream.getReader();
    while (length < most) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      length += value.length;
    }
    if (length >= most) await reader.cancel();
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}
