// Formats a JavaScript value as source-like text, and names its type. It returns text and nothing else.

const LONGEST_LINE = 72;
const LONGEST = 4_000;
const MOST_ITEMS = 100;
const DEEPEST = 6;

/** On one line if it is short, otherwise with a line for each item. */
export function inspect(value) {
  return cut(write(value, "", []), LONGEST);
}

/** On one line, cut if it is too long. */
export function inspectShort(value, longest) {
  return cut(write(value, undefined, []), longest);
}

/** The type's name for people: `string`, `null`, `array (3)`, `Map (1)`, `object`. */
export function typeOf(value) {
  if (value === null) return "null";
  if (typeof value !== "object") return typeof value;
  if (Array.isArray(value)) return `array (${value.length})`;
  const name = nameOf(value);
  if (ArrayBuffer.isView(value)) return `${name} (${value.length ?? value.byteLength})`;
  return value instanceof Map || value instanceof Set ? `${name} (${value.size})` : name || "object";
}

const cut = (text, longest) => (text.length > longest ? `${text.slice(0, longest)}…` : text);

/** The name of a class; empty for plain objects. */
function nameOf(value) {
  const name = Object.getPrototypeOf(value)?.constructor?.name ?? "";
  return name === "Object" ? "" : name;
}

/**
 * `indent` is the indentation of new lines; without it everything is on one line. `around` are the enclosing values.
 */
function write(value, indent, around) {
  switch (typeof value) {
    case "string":
      return text(value);
    case "bigint":
      return `${value}n`;
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "function":
      return `[function ${value.name || "without a name"}]`;
    case "object":
      return value === null ? "null" : object(value, indent, around);
    default:
      return String(value);
  }
}

/** JSON in single quotes, if that needs no escapes. */
function text(value) {
  return value.includes('"') && !/['\\\n]/.test(value) ? `'${value}'` : JSON.stringify(value);
}

function object(value, indent, around) {
  if (around.includes(value)) return "[circular]";
  if (value instanceof Error) return `[${value.name}: ${value.message}]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  const isList = Array.isArray(value) || ArrayBuffer.isView(value);
  const [open, close] = isList ? "[]" : "{}";
  const name = Array.isArray(value) ? "" : nameOf(value);
  const begin = name === "" ? open : `${name} ${open}`;
  if (around.length === DEEPEST) return `${begin}…${close}`;
  const inner = [...around, value];
  const deeper = indent === undefined ? undefined : `${indent}  `;
  const all = itemsOf(value);
  const items = all.slice(0, MOST_ITEMS).map((item) => item((each) => write(each, deeper, inner)));
  if (all.length > MOST_ITEMS) items.push(`… ${all.length - MOST_ITEMS} more`);
  if (items.length === 0) return begin + close;
  const line = items.join(", ");
  const isShort = (indent ?? "").length + begin.length + line.length <= LONGEST_LINE && !line.includes("\n");
  const pad = isList ? "" : " ";
  if (indent === undefined || isShort) return `${begin}${pad}${line}${pad}${close}`;
  return `${begin}\n${items.map((item) => deeper + item).join(",\n")}\n${indent}${close}`;
}

/** The formatted items of a value. */
function itemsOf(value) {
  if (value instanceof Map) {
    return Array.from(
      value,
      ([key, held]) =>
        (show) =>
          `${show(key)} => ${show(held)}`,
    );
  }
  if (value instanceof Set || Array.isArray(value) || ArrayBuffer.isView(value)) {
    return Array.from(value[Symbol.iterator] ? value : [], (held) => (show) => show(held));
  }
  return Object.entries(value).map(
    ([key, held]) =>
      (show) =>
        `${property(key)}: ${show(held)}`,
  );
}

const property = (key) => (/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? key : JSON.stringify(key));
