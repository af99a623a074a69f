// A Worker's bindings: which binding a URL names, and of what kind a binding is. Bindings are only used by the module
// of remote stores.

import { object, typeName } from "./arguments.js";
import { invalidArgument } from "../base/errors.js";

/** A namespace of Cloudflare KV, as in a Worker's `env`. */
export interface KvBinding {
  /** Reads one or several values with their metadata. */
  readonly getWithMetadata: unknown;
  /** Writes a value. */
  readonly put: unknown;
  /** Removes a key. */
  readonly delete: unknown;
  /** Lists keys, a page at a time. */
  readonly list: unknown;
}

/** A namespace of Durable Objects with the class `OmnikvObject`, as in a Worker's `env`. */
export interface ObjectBinding {
  /** Derives an object's ID from a name. */
  readonly idFromName: unknown;
  /** Returns an object. */
  readonly get: unknown;
}

/** A D1 database, as in a Worker's `env`. */
export interface D1Binding {
  /** Prepares a statement. */
  readonly prepare: unknown;
  /** Runs statements as a transaction. */
  readonly batch: unknown;
}

/** What `connect` accepts instead of a URL in a Worker. */
export type Binding = KvBinding | ObjectBinding | D1Binding;

/** A URL, and the binding that it refers to. */
export interface Located {
  readonly url: unknown;
  readonly binding?: Binding | undefined;
}

const SCHEMES = [
  ["cloudflare-kv:", "a KV namespace", ["getWithMetadata", "put", "delete", "list"]],
  ["durable-object:", "a namespace of Durable Objects", ["idFromName", "get"]],
  ["d1:", "a D1 database", ["prepare", "batch"]],
] as const;

/** Resolves a URL, or a binding passed instead. */
export function located(op: string, given: unknown, env: unknown): Located {
  // A URL from an environment variable may end with a newline.
  const url = typeof given === "string" ? given.trim() : given;
  if (typeof url === "object" && url !== null) {
    const scheme = SCHEMES.find(([, , methods]) => has(url, methods))?.[0];
    if (scheme === undefined) {
      throw invalidArgument(
        op,
        `(url) expects a string, a KV namespace, a namespace of Durable Objects or a D1 database, got ${typeName(url)}`,
      );
    }
    return { url: scheme, binding: url as Binding };
  }
  if (typeof url !== "string" || env === undefined) return { url };
  const found = SCHEMES.find(([scheme]) => url.startsWith(scheme) && !url.startsWith(`${scheme}//`));
  if (found === undefined) return { url };
  const [scheme, what, methods] = found;
  const [name = ""] = url.slice(scheme.length).split("?");
  const names = object(op, "env", env);
  const binding = Object.hasOwn(names, name) ? (names as Record<string, unknown>)[name] : undefined;
  if (!has(binding, methods)) {
    throw invalidArgument(op, `(env) has no binding to ${what} by the name in the URL`);
  }
  return { url, binding: binding as Binding };
}

function has(value: unknown, methods: readonly string[]): boolean {
  if (typeof value !== "object" || value === null) return false;
  return methods.every((method) => typeof (value as Record<string, unknown>)[method] === "function");
}
