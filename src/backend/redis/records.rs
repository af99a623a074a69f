// Commands on records, and on everything built on them, as words for the script (lua/). Values are checked here and merge
// patches applied, by the engine's own code, so that the result is the same in every store. How words travel does not
// matter here.

use super::link::{Argv, Link};
use super::read_answer;
use super::script::{self, Answer, unexpected};
use crate::backend::Check;
use crate::command::{Bytes, Command, Ending, Expiry, Key, Reply};
use crate::dialect::Value;
use crate::engine::records::{RETRIES, json, shortened};
use crate::engine::{after_prefix, check_value_length};
use crate::error::{Error, Kind, Result};
use crate::host::random;
use std::collections::BTreeMap;

/// The beginning of the keys that hold records and everything built on them. Their braces put them into one slot of a
/// cluster.
pub(super) const RESERVED: &str = "{omnikv}:";

/// If none of these keys exists, nothing is kept on records.
pub(super) const WITNESSES: [&str; 2] = ["{omnikv}:state", "{omnikv}:consumers"];

/// How often a patch is applied again because somebody else has changed its record meanwhile.
const MOST_TRIES: usize = 100;

/// What a patch is applied to.
struct Base {
    /// The stamp of the record, `#` and the number of the mutation that wrote it, or nothing if there is no record.
    writer: Bytes,
    /// The record's value, unless a mutation wrote it.
    value: Option<Bytes>,
}

/// The bases of patches, by the numbers of their mutations.
type Bases = BTreeMap<usize, Base>;

/// Whether the command takes more than one round trip: patches have to know what they are applied to.
pub(super) fn has_patch(command: &Command) -> bool {
    mutations(command).iter().any(|mutation| matches!(mutation, Command::RecordsPatch { .. }))
}

/// The parts of a transaction of records, or the command itself.
fn mutations(command: &Command) -> &[Command] {
    match command {
        Command::RecordsMutate { mutations } => mutations,
        command => std::slice::from_ref(command),
    }
}

/// Runs one command.
pub(super) async fn run(link: &dyn Link, command: &Command) -> Result<Reply> {
    let mut bases = Bases::new();
    let checks: &[Check] = &[];
    for _ in 0..MOST_TRIES {
        let values = values(mutations(command), &bases);
        let is_question = has_patch(command) && bases.is_empty();
        let words = vec![words_with(command, &values)];
        let mut answers =
            script::ask(link, checks, std::slice::from_ref(command), words, is_question).await?;
        match answers.pop().ok_or_else(unexpected)? {
            Answer::Value(value) => return read_answer(command, value),
            Answer::Bases(told) => bases.extend(read_bases(told)?),
        }
    }
    Err(Error::new(Kind::Unavailable, "(key) is changed by others all the time: nothing was written"))
}

fn read_bases(told: Vec<Value>) -> Result<Vec<(usize, Base)>> {
    let read = |row| {
        let Value::Array(row) = row else { return None };
        let mut row = row.into_iter();
        let (Some(Value::Bytes(number)), Some(Value::Bytes(writer))) = (row.next(), row.next()) else {
            return None;
        };
        let value = match row.next() {
            Some(Value::Bytes(value)) => Some(value),
            _ => None,
        };
        Some((str::from_utf8(&number).ok()?.parse().ok()?, Base { writer, value }))
    };
    told.into_iter().map(|row| read(row).ok_or_else(unexpected)).collect()
}

/// What a mutation writes; `None` for a patch whose base is not known.
type Written = Option<Result<Bytes>>;

/// What the mutations write, by their numbers, each with the writer of the base.
fn values(mutations: &[Command], bases: &Bases) -> Vec<(Written, Bytes)> {
    let mut values: Vec<(Written, Bytes)> = Vec::with_capacity(mutations.len());
    for (number, mutation) in mutations.iter().enumerate() {
        let value = match mutation {
            Command::RecordsPut { value, .. } | Command::RecordsRestore { value, .. } => {
                (Some(checked(value)), Bytes::new())
            }
            Command::RecordsPatch { value, .. } => match (json::checked(value), bases.get(&number)) {
                (Err(error), _) => (Some(Err(error)), Bytes::new()),
                // Whether a patch is too deep does not depend on its base.
                (Ok(patch), None) => (json::merge("{}", patch).err().map(Err), Bytes::new()),
                (Ok(patch), Some(base)) => (Some(merged(base, patch, &values)), base.writer.clone()),
            },
            Command::TasksCreate { payload, .. } | Command::TasksRestore { payload, .. } => {
                let refused = |_| Error::invalid_argument("(payload) expects JSON");
                let payload = json::checked(payload).map_err(refused);
                (Some(payload.map(|payload| payload.as_bytes().to_vec())), Bytes::new())
            }
            _ => (None, Bytes::new()),
        };
        values.push(value);
    }
    values
}

fn checked(value: &[u8]) -> Result<Bytes> {
    let value = json::checked(value)?;
    check_value_length(value.len())?;
    Ok(value.as_bytes().to_vec())
}

