// The types of answers and values: operations are written once, and a mode says whether they return a value, a promise,
// or the chain.

import type { Value } from "./arguments.js";

/** A type-level function from the type of an answer (`value`) to a method's return type. */
export interface Mode {
  /** The type of the answer, which is the function's argument. */
  readonly value: unknown;
  /** A method's return type. */
  readonly answer: unknown;
  /** An iterator method's return type. */
  readonly sequence: unknown;
  /** The type of an argument with many items. */
  readonly source: unknown;
  /** The type that values are read as. */
  readonly out: unknown;
  /** The type that can be written as a value. */
  readonly in: unknown;
  /** The type that counters return. */
  readonly integer: unknown;
}

/**
 * The type that a store accepts if its values are read as `T`: anything with a text form if that is text, otherwise the
 * same.
 */
export type Input<T> = [T] extends [string] ? ([string] extends [T] ? Value : T) : T;

/** Methods return answers. */
export interface Sync<T = string, W = Input<T>, I = number> extends Mode {
  readonly answer: this["value"];
  readonly sequence: IterableIterator<this["value"]>;
  readonly source: Iterable<this["value"]>;
  readonly out: T;
  readonly in: W;
  readonly integer: I;
}

/** Methods return promises. */
export interface Async<T = string, W = Input<T>, I = number> extends Mode {
  readonly answer: Promise<this["value"]>;
  readonly sequence: AsyncIterableIterator<this["value"]>;
  readonly source: Iterable<this["value"]> | AsyncIterable<this["value"]>;
  readonly out: T;
  readonly in: W;
  readonly integer: I;
}

/** The return type of a method with an answer of type `V` in mode `M`. */
export type Ret<M extends Mode, V> = (M & { readonly value: V })["answer"];

/** The type of an iterator over items of type `V` in mode `M`. */
export type Sequence<M extends Mode, V> = (M & { readonly value: V })["sequence"];

/** The type of a source of items of type `V` in mode `M`. */
export type Source<M extends Mode, V> = (M & { readonly value: V })["source"];

/** The type that values are read as in mode `M`. */
export type Out<M extends Mode> = M["out"];

/** The type that can be written as a value in mode `M`. */
export type In<M extends Mode> = M["in"];

/** The type that counters return in mode `M`. */
export type Int<M extends Mode> = M["integer"];
