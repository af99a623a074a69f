// SQLite of the runtime, behind one shape: `node:sqlite`, `bun:sqlite`, or the package better-sqlite3
// (src/binding/js-net/sqlite.rs is the other side). Nothing is imported, so that bundlers find nothing and a program that
// opens no file loads nothing. Workers use another file (sqlite.workerd.ts). No knowledge of statements or transactions.

import { fromNode } from "../base/globals.js";

/** SQLite's code for a failure: https://sqlite.org/rescode.html */
type Code = number;

type Row = readonly unknown[];

/** SQLite as the wasm borrows it. */
export interface LentSqlite {
  /** The path by which a file is known, however it is written. */
  locate(path: string): string;
  /** Opens a file, which is created if it is missing. */
  open(path: string): LentFile | Code;
}

interface LentFile {
  prepare(text: string): LentStatement | Code;
  isInTransaction(): boolean;
  close(): void;
}

interface LentStatement {
  /** Runs it and returns its rows: integers as bigints, blobs as bytes. */
  run(parameters: readonly unknown[]): readonly Row[] | Code;
}

/** An open database of any library. Everything throws the library's own errors. */
interface Opened {
  prepare(text: string): (parameters: readonly unknown[]) => readonly Row[];
  isInTransaction(): boolean;
  close(): void;
}

type Open = (path: string) => Opened;

/** The part of `node:sqlite` that we use. What is optional came with Node 22.16. */
interface NodeSqlite {
  readonly DatabaseSync: new (path: string) => {
    prepare(text: string): {
      setReadBigInts(on: boolean): void;
      setReturnArrays?(on: boolean): void;
      all(...parameters: readonly unknown[]): readonly object[];
    };
    exec(text: string): void;
    readonly isTransaction?: boolean;
    close(): void;
  };
}

/** The part of `bun:sqlite` that we use. */
interface BunSqlite {
  readonly Database: new (
    path: string,
    options: object,
  ) => {
    prepare(text: string): {
      values(...parameters: readonly unknown[]): readonly Row[];
      finalize(): void;
    };
    readonly inTransaction: boolean;
    close(): void;
  };
}

/** The part of better-sqlite3 that we use. */
type BetterSqlite = new (
  path: string,
  options: object,
) => {
  prepare(text: string): {
    readonly reader: boolean;
    safeIntegers(on: boolean): void;
    raw(on: boolean): void;
    all(...parameters: readonly unknown[]): readonly Row[];
    run(...parameters: readonly unknown[]): void;
  };
  readonly inTransaction: boolean;
  close(): void;
};

const inNode =
  ({ DatabaseSync }: NodeSqlite): Open =>
  (path) => {
    const database = new DatabaseSync(path);
    return {
      prepare(text) {
        const statement = database.prepare(text);
        statement.setReadBigInts(true);
        const rows = (parameters: readonly unknown[]) => statement.all(...parameters);
        if (statement.setReturnArrays === undefined) {
          return (parameters) => rows(parameters).map((row) => Object.values(row) as unknown[]);
        }
        statement.setReturnArrays(true);
        return rows as (parameters: readonly unknown[]) => readonly Row[];
      },
      isInTransaction() {
        if (database.isTransaction !== undefined) return database.isTransaction;
        // SQLite refuses a transaction within another.
        try {
          database.exec("BEGIN");
        } catch {
          return true;
        }
        database.exec("ROLLBACK");
        return false;
      },
      close: () => database.close(),
    };
  };

const inBun =
  ({ Database }: BunSqlite): Open =>
  (path) => {
    const database = new Database(path, { create: true, readwrite: true, safeIntegers: true });
    const statements: { finalize(): void }[] = [];
    return {
      prepare(text) {
        const statement = database.prepare(text);
        statements.push(statement);
        return (parameters) => statement.values(...parameters);
      },
      isInTransaction: () => database.inTransaction,
      close() {
        // With open statements, the file would stay open.
        for (const statement of statements) statement.finalize();
        database.close();
      },
    };
  };

const byPackage =
  (Database: BetterSqlite): Open =>
  (path) => {
    const database = new Database(path, { timeout: 0 });
    return {
      prepare(text) {
        const statement = database.prepare(text);
        statement.safeIntegers(true);
        if (!statement.reader) {
          return (parameters) => {
            statement.run(...parameters);
            return [];
          };
        }
        statement.raw(true);
        return (parameters) => statement.all(...parameters);
      },
      isInTransaction: () => database.inTransaction,
      close: () => database.close(),
    };
  };

interface Process {
  readonly versions?: { readonly node?: string; readonly bun?: string };
  readonly argv: readonly (string | undefined)[];
  cwd(): string;
}

