// Statements and rows as rqlite's JSON. No knowledge of hosts and retries.

use crate::backend::cells::{Field, Row, Statement};
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Value as Json, json};
use std::fmt;

/// How [`sql`](crate::backend::cells::sql) reads values. rqlite takes the bytes of an expression for text, and loses
/// those that are not UTF-8.
const VALUE: &str = "CASE typeof(value) WHEN 'text' THEN CAST(value AS BLOB) ELSE value END";

/// The same value in hexadecimal digits, and the name by which the answer's column is recognised.
const HEX_VALUE: &str = "hex(value) AS omnikv_hex";
const HEX_COLUMN: &str = "omnikv_hex";

/// The body of a request.
pub(super) fn write(statements: &[Statement]) -> Vec<u8> {
    let written: Vec<Json> = statements.iter().map(write_statement).collect();
    Json::Array(written).to_string().into_bytes()
}

fn write_statement(statement: &Statement) -> Json {
    let mut text = statement.text.replace(VALUE, HEX_VALUE);
    let mut parameters = Vec::with_capacity(statement.parameters.len());
    for (index, field) in statement.parameters.iter().enumerate() {
        parameters.push(match field {
            Field::Null => Json::Null,
            Field::Int(number) => json!(number),
            Field::Blob(bytes) => json!(hex(bytes)),
            // It would become a blob.
            Field::Text(given) if looks_like_hex(given) => {
                text = cast(&text, index + 1);
                json!(hex(given.as_bytes()))
            }
            Field::Text(given) => json!(given),
        });
    }
    parameters.insert(0, json!(text));
    Json::Array(parameters)
}

/// Whether rqlite may read the text as a literal of bytes, such as `X'41'`.
fn looks_like_hex(text: &str) -> bool {
    let text = text.trim();
    matches!(text.as_bytes(), [b'x' | b'X', b'\'', ..]) && text.ends_with('\'')
}

/// The statement, with this parameter converted to text.
fn cast(text: &str, number: usize) -> String {
    let name = format!("?{number}");
    let mut parts = text.split(&name);
    let mut converted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // `?1` is also the beginning of `?10`.
        let is_longer = part.starts_with(|c: char| c.is_ascii_digit());
        converted.push_str(&if is_longer { name.clone() } else { format!("CAST({name} AS TEXT)") });
        converted.push_str(part);
    }
    converted
}

fn hex(bytes: &[u8]) -> String {
    let digit = |four: u8| char::from(b"0123456789ABCDEF"[usize::from(four)]);
    let mut text = String::with_capacity(bytes.len() * 2 + 3);
    text.push_str("X'");
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text.push('\'');
    text
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |character: u8| char::from(character).to_digit(16);
    let byte = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? << 4 | digit(*low)?).ok(),
        _ => None,
    };
    digits.as_bytes().chunks(2).map(byte).collect()
}

/// What a node answers.
pub(super) enum Answer {
    /// The rows of each statement.
    Rows(Vec<Vec<Row>>),
    /// A statement failed, with SQLite's message: nothing has changed.
    Failed(String),
    /// The request as a whole failed.
    Refused(String),
}

#[derive(Deserialize)]
struct Body {
    results: Option<Vec<Outcome>>,
    error: Option<String>,
}

/// The outcome of a statement.
#[derive(Deserialize)]
struct Outcome {
    columns: Option<Vec<String>>,
    values: Option<Vec<Vec<Column>>>,
    error: Option<String>,
}

/// Reads the body of a response to these statements; `None` if it is none.
pub(super) fn read(body: &[u8], statements: usize) -> Option<Answer> {
    let body: Body = serde_json::from_slice(body).ok()?;
    if let Some(error) = body.error {
        return Some(Answer::Refused(error));
    }
    let mut outcomes = body.results?;
    if let Some(error) = outcomes.iter_mut().find_map(|outcome| outcome.error.take()) {
        return Some(Answer::Failed(error));
    }
    if outcomes.len() != statements {
        return None;
    }
    outcomes.into_iter().map(read_rows).collect::<Option<_>>().map(Answer::Rows)
}

