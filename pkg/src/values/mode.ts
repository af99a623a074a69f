// How answers come back, and what values are, as types: the operations are written once, and a mode says whether they give
// a value, a promise, or the chain that goes on.

import type { Value } from "./arguments.js";

/** A function of types: from the type of an answer (`value`) to what a method returns. */
export interface Mode {
  /** The type of the answer: what the function is given. */
  readonly value: unknown;
  /** What a method returns. */
  readonly answer: unknown;
  /** What an iterator method returns. */
  readonly sequence: unknown;
  /** What a method goes through that takes many of something. */
  readonly source: unknown;
  /** What values are read as. */
  readonly out: unknown;
  /** What can be written as a value. */
  readonly in: unknown;
}

/** What a store takes whose values are read as `T`: all that has a text when they are text, else the same. */
export type Input<T> = [T] extends [string] ? ([string] extends [T] ? Value : T) : T;

/** Answers are returned. */
export interface Sync<T = string, W = Input<T>> extends Mode {
  readonly answer: this["value"];
  readonly sequence: IterableIterator<this["value"]>;
  readonly source: Iterable<this["value"]>;
  readonly out: T;
  readonly in: W;
}

/** Answers are promised. */
export interface Async<T = string, W = Input<T>> extends Mode {
  readonly answer: Promise<this["value"]>;
  readonly sequence: AsyncIterableIterator<this["value"]>;
  readonly source: Iterable<this["value"]> | AsyncIterable<this["value"]>;
  readonly out: T;
  readonly in: W;
}

/** What a method with an answer of type `V` returns in mode `M`. */
export type Ret<M extends Mode, V> = (M & { readonly value: V })["answer"];

/** What an iterator over items of type `V` is in mode `M`. */
export type Sequence<M extends Mode, V> = (M & { readonly value: V })["sequence"];

/** What many items of type `V` can come from in mode `M`. */
export type Source<M extends Mode, V> = (M & { readonly value: V })["source"];

/** What values are read as in mode `M`. */
export type Out<M extends Mode> = M["out"];

/** What can be written as a value in mode `M`. */
export type In<M extends Mode> = M["in"];
