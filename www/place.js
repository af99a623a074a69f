// The page's store, in this tab or at a URL, and how often it may be asked. A token must not be kept or shown.

import { connect, KvError } from "./omnikv.js";

/** The store at the start. */
export const HOME = "memory:playground";

/** The store that a browser keeps. */
export const KEPT = "indexeddb:playground";

/** A store in this tab or browser can be asked at any rate. */
const HERE = {
  page: 1_000,
  mostPages: Infinity,
  mostKeys: 50_000,
  restMs: 200,
  pollMs: 1_000,
  isRemote: false,
};
/** Each call is a request, which may cost money. */
const AWAY = { page: 500, mostPages: 6, mostKeys: 1_000, restMs: 800, pollMs: 5_000, isRemote: true };

/** The timeout of a server, and of the probe whether it is reachable. */
const PATIENCE = { timeout: "8s", retries: 1 };
const PROBE_MS = 4_000;

/** An error about an unreachable store, in words for the user. */
export class PlaceError extends Error {}

/** The page's stores. `kv` is the user's and `own` the page's, whose operations are not counted. */
export class Place {
  #stores;
  /** Kept open, so that the entries in this tab still exist when the user returns. */
  #home = connect(HOME);
  /** A store that forwards to the currently open one. */
  kv = current(() => this.#stores.kv);
  own = current(() => this.#stores.own);
  /** The location, without secrets. */
  shown = HOME;
  isAway = false;
  /** Whether the browser keeps it, so that it outlives this tab. */
  isKept = false;

  /** How often the store may be asked. */
  get pace() {
    return this.isAway ? AWAY : HERE;
  }

  /** The store itself, for the developer tools. */
  get store() {
    return this.#stores.kv;
  }

  /** Switches to another store, or stays if it is unreachable. Returns the milliseconds of its first answer. */
  async go(typed, token) {
    await this.#home;
    const { url, shown, isAway, isKept = false } = whereIs(typed);
    const options = isAway ? { ...PATIENCE, token } : {};
    const stores = { kv: await opened(url, options), own: await opened(url, options) };
    const since = performance.now();
    try {
      await stores.own.exists(HOME);
    } catch (error) {
      await closed(stores);
      throw await explained(error, url);
    }
    const before = this.#stores;
    this.#stores = stores;
    this.shown = shown;
    this.isAway = isAway;
    this.isKept = isKept;
    // Running operations on the previous store may fail.
    if (before) closed(before).catch(() => undefined);
    return performance.now() - since;
  }
}

const closed = ({ kv, own }) => Promise.all([kv.close(), own.close()]);

async function opened(url, options) {
  try {
    return await connect(url, options);
  } catch (error) {
    throw new PlaceError(error instanceof KvError ? plain(error) : String(error.message));
  }
}

/** The URL to open, and the part of it that may be shown. */
function whereIs(typed) {
  const url = typed.trim();
  if (/^:?memory:/i.test(url)) return { url, shown: url, isAway: false };
  if (/^indexeddb:/i.test(url)) return { url, shown: url, isAway: false, isKept: true };
  if (/^rediss?:/i.test(url)) {
    throw new PlaceError(
      `A page has no sockets. A gateway before that server has HTTP: npx omnikv serve --url redis://… --allow-origin ${location.origin}`,
    );
  }
  const [, scheme, rest] = /^(https?|upstash(?:\+https?)?):\/\/(.+)$/i.exec(url) ?? [];
  if (scheme === undefined) {
    throw new PlaceError("Expects https://…, upstash://…, indexeddb:name or memory:name");
  }
  if (rest.split(/[/?#]/)[0].includes("@")) throw new PlaceError("The token belongs into its own field");
  const name = scheme.toLowerCase() === "http" ? "upstash+http" : scheme.toLowerCase();
  return { url: `${name}://${rest}`, shown: rest.replace(/[/?#].*$/, ""), isAway: true };
}

/** Splits a token off a URL. */
export function apart(typed) {
  const [, scheme, secret, rest] = /^\s*([a-z+]+:\/\/)([^/?#@]*)@(.*)$/i.exec(typed) ?? [];
  if (rest === undefined) return { url: typed, token: undefined };
  const written = secret.slice(secret.indexOf(":") + 1);
  try {
    return { url: scheme + rest, token: decodeURIComponent(written) };
  } catch {
    return { url: scheme + rest, token: written };
  }
}

/** The error in plain words, with advice. */
async function explained(error, url) {
  if (!(error instanceof KvError)) return error;
  switch (error.code) {
    case "permission-denied":
      return new PlaceError(
        "The server refused the token. Copy it again: Upstash shows it beside the URL, npx omnikv serve prints it.",
      );
    case "unsupported":
      return new PlaceError(
        "Somebody answers there, but not by Upstash’s REST protocol: is this the REST URL?",
      );
    case "unavailable":
    case "timeout":
      return new PlaceError(await unreached(url));
    default:
      return new PlaceError(plain(error));
  }
}

/** Browsers do not tell a page why it got no answer, so probe whether the server exists. */
async function unreached(url) {
  const endpoint = url.replace(/^upstash(?:\+(http))?:/, (_, http) => `${http ?? "https"}:`);
  try {
    await fetch(endpoint, { mode: "no-cors", signal: AbortSignal.timeout(PROBE_MS) });
  } catch {
    return `Nobody answers there. On this machine a server is started by: npx omnikv serve --allow-origin ${location.origin}`;
  }
  return `The server answers, but lets no pages of ${location.origin} in. Start it so that it does: npx omnikv serve --allow-origin ${location.origin}`;
}

/** An error's message in plain words. */
export const plain = (error) => error.message.replace(/^\S+ \((\w+)\) /, "The $1 ");

/** A store that forwards each call to the result of `store()`. */
const current = (store) =>
  new Proxy(Object.create(null), {
    get(_, name) {
      const target = store();
      const member = target[name];
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
