// Chains of operations that are sent together: pipelines, and transactions with checks.

import { arity, key as keyOf, options, yes } from "../values/arguments.js";
import { type Call, type Check, type Connection, type Promised, then } from "../wire/connection.js";
import { invalidArgument, KvError } from "../base/errors.js";
import type { In, Mode, Ret } from "../values/mode.js";
import { answerErrors, Operations } from "../operations/all.js";
import type { Decoder } from "../wire/replies.js";
import type { Codec } from "../values/serializer.js";
import { shown } from "../base/shown.js";
import { type Cancellable, throwIfAborted } from "../base/signals.js";
import type { Argument } from "../wire/wire.js";

/** The result of `exec`: for each operation its answer, or its error. */
export type Results<R extends readonly unknown[]> = { [Index in keyof R]: R[Index] | KvError };

/** How the chain's store runs work: synchronously, or as a promise. */
export type Settle<M extends Mode> = <V>(work: (core: Connection) => Promised<V>) => Ret<M, V>;

/** Collects operations; each method returns the chain itself. */
abstract class Chain<M extends Mode, C extends Mode> extends Operations<C> {
  /** The operations so far, or the error of an operation with invalid arguments. */
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

  /** @internal The number of collected operations. */
  get length(): number {
    return this.#calls.length;
  }

  /** Returns the collected operations and starts over. */
  protected take(): (Call | KvError)[] {
    const calls = this.#calls;
    this.#calls = [];
    return calls;
  }
}

shown(Chain.prototype as Chain<Mode, Mode>, (chain) => `operations: ${chain.length}`);

answerErrors(Chain.prototype, (chain, error) => {
  if (error instanceof KvError) return chain.refuse(error);
  throw error;
});

/** Options of `exec`. */
export interface ExecOptions extends Cancellable {
  /**
   * Returns plain answers, and throws the first error instead of returning it. The effects of operations that have run
   * remain.
   */
  readonly throw?: boolean | undefined;
}

/** Answers without errors. */
interface Throwing extends Cancellable {
  readonly throw: true;
}

function ofExec(given: unknown): { signal: AbortSignal | undefined; answers: <R>(results: R) => R } {
  const told = options<{ throw: unknown }>("exec", given, ["throw"]);
  const isThrowing = yes("exec", "throw", told.throw);
  throwIfAborted("exec", told.signal);
  const answers = <R>(results: R): R => {
    const error = isThrowing ? (results as unknown[]).find((each) => each instanceof KvError) : undefined;
    if (error !== undefined) throw error;
    return results;
  };
  return { signal: told.signal, answers };
}

const isCall = (call: Call | KvError): call is Call => !(call instanceof KvError);

/** Each operation on a pipeline returns a pipeline with one more answer. */
export interface PipelineMode<M extends Mode, R extends readonly unknown[]> extends Mode {
  readonly answer: Pipeline<M, [...R, this["value"]]>;
  readonly out: M["out"];
  readonly in: M["in"];
  readonly integer: M["integer"];
}

/**
 * Operations that are sent together, each with its own result or error. Other callers' operations may run in between.
 * Created by `store.pipeline()`, run by `exec`.
 */
export class Pipeline<M extends Mode, R extends readonly unknown[] = []> extends Chain<
  M,
  PipelineMode<M, R>
> {
  /**
   * Sends the operations and returns their answers in order. A failed operation's answer is its `KvError`; the others
   * still run. With `{ throw: true }`, the first of these errors is thrown instead, after all have run.
   *
   * @see https://redis.io/docs/latest/develop/using-commands/pipelining/
   */
  exec(options: Throwing): Ret<M, R>;
  exec(options?: ExecOptions): Ret<M, Results<R>>;
  exec(given?: unknown): unknown {
    const calls = this.take();
    return this.settle((core) => {
      const { signal, answers } = ofExec(given);
      return then(core.pipeline(calls.filter(isCall), signal), (results) =>
        answers(calls.map((call) => (isCall(call) ? results.shift() : call))),
      );
    });
  }
}

/** Each operation on a transaction returns a transaction with one more answer. */
export interface TransactionMode<M extends Mode, R extends readonly unknown[]> extends Mode {
  readonly answer: Transaction<M, [...R, this["value"]]>;
  readonly out: M["out"];
  readonly in: M["in"];
  readonly integer: M["integer"];
}

/**
 * Operations that run as one, without any other in between, if all checks hold. Created by `store.multi()`, run by
 * `exec`.
 */
export class Transaction<M extends Mode, R extends readonly unknown[] = []> extends Chain<
  M,
  TransactionMode<M, R>
> {
  #checks: Check[] = [];

  /**
   * Runs the transaction only if the key still holds `expected` when it begins (`null`: only if the key does not
   * exist). Checks can be anywhere in the chain.
   */
  check(key: string, expected: In<M> | null): this {
    try {
      arity("check", arguments.length, 2);
      const checked = expected === null ? null : this.codec.encode("check", "expected", expected);
      this.#checks.push({ key: keyOf("check", "key", key), expected: checked });
      return this;
    } catch (error) {
      if (error instanceof KvError) return this.refuse(error);
      throw error;
    }
  }

  /**
   * Runs the operations and returns their answers in order. If an operation fails while it runs (`wrong-type`), its
   * answer is its `KvError`; the effects of the others remain, as in Redis. With `{ throw: true }`, the first of these
   * errors is thrown instead.
   *
   * Errors, after which nothing has run: `invalid-argument` of the first malformed operation; `conflict` if a check
   * fails.
   *
   * @see https://redis.io/docs/latest/develop/using-commands/transactions/
   */
  exec(options: Throwing): Ret<M, R>;
  exec(options?: ExecOptions): Ret<M, Results<R>>;
  exec(given?: unknown): unknown {
    const calls = this.take();
    const checks = this.#checks;
    this.#checks = [];
    return this.settle((core) => {
      const malformed = calls.find((call) => !isCall(call));
      if (malformed) throw malformed;
      const { signal, answers } = ofExec(given);
      return then(core.multi(checks, calls as Call[], signal), answers);
    });
  }
}
