// What Redis has no command for, as one Lua script: compare-and-set, several keys with a deadline, records and everything
// built on them, transactions with checks. Its parts are in lua/. How words travel does not matter here.

use super::link::{Argv, Link, Repeat};
use super::{message, read_answer, records, single};
use crate::backend::Check;
use crate::command::{Access, Command, Reply};
use crate::dialect::Value;
use crate::error::{Error, Kind, Result};
use std::sync::OnceLock;

/// A part of the script.
struct Part {
    text: &'static str,
    /// The keys it uses besides those that commands name.
    keys: &'static [&'static str],
}

const BEGIN: &str = include_str!("lua/begin.lua");
const RUN: &str = include_str!("lua/run.lua");

/// The parts between the first and the last, in their order. Only those that the commands need are sent.
const PARTS: [Part; 8] = [
    Part { text: include_str!("lua/strings.lua"), keys: &[] },
    Part {
        text: include_str!("lua/store.lua"),
        keys: &[
            "{omnikv}:state",
            "{omnikv}:records",
            "{omnikv}:order",
            "{omnikv}:deadlines",
            "{omnikv}:changes",
        ],
    },
    Part { text: include_str!("lua/records.lua"), keys: &[] },
    Part { text: include_str!("lua/changes.lua"), keys: &[] },
    Part {
        text: include_str!("lua/locks.lua"),
        keys: &[
            "{omnikv}:locks",
            "{omnikv}:lock-ends",
            "{omnikv}:holders",
            "{omnikv}:holder-ends",
            "{omnikv}:consumers",
        ],
    },
    Part {
        text: include_str!("lua/tasks.lua"),
        keys: &[
            "{omnikv}:tasks",
            "{omnikv}:tasks-created",
            "{omnikv}:tasks-unique",
            "{omnikv}:tasks-waiting",
            "{omnikv}:tasks-ready",
            "{omnikv}:tasks-running",
        ],
    },
    Part { text: include_str!("lua/mutate.lua"), keys: &[] },
    Part { text: include_str!("lua/flush.lua"), keys: &[] },
];

/// Numbers of parts, as bits.
mod part {
    pub const STRINGS: u8 = 1;
    pub const STORE: u8 = 1 << 1;
    pub const RECORDS: u8 = 1 << 2;
    pub const CHANGES: u8 = 1 << 3;
    pub const LOCKS: u8 = 1 << 4;
    pub const TASKS: u8 = 1 << 5;
    pub const MUTATE: u8 = 1 << 6;
    pub const FLUSH: u8 = 1 << 7;
}

/// The parts that a command needs.
fn parts_of(command: &Command) -> u8 {
    use part::{CHANGES, FLUSH, LOCKS, MUTATE, RECORDS, STORE, STRINGS, TASKS};
    match (command.row().family, command) {
        (_, Command::RecordsMutate { .. }) => STORE | RECORDS | TASKS | MUTATE,
        (_, Command::Flush { prefix }) if !prefix.is_empty() => STORE | CHANGES | LOCKS | TASKS | FLUSH,
        ("records", _) => STORE | RECORDS,
        ("changes", _) => STORE | CHANGES,
        ("locks" | "consumers", _) => STORE | LOCKS,
        ("tasks", _) => STORE | TASKS,
        _ => STRINGS,
    }
}

/// A script, and its SHA-1, which identifies it on a server that has run it before.
struct Script {
    text: String,
    hash: String,
}

impl Script {
    /// The script of these parts.
    fn of(parts: u8) -> &'static Script {
        static MADE: [OnceLock<Script>; 256] = [const { OnceLock::new() }; 256];
        MADE[usize::from(parts)].get_or_init(|| {
            let texts = std::iter::once(BEGIN).chain(chosen(parts).map(|part| part.text)).chain([RUN]);
            let lines = texts.flat_map(str::lines).map(str::trim_start);
            // Some links send the text with each call.
            let code = lines.filter(|line| !line.is_empty() && !line.starts_with("--"));
            let text: String = code.flat_map(|line| [line, "\n"]).collect();
            let hash = sha1_smol::Sha1::from(&text).digest().to_string();
            Script { text, hash }
        })
    }
}

fn chosen(parts: u8) -> impl Iterator<Item = &'static Part> {
    PARTS.iter().enumerate().filter(move |(index, _)| parts >> index & 1 == 1).map(|(_, part)| part)
}

/// The most words of one Redis command that fit on Lua's stack.
const MOST_WORDS: usize = 7_000;

/// Runs commands atomically, if every checked key still holds its value.
pub(super) async fn run(
    link: &dyn Link,
    checks: &[Check],
    commands: &[Command],
) -> Result<Vec<Result<Reply>>> {
    let words = commands.iter().map(words).collect::<Result<Vec<_>>>()?;
    let answers = ask(link, checks, commands, words, false).await?;
    let read = |(command, answer)| match answer {
        Answer::Value(value) => read_answer(command, value),
        Answer::Bases(_) => Err(unexpected()),
    };
    Ok(commands.iter().zip(answers).map(read).collect())
}

