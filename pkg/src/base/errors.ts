// The one error type. It must not know any operation, and never holds a user's value.

/** What went wrong, as one word that every host spells the same. */
export type KvErrorCode =
  /** An argument is malformed or out of its domain: an empty key, a negative TTL, too few arguments. */
  | "invalid-argument"
  /** The stored value does not fit the operation: `incr` on text, bytes that are not UTF-8 read as text. */
  | "invalid-value"
  /** Something that must exist does not: `rename` or `lset` of a missing key. */
  | "not-found"
  /** The key holds another type of value: `lpush` on a hash. */
  | "wrong-type"
  /** A check failed: a transaction's checks no longer hold. */
  | "conflict"
  /** A key or value is larger than the store takes. */
  | "too-large"
  /** The store has reached its limit of memory; nothing was changed. */
  | "out-of-memory"
  /** This store or host cannot do that; the message names the way out. */
  | "unsupported"
  /** The server refuses these credentials or this command. */
  | "permission-denied"
  /** The server asks to slow down. */
  | "rate-limited"
  /** The server cannot be reached or dropped the connection. */
  | "unavailable"
  /** No answer came in time. */
  | "timeout"
  /** The caller gave up. */
  | "cancelled"
  /** The store has been closed. */
  | "closed"
  /** A fault of this library or of the server's answer. */
  | "internal";

/** What else is known of an error. */
export interface KvErrorDetails {
  /** The operation that failed. */
  readonly op?: string;
  /** The backend that answered. */
  readonly backend?: string;
  /** Whether the same call may succeed later and is safe to repeat. */
  readonly retryable?: boolean;
  /** Whether a write may have happened although no answer came. */
  readonly maybeApplied?: boolean;
  /** What a function of the caller's has thrown. */
  readonly cause?: unknown;
}

/** Why an operation failed: look at `code` first. */
export class KvError extends Error {
  /** What went wrong, as one word. */
  readonly code: KvErrorCode;
  /** The operation that failed, such as `hset`; empty when none was under way. */
  readonly op: string;
  /** The backend that answered, such as `memory`; empty when none was reached. */
  readonly backend: string;
  /** Whether the same call may succeed later and is safe to repeat. */
  readonly retryable: boolean;
  /** Whether a write may have happened although no answer came. */
  readonly maybeApplied: boolean;
  /**
   * What an operation was given by the store and could not decode (`invalid-value`), as `{ as: "bytes" }` would have given it: what
   * `getdel`, `getset`, `lpop`, `spop` and their like have taken away is here. It is not printed with the error.
   */
  declare readonly bytes?: Uint8Array | readonly (Uint8Array | null)[] | null | undefined;

  constructor(code: KvErrorCode, message: string, details: KvErrorDetails = {}) {
    super(message, details);
    this.code = code;
    this.op = details.op ?? "";
    this.backend = details.backend ?? "";
    this.retryable = details.retryable ?? false;
    this.maybeApplied = details.maybeApplied ?? false;
  }
}

// On the prototype, where `Error` has its own: an own property would be printed with every error.
Object.defineProperty(KvError.prototype, "name", { value: "KvError", configurable: true, writable: true });

/** An error of an operation, which its message begins with. */
export function failed(op: string, code: KvErrorCode, message: string, details?: KvErrorDetails): KvError {
  // The seeds' own words stand alone: "Unsupported KVS URL: ...".
  const isWhole = message.startsWith("Unsupported KVS URL");
  return new KvError(code, isWhole ? message : `${op} ${message}`, { ...details, op });
}

/** An error about an argument of an operation. */
export function invalidArgument(op: string, message: string): KvError {
  return failed(op, "invalid-argument", message);
}

/** What a module has thrown, as an error of the package's: it throws plain objects (src/binding/js/objects.rs). */
export function thrown(op: string, error: unknown): unknown {
  const { code, message, ...details } = (error ?? {}) as { code?: KvErrorCode; message: string };
  return code === undefined || error instanceof Error ? error : failed(op, code, message, details);
}
