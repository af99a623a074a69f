// Serializers: how values become the text that is stored, and come back. They touch string values, list elements, hash
// values and set members; it must not know which operation has which.

import { text as checkedText, typeName, value } from "./arguments.js";
import { failed, invalidArgument, type KvErrorDetails } from "../base/errors.js";
import { json } from "./json.js";
import { asText, bytes, type Forms, forms, text } from "../wire/replies.js";
import { type Argument, utf8 } from "../wire/wire.js";

/**
 * A way to write values as text and to read them back: `structured` of `omnikv/structured` is one, and so is whatever has
 * this form. It must not use a store.
 */
export interface Serializer {
  /** What it is called in messages. */
  readonly name: string;
  /**
   * The text of a value. What it cannot write it throws: that becomes the `cause` of the operation's error, whose message does
   * not repeat it. If what it throws has a text `refusal`, the message says that instead: it must not quote the value.
   */
  stringify(value: unknown): string;
  /**
   * The value of a text that `stringify` wrote; throws for any other. If what it throws has a text `refusal`, the message of the
   * operation's error says that: it must not quote the value.
   */
  parse(text: string): unknown;
}

/** A serializer as the operations use it. */
export interface Codec {
  /** What is stored for a value, or compared with what is stored. */
  readonly encode: (op: string, name: string, value: unknown) => Argument;
  /** The decoders of replies that hold values. */
  readonly own: Forms<unknown>;
  /** The value of a text that is stored. */
  readonly decode: (op: string, text: string) => unknown;
}

/** Text, numbers, booleans and bytes as they are; read as text. */
export const textCodec: Codec = { encode: value, own: text, decode: (_op, found) => found };

const jsonCodec = codecOf(json);

/** The codec that the option `serializer` asks for. */
export function codec(op: string, serializer: unknown): Codec {
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

function codecOf(serializer: Serializer): Codec {
  const decode = (op: string, found: string): unknown => {
    try {
      return serializer.parse(found);
    } catch (error) {
      // What a parser says of text quotes it.
      const { refusal } = (error ?? {}) as { refusal?: unknown };
      const why =
        typeof refusal === "string"
          ? `cannot be read as ${serializer.name}: ${refusal}`
          : `is not ${serializer.name}`;
      throw failed(op, "invalid-value", `found a value that ${why}, which { as: "bytes" } reads`);
    }
  };
  return {
    decode,
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
        // What the user's own functions throw may quote the value.
        throw typeof refusal === "string" ? refuse(refusal) : refuse("the error's cause says why", { cause });
      }
      if (typeof written !== "string") throw refuse(`its text is of type ${typeName(written)}`);
      return checkedText(op, name, written);
    },
  };
}

/** The decoders for the form of value that the option `as` asks for; by itself the serializer's own. */
export function formOf(codec: Codec, op: string, as: unknown): Forms<unknown> {
  if (as === undefined) return codec.own;
  if (as === "text") return text;
  if (as === "bytes") return bytes;
  throw invalidArgument(op, '(as) expects "text" or "bytes"');
}

const encoder = new TextEncoder();

/** What is stored, in the form that the option `as` asks for. */
export function read(codec: Codec, op: string, stored: Argument, as: unknown): unknown {
  if (as === "bytes") return typeof stored === "string" ? encoder.encode(stored) : stored.slice();
  const found = typeof stored === "string" ? stored : utf8(op, stored);
  return as === "text" ? found : codec.decode(op, found);
}
