// The form of items in files: a line of JSON each. What a store does with them does not matter here.

use super::{Content, Entry, Item, Position};
use crate::command::{Bytes, TaskStatus};
use crate::error::{Error, Result};
use crate::operations::{Record, Task};
use crate::score;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Bytes: text if they are UTF-8, otherwise base64.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Text<'a> {
    Plain(Cow<'a, str>),
    Base64 { base64: String },
}

impl<'a> Text<'a> {
    fn of(bytes: &'a [u8]) -> Text<'a> {
        match str::from_utf8(bytes) {
            Ok(text) => Text::Plain(text.into()),
            Err(_) => Text::Base64 { base64: BASE64_STANDARD.encode(bytes) },
        }
    }

    fn bytes(self) -> Result<Bytes> {
        match self {
            Text::Plain(text) => Ok(text.into_owned().into_bytes()),
            Text::Base64 { base64 } => {
                BASE64_STANDARD.decode(base64).map_err(|_| malformed("bytes in base64"))
            }
        }
    }
}

/// The value of a key as it is written.
#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    One(Text<'a>),
    Many(Vec<Text<'a>>),
    Pairs(Vec<(Text<'a>, Text<'a>)>),
    Scored(Vec<(Text<'a>, Score)>),
}

/// A score: a number, or the text of one that JSON does not have.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Score {
    Whole(i64),
    Number(f64),
    Text(String),
}

impl Score {
    fn of(number: f64) -> Score {
        // What is whole is written without a point.
        match number {
            _ if !number.is_finite() => Score::Text(score::print(number)),
            _ if number.fract() == 0.0 && number.abs() < 1e15 => Score::Whole(number as i64),
            _ => Score::Number(number),
        }
    }

    fn number(self) -> Result<f64> {
        match self {
            Score::Whole(number) => Ok(number as f64),
            Score::Number(number) => Ok(number),
            Score::Text(text) => score::parse(text.as_bytes()).ok_or_else(|| malformed("a score")),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryLine<'a> {
    key: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    expire_at: Option<u64>,
    value: Value<'a>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordLine {
    key: String,
    version: u64,
    #[serde(rename = "type")]
    kind: Option<String>,
    created: u64,
    updated: u64,
    expires_at: Option<u64>,
    value: Box<RawValue>,
}

/// What has a default may be left out.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskLine {
    id: String,
    name: String,
    unique: Option<String>,
    #[serde(default = "pending")]
    status: String,
    created: Option<u64>,
    scheduled_for: u64,
    started: Option<u64>,
    ended: Option<u64>,
    #[serde(default)]
    tries: u64,
    max_retries: u64,
    timeout_ms: Option<u64>,
    priority: i64,
    error: Option<String>,
    worker: Option<String>,
    locked_until: Option<u64>,
    payload: Box<RawValue>,
}

fn pending() -> String {
    TaskStatus::Pending.name().to_owned()
}

#[derive(Deserialize, Serialize)]
struct ConsumerLine {
    name: String,
    position: u64,
    latest: u64,
}

/// What lines of all kinds may have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Members {
    key: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    expire_at: Option<u64>,
    value: Option<Box<RawValue>>,
    record: Option<RecordLine>,
    task: Option<TaskLine>,
    consumer: Option<ConsumerLine>,
    latest: Option<u64>,
}

/// A line of its own kind.
#[derive(Serialize)]
struct OfRecord {
    record: RecordLine,
}

/// A line of its own kind.
#[derive(Serialize)]
struct OfTask {
    task: TaskLine,
}

/// A line of its own kind.
#[derive(Serialize)]
struct OfConsumer {
    consumer: ConsumerLine,
}

/// A line of its own kind.
#[derive(Serialize)]
struct OfLatest {
    latest: u64,
}

impl Item {
    /// The item as one line of JSON, without a line break. Bytes that are not UTF-8 are `{"base64":".."}`. Members of sets
    /// and fields of hashes are sorted, so that equal items are equal lines. Line breaks between the parts of a document
    /// become spaces.
    ///
    /// ```json
    /// {"key":"user:1","type":"string","expireAt":null,"value":"Alice"}
    /// {"key":"ages","type":"hash","expireAt":1785000000000,"value":[["Alice","30"],["Bob","40"]]}
    /// {"record":{"key":"person:1","version":2,"type":"Person","created":1,"updated":2,"expiresAt":null,"value":{"age":30}}}
    /// {"task":{"id":"..","name":"log","unique":null,"status":"pending","created":1,"scheduledFor":1,"started":null,"ended":null,
    ///   "tries":0,"maxRetries":3,"timeoutMs":null,"priority":0,"error":null,"worker":null,"lockedUntil":null,"payload":{}}}
    /// {"consumer":{"name":"mailer","position":7,"latest":9}}
    /// {"latest":9}
    /// ```
    pub fn to_line(&self) -> String {
        let line = match self {
            Item::Entry(entry) => serde_json::to_string(&entry_line(entry)),
            Item::Record(record) => serde_json::to_string(&OfRecord { record: record_line(record) }),
            Item::Task(task) => serde_json::to_string(&OfTask { task: task_line(task) }),
            Item::Consumer(Position { name, position, latest }) => {
                let (name, position, latest) = (name.clone(), *position, *latest);
                serde_json::to_string(&OfConsumer { consumer: ConsumerLine { name, position, latest } })
            }
            Item::Latest(latest) => serde_json::to_string(&OfLatest { latest: *latest }),
        };
        // Text and numbers always have a JSON form. In it, line breaks are never inside strings.
        line.unwrap_or_default().replace(['\n', '\r'], " ")
    }

    /// Reads a line.
    ///
    /// # Errors
    ///
    /// `invalid-argument` if it is none; the message does not quote it.
    pub fn from_line(line: &str) -> Result<Item> {
        const ANY: &str = "an entry, a record, a task, a consumer or a number";
        // serde's message may quote the value.
        let members: Members = serde_json::from_str(line).map_err(|_| malformed(ANY))?;
        match members {
            Members { record: Some(record), key: None, task: None, consumer: None, latest: None, .. } => {
                Ok(Item::Record(record_of(record)))
            }
            Members { task: Some(task), key: None, record: None, consumer: None, latest: None, .. } => {
                Ok(Item::Task(Box::new(task_of(task)?)))
            }
            Members {
                consumer: Some(consumer), key: None, record: None, task: None, latest: None, ..
            } => {
                let ConsumerLine { name, position, latest } = consumer;
                Ok(Item::Consumer(Position { name, position, latest }))
            }
            Members { latest: Some(latest), key: None, record: None, task: None, consumer: None, .. } => {
                Ok(Item::Latest(latest))
            }
            Members {
                key: Some(key),
                kind: Some(kind),
                expire_at,
                value: Some(value),
                record: None,
                task: None,
                consumer: None,
                latest: None,
            } => {
                let content = content_of(&kind, value.get())?;
                Ok(Item::Entry(Entry { key, expire_at, content }))
            }
            _ => Err(malformed(ANY)),
        }
    }
}

fn malformed(expected: &str) -> Error {
    Error::invalid_argument(["(line) expects ", expected, " in JSON"].concat())
}

fn entry_line(entry: &Entry) -> EntryLine<'_> {
    let (kind, value) = match &entry.content {
        Content::String(value) => ("string", Value::One(Text::of(value))),
        Content::List(items) => ("list", Value::Many(items.iter().map(|item| Text::of(item)).collect())),
        Content::Set(items) => {
            let mut items: Vec<&Bytes> = items.iter().collect();
            items.sort_unstable();
            ("set", Value::Many(items.into_iter().map(|item| Text::of(item)).collect()))
        }
        Content::Hash(pairs) => {
            let mut pairs: Vec<_> = pairs.iter().collect();
            pairs.sort_unstable();
            let pairs = pairs.into_iter().map(|(field, value)| (Text::of(field), Text::of(value)));
            ("hash", Value::Pairs(pairs.collect()))
        }
        Content::SortedSet(members) => {
            let members = members.iter().map(|(member, score)| (Text::of(member), Score::of(*score)));
            ("zset", Value::Scored(members.collect()))
        }
    };
    EntryLine { key: &entry.key, kind, expire_at: entry.expire_at, value }
}

fn content_of(kind: &str, json: &str) -> Result<Content> {
    fn read<'a, T: Deserialize<'a>>(json: &'a str, expected: &str) -> Result<T> {
        serde_json::from_str(json).map_err(|_| malformed(expected))
    }
    let many = || -> Result<Vec<Bytes>> {
        read::<Vec<Text>>(json, "a list of texts")?.into_iter().map(Text::bytes).collect()
    };
    Ok(match kind {
        "string" => Content::String(read::<Text>(json, "a text")?.bytes()?),
        "list" => Content::List(many()?),
        "set" => Content::Set(many()?),
        "hash" => {
            let pairs = read::<Vec<(Text, Text)>>(json, "a list of pairs")?;
            let pairs = pairs.into_iter().map(|(field, value)| Ok((field.bytes()?, value.bytes()?)));
            Content::Hash(pairs.collect::<Result<_>>()?)
        }
        "zset" => {
            let members = read::<Vec<(Text, Score)>>(json, "a list of members with scores")?;
            let members = members.into_iter().map(|(member, score)| Ok((member.bytes()?, score.number()?)));
            Content::SortedSet(members.collect::<Result<_>>()?)
        }
        _ => return Err(malformed("the type string, list, hash, set or zset")),
    })
}

fn record_line(record: &Record<Box<RawValue>>) -> RecordLine {
    RecordLine {
        key: record.key.clone(),
        version: record.version,
        kind: record.kind.clone(),
        created: record.created,
        updated: record.updated,
        expires_at: record.expires_at,
        value: record.value.clone(),
    }
}

fn record_of(line: RecordLine) -> Record<Box<RawValue>> {
    let RecordLine { key, version, kind, created, updated, expires_at, value } = line;
    Record { key, version, stamp: 0, kind, created, updated, expires_at, value }
}

fn task_line(task: &Task) -> TaskLine {
    TaskLine {
        id: task.id.clone(),
        name: task.name.clone(),
        unique: task.unique.clone(),
        status: task.status.name().to_owned(),
        created: Some(task.created),
        scheduled_for: task.scheduled_for,
        started: task.started,
        ended: task.ended,
        tries: task.tries,
        max_retries: task.max_retries,
        timeout_ms: task.timeout_ms,
        priority: task.priority,
        error: task.error.clone(),
        worker: task.worker.clone(),
        locked_until: task.locked_until,
        payload: task.payload.clone(),
    }
}

fn task_of(line: TaskLine) -> Result<Task> {
    Ok(Task {
        id: line.id,
        name: line.name,
        unique: line.unique,
        payload: line.payload,
        status: TaskStatus::from_name(&line.status).ok_or_else(|| malformed("the status of a task"))?,
        created: line.created.unwrap_or(line.scheduled_for),
        scheduled_for: line.scheduled_for,
        started: line.started,
        ended: line.ended,
        tries: line.tries,
        max_retries: line.max_retries,
        timeout_ms: line.timeout_ms,
        priority: line.priority,
        error: line.error,
        worker: line.worker,
        token: None,
        locked_until: line.locked_until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_they_were_written() {
        for line in [
            r#"{"key":"a\n","type":"string","expireAt":null,"value":"Alice"}"#,
            r#"{"key":"b","type":"string","expireAt":5,"value":{"base64":"/wA="}}"#,
            r#"{"key":"l","type":"list","expireAt":null,"value":["b","a",{"base64":"/w=="}]}"#,
            r#"{"key":"h","type":"hash","expireAt":null,"value":[["a","1"],["b","2"]]}"#,
            r#"{"key":"s","type":"set","expireAt":null,"value":["a","b"]}"#,
            r#"{"key":"z","type":"zset","expireAt":null,"value":[["b","-inf"],["a",-2],["c",0.1],["d",1e+300]]}"#,
            r#"{"record":{"key":"r","version":2,"type":null,"created":1,"updated":2,"expiresAt":null,"value":{"n":1.50}}}"#,
            r#"{"task":{"id":"t","name":"log","unique":null,"status":"failed","created":1,"scheduledFor":7,"started":8,"ended":9,"tries":4,"maxRetries":3,"timeoutMs":null,"priority":-1,"error":"it broke","worker":"w","lockedUntil":null,"payload":[1e3]}}"#,
            r#"{"consumer":{"name":"c","position":1,"latest":2}}"#,
            r#"{"latest":7}"#,
        ] {
            assert_eq!(Item::from_line(line).expect(line).to_line(), line);
        }
    }

    #[test]
    fn what_is_no_line_is_refused_without_a_quote() {
        for line in [
            "secret",
            "{}",
            r#"{"key":"secret"}"#,
            r#"{"key":"k","type":"string","value":"v","extra":"secret"}"#,
            r#"{"key":"k","type":"list","value":"secret"}"#,
            r#"{"key":"k","type":"stone","value":"secret"}"#,
            r#"{"key":"k","type":"string","value":{"base64":"se!cret"}}"#,
            r#"{"key":"k","record":{}}"#,
            r#"{"latest":1,"consumer":{"name":"c","position":1,"latest":2}}"#,
            r#"{"task":{"id":"t","name":"log","status":"secret","scheduledFor":7,"maxRetries":3,"priority":0,"payload":1}}"#,
        ] {
            let error = Item::from_line(line).expect_err(line);
            assert!(
                error.message().starts_with("(line) expects ") && !error.message().contains("secret"),
                "{error}"
            );
        }
    }
}
