// What is wrong with how a command was called. Its text holds nothing that was given but names: it may be a secret.

/** The command line is wrong. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
