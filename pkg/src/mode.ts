// How answers come back, as types: the operations are written once, and a mode says whether they give a value, a
// promise, or the chain that goes on.

/** A function of types: from the type of an answer (`value`) to what a method returns. */
export interface Mode {
  readonly value: unknown;
  /** What a method returns. */
  readonly answer: unknown;
  /** What an iterator method returns. */
  readonly sequence: unknown;
}

/** Answers are returned. */
export interface Sync extends Mode {
  readonly answer: this["value"];
  readonly sequence: IterableIterator<this["value"]>;
}

/** Answers are promised. */
export interface Async extends Mode {
  readonly answer: Promise<this["value"]>;
  readonly sequence: AsyncIterableIterator<this["value"]>;
}

/** What a method with an answer of type `V` returns in mode `M`. */
export type Ret<M extends Mode, V> = (M & { readonly value: V })["answer"];

/** What an iterator over items of type `V` is in mode `M`. */
export type Sequence<M extends Mode, V> = (M & { readonly value: V })["sequence"];
