// Serializers: how values become stored text, and back. They apply to string values, list elements, hash values and
// members of sets and sorted sets; which operation has which is not known here.

import { isOptions, text as checkedText, typeName, value, word } from "./arguments.js";
import { failed, invalidArgument, type KvErrorDetails } from "../base/errors.js";
import { json, STRUCTURED } from "./json.js";
import { asText, bytes, type Forms, forms, text } from "../wire/replies.js";
import { type Argument, utf8 } from "../wire/wire.js";

/**
 * Writes values as text and reads them back, like `structured` of `omnikv/structured` or any object with this
 * interface. It must not use a store.
 */
export interface Serializer {
  /** Its name in messages. */
  readonly name: string;
  /**
   * Returns the text of a value. If it throws, the error becomes the `cause` of the operation's error, whose message
   * does not repeat it. If the thrown error has a string `refusal`, the message contains that; it must not quote the
   * value.
   */
  stringify(value: unknown): string;
  /**
   * Returns the value of a text from `stringify`, and throws for any other text. If the thrown error has a string
   * `refusal`, the message of the operation's error contains that; it must not quote the value.
   */
  parse(text: string): unknown;
}

/** A serializer as the operations use it. */
export interface Codec {
  /** Encodes a value to be stored, or compared with a stored one. */
  readonly encode: (op: string, name: string, value: unknown) => Argument;
  /** The decoders of replies with values. */
  readonly own: Forms<unknown>;
  /** Decodes a stored text. */
  readonly decode: (op: string, text: string) => unknown;
  /** Converts a counter's sum. */
  readonly integer: (op: string, sum: number | bigint) => number | bigint;
}

/** A sum as a number, if that is exact. */
function exactly(op: string, sum: number | bigint): number {
  if (typeof sum === "number") return sum;
  const message =
    "changed the value, but a number cannot hold the sum beyond 2^53 exactly: read the error's `text`, or open the store with " +
    'integers: "bigint"';
  const error = failed(op, "invalid-value", message, { maybeApplied: true });
  throw Object.defineProperty(error, "text", { value: String(sum) });
}

/** Checks a value for a store of text, and suggests a serializer for anything else. */
function content(op: string, name: string, given: unknown): Argument {
  const isObject = isOptions(given) || Array.isArray(given);
  // A promise was probably not awaited.
  if (!isObject || typeof (given as { then?: unknown }).then === "function") return value(op, name, given);
  const wanted = "a string, number, bigint, boolean or Uint8Array";
  const way = 'use serializer: "json" to store objects';
  throw invalidArgument(op, `(${name}) expects ${wanted}, got ${typeName(given)}; ${way}`);
}

/** Text, numbers, booleans and bytes are stored unchanged, and read as text. */
export const textCodec: Codec = {
  encode: content,
  own: text,
  decode: (_op, found) => found,
  integer: exactly,
};

/** The codec of JSON. */
const jsonCodec = codecOf(json);

/** The codec of records and payloads: JSON with any serializer. They are read in no other form. */
export const documentCodec = codecOf(json, true);

/** The codec for the options `serializer` and `integers`. */
export function codec(op: string, serializer: unknown, integers: unknown): Codec {
  const chosen = ofValues(op, serializer);
  if (integers === undefined || word(op, "integers", integers, ["number", "bigint"]) === "number")
    return chosen;
  return { ...chosen, integer: (_op, sum) => BigInt(sum) };
}

function ofValues(op: string, serializer: unknown): Codec {
  if (serializer === undefined || serializer === "text") return textCodec;
  if (serializer === "json") return jsonCodec;
  if (isSerializer(serializer)) return codecOf(serializer);
  const got =
    serializer === "structured"
      ? 'the text "structured": it is the value `structured` that "omnikv/structured" exports'
      : typeof serializer === "string"
        ? "other text"
        : typeName(serializer);
  throw invalidArgument(op, `(serializer) expects "text", "json" or a serializer, got ${got}`);
}

function isSerializer(given: unknown): given is Serializer {
  const { name, stringify, parse } = (given ?? {}) as Partial<Serializer>;
  return typeof name === "string" && typeof stringify === "function" && typeof parse === "function";
}

function codecOf(serializer: Serializer, isOnly = false): Codec {
  // How what cannot be read can be read after all.
  const wayOut = isOnly ? ": write such numbers as text" : ', which { as: "bytes" } reads';
  const decode = (op: string, found: string): unknown => {
    try {
      return serializer.parse(found);
    } catch (error) {
      // A parser's message may quote the text.
      const { refusal } = (error ?? {}) as { refusal?: unknown };
      const why =
        typeof refusal === "string"
          ? `cannot be read as ${serializer.name}: ${refusal}`
          : `is not ${serializer.name}`;
      throw failed(op, "invalid-value", `found a value that ${why}${wayOut}`);
    }
  };
  return {
    decode,
    integer: exactly,
    own: forms(asText, (reply) => {
      const found = reply.text();
      return found === null ? null : decode(reply.op, found);
    }),
    encode: (op, name, given) => {
      const refuse = (why: string, details?: KvErrorDetails) =>
        failed(op, "invalid-argument", `(${name}) cannot be written as ${serializer.name}: ${why}`, details);
      if (given === undefined) throw refuse("it is undefined");
      let written: unknown;
      try {
        written = serializer.stringify(given);
      } catch (cause) {
        const { refusal } = (cause ?? {}) as { refusal?: unknown };
        // An error of the user's own functions may quote the value.
        throw typeof refusal === "string"
          ? refuse(isOnly ? refusal.replace(STRUCTURED, "") : refusal)
          : refuse("the error's cause says why", { cause });
      }
      if (typeof written !== "string") throw refuse(`its text is of type ${typeName(written)}`);
      return checkedText(op, name, written);
    },
  };
}

/** The decoders for the option `as`; by default the serializer's own. */
export function formOf(codec: Codec, op: string, as: unknown): Forms<unknown> {
  if (as === undefined) return codec.own;
  if (as === "text") return text;
  if (as === "bytes") return bytes;
  throw invalidArgument(op, '(as) expects "text" or "bytes"');
}

const encoder = new TextEncoder();

/** Decodes a stored value in the form of the option `as`. */
export function read(codec: Codec, op: string, stored: Argument, as: unknown): unknown {
  if (as === "bytes") return typeof stored === "string" ? encoder.encode(stored) : stored.slice();
  const found = typeof stored === "string" ? stored : utf8(op, stored);
  return as === "text" ? found : codec.decode(op, found);
}
