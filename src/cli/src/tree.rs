// What is shown, as a tree: commands' replies by their shape. How it looks is decided in show/.

use omnikv::Change;
use omnikv::command::{Command, Details, Reply, Shape};
use omnikv::dialect::Value;
use serde_json::value::RawValue;

/// A value to show.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// No value.
    Nothing,
    /// True or false.
    Flag(bool),
    /// A number.
    Number(i64),
    /// A word of ours, such as `OK`.
    Word(String),
    /// A user's bytes.
    Bytes(Vec<u8>),
    /// A user's JSON, as it was written.
    Json(String),
    /// A moment in milliseconds since 1970.
    Time(u64),
    /// In order.
    List(Vec<Tree>),
    /// Members with names of ours.
    Fields(Vec<(&'static str, Tree)>),
    /// Names and values of the user: a hash's, or keys'.
    Pairs(Vec<(Vec<u8>, Tree)>),
    /// The same where the order counts: members and their scores.
    Scored(Vec<(Vec<u8>, Tree)>),
}

/// How a field of a row is written.
#[derive(Clone, Copy)]
enum Form {
    Text,
    Number,
    Time,
    Json,
}

type Column = (&'static str, Form);

/// The fields of rows, in the order in which replies have them.
const RECORD: [Column; 8] = [
    ("key", Form::Text),
    ("version", Form::Number),
    ("stamp", Form::Number),
    ("type", Form::Text),
    ("created", Form::Time),
    ("updated", Form::Time),
    ("expiresAt", Form::Time),
    ("value", Form::Json),
];
const CHANGE: [Column; 3] = [("seq", Form::Number), ("action", Form::Text), ("at", Form::Time)];
const LOCK: [Column; 4] =
    [("owner", Form::Text), ("token", Form::Number), ("acquired", Form::Time), ("until", Form::Time)];
const CONSUMER: [Column; 2] = [("position", Form::Number), ("latest", Form::Number)];
const TASK: [Column; 17] = [
    ("id", Form::Text),
    ("name", Form::Text),
    ("unique", Form::Text),
    ("payload", Form::Json),
    ("status", Form::Text),
    ("created", Form::Time),
    ("scheduledFor", Form::Time),
    ("started", Form::Time),
    ("ended", Form::Time),
    ("tries", Form::Number),
    ("maxRetries", Form::Number),
    ("timeoutMs", Form::Number),
    ("priority", Form::Number),
    ("error", Form::Text),
    ("worker", Form::Text),
    ("token", Form::Number),
    ("lockedUntil", Form::Time),
];

impl Tree {
    pub fn word(word: impl Into<String>) -> Tree {
        Tree::Word(word.into())
    }

    pub fn text(text: impl Into<String>) -> Tree {
        Tree::Bytes(text.into().into_bytes())
    }

    pub fn number(number: u64) -> Tree {
        Tree::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// The answer to a command.
    pub fn of(command: &Command, reply: Reply) -> Tree {
        let shape = command.reply();
        let name = command.name();
        match (shape, reply) {
            (_, Reply::Nil) => Tree::Nothing,
            (_, Reply::Ok) => Tree::word("OK"),
            (Shape::Flag, Reply::Int(number)) => Tree::Flag(number != 0),
            (Shape::Flags, Reply::Ints(numbers)) => {
                Tree::List(numbers.into_iter().map(|number| Tree::Flag(number != 0)).collect())
            }
            (_, Reply::Int(number)) => Tree::Number(number),
            (_, Reply::Ints(numbers)) => Tree::List(numbers.into_iter().map(Tree::Number).collect()),
            (_, Reply::Bytes(bytes)) if name == "type" => Tree::Word(lossy(&bytes)),
            (Shape::Score | Shape::Decimal, Reply::Bytes(text)) => number(&text),
            (_, Reply::Bytes(bytes)) => Tree::Bytes(bytes),
            (Shape::Scores | Shape::NumbersOrNothing, Reply::List(items)) => Tree::List(
                items.into_iter().map(|item| item.map_or(Tree::Nothing, |text| number(&text))).collect(),
            ),
            (Shape::Scored, Reply::List(items)) => Tree::Scored(scored(items)),
            (Shape::RankAndScore, Reply::List(items)) => {
                let texts = items.iter().map(|item| item.as_deref().map_or(Tree::Nothing, number));
                Tree::Fields(["rank", "score"].into_iter().zip(texts).collect())
            }
            (Shape::KeyAndScored, Reply::List(mut items)) => {
                let members = items.split_off(items.len().min(1));
                let key = items.pop().flatten().map_or(Tree::Nothing, Tree::Bytes);
                Tree::Fields(vec![("key", key), ("members", Tree::Scored(scored(members)))])
            }
            (Shape::ScoredPage, Reply::Page(cursor, items)) => {
                page(cursor, "items", Tree::Scored(scored(items.into_iter().map(Some).collect())))
            }
            (Shape::Places, Reply::List(items)) => rows(2, items, |place| match &place[0] {
                Some(_) => place_of(&place),
                None => Tree::Nothing,
            }),
            (Shape::Found, Reply::List(items)) => {
                let details = command.details();
                rows(details.width(), items, |items| found(&items, details))
            }
            (Shape::Record, Reply::List(items)) => row(&RECORD, items),
            (Shape::Head, Reply::List(items)) => row(&RECORD[..7], items),
            (Shape::Records, Reply::List(items)) => rows(RECORD.len(), items, |items| match &items[0] {
                // Of a key without a record.
                None => Tree::Nothing,
                Some(_) => row(&RECORD, items),
            }),
            (Shape::Changes, Reply::List(items)) => rows(CHANGE.len() + RECORD.len(), items, |mut items| {
                let record = row(&RECORD, items.split_off(CHANGE.len()));
                with(row(&CHANGE, items), "record", record)
            }),
            (Shape::Task, Reply::List(items)) => row(&TASK, items),
            (Shape::Tasks, Reply::List(items)) => rows(TASK.len(), items, |items| row(&TASK, items)),
            (Shape::Fields, Reply::List(items)) if name.starts_with("consumers.") => consumer(items),
            (Shape::Fields, Reply::List(items)) => row(&LOCK, items),
            (Shape::Pairs | Shape::KeyPairs, Reply::List(items)) => Tree::Pairs(pairs(items)),
            (Shape::OneOrMany, Reply::List(items)) if has_values(command) => Tree::Pairs(pairs(items)),
            (Shape::KeyAndTexts, Reply::List(mut items)) => {
                let values = items.split_off(items.len().min(1));
                let key = items.pop().flatten().map_or(Tree::Nothing, Tree::Bytes);
                Tree::Fields(vec![("key", key), ("values", list(values))])
            }
            (Shape::KeysPage, Reply::Page(cursor, keys)) => page(cursor, "keys", plain(keys)),
            (Shape::PairsPage, Reply::Page(cursor, items)) => {
                page(cursor, "items", Tree::Pairs(pairs(items.into_iter().map(Some).collect())))
            }
            (_, Reply::Page(cursor, items)) => page(cursor, "items", plain(items)),
            (_, Reply::List(items)) => list(items),
            (_, other) => Tree::word(format!("{other:?}")),
        }
    }

    /// Whether it is there, and not false.
    pub fn is_found(&self) -> bool {
        !matches!(self, Tree::Nothing | Tree::Flag(false))
    }

    /// A member with this name.
    pub fn member(&self, name: &str) -> Option<&Tree> {
        let Tree::Fields(fields) = self else { return None };
        fields.iter().find(|(known, _)| *known == name).map(|(_, tree)| tree)
    }
}

impl From<Value> for Tree {
    /// An answer in Redis's own form.
    fn from(value: Value) -> Tree {
        match value {
            Value::Nil => Tree::Nothing,
            Value::Status(word) | Value::Error(word) => Tree::Word(word),
            Value::Int(number) => Tree::Number(number),
            Value::Bytes(bytes) => Tree::Bytes(bytes),
            Value::Array(items) => Tree::List(items.into_iter().map(Tree::from).collect()),
        }
    }
}

/// The fields, with one more.
pub fn with(tree: Tree, name: &'static str, member: Tree) -> Tree {
    match tree {
        Tree::Fields(mut fields) => {
            fields.push((name, member));
            Tree::Fields(fields)
        }
        other => other,
    }
}

fn has_values(command: &Command) -> bool {
    matches!(command, Command::HRandField { with_values: true, .. })
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn list(items: Vec<Option<Vec<u8>>>) -> Tree {
    Tree::List(items.into_iter().map(|item| item.map_or(Tree::Nothing, Tree::Bytes)).collect())
}

fn plain(items: Vec<Vec<u8>>) -> Tree {
    Tree::List(items.into_iter().map(Tree::Bytes).collect())
}

fn pairs(items: Vec<Option<Vec<u8>>>) -> Vec<(Vec<u8>, Tree)> {
    let mut items = items.into_iter();
    let mut pairs = Vec::with_capacity(items.len() / 2);
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        pairs.push((name.unwrap_or_default(), value.map_or(Tree::Nothing, Tree::Bytes)));
    }
    pairs
}

fn scored(items: Vec<Option<Vec<u8>>>) -> Vec<(Vec<u8>, Tree)> {
    let pairs = pairs(items).into_iter();
    let number = |(member, score)| match score {
        Tree::Bytes(text) => (member, number(&text)),
        other => (member, other),
    };
    pairs.map(number).collect()
}

/// A longitude and a latitude.
fn place_of(items: &[Option<Vec<u8>>]) -> Tree {
    let degrees = items.iter().map(|item| item.as_deref().map_or(Tree::Nothing, number));
    Tree::Fields(["longitude", "latitude"].into_iter().zip(degrees).collect())
}

/// A member that a search has found, with its details.
fn found(items: &[Option<Vec<u8>>], details: Details) -> Tree {
    let mut items = items.iter();
    let mut next = || items.next().and_then(Option::as_deref);
    let mut fields = vec![("member", next().map_or(Tree::Nothing, |member| Tree::Bytes(member.to_vec())))];
    if details.distance {
        fields.push(("distance", next().map_or(Tree::Nothing, number)));
    }
    if details.hash {
        fields.push(("hash", next().map_or(Tree::Nothing, number)));
    }
    if details.coordinates {
        fields.push(("longitude", next().map_or(Tree::Nothing, number)));
        fields.push(("latitude", next().map_or(Tree::Nothing, number)));
    }
    Tree::Fields(fields)
}

/// A number in text; JSON has none that is infinite.
fn number(text: &[u8]) -> Tree {
    match str::from_utf8(text) {
        Ok(text) if serde_json::from_str::<f64>(text).is_ok() => Tree::Json(text.to_owned()),
        _ => Tree::Bytes(text.to_vec()),
    }
}

fn page(cursor: String, name: &'static str, items: Tree) -> Tree {
    Tree::Fields(vec![("cursor", Tree::text(cursor)), (name, items)])
}

fn row(columns: &[Column], items: Vec<Option<Vec<u8>>>) -> Tree {
    let fields = columns.iter().zip(items).map(|((name, form), item)| (*name, field(*form, item)));
    Tree::Fields(fields.collect())
}

fn rows(width: usize, items: Vec<Option<Vec<u8>>>, row: impl Fn(Vec<Option<Vec<u8>>>) -> Tree) -> Tree {
    let mut items = items.into_iter();
    let mut found = Vec::with_capacity(items.len() / width);
    while items.len() >= width {
        found.push(row(items.by_ref().take(width).collect()));
    }
    Tree::List(found)
}

fn field(form: Form, item: Option<Vec<u8>>) -> Tree {
    let Some(bytes) = item else { return Tree::Nothing };
    let text = lossy(&bytes);
    match form {
        Form::Text => Tree::Bytes(bytes),
        Form::Json => Tree::Json(text),
        Form::Number => text.parse().map_or(Tree::Word(text), Tree::Number),
        Form::Time => text.parse().map_or(Tree::Word(text), Tree::Time),
    }
}

fn consumer(mut items: Vec<Option<Vec<u8>>>) -> Tree {
    let holder = items.split_off(items.len().min(CONSUMER.len()));
    let tree = row(&CONSUMER, items);
    let number = |name| match tree.member(name) {
        Some(Tree::Number(number)) => *number,
        _ => 0,
    };
    let lag = number("latest").saturating_sub(number("position")).max(0);
    let holder = if matches!(holder.first(), Some(Some(_))) { row(&LOCK, holder) } else { Tree::Nothing };
    with(with(tree, "lag", Tree::Number(lag)), "holder", holder)
}

/// A change that was read by the library's own stream.
pub fn change(change: Change<Box<RawValue>>) -> Tree {
    let Change { seq, action, at, record } = change;
    let time = |time: Option<u64>| time.map_or(Tree::Nothing, Tree::Time);
    let record = Tree::Fields(vec![
        ("key", Tree::text(record.key)),
        ("version", Tree::number(record.version)),
        ("stamp", Tree::number(record.stamp)),
        ("type", record.kind.map_or(Tree::Nothing, Tree::text)),
        ("created", Tree::Time(record.created)),
        ("updated", Tree::Time(record.updated)),
        ("expiresAt", time(record.expires_at)),
        ("value", Tree::Json(record.value.get().to_owned())),
    ]);
    Tree::Fields(vec![
        ("seq", Tree::number(seq)),
        ("action", Tree::text(action.name())),
        ("at", Tree::Time(at)),
        ("record", record),
    ])
}
