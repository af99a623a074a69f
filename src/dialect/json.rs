// Commands and answers as the JSON of Upstash's REST protocol, in both directions. Parsing keeps raw values, so that a
// number keeps its original text. No knowledge of HTTP.

//! The JSON of Upstash's REST protocol: <https://upstash.com/docs/redis/features/restapi>.

use super::Value;
use crate::command::Bytes;
use crate::error::{Error, Kind, Result};
use crate::integer;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::fmt;

/// How strings in answers are encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// Unchanged: bytes that are not UTF-8 are lost.
    #[default]
    Plain,
    /// In base64, except for the text `OK`.
    Base64,
}

/// Commands as JSON: one as an array of its words, several as an array of these. JSON cannot carry a word that is not
/// text; it is written as `{ "base64": "..." }`, which our gateways accept.
pub fn write_commands<'a>(commands: impl IntoIterator<Item = &'a [Bytes]>, are_many: bool) -> Vec<u8> {
    let mut json = Vec::new();
    if are_many {
        json.push(b'[');
    }
    for (index, argv) in commands.into_iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        write_command(argv, &mut json);
    }
    if are_many {
        json.push(b']');
    }
    json
}

fn write_command(argv: &[Bytes], json: &mut Vec<u8>) {
    json.push(b'[');
    for (index, word) in argv.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        match str::from_utf8(word) {
            // Writing to memory cannot fail.
            Ok(text) => _ = serde_json::to_writer(&mut *json, text),
            Err(_) => {
                json.extend_from_slice(br#"{"base64":""#);
                json.extend_from_slice(BASE64_STANDARD.encode(word).as_bytes());
                json.extend_from_slice(br#""}"#);
            }
        }
    }
    json.push(b']');
}

/// Parses a client's command: strings, numbers, booleans and `{ "base64": "..." }`. A number is kept as the client
/// wrote it: `1e3` and `0.10` stay unchanged, and long numbers lose no digits.
///
/// # Errors
///
/// `invalid-argument` for anything else.
pub fn read_command(json: &[u8]) -> Result<Vec<Bytes>> {
    let words: Vec<&RawValue> = serde_json::from_slice(json).map_err(|error| refused(&error))?;
    read_words(words)
}

/// Parses several commands.
///
/// # Errors
///
/// Like [`read_command`].
pub fn read_commands(json: &[u8]) -> Result<Vec<Vec<Bytes>>> {
    let commands: Vec<Vec<&RawValue>> = serde_json::from_slice(json).map_err(|error| refused(&error))?;
    commands.into_iter().map(read_words).collect()
}

fn read_words(words: Vec<&RawValue>) -> Result<Vec<Bytes>> {
    words.into_iter().map(read_word).collect::<serde_json::Result<_>>().map_err(|error| refused(&error))
}

fn refused(error: &serde_json::Error) -> Error {
    Error::invalid_argument(match error.is_data() {
        true => "(command) expects an array of strings and numbers; many commands, an array of such arrays",
        false => "(body) expects JSON: an array of a command's words",
    })
}

fn read_word(word: &RawValue) -> serde_json::Result<Bytes> {
    let json = word.get();
    match json.as_bytes() {
        [b'"', ..] => read_string(json).map(String::into_bytes),
        [b'-' | b'0'..=b'9' | b't' | b'f', ..] => Ok(json.into()),
        [b'{', ..] => {
            let InBase64 { base64 } = serde_json::from_str(json)?;
            from_base64(&base64)
        }
        _ => Err(serde_json::Error::custom("no word")),
    }
}

/// A word that is not text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InBase64 {
    base64: String,
}

fn from_base64(text: &str) -> serde_json::Result<Bytes> {
    BASE64_STANDARD.decode(text).map_err(|_| serde_json::Error::custom("no base64"))
}

fn read_string(json: &str) -> serde_json::Result<String> {
    serde_json::from_str(json)
}

/// The answer to one command as JSON: `{ "result": ... }` or `{ "error": "..." }`.
pub struct Answer<'a> {
    /// The reply.
    pub value: &'a Value,
    /// How its strings are encoded.
    pub encoding: Encoding,
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(1))?;
        match self.value {
            Value::Error(text) => object.serialize_entry("error", text)?,
            value => object.serialize_entry("result", &Written { value, encoding: self.encoding })?,
        }
        object.end()
    }
}

struct Written<'a> {
    value: &'a Value,
    encoding: Encoding,
}

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let encoding = self.encoding;
        match self.value {
            Value::Nil => serializer.serialize_unit(),
            Value::Status(text) if text == "OK" => serializer.serialize_str("OK"),
            Value::Status(text) => write_bytes(text.as_bytes(), encoding, serializer),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Bytes(bytes) => write_bytes(bytes, encoding, serializer),
            Value::Array(values) => {
                serializer.collect_seq(values.iter().map(|value| Written { value, encoding }))
            }
            value @ Value::Error(_) => Answer { value, encoding }.serialize(serializer),
        }
    }
}

