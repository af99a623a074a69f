// Converts JavaScript's arguments to the WIT's. What its types cannot express is `invalid-argument`, as in the package.
// No knowledge of operations.

/** An error like the package's. */
export class KvError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export function refuse(expected, given) {
  throw new KvError("invalid-argument", `expects ${expected}, got ${typeof given}`);
}

export const text = (given) =>
  typeof given === "string" && given.isWellFormed() ? given : refuse("well-formed text", given);

const whole = (lowest, highest) => (given) => {
  const number = Number.isSafeInteger(given) ? BigInt(given) : given;
  const fits = typeof number === "bigint" && number >= lowest && number <= highest;
  return fits ? number : refuse("an integer", given);
};
export const integer = whole(-(2n ** 63n), 2n ** 63n - 1n);
export const natural = whole(0n, 2n ** 64n - 1n);

/** A value, in the best matching case of the WIT variant. */
export function value(given) {
  if (given instanceof Uint8Array) return { tag: "bytes", val: given };
  switch (typeof given) {
    case "string":
      return { tag: "text", val: text(given) };
    case "boolean":
      return { tag: "boolean", val: given };
    case "bigint":
      return { tag: "integer", val: integer(given) };
    case "number":
      return Number.isSafeInteger(given) && !Object.is(given, -0)
        ? { tag: "integer", val: BigInt(given) }
        : { tag: "float", val: given };
    default:
      return refuse("a value", given);
  }
}

/** A number to add. */
export const decimal = (given) =>
  typeof given === "string" || typeof given === "number" || typeof given === "bigint"
    ? value(given)
    : refuse("a number", given);

export const oneOf =
  (...words) =>
  (given) =>
    words.includes(given) ? given : refuse(words.join(" or "), given);

export const flag = (given) => (typeof given === "boolean" ? given : refuse("true or false", given));

/** An optional argument; `null` means not given. */
export const optional = (read) =>
  Object.assign((given) => (given === undefined || given === null ? undefined : read(given)), {
    isOptional: true,
  });

/** All remaining arguments, or one array of them. */
export const rest = (read) =>
  Object.assign((given) => (Array.isArray(given[0]) ? given[0] : given).map(read), { isRest: true });

const isPlain = (given) => Object.prototype.toString.call(given) === "[object Object]";

/** Pairs of names and values, from an object. */
export const entries = (read) => (given) =>
  isPlain(given)
    ? Object.entries(given).map(([name, item]) => [read(name), value(item)])
    : refuse("an object", given);

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A TTL in milliseconds: seconds, or text with a unit; `null` is 0, which means never. */
export function ttl(given) {
  if (given === null) return 0n;
  const [, number, unit] = typeof given === "string" ? (/^([\d.]+)\s*(ms|s|m|h|d)$/.exec(given) ?? []) : [];
  const ms = unit === undefined ? (typeof given === "number" ? given * 1000 : NaN) : number * UNITS[unit];
  return ms >= 0 && ms <= Number.MAX_SAFE_INTEGER ? BigInt(Math.ceil(ms)) : refuse("a time", given);
}

/** Reads positional arguments, then the options at the end. */
export function read(readers, options, given) {
  const takesObject = given.length <= readers.length && readers[given.length - 1]?.takesObject;
  const last = given.at(-1);
  const said = isPlain(last) && !takesObject ? given.slice(0, -1) : given;
  const named = said === given ? {} : last;
  for (const name of Object.keys(named)) if (!(name in options)) refuse(`no option ${name}`, named[name]);
  const chosen = Object.entries(named).filter(([, item]) => item !== undefined);
  const positional = readers.map((each, index) => {
    if (each.isRest) return each(said.slice(index));
    if (index >= said.length && !each.isOptional) refuse(`argument ${index + 1}`);
    return each(said[index]);
  });
  if (!readers.at(-1)?.isRest && said.length > readers.length) refuse(`${readers.length} arguments`);
  return [positional, Object.fromEntries(chosen.map(([name, item]) => [name, options[name](item)]))];
}

/** The expiry option, at most one, as the WIT's `expiry`. */
export function expiry(options) {
  const said = [
    "ttl" in options && { tag: "after-ms", val: options.ttl },
    "ttlMs" in options && { tag: "after-ms", val: options.ttlMs },
    "expireAt" in options && { tag: "at-ms", val: options.expireAt },
    options.keepTtl && { tag: "keep" },
    options.persist && { tag: "never" },
  ].filter(Boolean);
  return said.length > 1 ? refuse("one word about time") : (said[0] ?? { tag: "unstated" });
}

/** The flag that is set: at most one of these. */
export function choice(options, words) {
  const chosen = Object.keys(words).filter((name) => options[name]);
  return chosen.length > 1 ? refuse("one condition") : words[chosen[0]];
}
