// The stored bytes of a cell: strings raw, so that other programs can read them; collections as readable JSON. Keys,
// deadlines and versions are stored beside the value, not here.

use crate::command::{Bytes, ValueType};
use crate::engine::{Content, Field, Held, Piece, Scored};
use crate::error::{Error, Result};
use crate::score::Score;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The only member of the JSON object that represents bytes that are not UTF-8.
const MARK: &str = "base64";

/// Encodes a value:
///
/// - a string: its bytes;
/// - a list or a set: `["a", "b"]`, in order;
/// - a hash: `{"field": "value"}`, or `[["field", "value"]]` if a field is not UTF-8;
/// - a sorted set: `[["member", 1.5]]`, with `"inf"` and `"-inf"` for infinite scores.
///
/// Elements, members, fields and values that are not UTF-8 become `{"base64": "..."}`. The order is always preserved:
/// the cursors of `hscan`, `sscan` and `zscan` depend on it.
pub(crate) fn encode(value: Held<'_>) -> Result<Cow<'_, [u8]>> {
    let json = match value {
        Held::String(bytes) => return Ok(Cow::Borrowed(bytes)),
        Held::List(list) => to_json(&Members(|| list.items.iter())),
        Held::Set(set) => to_json(&Members(|| set.members.iter())),
        Held::SortedSet(set) => to_json(&ScoredMembers(|| set.members.iter())),
        Held::Hash(hash) => fields_to_json(|| hash.fields.iter()),
    };
    json.map(Cow::Owned)
}

/// Encodes fields of a hash.
pub(crate) fn encode_fields(fields: &[&Field]) -> Result<Bytes> {
    fields_to_json(|| fields.iter().copied())
}

/// Encodes elements of a list or members of a set.
pub(crate) fn encode_members(members: &[&Piece]) -> Result<Bytes> {
    to_json(&Members(|| members.iter().copied()))
}

/// Encodes members of a sorted set.
pub(crate) fn encode_scored(members: &[&Scored]) -> Result<Bytes> {
    to_json(&ScoredMembers(|| members.iter().copied()))
}

fn fields_to_json<'a, I: Iterator<Item = &'a Field>>(fields: impl Fn() -> I) -> Result<Bytes> {
    match fields().all(|field| str::from_utf8(&field.name).is_ok()) {
        true => to_json(&Fields(fields)),
        false => to_json(&Pairs(fields)),
    }
}

fn to_json(value: &impl Serialize) -> Result<Bytes> {
    serde_json::to_vec(value).map_err(|_| Error::invalid_value("holds a value that JSON cannot say"))
}

/// Decodes the output of [`encode`].
///
/// # Errors
///
/// `invalid-value` if the bytes are not a value of this type, because another program changed them.
pub(crate) fn decode(kind: ValueType, bytes: Bytes) -> Result<Content> {
    let content = match kind {
        ValueType::String => return Ok(Content::String(bytes)),
        ValueType::List => {
            serde_json::from_slice(&bytes).map(|items: Vec<Member>| Content::List(plain(items)))
        }
        ValueType::Set => serde_json::from_slice(&bytes).map(|items: Vec<Member>| Content::Set(plain(items))),
        ValueType::Hash => serde_json::from_slice(&bytes).map(|FieldsRead(pairs)| Content::Hash(pairs)),
        ValueType::SortedSet => serde_json::from_slice(&bytes).map(|pairs: Vec<(Member, Score)>| {
            Content::SortedSet(pairs.into_iter().map(|(member, score)| (member.0, score.0)).collect())
        }),
    };
    content.map_err(|_| unreadable(kind))
}

/// The error for bytes that are not a value of this type.
pub(crate) fn unreadable(kind: ValueType) -> Error {
    let message = format!(
        "found a key whose bytes are not a {} written by omnikv; set or flush removes it",
        kind.name()
    );
    Error::invalid_value(message)
}

/// An empty value of this type.
pub(crate) fn nothing(kind: ValueType) -> Content {
    match kind {
        ValueType::String => Content::String(Bytes::new()),
        ValueType::List => Content::List(Vec::new()),
        ValueType::Hash => Content::Hash(Vec::new()),
        ValueType::Set => Content::Set(Vec::new()),
        ValueType::SortedSet => Content::SortedSet(Vec::new()),
    }
}

/// Appends the elements of a collection of the same type; returns how many these are.
pub(crate) fn append(content: &mut Content, more: Content) -> usize {
    let added = count(&more);
    match (content, more) {
        (Content::List(all), Content::List(more)) | (Content::Set(all), Content::Set(more)) => {
            all.extend(more)
        }
        (Content::Hash(all), Content::Hash(more)) => all.extend(more),
        (Content::SortedSet(all), Content::SortedSet(more)) => all.extend(more),
        _ => {}
    }
    added
}

/// How many elements a collection has.
pub(crate) fn count(content: &Content) -> usize {
    match content {
        Content::String(_) => 0,
        Content::List(items) | Content::Set(items) => items.len(),
        Content::Hash(pairs) => pairs.len(),
        Content::SortedSet(members) => members.len(),
    }
}

fn plain(members: Vec<Member>) -> Vec<Piece> {
    members.into_iter().map(|member| member.0).collect()
}

struct Shown<'a>(&'a [u8]);

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match str::from_utf8(self.0) {
            Ok(text) => serializer.serialize_str(text),
            Err(_) => {
                let mut object = serializer.serialize_map(Some(1))?;
                object.serialize_entry(MARK, &BASE64_STANDARD.encode(self.0))?;
                object.end()
            }
        }
    }
}