fn write_bytes<S: Serializer>(bytes: &[u8], encoding: Encoding, serializer: S) -> Result<S::Ok, S::Error> {
    match encoding {
        Encoding::Plain => serializer.serialize_str(&String::from_utf8_lossy(bytes)),
        Encoding::Base64 => serializer.serialize_str(&BASE64_STANDARD.encode(bytes)),
    }
}

/// What a server has answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
    /// A single answer object; `None` if it has neither a result nor an error.
    One(Option<Value>),
    /// An array of answers.
    Many(Vec<Value>),
}

/// Parses a response body. A number that is not a 64-bit integer becomes its text, as the server wrote it.
///
/// # Errors
///
/// Those of serde; `is_data` tells whether the body is JSON at all.
pub fn read_answers(json: &[u8], encoding: Encoding) -> serde_json::Result<Answers> {
    let reading = Reading { encoding, depth: 0 };
    if json.trim_ascii_start().starts_with(b"[") {
        let answers: Vec<&RawValue> = serde_json::from_slice(json)?;
        let answers = answers.into_iter().map(|answer| some_answer(reading.answer(answer)?));
        return answers.collect::<serde_json::Result<_>>().map(Answers::Many);
    }
    reading.answer(serde_json::from_slice(json)?).map(Answers::One)
}

/// How deeply results may nest: each level is parsed once more. Redis nests three levels.
const DEEPEST: u8 = 32;

/// An answer object.
#[derive(Deserialize)]
struct AnswerObject<'a> {
    #[serde(borrow, default, deserialize_with = "even_null")]
    result: Option<&'a RawValue>,
    error: Option<String>,
}

/// Tells a `null` result from a missing one.
fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

fn some_answer(answer: Option<Value>) -> serde_json::Result<Value> {
    answer.ok_or_else(|| serde_json::Error::custom("neither a result nor an error"))
}

#[derive(Clone, Copy)]
struct Reading {
    encoding: Encoding,
    depth: u8,
}

impl Reading {
    fn answer(self, answer: &RawValue) -> serde_json::Result<Option<Value>> {
        if !answer.get().starts_with('{') {
            return Err(serde_json::Error::custom("no answer object"));
        }
        let AnswerObject { result, error } = serde_json::from_str(answer.get())?;
        match (error, result) {
            (Some(error), _) => Ok(Some(Value::Error(error))),
            (None, Some(result)) => self.value(result).map(Some),
            (None, None) => Ok(None),
        }
    }

    fn value(self, value: &RawValue) -> serde_json::Result<Value> {
        let json = value.get();
        Ok(match json.as_bytes() {
            [b'n', ..] => Value::Nil,
            [b't', ..] => Value::Int(1),
            [b'f', ..] => Value::Int(0),
            [b'"', ..] => Value::Bytes(self.text(read_string(json)?)?),
            [b'[', ..] => {
                let (items, inside): (Vec<&RawValue>, _) = (serde_json::from_str(json)?, self.inside()?);
                Value::Array(items.into_iter().map(|item| inside.item(item)).collect::<Result<_, _>>()?)
            }
            // A server that uses RESP3 behind its HTTP may return maps.
            [b'{', ..] => {
                let (PairsRead(pairs), inside) = (serde_json::from_str(json)?, self.inside()?);
                let mut items = Vec::with_capacity(pairs.len().saturating_mul(2));
                for (name, value) in pairs {
                    items.push(Value::Bytes(self.text(name)?));
                    items.push(inside.value(value)?);
                }
                Value::Array(items)
            }
            number => integer::parse(number).map_or_else(|| Value::Bytes(number.to_vec()), Value::Int),
        })
    }

    /// An item of an array. An object in an array is an answer object.
    fn item(self, item: &RawValue) -> serde_json::Result<Value> {
        if item.get().starts_with('{') { some_answer(self.answer(item)?) } else { self.value(item) }
    }

    fn inside(self) -> serde_json::Result<Reading> {
        let depth = self.depth.saturating_add(1);
        let too_deep = || serde_json::Error::custom("nests too deep");
        (depth <= DEEPEST).then_some(Reading { depth, ..self }).ok_or_else(too_deep)
    }

    fn text(self, text: String) -> serde_json::Result<Bytes> {
        match self.encoding {
            // `OK` is not valid base64: the length would have to be a multiple of four.
            Encoding::Base64 if text != "OK" => from_base64(&text),
            _ => Ok(text.into_bytes()),
        }
    }
}

