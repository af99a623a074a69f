// Writes items into a store, each as a whole or not at all.

use super::read::read;
use super::{Content, Entry, Existing, Item, Options, Position, Progress};
use crate::command::{Bytes, Command, Expiry, Key, Reply, SetCondition};
use crate::error::{Error, Kind, Result};
use crate::operations::{Documents, Record, Task, records, tasks};
use crate::store::Store;
use futures_util::future::try_join_all;
use serde_json::value::RawValue;

/// How many elements, fields or members one command carries.
const MOST_WORDS: usize = 10_000;

/// Writes items into a store.
pub struct Import {
    store: Store,
    options: Options,
    progress: Progress,
    /// Whether the keys of a page can be read as one transaction.
    is_together: bool,
}

/// Whether an item was written, or the target's own was left.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Written,
    Kept,
}

impl Import {
    /// Writes under the store's prefix. `page` does not matter here.
    pub fn to(store: &Store, options: Options) -> Import {
        Import { store: store.clone(), options, progress: Progress::default(), is_together: true }
    }

    /// Sets how many items are to come, for [`Progress::total`].
    pub fn expect(&mut self, total: u64) {
        self.progress.total = Some(total);
    }

    /// What has been written so far.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Writes these items.
    ///
    /// # Errors
    ///
    /// `conflict` as the options say; others of the items may have been written.
    pub async fn write(&mut self, items: Vec<Item>) -> Result<()> {
        let (mut entries, mut records) = (Vec::new(), Vec::new());
        let (mut tasks, mut consumers, mut latest) = (Vec::new(), Vec::new(), 0);
        for item in items {
            match item {
                Item::Entry(entry) => entries.push(entry),
                Item::Record(record) => records.push(record),
                Item::Task(task) => tasks.push(*task),
                Item::Consumer(consumer) => consumers.push(consumer),
                Item::Latest(seq) => latest = seq,
            }
        }
        if latest > 0 && !self.options.dry_run && self.store.capabilities().records {
            self.store.changes().advance(latest).await?;
        }
        self.write_entries(entries).await?;
        self.write_records(records).await?;
        self.write_tasks(tasks).await?;
        self.write_consumers(consumers).await
    }

    fn count(&mut self, done: Done, written: fn(&mut Progress) -> &mut u64) {
        match done {
            Done::Written => *written(&mut self.progress) += 1,
            Done::Kept => self.progress.kept += 1,
        }
    }

    async fn write_entries(&mut self, entries: Vec<Entry>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let done = match self.options.dry_run {
            true => vec![None; entries.len()],
            false => self.try_entries(&entries).await?,
        };
        // What was not written is there already, or nothing was tried.
        let open: Vec<&Entry> =
            entries.iter().zip(&done).filter(|(_, done)| done.is_none()).map(|(entry, _)| entry).collect();
        let keys = open.iter().map(|entry| entry.key.clone()).collect();
        let held = read(&self.store, keys, &mut self.is_together).await?;
        for _ in done.iter().flatten() {
            self.count(Done::Written, |progress| &mut progress.keys);
        }
        for entry in open {
            let done = match held.iter().find(|other| other.key == entry.key) {
                None => Done::Written,
                Some(_) if self.options.existing == Existing::Replace => Done::Written,
                Some(_) if self.options.existing == Existing::Keep => Done::Kept,
                Some(other) if is_same(entry, other) => Done::Kept,
                Some(_) => return Err(conflict("key", &entry.key)),
            };
            self.count(done, |progress| &mut progress.keys);
        }
        Ok(())
    }

    /// Writes entries; nothing in the place of one that the target holds already.
    async fn try_entries(&self, entries: &[Entry]) -> Result<Vec<Option<Done>>> {
        let replaces = self.options.existing == Existing::Replace;
        let strings: Vec<Command> = entries.iter().filter_map(|entry| set(entry, replaces)).collect();
        let mut answers = self.store.execute_all(strings).await?.into_iter();
        let others = entries.iter().filter(|entry| !matches!(entry.content, Content::String(_)));
        let others = try_join_all(others.map(|entry| self.write_collection(entry, replaces))).await?;
        let mut others = others.into_iter();
        let mut done = Vec::with_capacity(entries.len());
        for entry in entries {
            let is_written = match entry.content {
                Content::String(_) => answers.next().transpose()? == Some(Reply::Ok),
                _ => others.next().unwrap_or_default(),
            };
            done.push(is_written.then_some(Done::Written));
        }
        Ok(done)
    }

