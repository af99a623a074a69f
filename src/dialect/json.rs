// Commands and answers as the JSON of Upstash's REST protocol, both ways. It must not know HTTP.

//! The JSON of Upstash's REST protocol: <https://upstash.com/docs/redis/features/restapi>.

use super::Value;
use crate::command::Bytes;
use crate::error::{Error, Kind, Result};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value as Json, json};

/// How the strings of answers are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// As they are: what is not UTF-8 is damaged.
    #[default]
    Plain,
    /// In base64, all but the text `OK`.
    Base64,
}

/// The JSON of a command's words; nothing when one of them is not text, which JSON cannot carry.
pub fn write_command(argv: &[Bytes]) -> Option<Json> {
    let word = |word: &Bytes| str::from_utf8(word).ok().map(|text| Json::String(text.to_owned()));
    argv.iter().map(word).collect::<Option<Vec<_>>>().map(Json::Array)
}

/// The same for one of our gateways, which takes `{ "base64": "..." }` for a word that is not text.
pub fn write_any_command(argv: &[Bytes]) -> Json {
    let word = |word: &Bytes| match str::from_utf8(word) {
        Ok(text) => Json::String(text.to_owned()),
        Err(_) => json!({ "base64": BASE64_STANDARD.encode(word) }),
    };
    Json::Array(argv.iter().map(word).collect())
}

/// The words of a command that a client has sent: strings, numbers and booleans, and `{ "base64": "..." }`.
///
/// # Errors
///
/// `invalid-argument` for anything else.
pub fn read_command(json: &Json) -> Result<Vec<Bytes>> {
    let malformed = || Error::new(Kind::InvalidArgument, "(command) expects an array of strings and numbers");
    let word = |word: &Json| match word {
        Json::String(text) => Ok(text.clone().into_bytes()),
        Json::Number(number) => Ok(number.to_string().into_bytes()),
        Json::Bool(yes) => Ok(yes.to_string().into_bytes()),
        Json::Object(object) => match (object.len(), object.get("base64")) {
            (1, Some(Json::String(text))) => BASE64_STANDARD.decode(text).map_err(|_| malformed()),
            _ => Err(malformed()),
        },
        Json::Null | Json::Array(_) => Err(malformed()),
    };
    json.as_array().ok_or_else(malformed)?.iter().map(word).collect()
}

/// The answer object for one command: `{ "result": ... }` or `{ "error": "..." }`.
pub fn write_answer(answer: &Value, encoding: Encoding) -> Json {
    match answer {
        Value::Error(text) => json!({ "error": text }),
        answer => json!({ "result": write(answer, encoding) }),
    }
}

fn write(value: &Value, encoding: Encoding) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Status(text) if text == "OK" => json!("OK"),
        Value::Status(text) => write_bytes(text.as_bytes(), encoding),
        Value::Int(number) => json!(number),
        Value::Bytes(bytes) => write_bytes(bytes, encoding),
        Value::Array(values) => values.iter().map(|value| write(value, encoding)).collect(),
        Value::Error(text) => json!({ "error": text }),
    }
}

fn write_bytes(bytes: &[u8], encoding: Encoding) -> Json {
    match encoding {
        Encoding::Plain => Json::String(String::from_utf8_lossy(bytes).into_owned()),
        Encoding::Base64 => Json::String(BASE64_STANDARD.encode(bytes)),
    }
}

/// The answer that an answer object holds.
///
/// # Errors
///
/// `internal` when it is none.
pub fn read_answer(json: Json, encoding: Encoding) -> Result<Value> {
    let Json::Object(mut object) = json else { return Err(malformed_answer()) };
    if let Some(Json::String(text)) = object.remove("error") {
        return Ok(Value::Error(text));
    }
    read(object.remove("result").ok_or_else(malformed_answer)?, encoding)
}

fn read(json: Json, encoding: Encoding) -> Result<Value> {
    Ok(match json {
        Json::Null => Value::Nil,
        Json::Bool(yes) => Value::Int(yes.into()),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Bytes(number.to_string().into_bytes()),
        },
        // No text has the base64 form `OK`: its length would be a multiple of four.
        Json::String(text) if encoding == Encoding::Plain || text == "OK" => Value::Bytes(text.into_bytes()),
        Json::String(text) => Value::Bytes(BASE64_STANDARD.decode(text).map_err(|_| malformed_answer())?),
        Json::Array(items) => {
            let items = items.into_iter().map(|item| match item {
                Json::Object(_) => read_answer(item, encoding),
                item => read(item, encoding),
            });
            Value::Array(items.collect::<Result<_>>()?)
        }
        // A server that speaks RESP3 behind its HTTP gives maps.
        Json::Object(pairs) => {
            let mut items = Vec::with_capacity(2 * pairs.len());
            for (name, value) in pairs {
                items.push(read(Json::String(name), encoding)?);
                items.push(read(value, encoding)?);
            }
            Value::Array(items)
        }
    })
}

fn malformed_answer() -> Error {
    Error::new(Kind::Internal, "(server) gave an answer that is not of Upstash's REST protocol")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_back_as_they_were() {
        let answer = Value::Array(vec![
            Value::Bytes(vec![0xff, 0]),
            Value::Nil,
            Value::Int(i64::MIN),
            Value::Array(vec![Value::Bytes(b"OK".to_vec())]),
        ]);
        let json = write_answer(&answer, Encoding::Base64);
        assert_eq!(read_answer(json, Encoding::Base64), Ok(answer));
        let error = Value::Error("ERR no such key".into());
        assert_eq!(read_answer(write_answer(&error, Encoding::Plain), Encoding::Plain), Ok(error));
    }

    #[test]
    fn words_come_back_as_they_were() {
        let argv = vec![b"SET".to_vec(), b"k".to_vec(), vec![0xff]];
        assert_eq!(write_command(&argv), None);
        assert_eq!(read_command(&write_any_command(&argv)), Ok(argv));
        assert_eq!(
            read_command(&json!(["SET", "k", 1.5, true])).unwrap()[2..],
            [b"1.5".to_vec(), b"true".to_vec()]
        );
        assert!(read_command(&json!(["GET", null])).is_err());
    }

    #[test]
    fn maps_are_pairs() {
        let map = json!({ "result": { "f": "1" } });
        let pairs = Value::Array(vec![Value::Bytes(b"f".to_vec()), Value::Bytes(b"1".to_vec())]);
        assert_eq!(read_answer(map, Encoding::Plain), Ok(pairs));
    }
}
