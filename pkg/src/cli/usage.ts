// Usage errors. The message contains no argument except names: it may be a secret.

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