    /// Writes what is no string as one transaction. Returns whether it was written.
    async fn write_collection(&self, entry: &Entry, replaces: bool) -> Result<bool> {
        let key = || Key(entry.key.clone());
        let mut commands = Vec::new();
        let mut checks = Vec::new();
        match replaces {
            true => commands.push(Command::Del { keys: vec![key()] }),
            false => checks.push((key(), None)),
        }
        match &entry.content {
            Content::String(_) => {}
            Content::List(items) => {
                let push = |items: &[_]| Command::RPush { key: key(), values: items.to_vec() };
                commands.extend(items.chunks(MOST_WORDS).map(push));
            }
            Content::Set(items) => {
                let add = |items: &[_]| Command::SAdd { key: key(), members: items.to_vec() };
                commands.extend(items.chunks(MOST_WORDS).map(add));
            }
            Content::Hash(items) => {
                let set = |items: &[_]| Command::HSet { key: key(), pairs: items.to_vec() };
                commands.extend(items.chunks(MOST_WORDS).map(set));
            }
            Content::SortedSet(items) => {
                let add = |items: &[(Bytes, f64)]| Command::ZAdd {
                    key: key(),
                    condition: None,
                    changed: false,
                    increment: false,
                    members: items.iter().map(|(member, score)| (*score, member.clone())).collect(),
                };
                commands.extend(items.chunks(MOST_WORDS).map(add));
            }
        }
        if let Some(at) = entry.expire_at {
            let milliseconds = i64::try_from(at).unwrap_or(i64::MAX);
            commands.push(Command::PExpireAt { key: key(), milliseconds, condition: None });
        }
        match self.store.transaction(checks, commands).await {
            Ok(replies) => replies.into_iter().collect::<Result<Vec<_>>>().map(|_| true),
            Err(error) if error.kind() == Kind::Conflict && !replaces => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn write_records(&mut self, records: Vec<Record<Box<RawValue>>>) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let keys: Vec<&str> = records.iter().map(|record| &*record.key).collect();
        let held = self.store.records().get_many::<Box<RawValue>>(keys).await?;
        let mut mutations = Vec::with_capacity(records.len());
        let mut count = 0;
        for (record, held) in records.into_iter().zip(held) {
            match held {
                None => {}
                Some(_) if self.options.existing == Existing::Replace => {
                    mutations.push(Command::RecordsDelete { keys: vec![(&*record.key).into()] });
                }
                Some(held) if self.options.existing == Existing::Keep || is_same_record(&record, &held) => {
                    self.count(Done::Kept, |progress| &mut progress.records);
                    continue;
                }
                Some(_) => return Err(conflict("record", &record.key)),
            }
            count += 1;
            mutations.push(records::restore(&record)?);
        }
        if count > 0 && !self.options.dry_run {
            self.store.execute(Command::RecordsMutate { mutations }).await?;
        }
        self.progress.records += count;
        Ok(())
    }

    async fn write_tasks(&mut self, tasks: Vec<Task>) -> Result<()> {
        let ids = tasks.iter().map(|task| Command::TasksGet { id: (&*task.id).into() });
        let held = if tasks.is_empty() { Vec::new() } else { self.store.execute_all(ids.collect()).await? };
        let mut open = Vec::with_capacity(tasks.len());
        for (task, held) in tasks.into_iter().zip(held) {
            match held? {
                Reply::Nil => open.push(task),
                // A task that the target has is its own: it may have been worked on.
                Reply::List(fields) if name_of(&fields) == Some(task.name.as_bytes()) => {
                    self.progress.kept += 1
                }
                _ if self.options.existing == Existing::Keep => self.progress.kept += 1,
                _ => return Err(conflict("task", &task.id)),
            }
        }
        if open.is_empty() || self.options.dry_run {
            self.progress.tasks += open.len() as u64;
            return Ok(());
        }
        let commands = open.iter().map(tasks::restore).collect::<Result<_>>()?;
        let answers = self.store.execute_all(commands).await?;
        for (task, answer) in open.iter().zip(answers) {
            match answer {
                Ok(_) => self.progress.tasks += 1,
                // Another task has its unique text.
                Err(error) if error.kind() == Kind::Conflict && self.options.existing == Existing::Keep => {
                    self.progress.kept += 1;
                }
                Err(error) if error.kind() == Kind::Conflict => return Err(conflict("task", &task.id)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes the positions of consumers that the target does not know: behind all records for one that had read
    /// everything, otherwise before them.
    async fn write_consumers(&mut self, consumers: Vec<Position>) -> Result<()> {
        if consumers.is_empty() {
            return Ok(());
        }
        let latest = self.store.changes().latest().await?;
        let held = self.store.consumers().list().await?;
        for Position { name, position, latest: of_source } in consumers {
            let is_known = held.iter().any(|(known, _)| *known == name);
            if is_known && self.options.existing != Existing::Replace {
                self.progress.kept += 1;
                continue;
            }
            let position = if position >= of_source { latest } else { position.min(latest) };
            if !self.options.dry_run {
                self.store.consumers().commit(name, position, None).await?;
            }
            self.progress.consumers += 1;
        }
        Ok(())
    }
}

/// The name in the fields of a task.
fn name_of(fields: &[Option<Bytes>]) -> Option<&[u8]> {
    fields.get(1)?.as_deref()
}

/// The command that writes a string.
fn set(entry: &Entry, replaces: bool) -> Option<Command> {
    let Content::String(value) = &entry.content else { return None };
    Some(Command::Set {
        key: Key(entry.key.clone()),
        value: value.clone(),
        condition: (!replaces).then_some(SetCondition::Missing),
        get: false,
        expiry: entry.expire_at.map_or(Expiry::Never, Expiry::At),
    })
}

/// Whether two entries hold the same, and expire at about the same time: some stores keep seconds.
fn is_same(one: &Entry, other: &Entry) -> bool {
    let at = match (one.expire_at, other.expire_at) {
        (Some(one), Some(other)) => one.abs_diff(other) < 1_000,
        (one, other) => one == other,
    };
    at && match (&one.content, &other.content) {
        (Content::Set(one), Content::Set(other)) => sorted(one) == sorted(other),
        (Content::Hash(one), Content::Hash(other)) => sorted(one) == sorted(other),
        (one, other) => one == other,
    }
}

fn sorted<T: Ord>(items: &[T]) -> Vec<&T> {
    let mut items: Vec<&T> = items.iter().collect();
    items.sort_unstable();
    items
}

fn is_same_record(one: &Record<Box<RawValue>>, other: &Record<Box<RawValue>>) -> bool {
    one.value.get() == other.value.get() && one.kind == other.kind && one.expires_at == other.expires_at
}

fn conflict(what: &str, key: &str) -> Error {
    let message =
        format!("(target) holds another {what} {key:?}: choose to keep what is there, or to replace it");
    Error::new(Kind::Conflict, message).in_op("copy")
}
