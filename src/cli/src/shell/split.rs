// A line of the shell as words: quotes as in redis-cli, and JSON without any. What words mean is not known here.

/// A line's words, and the JSON at its end.
#[derive(Debug, Default, PartialEq)]
pub struct Line {
    pub words: Vec<Vec<u8>>,
    /// The last word, if it was an array or an object without quotes.
    pub json: Option<Vec<u8>>,
}

/// Why there is no line.
#[derive(Debug, PartialEq)]
pub enum Unsplit {
    /// A quote or a bracket is open: more is to come.
    Open,
    /// Text right behind a quote.
    Glued,
}

/// Splits a line. In double quotes `\n`, `\r`, `\t`, `\"`, `\\` and `\xHH` are read; in single quotes only `\'`.
pub fn split(line: &str) -> Result<Line, Unsplit> {
    let mut split = Line::default();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        split.json = None;
        let length = match first {
            '"' | '\'' => {
                let (word, length) = quoted(rest, first).ok_or(Unsplit::Open)?;
                split.words.push(word);
                length
            }
            '{' | '[' => {
                // A pattern such as [ab]* is no JSON.
                let length = bracketed(rest);
                let end = |text: &str| text.find(char::is_whitespace).unwrap_or(text.len());
                match length.filter(|length| is_json(&rest[..*length])) {
                    Some(length) => {
                        split.json = Some(rest.as_bytes()[..length].to_vec());
                        split.words.push(rest.as_bytes()[..length].to_vec());
                        length
                    }
                    None if length.is_none() && looks_like_json(rest) => return Err(Unsplit::Open),
                    None => {
                        let length = end(rest);
                        split.words.push(rest.as_bytes()[..length].to_vec());
                        length
                    }
                }
            }
            _ => {
                let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
                split.words.push(rest.as_bytes()[..length].to_vec());
                length
            }
        };
        rest = &rest[length..];
        if rest.starts_with(|c: char| !c.is_whitespace()) {
            return Err(Unsplit::Glued);
        }
        rest = rest.trim_start();
    }
    Ok(split)
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok()
}

/// Whether this begins as JSON does: a bracket, then a value or a name.
fn looks_like_json(text: &str) -> bool {
    let after = text[1..].trim_start();
    match text.starts_with('{') {
        true => after.is_empty() || after.starts_with(['"', '}']),
        false => after.is_empty() || after.starts_with(['"', '{', '[', ']']),
    }
}

/// The bytes in quotes, and their length in the line.
fn quoted(text: &str, quote: char) -> Option<(Vec<u8>, usize)> {
    let bytes = text.as_bytes();
    let mut word = Vec::new();
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match (byte, bytes.get(at + 1)) {
            (b'\\', Some(b'\'')) if quote == '\'' => {
                word.push(b'\'');
                at += 2;
            }
            (b'\\', Some(escape)) if quote == '"' => {
                let hex = text.get(at + 2..at + 4).and_then(|digits| u8::from_str_radix(digits, 16).ok());
                match (escape, hex) {
                    (b'x', Some(byte)) => {
                        word.push(byte);
                        at += 2;
                    }
                    (b'n', _) => word.push(b'\n'),
                    (b'r', _) => word.push(b'\r'),
                    (b't', _) => word.push(b'\t'),
                    (other, _) => word.push(*other),
                }
                at += 2;
            }
            (byte, _) if *byte == quote as u8 => return Some((word, at + 1)),
            (byte, _) => {
                word.push(*byte);
                at += 1;
            }
        }
    }
    None
}

/// The length of the text up to the bracket that closes the first one.
fn bracketed(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let (mut is_string, mut is_escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_string => is_escaped = true,
            '"' => is_string = !is_string,
            _ if is_string => {}
            '{' | '[' => depth += 1,
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Result<Vec<Vec<u8>>, Unsplit> {
        split(line).map(|line| line.words)
    }

    #[test]
    fn lines_are_split_as_in_redis_cli() {
        let cases: [(&str, &[&[u8]]); 7] = [
            ("  GET  k ", &[b"GET", b"k"]),
            (r#"SET k "a \"b\"\n\x00\xff""#, &[b"SET", b"k", b"a \"b\"\n\x00\xff"]),
            (r"SET k 'a \' \n'", &[b"SET", b"k", br"a ' \n"]),
            ("KEYS [ab]*", &[b"KEYS", b"[ab]*"]),
            (r#"SET "" ''"#, &[b"SET", b"", b""]),
            (r#"put k {"a": [1, "}"]} --ttl 5m"#, &[b"put", b"k", br#"{"a": [1, "}"]}"#, b"--ttl", b"5m"]),
            ("", &[]),
        ];
        for (line, expected) in cases {
            assert_eq!(words(line).expect(line), expected, "{line}");
        }
        assert_eq!(words("SET k \"a\"b"), Err(Unsplit::Glued));
    }

    #[test]
    fn json_goes_on_over_lines() {
        for line in ["put k {", "put k {\"a\": [1,", "put k {\"a\":\n\"", "SET k \"a", "put k ["] {
            assert_eq!(split(line), Err(Unsplit::Open), "{line}");
        }
        let line = split("put k {\"a\":\n1}").expect("a line");
        assert_eq!(line.json.as_deref(), Some(&b"{\"a\":\n1}"[..]));
        assert_eq!(split("put k [1] --ttl 5m").expect("a line").json, None);
    }
}
