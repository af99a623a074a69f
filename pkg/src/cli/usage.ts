// What is wrong with how a command was called. Its text never holds what was given: it may be a secret.

/** The command was asked wrongly. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
