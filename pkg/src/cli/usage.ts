// Usage errors. The message never contains an argument, which may be a secret.

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
