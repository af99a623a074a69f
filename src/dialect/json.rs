// Commands and answers as the JSON of Upstash's REST protocol, both ways, without a tree in between. It must not know HTTP.

//! The JSON of Upstash's REST protocol: <https://upstash.com/docs/redis/features/restapi>.

use super::Value;
use crate::command::Bytes;
use crate::error::{Error, Kind, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How the strings of answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// As they are: what is not UTF-8 is damaged.
    #[default]
    Plain,
    /// In base64, all but the text `OK`.
    Base64,
}

/// Commands as JSON: one as an array of its words, many as an array of those. A word that is no text, which JSON cannot carry, is
/// written as `{ "base64": "..." }`: one of our gateways takes that.
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
            // Writing to memory does not fail.
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

/// The words of a command that a client has sent: strings, numbers and booleans, and `{ "base64": "..." }`.
///
/// # Errors
///
/// `invalid-argument` for anything else.
pub fn read_command(json: &[u8]) -> Result<Vec<Bytes>> {
    let words: Vec<Word> = serde_json::from_slice(json).map_err(|error| refused(&error))?;
    Ok(words.into_iter().map(|Word(bytes)| bytes).collect())
}

/// The words of many.
///
/// # Errors
///
/// As for one.
pub fn read_commands(json: &[u8]) -> Result<Vec<Vec<Bytes>>> {
    let commands: Vec<Vec<Word>> = serde_json::from_slice(json).map_err(|error| refused(&error))?;
    let words = |words: Vec<Word>| words.into_iter().map(|Word(bytes)| bytes).collect();
    Ok(commands.into_iter().map(words).collect())
}

fn refused(error: &serde_json::Error) -> Error {
    Error::invalid_argument(match error.is_data() {
        true => "(command) expects an array of strings and numbers; many commands, an array of such arrays",
        false => "(body) expects JSON: an array of a command's words",
    })
}

/// A word of a command.
struct Word(Bytes);

impl<'de> Deserialize<'de> for Word {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Word, D::Error> {
        deserializer.deserialize_any(WordVisitor)
    }
}

struct WordVisitor;

