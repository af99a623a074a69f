// JSON in its original text: validation, and merge patches (RFC 7396). Members that a patch does not name keep their
// text, byte for byte, and their position. No knowledge of records.
//
// serde_json could do this with `RawValue`, but its errors and floats would be larger in the memory store's module than
// all of the code for records (DESIGN.md). A test compares both.

use super::memory::map::{Item, Map};
use crate::error::{Error, Result};

/// The maximum depth of a patch.
const MAX_DEPTH: u32 = 128;

/// The text of a JSON value, without the surrounding whitespace.
pub(crate) fn checked(text: &[u8]) -> Result<&str> {
    let refused = || Error::invalid_argument("(value) expects JSON");
    let text = str::from_utf8(text).map_err(|_| refused())?;
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    scanner.space();
    let begin = scanner.at;
    scanner.value().ok_or_else(refused)?;
    let end = scanner.at;
    scanner.space();
    let is_all = scanner.at == text.len();
    text.get(begin..end).filter(|_| is_all).ok_or_else(refused)
}

/// Reads JSON from its first byte on.
struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    /// Skips this byte if it is next.
    fn takes(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        if is_next {
            self.skip();
        }
        is_next
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.skip();
        }
    }

    /// Skips a value; `None` if it is invalid. There is no recursion, however deep the value is.
    fn value(&mut self) -> Option<()> {
        // The closing brackets of the open arrays and objects.
        let mut open: Vec<u8> = Vec::new();
        loop {
            self.space();
            match self.peek()? {
                b'{' => {
                    self.skip();
                    self.space();
                    if !self.takes(b'}') {
                        self.name()?;
                        open.push(b'}');
                        continue;
                    }
                }
                b'[' => {
                    self.skip();
                    self.space();
                    if !self.takes(b']') {
                        open.push(b']');
                        continue;
                    }
                }
                b'"' => self.string()?,
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                _ => self.number()?,
            }
            // After a value.
            loop {
                let Some(close) = open.last().copied() else { return Some(()) };
                self.space();
                if self.takes(close) {
                    open.pop();
                    continue;
                }
                if !self.takes(b',') {
                    return None;
                }
                if close == b'}' {
                    self.name()?;
                }
                break;
            }
        }
    }

    /// Skips the name of a member and its colon.
    fn name(&mut self) -> Option<()> {
        self.space();
        self.string()?;
        self.space();
        self.takes(b':').then_some(())
    }

    fn string(&mut self) -> Option<()> {
        if !self.takes(b'"') {
            return None;
        }
        loop {
            let byte = self.peek()?;
            self.skip();
            match byte {
                b'"' => return Some(()),
                b'\\' => {
                    let escaped = self.peek()?;
                    self.skip();
                    match escaped {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        b'u' => {
                            for _ in 0..4 {
                                if !self.peek()?.is_ascii_hexdigit() {
                                    return None;
                                }
                                self.skip();
                            }
                        }
                        _ => return None,
                    }
                }
                0..0x20 => return None,
                _ => {}
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        word.iter().all(|byte| self.takes(*byte)).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.takes(b'-');
        if !self.takes(b'0') {
            self.digits()?;
        }
        if self.takes(b'.') {
            self.digits()?;
        }
        if self.takes(b'e') || self.takes(b'E') {
            let _ = self.takes(b'+') || self.takes(b'-');
            self.digits()?;
        }
        Some(())
    }

    /// Skips one or more digits.
    fn digits(&mut self) -> Option<()> {
        let begin = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.skip();
        }
        (self.at > begin).then_some(())
    }
}

/// Applies a merge patch: null members are removed, object members are merged, and all others replace the previous
/// value.
pub(crate) fn merge(target: &str, patch: &str) -> Result<String> {
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
    let kept = target.and_then(members).unwrap_or_default();
    for member in &kept.list {
        match changes.named(&member.name) {
            None => {
                begin(out, member.written);
                out.push_str(member.value);
            }
            Some(change) if change.value == "null" => {}
            Some(change) => {
                begin(out, member.written);
                write_merged(Some(member.value), change.value, out, depth)?;
            }
        }
    }
    for change in &changes.list {
        if change.value != "null" && kept.named(&change.name).is_none() {
            begin(out, change.written);
            write_merged(None, change.value, out, depth)?;
        }
    }
    out.push_str(if first { "{}" } else { "}" });
    Ok(())
}

/// A member of an object.
struct Member<'a> {
    /// The name's content in UTF-16, which can represent half a surrogate pair.
    name: Box<[u8]>,
    /// The name in its original text, with quotes.
    written: &'a str,
    value: &'a str,
}

