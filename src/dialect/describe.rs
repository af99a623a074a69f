// The answers of `COMMAND` and its subcommands: the table of commands, and the words beside it. Reads no store.

use super::Value;
use super::aliases::{WORDS, Word};
use crate::command::{Arg, ArgKind, Args, Command, Effect, Row, is, printable};
use crate::engine::glob;
use crate::error::{Error, Kind, Reason};

/// A command as described by `COMMAND`.
struct Entry {
    name: String,
    arity: i64,
    effect: Option<Effect>,
    keys: [i64; 3],
    group: &'static str,
    /// Of a command without a row.
    summary: &'static str,
    row: Option<&'static Row>,
}

/// The commands of the table, the words beside it, and what the server has of its own.
fn entries(own: &'static [Word]) -> impl Iterator<Item = Entry> {
    let of_table = Command::TABLE.iter().map(|row| Entry {
        name: row.word().to_ascii_lowercase(),
        arity: row.arity(),
        effect: Some(row.effect),
        keys: row.key_places(),
        group: group(row.family),
        summary: "",
        row: Some(row),
    });
    let others = WORDS.iter().chain(own).map(|word| Entry {
        name: word.name.to_owned(),
        arity: word.arity,
        effect: word.effect,
        keys: word.keys,
        group: word.group,
        summary: word.summary,
        row: None,
    });
    of_table.chain(others)
}

fn find(name: &[u8], own: &'static [Word]) -> Option<Entry> {
    entries(own).find(|entry| name.eq_ignore_ascii_case(entry.name.as_bytes()))
}

/// Redis's name for a family.
fn group(family: &'static str) -> &'static str {
    match family {
        "keyspace" => "generic",
        "strings" => "string",
        "lists" => "list",
        "hashes" => "hash",
        "sets" => "set",
        "zsets" => "sorted-set",
        "bitmaps" => "bitmap",
        "hyperloglogs" => "hyperloglog",
        family => family,
    }
}

/// The answer to the arguments of `COMMAND`, by a server that has commands of its own.
pub(crate) fn answer(args: &mut Args, own: &'static [Word]) -> Value {
    let Some(subcommand) = args.next() else { return Value::Array(entries(own).map(Entry::info).collect()) };
    match subcommand {
        word if is(word, "COUNT") => {
            if !args.is_empty() {
                let text = "ERR wrong number of arguments for 'command|count' command";
                args.refuse_with(Error::said(Kind::InvalidArgument, text));
            }
            Value::Int(entries(own).count().cast_signed() as i64)
        }
        word if is(word, "INFO") => match args.is_empty() {
            true => Value::Array(entries(own).map(Entry::info).collect()),
            false => {
                Value::Array(rest(args).map(|name| find(name, own).map_or(Value::Nil, Entry::info)).collect())
            }
        },
        word if is(word, "DOCS") => {
            let asked: Vec<Entry> = match args.is_empty() {
                true => entries(own).collect(),
                false => rest(args).filter_map(|name| find(name, own)).collect(),
            };
            Value::Array(asked.into_iter().flat_map(Entry::docs).collect())
        }
        word if is(word, "LIST") => list(args, own),
        word if is(word, "GETKEYS") => keys(args, own),
        word => {
            let word = printable(word, 128);
            args.refuse(Reason::UnknownSubcommand(format!("unknown subcommand '{word}'. Try COMMAND HELP.")));
            Value::Nil
        }
    }
}

fn rest<'a>(args: &mut Args<'a>) -> impl Iterator<Item = &'a [u8]> {
    std::iter::from_fn(|| args.next())
}

/// The names of all commands, or of those requested.
fn list(args: &mut Args, own: &'static [Word]) -> Value {
    let named = |keep: &dyn Fn(&Entry) -> bool| {
        Value::Array(entries(own).filter(keep).map(|entry| text(entry.name)).collect())
    };
    if args.is_empty() {
        return named(&|_| true);
    }
    if args.left() == 3 && args.skip("FILTERBY") {
        let by = args.next().unwrap_or_default();
        let value = args.next().unwrap_or_default().to_ascii_lowercase();
        match by {
            _ if is(by, "PATTERN") => return named(&|entry| glob::matches(&value, entry.name.as_bytes())),
            _ if is(by, "ACLCAT") => {
                return named(&|entry| entry.categories().any(|category| category.as_bytes()[1..] == *value));
            }
            _ if is(by, "MODULE") => return Value::Array(Vec::new()),
            _ => {}
        }
    }
    args.refuse_option("FILTERBY MODULE, ACLCAT or PATTERN".to_owned(), b"");
    Value::Nil
}

/// The keys in a command with arguments.
fn keys(args: &mut Args, own: &'static [Word]) -> Value {
    let words: Vec<&[u8]> = rest(args).collect();
    match keys_of(&words, own) {
        Ok(keys) => Value::Array(keys.into_iter().map(|key| Value::Bytes(key.to_vec())).collect()),
        Err(text) => {
            args.refuse_with(Error::said(Kind::InvalidArgument, text));
            Value::Nil
        }
    }
}

