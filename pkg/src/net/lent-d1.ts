// What the wasm of all stores borrows of a Worker's D1 database (src/binding/js-net/d1.rs is the other side). It must not know
// cells or commands, and must not retry.

import type { Binding } from "../values/bindings.js";

/** A statement with its parameters. */
interface Bound {
  /** Distinguishes it from other objects. */
  readonly raw: unknown;
}

/** The part of a D1 database that we use. */
interface Database {
  prepare(text: string): { bind(...parameters: readonly unknown[]): Bound };
  batch(statements: readonly Bound[]): Promise<readonly { results: readonly object[] }[]>;
}

/** A D1 database for the wasm. */
export class LentD1 {
  readonly #database: Database;

  constructor(binding: Binding) {
    this.#database = binding as unknown as Database;
  }

  /** Runs statements as one transaction. Returns the rows of each, or D1's message. */
  async batch(
    texts: readonly string[],
    parameters: readonly (readonly unknown[])[],
  ): Promise<readonly (readonly unknown[][])[] | { readonly failure: string }> {
    try {
      const prepare = (text: string, index: number) =>
        this.#database.prepare(text).bind(...(parameters[index] ?? []));
      const results = await this.#database.batch(texts.map(prepare));
      return results.map(({ results: rows }) => rows.map((row) => Object.values(row) as unknown[]));
    } catch (error) {
      return { failure: error instanceof Error ? error.message : "" };
    }
  }
}
