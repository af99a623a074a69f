// JSON in its original text: validation, and merge patches (RFC 7396). Members that a patch does not name keep their
// text, byte for byte, and their position. No knowledge of records.

use crate::error::{Error, Result};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// The maximum depth of a patch.
const MAX_DEPTH: u32 = 128;

/// The text of a JSON value, without the surrounding whitespace.
pub(super) fn checked(text: &[u8]) -> Result<&str> {
    serde_json::from_slice::<&RawValue>(text)
        .map(RawValue::get)
        .map_err(|_| Error::invalid_argument("(value) expects JSON"))
}

/// Applies a merge patch: null members are removed, object members are merged, and all others replace the previous
/// value.
pub(super) fn merge(target: &str, patch: &str) -> Result<String> {
    let mut merged = String::with_capacity(target.len().saturating_add(patch.len()));
    write_merged(Some(target), patch, &mut merged, MAX_DEPTH)?;
    Ok(merged)
}

fn write_merged(target: Option<&str>, patch: &str, out: &mut String, depth: u32) -> Result<()> {
    let Some(changes) = members(patch) else {
        out.push_str(patch);
        return Ok(());
    };
    let Some(depth) = depth.checked_sub(1) else {
        return Err(Error::invalid_argument("(value) expects a patch of at most 128 levels"));
    };
    let mut first = true;
    let mut begin = |out: &mut String, name: &str| {
        out.push(if std::mem::take(&mut first) { '{' } else { ',' });
        out.push_str(name);
        out.push(':');
    };
    let mut changes: Vec<Option<Member>> = changes.into_iter().map(Some).collect();
    for kept in target.and_then(members).unwrap_or_default() {
        let change = changes.iter_mut().find(|change| change.as_ref().is_some_and(|c| c.name == kept.name));
        match change.and_then(Option::take) {
            None => {
                begin(out, kept.written);
                out.push_str(kept.value);
            }
            Some(change) if change.value == "null" => {}
            Some(change) => {
                begin(out, kept.written);
                write_merged(Some(kept.value), change.value, out, depth)?;
            }
        }
    }
    for added in changes.into_iter().flatten().filter(|change| change.value != "null") {
        begin(out, added.written);
        write_merged(None, added.value, out, depth)?;
    }
    out.push_str(if first { "{}" } else { "}" });
    Ok(())
}

/// A member of an object.
struct Member<'a> {
    name: String,
    /// The name in its original text, with quotes.
    written: &'a str,
    value: &'a str,
}

/// The members of an object, in order; `None` for another value. If a name occurs twice, the last member counts.
fn members(json: &str) -> Option<Vec<Member<'_>>> {
    if !json.starts_with('{') {
        return None;
    }
    serde_json::from_str::<Members>(json).ok().map(|members| members.0)
}

struct Members<'a>(Vec<Member<'a>>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
        let mut members: Vec<Member<'de>> = Vec::new();
        while let Some((written, value)) = map.next_entry::<&RawValue, &RawValue>()? {
            // An invalid name, such as half a surrogate pair, is kept in its original text.
            let name = serde_json::from_str(written.get()).unwrap_or_else(|_| written.get().to_owned());
            let member = Member { name, written: written.get(), value: value.get() };
            match members.iter_mut().find(|known| known.name == member.name) {
                Some(known) => *known = member,
                None => members.push(member),
            }
        }
        Ok(Members(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_the_rfc() {
        for (target, patch, merged) in [
            (r#"{"a":"b"}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"b":"c"}"#, r#"{"a":"b","b":"c"}"#),
            (r#"{"a":"b"}"#, r#"{"a":null}"#, "{}"),
            (r#"{"a":"b","b":"c"}"#, r#"{"a":null}"#, r#"{"b":"c"}"#),
            (r#"{"a":["b"]}"#, r#"{"a":"c"}"#, r#"{"a":"c"}"#),
            (r#"{"a":"c"}"#, r#"{"a":["b"]}"#, r#"{"a":["b"]}"#),
            (r#"{"a":{"b":"c"}}"#, r#"{"a":{"b":"d","c":null}}"#, r#"{"a":{"b":"d"}}"#),
            (r#"{"a":[{"b":"c"}]}"#, r#"{"a":[1]}"#, r#"{"a":[1]}"#),
            (r#"["a","b"]"#, r#"["c","d"]"#, r#"["c","d"]"#),
            (r#"{"a":"b"}"#, r#"["c"]"#, r#"["c"]"#),
            (r#"{"a":"foo"}"#, "null", "null"),
            (r#"{"a":"foo"}"#, r#""bar""#, r#""bar""#),
            (r#"{"e":null}"#, r#"{"a":1}"#, r#"{"e":null,"a":1}"#),
            ("[1,2]", r#"{"a":"b","c":null}"#, r#"{"a":"b"}"#),
            ("{}", r#"{"a":{"bb":{"ccc":null}}}"#, r#"{"a":{"bb":{}}}"#),
        ] {
            assert_eq!(merge(target, patch).unwrap(), merged, "{target} {patch}");
        }
    }

    #[test]
    fn other_members_keep_their_text_and_position() {
        let target = r#"{ "z": 1.0, "é": 1e400, "n": 12345678901234567890, "o": { "x" : "\u0041" } }"#;
        let merged = merge(target, r#"{"\u00e9": 2, "new": [ 1.50 ]}"#).unwrap();
        assert_eq!(
            merged,
            r#"{"z":1.0,"é":2,"n":12345678901234567890,"o":{ "x" : "\u0041" },"new":[ 1.50 ]}"#
        );
        assert_eq!(merge(r#"{"a":1,"a":2,"b":3}"#, r#"{"b":4}"#).unwrap(), r#"{"a":2,"b":4}"#);
    }

    #[test]
    fn deep_patches_are_rejected_and_deep_values_are_not() {
        let deep = |levels: usize| "{\"a\":".repeat(levels) + "1" + &"}".repeat(levels);
        assert!(merge("{}", &deep(128)).is_ok());
        assert!(merge("{}", &deep(129)).is_err());
        let far = "[".repeat(100_000) + &"]".repeat(100_000);
        assert_eq!(checked(far.as_bytes()).unwrap(), far);
    }

    #[test]
    fn malformed_json_is_rejected() {
        for text in ["", "{", "nul", "{'a':1}", "1 2", "[1,]", "\u{1}"] {
            assert!(checked(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(checked(b"\"\xff\"").is_err());
        assert_eq!(checked(b" {\"a\": 1 }\n").unwrap(), "{\"a\": 1 }");
    }
}