fn keys_of<'a>(words: &[&'a [u8]], own: &'static [Word]) -> Result<Vec<&'a [u8]>, &'static str> {
    let [name, _, ..] = words else {
        return Err("ERR wrong number of arguments for 'command|getkeys' command");
    };
    let Some(entry) = find(name, own) else { return Err("ERR Invalid command specified") };
    let least = usize::try_from(entry.arity.unsigned_abs()).unwrap_or(usize::MAX);
    if words.len() < least || (entry.arity > 0 && words.len() > least) {
        return Err("ERR Invalid number of arguments specified for command");
    }
    if let Some(at) = entry.row.and_then(Row::first_counted_key) {
        let count = words.get(at - 1).and_then(|count| str::from_utf8(count).ok()?.parse().ok());
        let keys =
            count.filter(|count| *count > 0).and_then(|count: usize| words.get(at..at.checked_add(count)?));
        let keys = keys.ok_or("ERR Invalid arguments specified for command")?;
        // A destination precedes the number of keys.
        let before = if entry.keys[0] > 0 { words.get(1..2).unwrap_or_default() } else { &[] };
        return Ok([before, keys].concat());
    }
    let [first, last, step] = entry.keys.map(|number| usize::try_from(number).ok());
    match (first, step) {
        (Some(first @ 1..), Some(step @ 1..)) => {
            let end = last.map_or(words.len(), |last| last + 1).min(words.len());
            Ok(words.get(first..end).unwrap_or_default().iter().step_by(step).copied().collect())
        }
        _ => Err("ERR The command has no key arguments"),
    }
}

impl Entry {
    fn flags(&self) -> Vec<Value> {
        let effect = match self.effect {
            Some(Effect::Read) => Some("readonly"),
            Some(Effect::Put | Effect::Update) => Some("write"),
            None => None,
        };
        let is_movable = self.row.is_some_and(Row::has_counted_keys);
        effect.into_iter().chain(is_movable.then_some("movablekeys")).map(status).collect()
    }

    fn categories(&self) -> impl Iterator<Item = String> {
        let effect = match self.effect {
            Some(Effect::Read) => Some("@read"),
            Some(Effect::Put | Effect::Update) => Some("@write"),
            None => None,
        };
        // Redis has other names for these groups.
        let group = match self.group {
            "generic" => "keyspace",
            "sorted-set" => "sortedset",
            group => group,
        };
        effect.map(str::to_owned).into_iter().chain([format!("@{group}")])
    }

    /// As in Redis 7, without tips, key specifications and subcommands.
    fn info(self) -> Value {
        let categories = self.categories().map(|category| status(&category)).collect();
        let flags = self.flags();
        let mut facts = vec![text(self.name), Value::Int(self.arity), Value::Array(flags)];
        facts.extend(self.keys.map(Value::Int));
        facts.push(Value::Array(categories));
        facts.extend([const { Value::Array(Vec::new()) }; 3]);
        Value::Array(facts)
    }

    /// The name, and the documentation as names with values.
    fn docs(self) -> [Value; 2] {
        let summary = self.row.map_or_else(|| self.summary.to_owned(), Row::summary);
        let mut facts = vec![text("summary"), text(summary), text("group"), text(self.group)];
        if let Some(row) = self.row {
            facts.extend([text("arguments"), Value::Array(row.args.iter().flat_map(argument).collect())]);
        }
        [text(self.name), Value::Array(facts)]
    }
}

