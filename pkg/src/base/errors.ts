// The error type. No knowledge of operations, and never a user's value.

/** What went wrong, as one word that is the same in every language. */
export type KvErrorCode =
  /** An argument is malformed or out of range: an empty key, a negative TTL, too few arguments. */
  | "invalid-argument"
  /** The stored value does not fit the operation: `incr` on text, or reading bytes that are not UTF-8 as text. */
  | "invalid-value"
  /** Something does not exist: `rename` or `lset` of a missing key. */
  | "not-found"
  /** The key holds another type: `lpush` on a hash. */
  | "wrong-type"
  /** A check failed: a transaction's checks no longer hold. */
  | "conflict"
  /** A key or value is larger than the store allows. */
  | "too-large"
  /** The store has reached its memory limit; nothing was changed. */
  | "out-of-memory"
  /** This store or host does not support it; the message names an alternative. */
  | "unsupported"
  /** The server rejects these credentials or this command. */
  | "permission-denied"
  /** The server asks the client to slow down. */
  | "rate-limited"
  /** The server cannot be reached or dropped the connection. */
  | "unavailable"
  /** No answer came in time. */
  | "timeout"
  /** The caller cancelled the operation. */
  | "cancelled"
  /** The store has been closed. */
  | "closed"
  /** A bug in this library, or a malformed answer from the server. */
  | "internal";

/** More details about an error. */
export interface KvErrorDetails {
  /** The operation that failed. */
  readonly op?: string;
  /** The backend that answered. */
  readonly backend?: string;
  /** Whether the same call may succeed later and is safe to repeat. */
  readonly retryable?: boolean;
  /** Whether a write may have happened although no reply came. */
  readonly maybeApplied?: boolean;
  /** What a function of the caller or the platform has thrown, or the signal's reason. */
  readonly cause?: unknown;
}

/** Marks errors of any copy of the package. */
const BRAND = Symbol.for("omnikv.KvError");
/** How many lines of a stack may belong to the library, before the caller's. */
const OWN_LINES = 20;

/** The part of V8's `Error` that other engines lack. */
interface Stacks {
  stackTraceLimit?: number;
  captureStackTrace?: (error: object) => void;
}

const stacks = Error as Stacks;

/** Creates an error whose stack is long enough to contain the caller's lines. */
function deep<V>(make: () => V): V {
  const limit = stacks.stackTraceLimit;
  if (typeof limit !== "number") return make();
  try {
    stacks.stackTraceLimit = limit + OWN_LINES;
  } catch {
    // `Error` is frozen.
    return make();
  }
  try {
    return make();
  } finally {
    stacks.stackTraceLimit = limit;
  }
}

/** Why an operation failed: look at `code` first. */
export class KvError extends Error {
  /** What went wrong. */
  readonly code: KvErrorCode;
  /** The operation that failed, for example `hset`; empty if none was running. */
  readonly op: string;
  /** The backend that answered, for example `memory`; empty if none was reached. */
  readonly backend: string;
  /** Whether the same call may succeed later and is safe to repeat. */
  readonly retryable: boolean;
  /** Whether a write may have happened although no reply came. */
  readonly maybeApplied: boolean;
  /**
   * The stored bytes that an operation could not decode (`invalid-value`), as `{ as: "bytes" }` would return them.
   * Values that `getdel`, `getset`, `lpop`, `spop` and similar operations have removed are not lost but here. Not
   * printed with the error.
   */
  declare readonly bytes?: Uint8Array | readonly (Uint8Array | null)[] | null | undefined;

  /** The sum of a counter that is not an exact number (`invalid-value`), in digits. Not printed with the error. */
  declare readonly text?: string | undefined;

  /** Recognizes errors of any copy of the package: a bundle and a dependency may each contain one. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this !== KvError) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === "object" && value !== null && BRAND in value;
  }

  constructor(code: KvErrorCode, message: string, details: KvErrorDetails = {}) {
    super(message, details);
    deep(() => stacks.captureStackTrace?.(this));
    this.code = code;
    this.op = details.op ?? "";
    this.backend = details.backend ?? "";
    this.retryable = details.retryable ?? false;
    this.maybeApplied = details.maybeApplied ?? false;
  }
}

// On the prototype, like that of `Error`: an own property would be printed with every error.
Object.defineProperty(KvError.prototype, "name", { value: "KvError", configurable: true, writable: true });
Object.defineProperty(KvError.prototype, BRAND, { value: true });

/** Creates an error of an operation; its message begins with the operation. */
export function failed(op: string, code: KvErrorCode, message: string, details?: KvErrorDetails): KvError {
  // This message must match exactly: "Unsupported KVS URL: ...".
  const isWhole = message.startsWith("Unsupported KVS URL");
  return new KvError(code, isWhole ? message : `${op} ${message}`, { ...details, op });
}

/**
 * Rethrows an error that was created outside of any call of the user: its stack becomes that of the code that awaits
 * the handled promise. V8 computes it on demand, so successful calls cost nothing.
 */
export function failHere(error: unknown): never {
  if (error instanceof KvError) deep(() => stacks.captureStackTrace?.(error));
  throw error;
}

/** Creates an error about an argument of an operation. */
export function invalidArgument(op: string, message: string): KvError {
  return failed(op, "invalid-argument", message);
}

/** Converts what a module has thrown, a plain object (src/binding/js/objects.rs), to an error. */
export function thrown(op: string, error: unknown, kept?: (number: number) => unknown): unknown {
  type Told = KvErrorDetails & { code?: KvErrorCode; message: string };
  const { code, message, cause, ...details } = (error ?? {}) as Told;
  if (code === undefined || error instanceof Error) return error;
  return failed(
    op,
    code,
    message,
    cause === undefined ? details : { ...details, cause: kept?.(cause as number) },
  );
}
