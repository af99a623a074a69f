// The serializer `json`. Values that JSON or JavaScript would silently change are rejected: what is read equals what
// was written. Exceptions are the result of a `toJSON`, which is the object's own choice, and the sign of zero: -0 is
// written as 0.

/** JSON, as `JSON.stringify` writes it. */
export const json = {
  name: "json",
  stringify(value: unknown): string {
    const way: unknown[] = [];
    const found = loss(value, way);
    if (found === undefined) return JSON.stringify(value);
    const refusal = way.length > 1 ? `at ${place(way)} it holds ${found}` : `it is ${found}`;
    throw Object.assign(new Error(), { refusal });
  },
  parse(text: string): unknown {
    const value: unknown = JSON.parse(text);
    if (MAY_CHANGE.test(text) && holdsChanged(text)) {
      const refusal = "it holds a number that a JavaScript number cannot hold exactly";
      throw Object.assign(new Error(), { refusal });
    }
    return value;
  },
};

/**
 * Integers of 16 digits, and exponents of three: shorter numbers never change. Digits after a point are rounded to the
 * nearest double.
 */
const MAY_CHANGE = /(?:^|[^.\d])\d{16}|\d[eE]\+?\d{3}/;

/**
 * Whether this JSON contains a number that parsing would change: an integer that is rounded, or a number that becomes
 * infinite.
 */
function holdsChanged(text: string): boolean {
  let inString = false;
  // A backslash only occurs in strings; skip the character after it.
  for (const [token] of text.matchAll(/\\.|"|-?\d[\d.eE+-]*/g)) {
    if (token === '"') inString = !inString;
    else if (!inString && isChanged(token)) return true;
  }
  return false;
}

function isChanged(text: string): boolean {
  const number = Number(text);
  if (!Number.isFinite(number)) return true;
  if (Number.isSafeInteger(number) || !/^-?\d+$/.test(text)) return false;
  // JavaScript writes large integers with trailing zeros; those it has written itself read back unchanged.
  return String(number) !== text && BigInt(number) !== BigInt(text);
}

/** The way out for what JSON cannot represent. */
export const STRUCTURED = ", which the structured serializer takes";

/** Values that JSON cannot represent, and would omit or change. */
function top(value: unknown): string | undefined {
  switch (typeof value) {
    case "function":
    case "symbol":
      return `a ${typeof value}`;
    case "undefined":
      return "undefined";
    case "bigint":
      return `a bigint${STRUCTURED}`;
    case "number":
      return Number.isFinite(value) ? undefined : `${value}${STRUCTURED}`;
    case "object":
      return value === null ? undefined : kind(value);
    default:
      return undefined;
  }
}

/** An object that JSON would write as `null`, as `{}` or as an object of indexes. */
function kind(value: object): string | undefined {
  if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype) return undefined;
  if (value instanceof Number) return top(value.valueOf());
  if (ArrayBuffer.isView(value)) return `bytes${STRUCTURED}`;
  if (value instanceof Date && isNaN(value.getTime())) return "an invalid Date";
  if (hasToJson(value)) return undefined;
  const type = Object.prototype.toString.call(value).slice(8, -1);
  // Class instances are written by their fields. Built-in objects hold something else, and so do objects without
  // fields.
  const isWritten =
    type in globalThis ? /^(Object|String|Boolean)$/.test(type) : Object.keys(value).length > 0;
  if (isWritten) return undefined;
  return `an object of type ${type}${/^(Map|Set|RegExp|URLS.*|ArrayB.*)$/.test(type) ? STRUCTURED : ""}`;
}

const hasToJson = (value: object) => typeof (value as { toJSON?: unknown }).toJSON === "function";

/**
 * The first such value; `way` then contains the objects that lead to it. A property that is `undefined` is allowed:
 * reading it gives `undefined` again.
 */
function loss(value: unknown, way: unknown[]): string | undefined {
  let found = top(value);
  if (found === undefined) {
    if (typeof value !== "object" || value === null || hasToJson(value)) return undefined;
    if (way.includes(value)) found = `a cycle${STRUCTURED}`;
  }
  way.push(value);
  found ??= Array.isArray(value) ? lossIn(value, way) : lossOf(value as Record<string, unknown>, way);
  if (found === undefined) way.pop();
  return found;
}

/** A hole is visited as `undefined` too. */
function lossIn(items: readonly unknown[], way: unknown[]): string | undefined {
  for (const item of items) {
    if (typeof item === "string") continue;
    const found = loss(item, way);
    if (found !== undefined) return found;
  }
  return undefined;
}

function lossOf(object: Readonly<Record<string, unknown>>, way: unknown[]): string | undefined {
  for (const name in object) {
    const item = object[name];
    if (typeof item === "string" || item === undefined || !Object.hasOwn(object, name)) continue;
    const found = loss(item, way);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The property names that lead from the first object to the value. */
function place(way: readonly unknown[]): string {
  return way
    .slice(1)
    .map((inner, index) => {
      const outer = way[index] as object;
      const name = Object.keys(outer).find((each) =>
        Object.is((outer as Record<string, unknown>)[each], inner),
      );
      return Array.isArray(outer) ? `[${name ?? ""}]` : `.${name ?? ""}`;
    })
    .join("");
}