impl<'de> Visitor<'de> for WordVisitor {
    type Value = Word;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a word")
    }

    fn visit_str<E>(self, text: &str) -> Result<Word, E> {
        Ok(Word(text.as_bytes().to_vec()))
    }

    fn visit_string<E>(self, text: String) -> Result<Word, E> {
        Ok(Word(text.into_bytes()))
    }

    fn visit_bool<E>(self, yes: bool) -> Result<Word, E> {
        Ok(Word(yes.to_string().into_bytes()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Word, E> {
        Ok(Word(number.to_string().into_bytes()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Word, E> {
        Ok(Word(number.to_string().into_bytes()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Word, E> {
        Ok(Word(fraction(number)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Word, A::Error> {
        let malformed = || A::Error::custom("no word");
        let (name, text): (String, String) = map.next_entry()?.ok_or_else(malformed)?;
        if name != "base64" || map.next_key::<IgnoredAny>()?.is_some() {
            return Err(malformed());
        }
        BASE64_STANDARD.decode(text).map(Word).map_err(|_| malformed())
    }
}

/// A number that is no integer, as JSON writes it.
fn fraction(number: f64) -> Bytes {
    serde_json::Number::from_f64(number).map_or_else(Vec::new, |number| number.to_string().into_bytes())
}

/// The answer to one command as JSON: `{ "result": ... }` or `{ "error": "..." }`.
pub struct Answer<'a> {
    /// What is answered.
    pub value: &'a Value,
    /// How its strings are written.
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
    /// One answer object; nothing when it holds neither a result nor an error.
    One(Option<Value>),
    /// An array of such.
    Many(Vec<Value>),
}

/// The answers that a response's body holds.
///
/// # Errors
///
/// serde's, of which `is_data` tells whether it is JSON at all.
pub fn read_answers(json: &[u8], encoding: Encoding) -> serde_json::Result<Answers> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let place = match json.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => Place::Answers,
        _ => Place::Answer,
    };
    let read = Reading { encoding, place }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    match (place, read) {
        (Place::Answers, Some(Value::Array(answers))) => Ok(Answers::Many(answers)),
        (_, read) => Ok(Answers::One(read)),
    }
}

/// Where in a response something stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// An array of answer objects.
    Answers,
    /// An answer object.
    Answer,
    /// The result in one.
    Result,
    /// An item of that. An object there is an answer object.
    Item,
}

#[derive(Clone, Copy)]
struct Reading {
    encoding: Encoding,
    place: Place,
}

impl Reading {
    fn at(self, place: Place) -> Reading {
        Reading { place, ..self }
    }

    fn text<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        match self.encoding {
            // No text has the base64 form `OK`: its length would be a multiple of four.
            Encoding::Base64 if text != "OK" => {
                BASE64_STANDARD.decode(text).map(Value::Bytes).map_err(|_| E::custom("no base64"))
            }
            _ => Ok(Value::Bytes(text.as_bytes().to_vec())),
        }
    }

    /// What is no answer object stands where only a value may.
    fn only_value<E: serde::de::Error>(self, value: Value) -> Result<Option<Value>, E> {
        match self.place {
            Place::Result | Place::Item => Ok(Some(value)),
            Place::Answer | Place::Answers => Err(E::custom("no answer object")),
        }
    }

    fn answer<'de, A: MapAccess<'de>>(self, mut object: A) -> Result<Option<Value>, A::Error> {
        let (mut result, mut error) = (None, None);
        while let Some(name) = object.next_key::<String>()? {
            match name.as_str() {
                "result" => result = object.next_value_seed(self.at(Place::Result))?,
                "error" => error = object.next_value::<Option<String>>()?,
                _ => _ = object.next_value::<IgnoredAny>()?,
            }
        }
        Ok(error.map(Value::Error).or(result))
    }

    /// A server that speaks RESP3 behind its HTTP gives maps.
    fn pairs<'de, A: MapAccess<'de>>(self, mut object: A) -> Result<Option<Value>, A::Error> {
        let mut items = Vec::new();
        while let Some(name) = object.next_key::<String>()? {
            items.push(self.text(&name)?);
            items.extend(object.next_value_seed(self)?);
        }
        Ok(Some(Value::Array(items)))
    }
}

impl<'de> DeserializeSeed<'de> for Reading {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Option<Value>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an answer")
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<Option<Value>, E> {
        self.only_value(Value::Nil)
    }

    fn visit_bool<E: serde::de::Error>(self, yes: bool) -> Result<Option<Value>, E> {
        self.only_value(Value::Int(yes.into()))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Option<Value>, E> {
        self.only_value(Value::Int(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Option<Value>, E> {
        let text = || Value::Bytes(number.to_string().into_bytes());
        self.only_value(i64::try_from(number).map_or_else(|_| text(), Value::Int))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Option<Value>, E> {
        self.only_value(Value::Bytes(fraction(number)))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Option<Value>, E> {
        self.only_value(self.text(text)?)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Option<Value>, A::Error> {
        let place = match self.place {
            Place::Answers => Place::Answer,
            Place::Answer => return Err(A::Error::custom("no answer object")),
            Place::Result | Place::Item => Place::Item,
        };
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self.at(place))? {
            values.push(value.ok_or_else(|| A::Error::custom("neither a result nor an error"))?);
        }
        Ok(Some(Value::Array(values)))
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Option<Value>, A::Error> {
        match self.place {
            Place::Answer | Place::Item => self.answer(object),
            Place::Result => self.pairs(object),
            Place::Answers => Err(A::Error::custom("no array of answers")),
        }
    }
}

/// What is no answer of this protocol.
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
    fn answers_come_back_as_they_were() {
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
    fn what_is_no_answer_is_told_apart() {
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
    fn numbers_that_are_no_integers_are_text() {
        let read = |json: &str| read_answers(json.as_bytes(), Encoding::Base64).unwrap();
        for (json, text) in [("1.5", "1.5"), ("18446744073709551615", "18446744073709551615")] {
            let answer = Value::Bytes(text.as_bytes().to_vec());
            assert_eq!(read(&format!(r#"{{"result":{json}}}"#)), Answers::One(Some(answer)));
        }
    }

    #[test]
    fn words_come_back_as_they_were() {
        let argv = vec![b"SET".to_vec(), "\"Zoë\"".into(), vec![0xff]];
        let one = write_commands([argv.as_slice()], false);
        assert_eq!(read_command(&one), Ok(argv.clone()));
        let many = write_commands([argv.as_slice(), &argv], true);
        assert_eq!(read_commands(&many), Ok(vec![argv.clone(), argv]));
        let given = br#"["SET", "k", 1.5, true, -3]"#;
        let words = [&b"SET"[..], b"k", b"1.5", b"true", b"-3"];
        assert_eq!(read_command(given).unwrap(), words);
        for refused in [r#"["GET", null]"#, r#"["GET", {"base64": "a", "b": ""}]"#, "{}", "GET", "[", "[[]]"]
        {
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