/// The script's answer to one command.
pub(super) enum Answer {
    Value(Value),
    /// Nothing was done: the patches still need these bases.
    Bases(Vec<Value>),
}

/// The words that the script takes for a command.
fn words(command: &Command) -> Result<Argv> {
    if command.row().is_on_records() {
        return records::words(command);
    }
    match command.to_redis() {
        Some(argv) if argv.len() > MOST_WORDS => {
            let message = format!(
                "(arguments) expects at most {MOST_WORDS} words in a command of a checked transaction"
            );
            Err(Error::new(Kind::TooLarge, message))
        }
        Some(argv) => Ok(argv),
        None => match command {
            Command::Flush { prefix } => Ok(vec![b"records.flush".to_vec(), prefix.clone().into_bytes()]),
            _ => Ok(command.to_argv()),
        },
    }
}

/// Runs the script with these words for the commands, which only ask for bases if `is_question`.
pub(super) async fn ask(
    link: &dyn Link,
    checks: &[Check],
    commands: &[Command],
    words: Vec<Argv>,
    is_question: bool,
) -> Result<Vec<Answer>> {
    let parts = commands.iter().map(parts_of).fold(0, |all, parts| all | parts);
    let script = Script::of(parts);
    let arguments = arguments(checks, commands, words, parts);
    // An answer of 0: more records have expired than one script removes, so that it never stops the server for long. The
    // commands have not run yet.
    loop {
        match send_once(link, checks, commands, script, &arguments, is_question).await? {
            Value::Int(0) => {}
            answer => return read(commands, answer),
        }
    }
}

/// Runs the script, by its hash where the server keeps scripts.
async fn send_once(
    link: &dyn Link,
    checks: &[Check],
    commands: &[Command],
    script: &Script,
    arguments: &Argv,
    is_question: bool,
) -> Result<Value> {
    let send = async |head: [&str; 2]| {
        let argv =
            head.iter().map(|word| word.as_bytes().to_vec()).chain(arguments.iter().cloned()).collect();
        let mut message = message(checks, commands, vec![argv]);
        if is_question {
            message.repeat = Repeat::Harmless;
        }
        single(link, message).await
    };
    if link.keeps_scripts() {
        let answer = send(["EVALSHA", &script.hash]).await?;
        if !matches!(&answer, Value::Error(text) if text.starts_with("NOSCRIPT")) {
            return Ok(answer);
        }
    }
    send(["EVAL", &script.text]).await
}

/// The number of keys, the keys and the other arguments of the script.
fn arguments(checks: &[Check], commands: &[Command], words: Vec<Argv>, parts: u8) -> Argv {
    let mut keys: Vec<&[u8]> = checks.iter().map(|(key, _)| key.as_bytes()).collect();
    for command in commands {
        match command.access() {
            Access::Keys(touched) => keys.extend(touched.into_iter().map(|key| key.as_bytes())),
            Access::Keyspace if matches!(command, Command::Flush { .. }) => keys.push(b"{omnikv}:state"),
            Access::Keyspace | Access::Records => {}
        }
    }
    keys.extend(chosen(parts).flat_map(|part| part.keys).map(|key| key.as_bytes()));
    let mut argv = vec![number(keys.len())];
    argv.extend(keys.into_iter().map(<[u8]>::to_vec));
    argv.push(number(checks.len()));
    for (_, expected) in checks {
        match expected {
            Some(value) => argv.extend([b"1".to_vec(), value.clone()]),
            None => argv.push(b"0".to_vec()),
        }
    }
    for words in words {
        argv.push(number(words.len()));
        argv.extend(words);
    }
    argv
}

fn number(number: usize) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// The answers to the commands in the script's answer.
fn read(commands: &[Command], answer: Value) -> Result<Vec<Answer>> {
    let answers = match answer {
        Value::Array(answers) if answers.len() == commands.len() => answers,
        Value::Nil => {
            return Err(Error::new(Kind::Conflict, "(checks) do not hold: nothing was run"));
        }
        Value::Error(text) => return Err(crate::dialect::of_server(&text)),
        _ => return Err(unexpected()),
    };
    answers.into_iter().map(unwrap).collect()
}

/// Unwraps a pair of how it went and an answer.
fn unwrap(pair: Value) -> Result<Answer> {
    let Value::Array(pair) = pair else { return Err(unexpected()) };
    // Lua cuts a list off at its first nil.
    let mut pair = pair.into_iter();
    match (pair.next(), pair.next().unwrap_or(Value::Nil)) {
        (Some(Value::Int(1)), answer) => Ok(Answer::Value(answer)),
        (Some(Value::Int(0)), Value::Bytes(text)) => {
            Ok(Answer::Value(Value::Error(String::from_utf8_lossy(&text).into_owned())))
        }
        (Some(Value::Int(2)), Value::Array(bases)) => Ok(Answer::Bases(bases)),
        _ => Err(unexpected()),
    }
}

pub(super) fn unexpected() -> Error {
    Error::new(Kind::Internal, "(server) sent a reply that the script cannot have")
}
