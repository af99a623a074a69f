// A Redis server's answer and its conversion to a reply. RESP, Upstash's JSON and our gateway all use this type;
// transport does not belong here.

use super::errors;
use crate::command::{Bytes, Command, Reply, Shape};
use crate::error::{Error, Kind, Result};
use crate::score;

/// A Redis answer, with the types that RESP and Upstash's JSON have in common.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Null.
    Nil,
    /// A short text of the protocol itself, such as `OK`.
    Status(String),
    /// A number.
    Int(i64),
    /// Stored bytes or a name.
    Bytes(Bytes),
    /// Values in order; the pairs of a map are flattened.
    Array(Vec<Value>),
    /// An error that begins with its code: `WRONGTYPE Operation against ...`.
    Error(String),
}

impl Value {
    /// Converts the answer to a reply to this command.
    ///
    /// # Errors
    ///
    /// The server's error; `internal` if the answer does not have the shape of this command's replies.
    pub fn into_reply(self, command: &Command) -> Result<Reply> {
        use Shape::{
            Changes, Decimal, Done, Fields, Flag, Flags, Found, Head, Key, KeyAndScored, KeyAndTexts,
            KeyPairs, Keys, KeysPage, Number, NumberOrNothing, Numbers, NumbersOrNothing, OneOrMany, Page,
            Pairs, PairsPage, Places, Positions, RankAndScore, Record, Records, Score, Scored, ScoredPage,
            Scores, Task, Tasks, Text, Texts,
        };
        match (command.reply(), self) {
            (_, Value::Error(text)) => Err(errors::read(command, &text)),
            (Page | KeysPage | PairsPage, Value::Array(parts)) => page(parts),
            (ScoredPage, Value::Array(parts)) => {
                let mut reply = page(parts)?;
                if let Reply::Page(_, items) = &mut reply {
                    items.iter_mut().skip(1).step_by(2).try_for_each(same_score)?;
                }
                Ok(reply)
            }
            (Page | KeysPage | PairsPage | ScoredPage, _) => Err(unexpected()),
            (_, Value::Nil) => Ok(Reply::Nil),
            (Done, value) => match value.into_bytes()?.as_slice() {
                b"OK" => Ok(Reply::Ok),
                _ => Err(unexpected()),
            },
            (Number | NumberOrNothing | Flag | Positions, Value::Int(number)) => Ok(Reply::Int(number)),
            // Scripts return integers beyond a double's precision as text.
            (Number | NumberOrNothing | Flag, Value::Bytes(digits)) => {
                let number = str::from_utf8(&digits).ok().and_then(|digits| digits.parse().ok());
                number.map(Reply::Int).ok_or_else(unexpected)
            }
            (
                Texts | Keys | KeyPairs | KeyAndTexts | Fields | Head | Record | Records | Changes | Task
                | Tasks | Pairs | OneOrMany | NumbersOrNothing,
                Value::Array(values),
            ) => flat(values).map(Reply::List),
            (shape @ (Scores | Scored | RankAndScore | KeyAndScored), Value::Array(values)) => {
                let mut items = flat(values)?;
                let (first, step) = match shape {
                    Scores => (0, 1),
                    KeyAndScored => (2, 2),
                    _ => (1, 2),
                };
                items.iter_mut().skip(first).step_by(step).flatten().try_for_each(same_score)?;
                Ok(Reply::List(items))
            }
            (Places, Value::Array(values)) => {
                let mut items = Vec::with_capacity(values.len().saturating_mul(2));
                for value in values {
                    match value {
                        Value::Nil => items.extend([None, None]),
                        place => flatten(place, &mut items)?,
                    }
                }
                items.iter_mut().flatten().try_for_each(same_score)?;
                Ok(Reply::List(items))
            }
            (Found, Value::Array(values)) => {
                let mut items = flat(values)?;
                let details = command.details();
                if details.coordinates {
                    for found in items.chunks_mut(details.width()) {
                        found.iter_mut().rev().take(2).flatten().try_for_each(same_score)?;
                    }
                }
                Ok(Reply::List(items))
            }
            (Score, value) => {
                let mut score = value.into_bytes()?;
                same_score(&mut score)?;
                Ok(Reply::Bytes(score))
            }
            (Text | Key | Decimal | OneOrMany, value) => Ok(Reply::Bytes(value.into_bytes()?)),
            (Flags | Numbers | Positions, Value::Array(values)) => {
                let numbers = values.into_iter().map(|value| match value {
                    Value::Int(number) => Ok(number),
                    _ => Err(unexpected()),
                });
                Ok(Reply::Ints(numbers.collect::<Result<_>>()?))
            }
            (
                Number | NumberOrNothing | Numbers | NumbersOrNothing | Flag | Fields | Head | Record
                | Records | Changes | Task | Tasks | Texts | Keys | KeyPairs | KeyAndTexts | Pairs | Flags
                | Positions | Scores | Scored | RankAndScore | KeyAndScored | Places | Found,
                _,
            ) => Err(unexpected()),
        }
    }

    /// Some servers send a number where others send its text.
    fn into_bytes(self) -> Result<Bytes> {
        match self {
            Value::Bytes(bytes) => Ok(bytes),
            Value::Status(text) => Ok(text.into_bytes()),
            Value::Int(number) => Ok(number.to_string().into_bytes()),
            Value::Nil | Value::Array(_) | Value::Error(_) => Err(unexpected()),
        }
    }
}