/// An object's pairs, in order.
struct PairsRead<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for PairsRead<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PairsRead<'de>, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = PairsRead<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<PairsRead<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = object.next_entry()? {
                    pairs.push(pair);
                }
                Ok(PairsRead(pairs))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// The error for an answer that does not follow the protocol.
pub(crate) fn malformed_answer() -> Error {
    Error::new(Kind::Internal, "(server) gave an answer that is not of Upstash's REST protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &Value, encoding: Encoding) -> Vec<u8> {
        serde_json::to_vec(&Answer { value, encoding }).unwrap()
    }

    #[test]
    fn answers_round_trip() {
        let answer = Value::Array(vec![
            Value::Bytes(vec![0xff, 0]),
            Value::Nil,
            Value::Int(i64::MIN),
            Value::Array(vec![Value::Bytes(b"OK".to_vec()), Value::Error("ERR inside".into())]),
        ]);
        let json = written(&answer, Encoding::Base64);
        assert_eq!(read_answers(&json, Encoding::Base64).unwrap(), Answers::One(Some(answer)));
        let error = Value::Error("ERR no such key".into());
        let json = written(&error, Encoding::Plain);
        assert_eq!(json, br#"{"error":"ERR no such key"}"#);
        assert_eq!(read_answers(&json, Encoding::Plain).unwrap(), Answers::One(Some(error)));
    }

    #[test]
    fn malformed_answers_are_recognized() {
        let read = |json: &str| read_answers(json.as_bytes(), Encoding::Plain);
        assert_eq!(read(r#"{"message":"no"}"#).unwrap(), Answers::One(None));
        assert_eq!(read(r#"{"error":null,"result":1}"#).unwrap(), Answers::One(Some(Value::Int(1))));
        assert_eq!(read(r#" [{"result":null}] "#).unwrap(), Answers::Many(vec![Value::Nil]));
        for data in ["1", "[1]", "[{}]", r#"{"result":[{}]}"#, r#"{"error":["ERR"]}"#, "[[]]"] {
            assert!(read(data).unwrap_err().is_data(), "{data}");
        }
        for other in ["", "<html>", "[", r#"{"result":1}}"#] {
            assert!(!read(other).unwrap_err().is_data(), "{other}");
        }
    }

    #[test]
    fn deeply_nested_answers_are_rejected() {
        let nested = |depth: usize| format!(r#"{{"result":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        let read = |depth| read_answers(nested(depth).as_bytes(), Encoding::Plain);
        assert!(read(usize::from(DEEPEST)).is_ok());
        for depth in [usize::from(DEEPEST) + 1, 100_000] {
            assert!(read(depth).unwrap_err().is_data(), "{depth}");
        }
    }

    #[test]
    fn malformed_numbers_are_rejected() {
        for number in ["01", "+1", ".5", "1.", "1e", "0x10", "NaN", "Infinity", "1 2", "- 1", "1_000", "--1"]
        {
            assert!(read_command(format!("[{number}]").as_bytes()).is_err(), "{number}");
            let answer = format!(r#"{{"result":{number}}}"#);
            assert!(read_answers(answer.as_bytes(), Encoding::Plain).is_err(), "{number}");
        }
    }

    #[test]
    fn commands_round_trip() {
        let argv = vec![b"SET".to_vec(), "\"Zoë\"".into(), vec![0xff]];
        let one = write_commands([argv.as_slice()], false);
        assert_eq!(read_command(&one), Ok(argv.clone()));
        let many = write_commands([argv.as_slice(), &argv], true);
        assert_eq!(read_commands(&many), Ok(vec![argv.clone(), argv]));
        let given = br#"["SET", "k", 1.5, true, -3]"#;
        let words = [&b"SET"[..], b"k", b"1.5", b"true", b"-3"];
        assert_eq!(read_command(given).unwrap(), words);
        for refused in [
            r#"["GET", null]"#,
            r#"["GET", {"base64": "YQ==", "b": ""}]"#,
            r#"["GET", {"base64": "?"}]"#,
            r#"["GET", "\ud800"]"#,
            "[{}]",
            "{}",
            "GET",
            "[",
            "[[]]",
            r#"["GET"] "k""#,
        ] {
            assert!(read_command(refused.as_bytes()).is_err(), "{refused}");
        }
    }

    #[test]
    fn maps_are_pairs() {
        let pairs = Value::Array(vec![Value::Bytes(b"f".to_vec()), Value::Bytes(b"1".to_vec())]);
        let read = read_answers(br#"{ "result": { "f": "1" } }"#, Encoding::Plain).unwrap();
        assert_eq!(read, Answers::One(Some(pairs)));
    }
}