/// An argument as described by `COMMAND DOCS`; two for keys with values and for a list with its length.
fn argument(arg: &Arg) -> Vec<Value> {
    if arg.is_unsaid {
        return Vec::new();
    }
    let of = |name: &str, kind: &str, token: Option<&str>, flags: &[&str]| {
        let mut facts = vec![text("name"), text(name), text("type"), text(kind)];
        if let Some(token) = token {
            facts.extend([text("token"), text(token)]);
        }
        if !flags.is_empty() {
            let flags = flags.iter().map(|flag| status(flag)).collect();
            facts.extend([text("flags"), Value::Array(flags)]);
        }
        facts
    };
    let block = |kind: &str, parts: Vec<Value>, flags: &[&str]| {
        let mut facts = of(arg.name, kind, None, flags);
        facts.extend([text("arguments"), Value::Array(parts)]);
        Value::Array(facts)
    };
    let one = |name: &str, kind: &str| Value::Array(of(name, kind, None, &[]));
    let optional: &[&str] = if arg.is_option { &["optional"] } else { &[] };
    let token = arg.is_option.then_some(arg.words);
    let words = || arg.words.split('|');
    vec![match arg.kind {
        ArgKind::Key => one(arg.name, "key"),
        ArgKind::Keys => {
            let keys = Value::Array(of("key", "key", None, &["multiple"]));
            return arg.is_counted.then(|| one("numkeys", "integer")).into_iter().chain([keys]).collect();
        }
        ArgKind::Values => Value::Array(of(arg.name, "string", None, &["multiple"])),
        ArgKind::Commands => {
            block("block", vec![one("numwords", "integer"), one("word", "string")], &["multiple"])
        }
        ArgKind::Entries => block("block", vec![one("key", "key"), one("value", "string")], &["multiple"]),
        ArgKind::Fields => {
            block("block", vec![one("field", "string"), one("value", "string")], &["multiple"])
        }
        ArgKind::Text if arg.name == "pattern" => Value::Array(of(arg.name, "pattern", token, optional)),
        ArgKind::Integer | ArgKind::Natural => Value::Array(of(arg.name, "integer", token, optional)),
        ArgKind::OptionalInteger | ArgKind::OptionalNatural => {
            Value::Array(of(arg.name, "integer", token, &["optional"]))
        }
        ArgKind::Scores => {
            block("block", vec![one("score", "double"), one("member", "string")], &["multiple"])
        }
        ArgKind::Places => {
            let parts = vec![one("longitude", "double"), one("latitude", "double"), one("member", "string")];
            block("block", parts, &["multiple"])
        }
        ArgKind::Unit => {
            let choices = ["M", "KM", "FT", "MI"]
                .map(|word| Value::Array(of(&word.to_ascii_lowercase(), "pure-token", Some(word), &[])));
            block("oneof", choices.into(), &["optional"])
        }
        ArgKind::Origin | ArgKind::Area => {
            let choices =
                words().map(|word| Value::Array(of(&word.to_ascii_lowercase(), "block", Some(word), &[])));
            block("oneof", choices.collect(), &[])
        }
        ArgKind::Score => one(arg.name, "double"),
        ArgKind::Weights => Value::Array(of("weight", "double", token, &["optional", "multiple"])),
        ArgKind::Limit => {
            let mut facts = of(arg.name, "block", token, optional);
            let parts = vec![one("offset", "integer"), one("count", "integer")];
            facts.extend([text("arguments"), Value::Array(parts)]);
            Value::Array(facts)
        }
        ArgKind::Aggregate => {
            let mut facts = of(arg.name, "oneof", token, optional);
            let choices = ["SUM", "MIN", "MAX"]
                .map(|word| Value::Array(of(&word.to_ascii_lowercase(), "pure-token", Some(word), &[])));
            facts.extend([text("arguments"), Value::Array(choices.into())]);
            Value::Array(facts)
        }
        ArgKind::BitRange => {
            let unit = ["BYTE", "BIT"]
                .map(|word| Value::Array(of(&word.to_ascii_lowercase(), "pure-token", Some(word), &[])));
            let mut unit_facts = of("unit", "oneof", None, &["optional"]);
            unit_facts.extend([text("arguments"), Value::Array(unit.into())]);
            let parts = vec![one("start", "integer"), one("end", "integer"), Value::Array(unit_facts)];
            block("block", parts, &["optional"])
        }
        ArgKind::BitFields => Value::Array(of("operation", "string", None, &["optional", "multiple"])),
        ArgKind::Flag => Value::Array(of(arg.name, "pure-token", Some(arg.words), optional)),
        ArgKind::Choice => {
            let choices = words()
                .map(|word| Value::Array(of(&word.to_ascii_lowercase(), "pure-token", Some(word), &[])));
            block("oneof", choices.collect(), optional)
        }
        ArgKind::TaskState => {
            let kind = |word| if matches!(word, "ERROR" | "WORKER") { "string" } else { "integer" };
            return words()
                .map(|word| Value::Array(of(&word.to_ascii_lowercase(), kind(word), Some(word), optional)))
                .collect();
        }
        ArgKind::Expiry => {
            let choices = words().map(|word| {
                let (name, kind) = match word {
                    "EX" => ("seconds", "integer"),
                    "PX" => ("milliseconds", "integer"),
                    "EXAT" => ("unix-time-seconds", "unix-time"),
                    "PXAT" => ("unix-time-milliseconds", "unix-time"),
                    _ => ("", "pure-token"),
                };
                let name = if name.is_empty() { word.to_ascii_lowercase() } else { name.to_owned() };
                Value::Array(of(&name, kind, Some(word), &[]))
            });
            block("oneof", choices.collect(), optional)
        }
        ArgKind::Bytes | ArgKind::Text | ArgKind::ValueType => {
            Value::Array(of(arg.name, "string", token, optional))
        }
    }]
}

fn text(text: impl Into<String>) -> Value {
    Value::Bytes(text.into().into_bytes())
}

fn status(text: &str) -> Value {
    Value::Status(text.to_owned())
}