impl From<Result<Reply>> for Value {
    fn from(result: Result<Reply>) -> Value {
        let text = |bytes: Option<Bytes>| bytes.map_or(Value::Nil, Value::Bytes);
        match result {
            Ok(Reply::Nil) => Value::Nil,
            Ok(Reply::Ok) => Value::Status("OK".to_owned()),
            Ok(Reply::Int(number)) => Value::Int(number),
            Ok(Reply::Bytes(bytes)) => Value::Bytes(bytes),
            Ok(Reply::List(items)) => Value::Array(items.into_iter().map(text).collect()),
            Ok(Reply::Ints(numbers)) => Value::Array(numbers.into_iter().map(Value::Int).collect()),
            Ok(Reply::Page(cursor, items)) => Value::Array(vec![
                Value::Bytes(cursor.into_bytes()),
                Value::Array(items.into_iter().map(Value::Bytes).collect()),
            ]),
            Err(error) => Value::Error(errors::print(&error)),
        }
    }
}

/// Servers print scores in several ways; they become ours.
fn same_score(text: &mut Bytes) -> Result<()> {
    let score = score::parse(text).ok_or_else(unexpected)?;
    *text = score::print(score).into_bytes();
    Ok(())
}

fn flat(values: Vec<Value>) -> Result<Vec<Option<Bytes>>> {
    let mut items = Vec::with_capacity(values.len());
    values.into_iter().try_for_each(|value| flatten(value, &mut items))?;
    Ok(items)
}

/// Collects the items of a list. RESP3 nests the pairs of `HRANDFIELD`, and Redis the elements of `LMPOP`.
fn flatten(value: Value, items: &mut Vec<Option<Bytes>>) -> Result<()> {
    match value {
        Value::Nil => items.push(None),
        Value::Array(pair) => pair.into_iter().try_for_each(|value| flatten(value, items))?,
        value => items.push(Some(value.into_bytes()?)),
    }
    Ok(())
}

fn page(parts: Vec<Value>) -> Result<Reply> {
    let Ok([cursor, Value::Array(values)]) = <[Value; 2]>::try_from(parts) else {
        return Err(unexpected());
    };
    let cursor = String::from_utf8(cursor.into_bytes()?).map_err(|_| unexpected())?;
    let items = values.into_iter().map(Value::into_bytes).collect::<Result<_>>()?;
    Ok(Reply::Page(cursor, items))
}

/// The answer may be a user's value, so it is not quoted.
#[cold]
fn unexpected() -> Error {
    Error::new(Kind::Internal, "(server) sent a reply that this command cannot have")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Value {
        Value::Bytes(text.as_bytes().to_vec())
    }

    fn parse(line: &str) -> Command {
        Command::parse(&line.split(' ').collect::<Vec<_>>()).unwrap()
    }

    fn item(text: &str) -> Option<Bytes> {
        Some(text.as_bytes().to_vec())
    }

    #[test]
    fn a_stored_ok_is_a_value() {
        assert_eq!(bytes("OK").into_reply(&parse("SET k v")), Ok(Reply::Ok));
        assert_eq!(bytes("OK").into_reply(&parse("GET k")), Ok(Reply::Bytes(b"OK".to_vec())));
        assert_eq!(
            Value::Status("OK".into()).into_reply(&parse("SET k v GET")),
            Ok(Reply::Bytes(b"OK".to_vec()))
        );
    }

    #[test]
    fn pairs_are_flattened_from_any_form() {
        let flat = Reply::List(vec![item("f"), item("v")]);
        let nested = Value::Array(vec![Value::Array(vec![bytes("f"), bytes("v")])]);
        assert_eq!(nested.into_reply(&parse("HRANDFIELD h 1 WITHVALUES")), Ok(flat.clone()));
        assert_eq!(Value::from(Ok(flat.clone())).into_reply(&parse("HGETALL h")), Ok(flat));
    }

    #[test]
    fn scores_of_any_server_are_printed_alike() {
        let nested = Value::Array(vec![
            bytes("k"),
            Value::Array(vec![Value::Array(vec![bytes("a"), bytes("3.1000000000000001")])]),
        ]);
        let flat = Reply::List(vec![item("k"), item("a"), item("3.1")]);
        assert_eq!(nested.into_reply(&parse("ZMPOP 1 k MIN")), Ok(flat));
        let scores = Value::Array(vec![Value::Nil, Value::Int(7), bytes("Infinity")]);
        let expected = Reply::List(vec![None, item("7"), item("inf")]);
        assert_eq!(scores.into_reply(&parse("ZMSCORE k a b c")), Ok(expected));
        let ranked = Value::Array(vec![Value::Int(0), bytes("-0")]);
        let expected = Reply::List(vec![item("0"), item("0")]);
        assert_eq!(ranked.into_reply(&parse("ZRANK k a WITHSCORE")), Ok(expected));
    }

    #[test]
    fn pages_and_positions() {
        let scan = Reply::Page("17".into(), vec![b"k".to_vec()]);
        assert_eq!(Value::from(Ok(scan.clone())).into_reply(&parse("SCAN 0")), Ok(scan));
        assert_eq!(Value::Int(3).into_reply(&parse("LPOS l a")), Ok(Reply::Int(3)));
        assert_eq!(
            Value::Array(vec![Value::Int(3)]).into_reply(&parse("LPOS l a COUNT 0")),
            Ok(Reply::Ints(vec![3]))
        );
    }

    #[test]
    fn an_unexpected_shape_is_an_internal_error() {
        for (line, value) in [("GET k", Value::Array(vec![])), ("SCAN 0", Value::Nil), ("LLEN l", bytes("x"))]
        {
            assert_eq!(value.into_reply(&parse(line)).unwrap_err().kind(), Kind::Internal, "{line}");
        }
    }
}
