// Chains of operations that travel together: pipelines, and transactions with their checks.

import { arity, key, options } from "../values/arguments.js";
import { type Connection, type Promised, then } from "../wire/connection.js";
import type { Call, Check } from "../memory/core.js";
import { invalidArgument, KvError } from "../base/errors.js";
import type { In, Mode, Ret } from "../values/mode.js";
import { answerErrors, Operations } from "../operations/all.js";
import type { Decoder } from "../wire/replies.js";
import type { Codec } from "../values/serializer.js";
import { type Cancellable, throwIfAborted } from "../base/signals.js";
import type { Argument } from "../wire/wire.js";

/** What `exec` gives: one answer for each operation, or the error with which it failed. */
export type Results<R extends readonly unknown[]> = { [Index in keyof R]: R[Index] | KvError };

/** How a chain's owner lets it run: at once, or as a promise. */
export type Settle<M extends Mode> = <V>(work: (core: Connection) => Promised<V>) => Ret<M, V>;

/** Operations are collected; each gives the chain itself, to go on with. */
abstract class Chain<M extends Mode, C extends Mode> extends Operations<C> {
  /** The operations so far; in the place of one with wrong arguments, its error. */
  #calls: (Call | KvError)[] = [];
  /** @internal */
  readonly isWhole: boolean;
  /** @internal */
  protected readonly settle: Settle<M>;

  /** @internal */
  constructor(settle: Settle<M>, codec: Codec, isWhole: boolean) {
    super(codec);
    this.settle = settle;
    this.isWhole = isWhole;
  }

  /** @internal */
  send<V>(op: string, command: Argument[], decode: Decoder<V>, signal?: AbortSignal): Ret<C, V> {
    if (signal !== undefined) {
      throw invalidArgument(op, "(signal) cannot be given to one operation of a batch, but to its exec");
    }
    this.#calls.push({ op, command, decode });
    return this as unknown as Ret<C, V>;
  }

  /** @internal */
  refuse(error: KvError): this {
    this.#calls.push(error);
    return this;
  }

  /** Gives what has been collected and starts anew. */
  protected take(): (Call | KvError)[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }
}

answerErrors(Chain.prototype, (chain, error) => {
  if (error instanceof KvError) return chain.refuse(error);
  throw error;
});

function signalOfExec(given: unknown): AbortSignal | undefined {
  const { signal } = options("exec", given, []);
  throwIfAborted("exec", signal);
  return signal;
}

const isCall = (call: Call | KvError): call is Call => !(call instanceof KvError);

/** Each operation on a pipeline gives a pipeline that knows one answer more. */
export interface PipelineMode<M extends Mode, R extends readonly unknown[]> extends Mode {
  readonly answer: Pipeline<M, [...R, this["value"]]>;
  readonly out: M["out"];
  readonly in: M["in"];
}

/**
 * Operations that are sent together, each with a result or an error of its own; other callers' may come in between. Made by
 * `store.pipeline()`, run by `exec`.
 */
export class Pipeline<M extends Mode, R extends readonly unknown[] = []> extends Chain<
  M,
  PipelineMode<M, R>
> {
  /**
   * Sends the operations and gives their answers in order; a failed one is its `KvError`, and does not hinder the others.
   *
   * @see https://redis.io/docs/latest/develop/using-commands/pipelining/
   */
  exec(given?: Cancellable): Ret<M, Results<R>> {
    const calls = this.take();
    return this.settle((core) => {
      const signal = signalOfExec(given);
      return then(
        core.pipeline(calls.filter(isCall), signal),
        (results) => calls.map((call) => (isCall(call) ? results.shift() : call)) as Results<R>,
      );
    });
  }
}

/** Each operation on a transaction gives a transaction that knows one answer more. */
export interface TransactionMode<M extends Mode, R extends readonly unknown[]> extends Mode {
  readonly answer: Transaction<M, [...R, this["value"]]>;
  readonly out: M["out"];
  readonly in: M["in"];
}

/**
 * Operations that run as one, with no other in between, if all checks hold. Made by `store.multi()`, run by `exec`.
 */
export class Transaction<M extends Mode, R extends readonly unknown[] = []> extends Chain<
  M,
  TransactionMode<M, R>
> {
  #checks: Check[] = [];

  /**
   * Nothing runs unless the key still holds `expected` (`null`: unless it does not exist) when the transaction begins.
   * Checks may stand anywhere in the chain.
   */
  check(name: string, expected: In<M> | null): this {
    try {
      arity("check", arguments.length, 2);
      const checked = expected === null ? null : this.codec.encode("check", "expected", expected);
      this.#checks.push({ key: key("check", "key", name), expected: checked });
      return this;
    } catch (error) {
      if (error instanceof KvError) return this.refuse(error);
      throw error;
    }
  }

  /**
   * Runs the operations and gives their answers in order. One that fails when it runs (`wrong-type`) is its `KvError`; the
   * others stay, as with Redis.
   *
   * Errors, with which nothing has run: the first malformed operation's `invalid-argument`; `conflict` when a check does
   * not hold.
   *
   * @see https://redis.io/docs/latest/develop/using-commands/transactions/
   */
  exec(given?: Cancellable): Ret<M, Results<R>> {
    const calls = this.take();
    const checks = this.#checks;
    this.#checks = [];
    return this.settle((core) => {
      const malformed = calls.find((call) => !isCall(call));
      if (malformed) throw malformed;
      return core.multi(checks, calls as Call[], signalOfExec(given)) as Promised<Results<R>>;
    });
  }
}