fn read_rows(outcome: Outcome) -> Option<Vec<Row>> {
    let columns = outcome.columns.unwrap_or_default();
    let is_hex: Vec<bool> = columns.iter().map(|name| name == HEX_COLUMN).collect();
    let read = |(index, Column(field)): (usize, Column)| match field {
        Field::Text(digits) if is_hex.get(index) == Some(&true) => unhex(&digits).map(Field::Blob),
        field => Some(field),
    };
    let read_row = |row: Vec<Column>| row.into_iter().enumerate().map(read).collect();
    outcome.values.unwrap_or_default().into_iter().map(read_row).collect()
}

/// A column of a row.
struct Column(Field);

impl<'de> Deserialize<'de> for Column {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Column, D::Error> {
        deserializer.deserialize_any(Columns).map(Column)
    }
}

struct Columns;

impl<'de> Visitor<'de> for Columns {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a column of SQLite")
    }

    fn visit_unit<E>(self) -> Result<Field, E> {
        Ok(Field::Null)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Field, E> {
        Ok(Field::Int(number))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Field, E> {
        i64::try_from(number).map(Field::Int).map_err(E::custom)
    }

    fn visit_str<E>(self, text: &str) -> Result<Field, E> {
        Ok(Field::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Field, E> {
        Ok(Field::Text(text))
    }

    /// Bytes, one number each (`blob_array`).
    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Field, A::Error> {
        let mut blob = Vec::new();
        while let Some(byte) = bytes.next_element()? {
            blob.push(byte);
        }
        Ok(Field::Blob(blob))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::cells::sql;

    fn written(text: &'static str, parameters: Vec<Field>) -> String {
        String::from_utf8(write(&[Statement { text, parameters }])).unwrap()
    }

    #[test]
    fn values_are_read_in_digits() {
        assert!(sql::LOAD.contains(VALUE));
        assert!(!written(sql::LOAD, vec![]).contains("typeof"));
        let body = br#"{"results":[{"columns":["omnikv_hex","version"],"values":[["00FF","7"]]}]}"#;
        let Some(Answer::Rows(rows)) = read(body, 1) else { panic!() };
        assert_eq!(rows, [[[Field::Blob(vec![0, 255]), Field::Text("7".into())]]]);
    }

    #[test]
    fn texts_that_look_like_bytes_stay_text() {
        let text = |text: &str| Field::Text(text.into());
        assert_eq!(written("?1 ?10 ?1", vec![text("a")]), r#"[["?1 ?10 ?1","a"]]"#);
        assert_eq!(
            written("?1 ?10 ?1", vec![text(" x'41' ")]),
            r#"[["CAST(?1 AS TEXT) ?10 CAST(?1 AS TEXT)","X'207827343127 20'"]]"#.replace("27 20", "2720")
        );
        assert_eq!(written("?1", vec![Field::Blob(vec![])]), r#"[["?1","X''"]]"#);
        assert_eq!(written("?1", vec![Field::Int(i64::MAX)]), r#"[["?1",9223372036854775807]]"#);
    }

    #[test]
    fn errors_are_found_wherever_they_are() {
        assert!(matches!(read(br#"{"results":[],"error":"not leader"}"#, 1), Some(Answer::Refused(_))));
        let failed = br#"{"results":[{"rows_affected":1},{"error":"no such table: x"}]}"#;
        assert!(matches!(read(failed, 3), Some(Answer::Failed(_))));
        assert!(read(br#"{"results":[{}]}"#, 2).is_none());
        assert!(read(br#"{"results":[{"values":[[1.5]]}]}"#, 1).is_none());
        assert!(matches!(read(br#"{"results":[{"values":[[null,[1,255]]]}]}"#, 1), Some(Answer::Rows(_))));
    }
}
