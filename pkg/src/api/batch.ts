// Chains of operations that are sent together: pipelines, and transactions with checks.

import { arity, key as keyOf, options, yes } from "../values/arguments.js";
import { type Call, type Check, type Connection, type Promised, then } from "../wire/connection.js";
import { ring } from "../base/bell.js";
import { invalidArgument, KvError } from "../base/errors.js";
import type { In, Mode, Ret } from "../values/mode.js";
import { answerErrors, Operations } from "../operations/all.js";
import { type Changes, ChangesOf } from "../operations/changes.js";
import { type Consumers, ConsumersOf } from "../operations/consumers.js";
import type { Host } from "../operations/family.js";
import { type Locks, LocksOf } from "../operations/locks.js";
import { type Records, RecordsOf } from "../operations/records.js";
import { type Tasks, TasksOf } from "../operations/tasks.js";
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
  /** Whether somebody may wait for what one of them changes. */
  #isAwaited = false;
  /** @internal */
  readonly isWhole: boolean;
  readonly #settle: Settle<M>;

  /** @internal */
  constructor(settle: Settle<M>, codec: Codec, isWhole: boolean) {
    super(codec);
    this.#settle = settle;
    this.isWhole = isWhole;
  }

  /** The operations on records, each as part of the batch: `kv.multi().records.put("a", 0, 1).set("b", 2).exec()`. */
  get records(): Records<C> {
    return new RecordsOf(this as unknown as Host) as never;
  }

  /** The operations on the stream of changes, as parts of the batch. */
  get changes(): Changes<C> {
    return new ChangesOf(this as unknown as Host) as never;
  }

  /** The operations on consumers, as parts of the batch. */
  get consumers(): Consumers<C> {
    return new ConsumersOf(this as unknown as Host) as never;
  }

  /** The operations on locks, as parts of the batch. */
  get locks(): Locks<C> {
    return new LocksOf(this as unknown as Host) as never;
  }

  /** The operations on tasks, as parts of the batch. */
  get tasks(): Tasks<C> {
    return new TasksOf(this as unknown as Host) as never;
  }

  /** @internal Lets a family add an operation, or its error. */
  settle(work: () => unknown): unknown {
    try {
      return work();
    } catch (error) {
      return refused(this, error);
    }
  }

  /** @internal */
  announce(): void {
    this.#isAwaited = true;
  }

  /** Runs the batch. */
  protected run<V>(work: (core: Connection) => Promised<V>): Ret<M, V> {
    const isAwaited = this.#isAwaited;
    this.#isAwaited = false;
    return this.#settle((core) =>
      then(work(core), (done) => {
        if (isAwaited) ring();
        return done;
      }),
    );
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

/** The error of an operation takes its place in the chain. */
function refused<C extends Chain<Mode, Mode>>(chain: C, error: unknown): C {
  if (error instanceof KvError) return chain.refuse(error);
  throw error;
}

answerErrors(Chain.prototype, refused);

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
    return this.run((core) => {
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
      return refused(this, error);
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
    return this.run((core) => {
      const malformed = calls.find((call) => !isCall(call));
      if (malformed) throw malformed;
      const { signal, answers } = ofExec(given);
      return then(core.multi(checks, calls as Call[], signal), answers);
    });
  }
}