/// A base with the patch applied to it. An earlier mutation may have written the base.
fn merged(base: &Base, patch: &str, values: &[(Written, Bytes)]) -> Result<Bytes> {
    let written = base.writer.strip_prefix(b"#").and_then(|number| {
        let number: usize = str::from_utf8(number).ok()?.parse().ok()?;
        match values.get(number) {
            Some((Some(Ok(value)), _)) => Some(value),
            _ => None,
        }
    });
    let base = written.or(base.value.as_ref()).map_or(&b"{}"[..], Vec::as_slice);
    let value = json::merge(str::from_utf8(base).map_err(|_| unexpected())?, patch)?;
    check_value_length(value.len())?;
    Ok(value.into_bytes())
}

/// The words that the script takes for a command without patches.
pub(super) fn words(command: &Command) -> Result<Argv> {
    if has_patch(command) {
        let message = "cannot patch in a transaction with other commands on Redis: read the record and put it with its \
                       version, or use records.mutate";
        return Err(Error::new(Kind::Unsupported, message));
    }
    Ok(words_with(command, &values(mutations(command), &Bases::new())))
}

fn words_with(command: &Command, values: &[(Written, Bytes)]) -> Argv {
    let Command::RecordsMutate { mutations } = command else {
        return words_of(command, values.first());
    };
    let mut argv = vec![command.name().as_bytes().to_vec()];
    for (mutation, value) in mutations.iter().zip(values) {
        let words = words_of(mutation, Some(value));
        argv.push(words.len().to_string().into_bytes());
        argv.extend(words);
    }
    argv
}

/// Collects words.
struct Words(Argv);

impl Words {
    fn word(mut self, word: impl AsRef<[u8]>) -> Words {
        self.0.push(word.as_ref().to_vec());
        self
    }

    fn number(self, number: impl ToString) -> Words {
        self.word(number.to_string())
    }

    /// A number, or another word without one.
    fn number_or(self, number: Option<u64>, other: &str) -> Words {
        match number {
            Some(number) => self.number(number),
            None => self.word(other),
        }
    }

    /// `=` and the text, or nothing.
    fn maybe(self, text: Option<&str>) -> Words {
        self.word(text.map_or_else(String::new, |text| ["=", text].concat()))
    }

    /// A text that is never empty, or nothing.
    fn key(self, key: Option<&Key>) -> Words {
        self.word(key.map_or("", Key::as_str))
    }

    fn keys(self, keys: &[Key]) -> Words {
        keys.iter().fold(self, |words, key| words.word(key.as_bytes()))
    }

    /// The form of a value, and the value.
    fn value(self, value: Option<&(Written, Bytes)>) -> Words {
        match value {
            Some((Some(Ok(value)), _)) => self.word("=").word(value),
            Some((Some(Err(error)), _)) => {
                self.word("!").word(format!("ERR {}: {}", error.kind().code(), error.message()))
            }
            _ => self.word("?").word(""),
        }
    }

    /// Nothing for what never expires, or for what is due at once.
    fn expiry(self, expiry: Expiry) -> Words {
        match expiry {
            Expiry::Unstated | Expiry::Never => self.word(""),
            Expiry::After(milliseconds) => self.word(format!("+{milliseconds}")),
            Expiry::At(moment) => self.word(format!("@{moment}")),
            Expiry::Keep => self.word("keep"),
        }
    }

    fn due(self, due: Expiry) -> Words {
        self.expiry(if due == Expiry::Keep { Expiry::Never } else { due })
    }

    /// An offset, and a limit.
    fn page(self, offset: Option<u64>, limit: Option<u64>) -> Words {
        let clamped = |number: u64| number.min(i64::MAX.unsigned_abs());
        self.number(clamped(offset.unwrap_or(0))).number_or(limit.map(clamped), "-1")
    }

    /// The bounds of keys, in the words of ZRANGEBYLEX.
    fn within(self, prefix: &str, start: &str, end: Option<&str>, after: Option<&str>) -> Words {
        let from = prefix.max(start);
        let low = match after {
            Some(after) if after >= from => ["(", after].concat(),
            _ => ["[", from].concat(),
        };
        let end = end.map(str::to_owned).into_iter().chain(after_prefix(prefix)).min();
        self.word(low).word(end.map_or_else(|| "+".to_owned(), |end| ["(", &end].concat()))
    }
}