/** The file that this code is in, where there are files (scripts/build.js). */
declare const HERE: string | undefined;

/** What to do where there is no SQLite. */
interface Missing {
  readonly missing: string;
  readonly cause?: unknown;
}

const NOT_HERE =
  "cannot open sqlite: here: browsers and Workers have no SQLite files. Use memory:, a Durable Object " +
  "(omnikv/durable-object) or a server, such as https:// with Upstash's protocol";

const NOT_YET =
  "cannot open sqlite: because this runtime has no SQLite: run Node 22.13 or newer, or install the package " +
  "better-sqlite3 (npm install better-sqlite3@12)";

const BROKEN =
  "cannot open sqlite: because the package better-sqlite3 cannot be loaded: install it anew for this Node";

/** The runtime's SQLite. */
export function findSqlite(): LentSqlite | Missing {
  const { process } = globalThis as { process?: Process };
  if (process?.versions?.node === undefined) return { missing: NOT_HERE };
  const bun = process.versions.bun === undefined ? undefined : fromNode<BunSqlite>("bun:sqlite");
  if (bun !== undefined) return lent(inBun(bun));
  const node = fromNode<NodeSqlite>("node:sqlite");
  if (node !== undefined) return lent(inNode(node));
  const createRequire = fromNode<{
    createRequire(from: string): (name: string) => unknown;
  }>("node:module")?.createRequire;
  // Bundled, this code is elsewhere than the program's packages.
  for (const from of [HERE, process.argv[1], `${process.cwd()}/`]) {
    if (createRequire === undefined || from === undefined) continue;
    try {
      return lent(byPackage(createRequire(from)("better-sqlite3") as BetterSqlite));
    } catch (cause) {
      if ((cause as { code?: unknown }).code !== "MODULE_NOT_FOUND") return { missing: BROKEN, cause };
    }
  }
  return { missing: NOT_YET };
}

function lent(open: Open): LentSqlite {
  const resolve = fromNode<{ resolve(path: string): string }>("node:path")?.resolve;
  return {
    locate: (path) => resolve?.(path) ?? path,
    open(path) {
      let opened: Opened;
      try {
        opened = open(path);
      } catch (error) {
        // better-sqlite3 looks for the folder itself.
        return error instanceof TypeError ? CANTOPEN : codeOf(error);
      }
      return {
        prepare: (text) => attempt(() => statement(opened, text)),
        isInTransaction: () => opened.isInTransaction(),
        close: () => opened.close(),
      };
    },
  };
}

/** A statement with numbered parameters: not every library binds `?1`. */
function statement(opened: Opened, text: string): LentStatement {
  const places: number[] = [];
  const plain = text.replace(/\?(\d+)/g, (_, number: string) => {
    places.push(Number(number) - 1);
    return "?";
  });
  const run = opened.prepare(plain);
  const isInOrder = places.every((place, index) => place === index);
  return {
    run: (parameters) =>
      attempt(() => run(isInOrder ? parameters : places.map((place) => parameters[place]))),
  };
}

function attempt<V>(work: () => V): V | Code {
  try {
    return work();
  } catch (error) {
    return codeOf(error);
  }
}

const ERROR = 1;
const CANTOPEN = 14;

/** The codes as better-sqlite3 names them, from 0. */
const NAMES =
  "OK ERROR INTERNAL PERM ABORT BUSY LOCKED NOMEM READONLY INTERRUPT IOERR CORRUPT NOTFOUND FULL CANTOPEN PROTOCOL EMPTY " +
  "SCHEMA TOOBIG CONSTRAINT MISMATCH MISUSE NOLFS AUTH FORMAT RANGE NOTADB";

/** The messages that matter, with their codes: Deno's errors have nothing else. */
const MESSAGES = [
  ["database is locked", 5],
  ["database table is locked", 6],
  ["attempt to write a readonly database", 8],
  ["database or disk is full", 13],
  ["unable to open database file", CANTOPEN],
  ["file is not a database", 26],
] as const;

/** SQLite's code of a library's error. Its message may quote values and goes no further. */
function codeOf(error: unknown): Code {
  const { errcode, errno, code, message } = error as Readonly<Record<string, unknown>>;
  const number = errcode ?? errno;
  if (typeof number === "number") return number;
  const name = /^SQLITE_([A-Z]+)/.exec(String(code))?.[1] ?? "";
  const index = NAMES.split(" ").indexOf(name);
  if (index > 0) return index;
  return MESSAGES.find(([text]) => String(message).startsWith(text))?.[1] ?? ERROR;
}