struct Members<F>(F);

impl<'a, I: Iterator<Item = &'a Piece>, F: Fn() -> I> Serialize for Members<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)().map(|member| Shown(member)))
    }
}

struct Fields<F>(F);

impl<'a, I: Iterator<Item = &'a Field>, F: Fn() -> I> Serialize for Fields<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map((self.0)().map(shown))
    }
}

struct Pairs<F>(F);

impl<'a, I: Iterator<Item = &'a Field>, F: Fn() -> I> Serialize for Pairs<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)().map(shown))
    }
}

fn shown(field: &Field) -> (Shown<'_>, Shown<'_>) {
    (Shown(&field.name), Shown(&field.value))
}

struct ScoredMembers<F>(F);

impl<'a, I: Iterator<Item = &'a Scored>, F: Fn() -> I> Serialize for ScoredMembers<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)().map(|member| (Shown(&member.name), Score(member.score))))
    }
}

struct Member(Piece);

impl<'de> Deserialize<'de> for Member {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Member, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Member;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or {\"base64\": \"...\"}")
            }

            fn visit_str<E>(self, text: &str) -> Result<Member, E> {
                Ok(Member(text.as_bytes().into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Member, A::Error> {
                let entry: Option<(String, String)> = map.next_entry()?;
                let bytes = entry
                    .filter(|(mark, _)| mark == MARK)
                    .and_then(|(_, text)| BASE64_STANDARD.decode(text).ok());
                match (bytes, map.next_key::<String>()?) {
                    (Some(bytes), None) => Ok(Member(bytes.into())),
                    _ => Err(A::Error::custom("expects {\"base64\": \"...\"}")),
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Fields with their values, from an object or from pairs.
struct FieldsRead(Vec<(Piece, Piece)>);

impl<'de> Deserialize<'de> for FieldsRead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<FieldsRead, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = FieldsRead;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or an array of pairs")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<FieldsRead, A::Error> {
                let mut pairs = Vec::new();
                while let Some((field, value)) = map.next_entry::<String, Member>()? {
                    pairs.push((field.into_bytes().into(), value.0));
                }
                Ok(FieldsRead(pairs))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<FieldsRead, A::Error> {
                let mut pairs = Vec::new();
                while let Some((field, value)) = seq.next_element::<(Member, Member)>()? {
                    pairs.push((field.0, value.0));
                }
                Ok(FieldsRead(pairs))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, Key};
    use crate::engine::{Engine, Limits, Tick};
    use crate::error::Kind;

    fn encoded(command: Command) -> String {
        let mut engine = Engine::new(Limits::default(), 1);
        engine.apply(&command, &Tick::at(1)).unwrap();
        let (value, _) = engine.export(b"k", &Tick::at(1)).unwrap().unwrap();
        let kind = value.kind();
        let bytes = encode(value).unwrap().into_owned();
        // Encoding the decoded value gives the same bytes.
        let mut again = Engine::new(Limits::default(), 2);
        again.import(b"k", decode(kind, bytes.clone()).unwrap(), None);
        let (value, _) = again.export(b"k", &Tick::at(1)).unwrap().unwrap();
        assert_eq!(encode(value).unwrap(), bytes);
        String::from_utf8(bytes).unwrap()
    }

    fn key() -> Key {
        "k".into()
    }

    fn bytes(items: &[&[u8]]) -> Vec<Bytes> {
        items.iter().map(|item| item.to_vec()).collect()
    }

    #[test]
    fn collections_are_readable_json() {
        let list = Command::RPush { key: key(), values: bytes(&[b"a", b"\"\n", b"\xff", b"\0", b""]) };
        assert_eq!(encoded(list), r#"["a","\"\n",{"base64":"/w=="},"\u0000",""]"#);
        let set = Command::SAdd { key: key(), members: bytes(&[b"b", b"a", b"\xfe\xff"]) };
        assert_eq!(encoded(set), r#"["b","a",{"base64":"/v8="}]"#);
        let pairs = |pairs: &[(&[u8], &[u8])]| {
            pairs.iter().map(|(field, value)| (field.to_vec(), value.to_vec())).collect()
        };
        let hash =
            Command::HSet { key: key(), pairs: pairs(&[(b"z", b"1"), (b"base64", b"\xff"), (b"", b"")]) };
        assert_eq!(encoded(hash), r#"{"z":"1","base64":{"base64":"/w=="},"":""}"#);
        let members = [(1.5, "a"), (-0.0, "b"), (f64::INFINITY, "c"), (1e21, "d"), (0.1 + 0.2, "")];
        let zset = Command::ZAdd {
            key: key(),
            condition: None,
            changed: false,
            increment: false,
            members: members.map(|(score, member)| (score, member.into())).to_vec(),
        };
        let json = r#"[["a",1.5],["b",0],["c","inf"],["d",1e+21],["",0.30000000000000004]]"#;
        assert_eq!(encoded(zset), json);
        let hash = Command::HSet { key: key(), pairs: pairs(&[(b"z", b"1"), (b"\xff", b"2")]) };
        assert_eq!(encoded(hash), r#"[["z","1"],[{"base64":"/w=="},"2"]]"#);
    }

    #[test]
    fn invalid_collections_are_rejected() {
        for (kind, text) in [
            (ValueType::List, "plain"),
            (ValueType::List, "[1]"),
            (ValueType::List, r#"[{"base64":"?"}]"#),
            (ValueType::List, r#"[{"base64":"aa==","more":"x"}]"#),
            (ValueType::List, r#"[{"base46":"aa=="}]"#),
            (ValueType::List, r#"{"a":"b"}"#),
            (ValueType::Set, "null"),
            (ValueType::SortedSet, r#"["a"]"#),
            (ValueType::SortedSet, r#"[["a","b"]]"#),
            (ValueType::SortedSet, r#"[["a","nan"]]"#),
            (ValueType::Hash, r#"["a","b"]"#),
            (ValueType::Hash, r#"{"a":1}"#),
            (ValueType::Hash, r#"{"a":"b"} more"#),
        ] {
            let error = decode(kind, text.into()).err().expect(text);
            assert_eq!(error.kind(), Kind::InvalidValue, "{text}");
        }
    }
}