/// The words of one command or mutation, and what it writes.
fn words_of(command: &Command, value: Option<&(Written, Bytes)>) -> Argv {
    let words = Words(vec![command.name().as_bytes().to_vec()]);
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let words = match command {
        Command::RecordsPut { key, version, kind, expiry, .. }
        | Command::RecordsPatch { key, version, kind, expiry, .. } => {
            let is_patch = matches!(command, Command::RecordsPatch { .. });
            let expiry = match expiry {
                Expiry::Unstated if is_patch => Expiry::Keep,
                expiry => *expiry,
            };
            let base = value.map_or(&[][..], |(_, base)| base);
            let words = words.word(key.as_bytes());
            let words = match *version {
                ..-1 => {
                    let error = Error::invalid_argument(
                        "(version) expects -1 (any), 0 (none yet) or a record's version",
                    );
                    words.word("-1").value(Some(&(Some(Err(error)), Bytes::new())))
                }
                version => words.number(version).value(value),
            };
            words.word(base).maybe(kind.as_deref()).expiry(expiry)
        }
        Command::RecordsRestore { key, version, created, updated, kind, expiry, .. } => words
            .word(key.as_bytes())
            .number(version)
            .value(value)
            .number(created)
            .number(updated)
            .maybe(kind.as_deref())
            .due(*expiry),
        Command::RecordsGet { key } => words.word(key.as_bytes()),
        Command::RecordsGetMany { keys } | Command::RecordsDelete { keys } => words.keys(keys),
        Command::RecordsList { prefix, start, end, after, kind, offset, limit } => words
            .within(&text(prefix), &text(start), end.as_deref(), after.as_deref())
            .page(*offset, *limit)
            .maybe(kind.as_deref()),
        Command::RecordsCount { prefix, start, end, kind } => words
            .within(&text(prefix), &text(start), end.as_deref(), None)
            .page(None, None)
            .maybe(kind.as_deref()),
        Command::RecordsDeletePrefix { prefix, offset, limit } => {
            let prefix = if prefix == "*" { "" } else { prefix };
            words.within(prefix, "", None, None).page(*offset, *limit)
        }
        Command::RecordsDeleteRange { start, end, offset, limit } => {
            words.within("", start, Some(end), None).page(*offset, *limit)
        }
        Command::ChangesRead { from, limit, kind, prefix } => words
            .number(from.unwrap_or(0))
            .number(limit.unwrap_or(u64::MAX))
            .maybe(kind.as_deref())
            .word(text(prefix)),
        Command::ChangesTrim { seq, prefix } => words.number(*seq).word(text(prefix)),
        Command::ChangesAdvance { seq } => words.number(seq),
        Command::ConsumersList { prefix } => words.word(text(prefix)),
        Command::ConsumersClaim { name, owner, milliseconds }
        | Command::LocksAcquire { name, owner, milliseconds } => {
            words.word(name.as_bytes()).word(owner).number(*milliseconds)
        }
        Command::ConsumersRelease { name, owner } | Command::LocksRelease { name, owner } => {
            words.word(name.as_bytes()).word(owner)
        }
        Command::ConsumersCommit { name, seq, token } => {
            words.word(name.as_bytes()).number(*seq).number_or(*token, "")
        }
        Command::ConsumersStatus { name }
        | Command::ConsumersDelete { name }
        | Command::LocksStatus { name } => words.word(name.as_bytes()),
        Command::TasksCreate { name, id, due, max_retries, timeout, unique, priority, prefix, .. } => {
            let priority = priority.unwrap_or(0);
            words
                .word(name.as_bytes())
                .value(value)
                .key(id.as_ref())
                .due(*due)
                .number(max_retries.unwrap_or(RETRIES))
                .key(unique.as_ref())
                .number_or(*timeout, "")
                .number(priority)
                .number(rank_of(priority))
                .word(text(prefix))
        }
        Command::TasksGet { id } | Command::TasksCancel { id } => words.word(id.as_bytes()),
        Command::TasksList { status, name, offset, limit, prefix } => words
            .word(status.map_or("", |status| status.name()))
            .key(name.as_ref())
            .page(*offset, *limit)
            .word(text(prefix)),
        Command::TasksLock { worker, milliseconds, names } => {
            words.word(worker).number(*milliseconds).keys(names)
        }
        Command::TasksHeartbeat { id, token, milliseconds } => {
            words.word(id.as_bytes()).number(*token).number(*milliseconds)
        }
        Command::TasksRelease { id, token, ending, error } => {
            let chance = random::seed().unwrap_or_default() % 1_000_000;
            words
                .word(id.as_bytes())
                .number(*token)
                .word(match ending {
                    Ending::Completed => "completed",
                    Ending::Failed => "failed",
                })
                .maybe(error.as_deref().map(shortened))
                .word(format!("0.{chance:06}"))
        }
        Command::TasksRequeue { id, due } => words.word(id.as_bytes()).due(*due),
        Command::TasksRestore { id, name, status, payload: _, unique, state } => words
            .word(id.as_bytes())
            .word(name.as_bytes())
            .value(value)
            .word(status.name())
            .number_or(state.created, "")
            .number_or(state.due, "")
            .number_or(state.started, "")
            .number_or(state.ended, "")
            .number(state.tries.unwrap_or(0))
            .number(state.max_retries.unwrap_or(RETRIES))
            .number_or(state.timeout, "")
            .key(unique.as_ref())
            .number(state.priority.unwrap_or(0))
            .number(rank_of(state.priority.unwrap_or(0)))
            .maybe(state.error.as_deref().map(shortened))
            .maybe(state.worker.as_deref())
            .number_or(state.until, ""),
        Command::TasksTrim { before, prefix } => words.number(*before).word(text(prefix)),
        // Without arguments, or not about records.
        _ => words,
    };
    words.0
}

/// The higher a task's priority, the lower its rank.
fn rank_of(priority: i64) -> u64 {
    (priority.cast_unsigned() ^ 1 << 63) ^ u64::MAX
}
