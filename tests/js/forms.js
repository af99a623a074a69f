// The special forms of the conformance cases: their values as arguments, and what they match in replies.

/** The value that an argument represents. */
export function argument(given, scope) {
  if (Array.isArray(given)) return given.map((item) => argument(item, scope));
  if (given === null || typeof given !== "object") return given;
  switch (formOf(given)) {
    case "$hex":
      return bytes(given.$hex);
    case "$int":
      return BigInt(given.$int);
    case "$float":
      return float(given.$float);
    case "$repeat":
      return given.$repeat[0].repeat(given.$repeat[1]);
    case "$unixSeconds":
      return Math.floor(scope.now() / 1000) + given.$unixSeconds;
    case "$unixMs":
      return scope.now() + given.$unixMs;
    case "$var":
      if (!scope.saved.has(given.$var)) throw new Error(`nothing is saved as ${given.$var}`);
      return scope.saved.get(given.$var);
    default:
      return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, argument(value, scope)]));
  }
}

/** Whether a reply matches. */
export function matches(expected, actual, scope) {
  if (Array.isArray(expected)) {
    return (
      Array.isArray(actual) &&
      actual.length === expected.length &&
      expected.every((item, index) => matches(item, actual[index], scope))
    );
  }
  if (typeof actual === "bigint" && Number.isSafeInteger(expected)) return actual === BigInt(expected);
  if (expected === null || typeof expected !== "object") return Object.is(expected, actual);
  switch (formOf(expected)) {
    case "$hex":
      return actual instanceof Uint8Array && hex(actual) === expected.$hex;
    case "$int":
      return isInteger(actual) && BigInt(actual) === BigInt(expected.$int);
    case "$float":
      return Object.is(actual, float(expected.$float));
    case "$repeat":
      return actual === expected.$repeat[0].repeat(expected.$repeat[1]);
    case "$unixSeconds":
      return near(actual, Math.floor(scope.now() / 1000) + expected.$unixSeconds, 1);
    case "$unixMs":
      return near(actual, scope.now() + expected.$unixMs, expected.within ?? 500);
    case "$save":
      scope.saved.set(expected.$save, actual);
      return true;
    case "$unordered":
      return Array.isArray(actual) && actual.length === expected.$unordered.length
        ? distinct(actual, expected.$unordered, scope)
        : false;
    case "$oneOf":
      return expected.$oneOf.some((item) => matches(item, actual, scope));
    case "$approx":
      return near(Number(actual), expected.$approx, expected.within ?? 1e-9);
    case "$some": {
      const [many, of] = expected.$some;
      return Array.isArray(actual) && actual.length === many && distinct(actual, of, scope);
    }
    case "$many": {
      const [many, of] = expected.$many;
      const known = (item) => of.some((each) => matches(each, item, scope));
      return Array.isArray(actual) && actual.length === many && actual.every(known);
    }
    case "$has":
      return Object.entries(expected.$has).every(([name, value]) => matches(value, actual?.[name], scope));
    case "$any":
      return true;
    default:
      return sameObject(expected, actual, scope);
  }
}

/** Text for a failure message: bytes and bigints in their special forms. */
export function show(value) {
  const replace = (_name, item) => {
    if (typeof item === "bigint") return { $int: String(item) };
    if (item instanceof Uint8Array) return { $hex: hex(item) };
    if (item instanceof Error) return { $error: item.code ?? String(item) };
    return item;
  };
  const text = JSON.stringify(value, replace) ?? String(value);
  return text.length > 500 ? `${text.slice(0, 500)}... (${text.length} characters)` : text;
}

/** The object's special form, if it is one; an unknown one is a mistake in the case. */
function formOf(object) {
  const name = Object.keys(object).find((each) => each.startsWith("$"));
  if (name === undefined) return undefined;
  if (!FORMS.has(name)) throw new Error(`the form ${name} is not known`);
  return name;
}

const FORMS = new Set(
  "$hex $int $float $repeat $unixSeconds $unixMs $var $save $unordered $oneOf $approx $some $many $has $any".split(
    " ",
  ),
);

const float = (text) => Number(text.replace("inf", "Infinity"));
const isInteger = (value) => typeof value === "bigint" || Number.isSafeInteger(value);

const near = (actual, expected, within) =>
  typeof actual === "number" && Math.abs(actual - expected) <= within;

/** Whether each item can be assigned its own candidate. */
function distinct(items, candidates, scope) {
  const left = [...candidates];
  return items.every((item) => {
    const index = left.findIndex((candidate) => matches(candidate, item, scope));
    if (index >= 0) left.splice(index, 1);
    return index >= 0;
  });
}

function sameObject(expected, actual, scope) {
  if (actual === null || typeof actual !== "object" || Array.isArray(actual)) return false;
  const names = Object.keys(expected);
  return (
    Object.keys(actual).length === names.length &&
    names.every((name) => Object.hasOwn(actual, name) && matches(expected[name], actual[name], scope))
  );
}

const bytes = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, "0")).join("");