/// The members of an object in order, and their positions by name.
#[derive(Default)]
struct Members<'a> {
    list: Vec<Member<'a>>,
    positions: Map,
}

impl<'a> Members<'a> {
    fn position(&self, name: &[u8]) -> Option<usize> {
        self.positions.get(name).and_then(Item::number).and_then(|position| usize::try_from(position).ok())
    }

    fn named(&self, name: &[u8]) -> Option<&Member<'a>> {
        self.list.get(self.position(name)?)
    }

    /// Adds a member. If its name occurred before, it takes that place.
    fn add(&mut self, member: Member<'a>) {
        match self.position(&member.name).and_then(|position| self.list.get_mut(position)) {
            Some(known) => *known = member,
            None => {
                self.positions.insert(member.name.clone(), Item::Number(self.list.len() as u64));
                self.list.push(member);
            }
        }
    }
}

/// The members of a valid object; `None` for another value.
fn members(json: &str) -> Option<Members<'_>> {
    let mut scanner = Scanner { text: json.as_bytes(), at: 0 };
    if !scanner.takes(b'{') {
        return None;
    }
    let mut members = Members::default();
    loop {
        scanner.space();
        let begin = scanner.at;
        if scanner.string().is_none() {
            // An empty object.
            return Some(members);
        }
        let written = json.get(begin..scanner.at)?;
        scanner.space();
        scanner.takes(b':');
        scanner.space();
        let begin = scanner.at;
        scanner.value()?;
        members.add(Member { name: unescaped(written), written, value: json.get(begin..scanner.at)? });
        scanner.space();
        if !scanner.takes(b',') {
            return Some(members);
        }
    }
}

/// The content of a string in UTF-16, as bytes.
fn unescaped(written: &str) -> Box<[u8]> {
    let mut said: Vec<u8> = Vec::with_capacity(written.len().saturating_mul(2));
    let mut push = |unit: u16| said.extend_from_slice(&unit.to_be_bytes());
    let mut rest =
        written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(written).chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            character.encode_utf16(&mut [0; 2]).iter().copied().for_each(&mut push);
            continue;
        }
        push(match rest.next() {
            Some('u') => (0..4)
                .fold(0, |unit, _| unit << 4 | rest.next().and_then(|c| c.to_digit(16)).unwrap_or(0) as u16),
            Some('b') => 8,
            Some('f') => 12,
            Some('n') => 10,
            Some('r') => 13,
            Some('t') => 9,
            other => other.map_or(0, |c| c as u16),
        });
    }
    said.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::value::RawValue;

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
        assert_eq!(
            merge(r#"{"\ud83d\ude00":1,"\ud83d":2}"#, r#"{"😀":3}"#).unwrap(),
            r#"{"\ud83d\ude00":3,"\ud83d":2}"#
        );
        assert_eq!(merge(r#"{"\"\\\n":1}"#, r#"{"\u0022\u005c\u000a":null}"#).unwrap(), "{}");
    }

    #[test]
    fn members_are_merged_by_name_among_many() {
        let object = |value: &str| {
            let members: Vec<String> = (0..50_000).map(|n| format!("\"m{n}\":{value}")).collect();
            ["{", &members.join(","), "}"].concat()
        };
        assert_eq!(merge(&object("1"), &object("2")).unwrap(), object("2"));
        assert_eq!(merge(&object("1"), &object("null")).unwrap(), "{}");
        assert_eq!(merge("{}", &object("3")).unwrap(), object("3"));
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
    fn accepts_the_same_json_as_serde() {
        const PARTS: [&str; 34] = [
            "{", "}", "[", "]", ",", ":", "\"", "a", "\\", "\\u12aF", "\\n", "\\x", "\"a\"", "\"\"", "0",
            "1", "-", "+", ".", "e", "E", "12", "01", "-0", "1.5", "1e5", "true", "false", "null", "nul",
            " ", "\n", "\u{1}", "é",
        ];
        let mut random = fastrand::Rng::with_seed(7);
        let mut taken = 0;
        for _ in 0..300_000 {
            let count = random.usize(..9);
            let text: String = (0..count).map(|_| PARTS[random.usize(..PARTS.len())]).collect();
            let theirs = serde_json::from_str::<&RawValue>(&text).ok().map(RawValue::get);
            assert_eq!(checked(text.as_bytes()).ok(), theirs, "{text:?}");
            taken += usize::from(theirs.is_some());
        }
        assert!(taken > 1_000, "{taken} of them were JSON");
        assert!(checked(b"\"\xff\"").is_err());
        assert_eq!(checked(b" {\"a\": 1 }\n").unwrap(), "{\"a\": 1 }");
    }
}
