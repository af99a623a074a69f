// Records, changes, consumers, locks and tasks compared with a model that is too simple to be wrong, by random
// commands; also the state after a failed transaction, and that all memory is freed.

mod support;

use fastrand::Rng;
use omnikv::command::{Bytes, Command, Ending, Expiry, Key, Reply, TaskStatus};
use omnikv::engine::{Engine, Limits, Tick};
use omnikv::error::{Kind, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

const COMMANDS: usize = 100_000;
/// Commands on one store before a new one begins.
const ROUND: usize = 2_000;

#[derive(Clone)]
struct Record {
    version: u64,
    stamp: u64,
    kind: Option<String>,
    created: u64,
    updated: u64,
    deadline: Option<u64>,
    value: Value,
}

#[derive(Clone)]
struct Change {
    seq: u64,
    action: &'static str,
    at: u64,
    key: String,
    record: Record,
}

#[derive(Clone)]
struct Lock {
    owner: String,
    token: u64,
    acquired: u64,
    until: u64,
}

#[derive(Clone)]
struct Task {
    number: u64,
    id: String,
    name: String,
    unique: Option<String>,
    payload: Value,
    status: TaskStatus,
    created: u64,
    due: u64,
    started: Option<u64>,
    ended: Option<u64>,
    tries: u64,
    max_retries: u64,
    timeout: Option<u64>,
    priority: i64,
    error: Option<String>,
    worker: Option<String>,
    token: Option<u64>,
    until: Option<u64>,
}

/// The content of a reply: numbers and texts unchanged, values as parsed JSON, because their exact text does not matter
/// here.
type Row = Vec<Value>;

#[derive(Clone, Default)]
struct Naive {
    now: u64,
    drawn: u64,
    records: BTreeMap<String, Record>,
    changes: Vec<Change>,
    latest: u64,
    locks: BTreeMap<(bool, String), Lock>,
    consumers: BTreeMap<String, u64>,
    tasks: Vec<Task>,
}

/// A command's result in this test.
#[derive(Debug, PartialEq)]
enum Answer {
    Nothing,
    Done,
    Number(i64),
    Text(String),
    Rows(Vec<Row>),
    Numbers(Vec<i64>),
}

fn flag(yes: bool) -> Answer {
    Answer::Number(i64::from(yes))
}

fn one(row: Option<Row>) -> Answer {
    row.map_or(Answer::Nothing, |row| Answer::Rows(vec![row]))
}

fn merge(target: &Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else { return patch.clone() };
    let mut merged = target.as_object().cloned().unwrap_or_default();
    for (name, change) in changes {
        match change {
            Value::Null => drop(merged.remove(name)),
            change => {
                let old = merged.get(name).cloned().unwrap_or(Value::Object(Map::new()));
                merged.insert(name.clone(), merge(&old, change));
            }
        }
    }
    Value::Object(merged)
}

impl Naive {
    fn draw(&mut self) -> u64 {
        self.drawn += 1;
        self.drawn
    }

    fn deadline(&self, expiry: Expiry) -> Option<u64> {
        match expiry {
            Expiry::After(ms) => Some(self.now + ms),
            Expiry::At(moment) => Some(moment),
            _ => None,
        }
    }

    fn change(&mut self, seq: u64, action: &'static str, at: u64, key: &str, record: &Record) {
        self.changes.push(Change { seq, action, at, key: key.to_owned(), record: record.clone() });
        self.latest = seq;
    }

    fn remove(&mut self, key: &str, at: u64) -> bool {
        let Some(record) = self.records.remove(key) else { return false };
        let seq = self.draw();
        self.change(seq, "delete", at, key, &record);
        true
    }

    fn forget_expired(&mut self) {
        let mut due: Vec<(u64, String)> =
            self.records.iter().filter_map(|(key, r)| Some((r.deadline?, key.clone()))).collect();
        due.retain(|(deadline, _)| *deadline <= self.now);
        due.sort();
        for (deadline, key) in due {
            self.remove(&key, deadline);
        }
    }

    fn write(
        &mut self,
        key: &Key,
        version: i64,
        value: &Bytes,
        kind: &Option<String>,
        expiry: Expiry,
        is_patch: bool,
    ) -> Result<Row, Kind> {
        let old = self.records.get(key.as_str()).cloned();
        if version < -1 {
            return Err(Kind::InvalidArgument);
        }
        if version >= 0 && version as u64 != old.as_ref().map_or(0, |old| old.version) {
            return Err(Kind::Conflict);
        }
        let written: Value = serde_json::from_slice(value).map_err(|_| Kind::InvalidArgument)?;
        let kept = old.as_ref().and_then(|old| old.deadline);
        let empty = Value::Object(Map::new());
        let record = Record {
            version: old.as_ref().map_or(0, |old| old.version) + 1,
            stamp: self.draw(),
            kind: match (kind, &old) {
                (None, Some(old)) if is_patch => old.kind.clone(),
                (kind, _) => kind.clone(),
            },
            created: old.as_ref().map_or(self.now, |old| old.created),
            updated: self.now,
            deadline: match expiry {
                Expiry::Keep => kept,
                Expiry::Unstated if is_patch => kept,
                expiry => self.deadline(expiry),
            },
            value: match is_patch {
                true => merge(old.as_ref().map_or(&empty, |old| &old.value), &written),
                false => written,
            },
        };
        let action = if old.is_some() { "update" } else { "create" };
        self.change(record.stamp, action, self.now, key.as_str(), &record);
        let row = head(key.as_str(), &record);
        self.records.insert(key.0.clone(), record);
        Ok(row)
    }

    fn list(
        &self,
        is_in: impl Fn(&str, &Record) -> bool,
        offset: &Option<u64>,
        limit: &Option<u64>,
    ) -> Vec<(String, Record)> {
        let found = self.records.iter().filter(|(key, record)| is_in(key, record));
        let found = found.skip(offset.unwrap_or(0) as usize).take(limit.map_or(usize::MAX, |l| l as usize));
        found.map(|(key, record)| (key.clone(), record.clone())).collect()
    }

    fn delete(&mut self, found: Vec<(String, Record)>) -> i64 {
        found.iter().for_each(|(key, _)| {
            self.remove(key, self.now);
        });
        found.len() as i64
    }

    fn mutate(&mut self, mutation: &Command) -> Result<i64, Kind> {
        match mutation {
            Command::TasksCreate { .. } => {
                let before = self.tasks.len();
                self.run(mutation)?;
                Ok((self.tasks.len() - before) as i64)
            }
            Command::RecordsPut { .. } | Command::RecordsPatch { .. } => self.run(mutation).map(|_| 1),
            _ => match self.run(mutation)? {
                Answer::Number(count) => Ok(count),
                other => panic!("{other:?}"),
            },
        }
    }

    fn lock(&self, is_consumer: bool, name: &Key) -> Option<&Lock> {
        self.locks.get(&(is_consumer, name.0.clone())).filter(|lock| lock.until > self.now)
    }

    fn acquire(&mut self, is_consumer: bool, name: &Key, owner: &str, ms: u64) -> Answer {
        let until = self.now + ms;
        let held = self.lock(is_consumer, name).map(|lock| (lock.owner.clone(), lock.token, lock.acquired));
        let (token, acquired) = match held {
            Some((other, ..)) if other != owner => return Answer::Nothing,
            Some((_, token, acquired)) => (token, acquired),
            None => (self.draw(), self.now),
        };
        let lock = Lock { owner: owner.to_owned(), token, acquired, until };
        self.locks.insert((is_consumer, name.0.clone()), lock);
        Answer::Number(token as i64)
    }

    fn release(&mut self, is_consumer: bool, name: &Key, owner: &str) -> Answer {
        let is_own = self.lock(is_consumer, name).is_some_and(|lock| lock.owner == owner);
        if is_own {
            self.locks.remove(&(is_consumer, name.0.clone()));
        }
        flag(is_own)
    }

    fn task(&mut self, id: &Key) -> Option<&mut Task> {
        self.tasks.iter_mut().find(|task| task.id == id.as_str())
    }

    /// Ends what time has ended: a task with this unique text whose worker disappeared during its last attempt.
    fn end_lost(&mut self, command: &Command) {
        let Command::TasksCreate { unique: Some(unique), .. } = command else { return };
        let now = self.now;
        let is_over = |task: &Task| task.is_lost(now) && task.tries > task.max_retries;
        let lost = self.is_taken(&Some(unique.0.clone())).filter(|task| is_over(task));
        let Some(name) = lost.map(|task| task.name.clone()) else { return };
        for task in self.tasks.iter_mut().filter(|task| task.name == name && is_over(task)) {
            task.end(TaskStatus::Failed, now, Some("the worker's lock ended".to_owned()));
        }
    }

    fn is_taken(&self, unique: &Option<String>) -> Option<&Task> {
        let unique = unique.as_ref()?;
        self.tasks.iter().find(|task| task.unique.as_ref() == Some(unique) && !task.is_done())
    }

    fn apply(&mut self, command: &Command) -> Result<Answer, Kind> {
        self.forget_expired();
        self.run(command)
    }

    fn run(&mut self, command: &Command) -> Result<Answer, Kind> {
        let now = self.now;
        Ok(match command {
            Command::RecordsPut { key, version, value, kind, expiry } => {
                one(Some(self.write(key, *version, value, kind, *expiry, false)?))
            }
            Command::RecordsPatch { key, version, value, kind, expiry } => {
                one(Some(self.write(key, *version, value, kind, *expiry, true)?))
            }
            Command::RecordsGet { key } => {
                one(self.records.get(key.as_str()).map(|r| whole(key.as_str(), r)))
            }
            Command::RecordsGetMany { keys } => {
                let missing = || vec![Value::Null; 8];
                let get = |key: &Key| self.records.get(key.as_str()).map(|r| whole(key.as_str(), r));
                Answer::Rows(keys.iter().map(|key| get(key).unwrap_or_else(missing)).collect())
            }
            Command::RecordsList { prefix, start, end, after, kind, offset, limit } => {
                let is_in = |key: &str, record: &Record| {
                    prefix.as_ref().is_none_or(|prefix| key.starts_with(prefix.as_str()))
                        && start.as_ref().is_none_or(|start| key >= start.as_str())
                        && end.as_ref().is_none_or(|end| key < end.as_str())
                        && after.as_ref().is_none_or(|after| key > after.as_str())
                        && (kind.is_none() || record.kind == *kind)
                };
                let found = self.list(is_in, offset, limit);
                Answer::Rows(found.iter().map(|(key, record)| whole(key, record)).collect())
            }
            Command::RecordsCount { prefix, start, end, kind } => {
                let is_in = |key: &str, record: &Record| {
                    prefix.as_ref().is_none_or(|prefix| key.starts_with(prefix.as_str()))
                        && start.as_ref().is_none_or(|start| key >= start.as_str())
                        && end.as_ref().is_none_or(|end| key < end.as_str())
                        && (kind.is_none() || record.kind == *kind)
                };
                Answer::Number(self.list(is_in, &None, &None).len() as i64)
            }
            Command::RecordsDelete { keys } => {
                Answer::Number(keys.iter().filter(|key| self.remove(key.as_str(), now)).count() as i64)
            }
            Command::RecordsDeletePrefix { prefix, offset, limit } => {
                let prefix = if prefix == "*" { "" } else { prefix };
                let found = self.list(|key, _| key.starts_with(prefix), offset, limit);
                Answer::Number(self.delete(found))
            }
            Command::RecordsDeleteRange { start, end, offset, limit } => {
                let is_in = |key: &str, _: &Record| key >= start.as_str() && key < end.as_str();
                let found = self.list(is_in, offset, limit);
                Answer::Number(self.delete(found))
            }
            Command::RecordsMutate { mutations } => {
                for mutation in mutations {
                    self.end_lost(mutation);
                }
                let before = self.clone();
                let rows: Result<Vec<i64>, Kind> = mutations.iter().map(|m| self.mutate(m)).collect();
                if rows.is_err() {
                    *self = before;
                }
                Answer::Numbers(rows?)
            }
            Command::ChangesRead { from, limit, kind, prefix } => {
                let changes = self.changes.iter().filter(|change| {
                    change.seq >= from.unwrap_or(0)
                        && (kind.is_none() || change.record.kind == *kind)
                        && change.key.starts_with(prefix.as_deref().unwrap_or_default())
                });
                let rows = changes.take(limit.map_or(usize::MAX, |limit| limit as usize)).map(|change| {
                    let mut row = vec![change.seq.into(), change.action.into(), change.at.into()];
                    row.extend(whole(&change.key, &change.record));
                    row
                });
                Answer::Rows(rows.collect())
            }
            Command::ChangesLatest {} => Answer::Number(self.latest as i64),
            Command::ChangesTrim { seq, prefix } => {
                let (before, prefix) = (self.changes.len(), prefix.as_deref().unwrap_or_default());
                self.changes.retain(|change| change.seq >= *seq || !change.key.starts_with(prefix));
                Answer::Number((before - self.changes.len()) as i64)
            }
            Command::ConsumersClaim { name, owner, milliseconds } => {
                self.acquire(true, name, owner, *milliseconds)
            }
            Command::ConsumersRelease { name, owner } => self.release(true, name, owner),
            Command::ConsumersCommit { name, seq, token } => {
                if self.lock(true, name).map(|lock| lock.token) != *token {
                    return Err(Kind::Conflict);
                }
                self.consumers.insert(name.0.clone(), *seq);
                Answer::Done
            }
            Command::ConsumersStatus { name } => {
                let position = self.consumers.get(name.as_str()).copied().unwrap_or(0);
                let mut row = vec![position.into(), self.latest.into()];
                row.extend(self.lock(true, name).map_or(vec![Value::Null; 4], lock_row));
                one(Some(row))
            }
            Command::ConsumersDelete { name } => flag(self.consumers.remove(name.as_str()).is_some()),
            Command::LocksAcquire { name, owner, milliseconds } => {
                self.acquire(false, name, owner, *milliseconds)
            }
            Command::LocksRelease { name, owner } => self.release(false, name, owner),
            Command::LocksStatus { name } => one(self.lock(false, name).map(lock_row)),
            Command::TasksCreate {
                name,
                payload,
                id,
                due,
                max_retries,
                timeout,
                unique,
                priority,
                prefix,
            } => {
                self.end_lost(command);
                let payload: Value = serde_json::from_slice(payload).map_err(|_| Kind::InvalidArgument)?;
                let unique = unique.as_ref().map(|unique| unique.0.clone());
                if let Some(task) = self.is_taken(&unique) {
                    return Ok(one(Some(task.row())));
                }
                if id.as_ref().is_some_and(|id| self.task(id).is_some()) {
                    return Err(Kind::Conflict);
                }
                let number = self.draw();
                let mut made = number;
                let id = loop {
                    let id = id
                        .clone()
                        .unwrap_or_else(|| Key(format!("{}{made}", prefix.as_deref().unwrap_or_default())));
                    if self.task(&id).is_none() {
                        break id;
                    }
                    made = self.draw();
                };
                let task = Task {
                    number,
                    id: id.0,
                    name: name.0.clone(),
                    unique,
                    payload,
                    status: TaskStatus::Pending,
                    created: now,
                    due: self.deadline(*due).unwrap_or(now),
                    started: None,
                    ended: None,
                    tries: 0,
                    max_retries: max_retries.unwrap_or(3),
                    timeout: *timeout,
                    priority: priority.unwrap_or(0),
                    error: None,
                    worker: None,
                    token: None,
                    until: None,
                };
                let row = task.row();
                self.tasks.push(task);
                one(Some(row))
            }
            Command::TasksGet { id } => one(self.task(id).map(|task| task.row())),
            Command::TasksList { status, name, offset, limit, prefix } => {
                let tasks = self.tasks.iter().filter(|task| {
                    status.is_none_or(|status| task.status == status)
                        && name.as_ref().is_none_or(|name| task.name == name.as_str())
                        && task.id.starts_with(prefix.as_deref().unwrap_or_default())
                });
                let tasks = tasks.skip(offset.unwrap_or(0) as usize);
                Answer::Rows(tasks.take(limit.map_or(usize::MAX, |l| l as usize)).map(Task::row).collect())
            }
            Command::TasksCancel { id } => {
                let task = self.task(id).filter(|task| !task.is_done());
                let is_open = task.is_some();
                if let Some(task) = task {
                    task.end(TaskStatus::Cancelled, now, None);
                }
                flag(is_open)
            }
            Command::TasksLock { worker, milliseconds, names } => {
                let is_wanted = |task: &Task| names.iter().any(|name| name.as_str() == task.name);
                for task in self.tasks.iter_mut().filter(|task| is_wanted(task) && task.is_lost(now)) {
                    if task.tries > task.max_retries {
                        task.end(TaskStatus::Failed, now, Some("the worker's lock ended".to_owned()));
                    }
                }
                let is_open = |task: &Task| {
                    is_wanted(task)
                        && (task.status == TaskStatus::Pending && task.due <= now || task.is_lost(now))
                };
                let open = self.tasks.iter().filter(|task| is_open(task));
                let next = open.min_by_key(|task| (-i128::from(task.priority), task.due, task.number));
                let Some(number) = next.map(|task| task.number) else { return Ok(Answer::Nothing) };
                let token = self.draw();
                let task = self.tasks.iter_mut().find(|task| task.number == number).unwrap();
                task.status = TaskStatus::Running;
                task.started = Some(now);
                task.tries += 1;
                task.worker = Some(worker.clone());
                task.token = Some(token);
                task.until = Some(now + milliseconds);
                one(Some(task.row()))
            }
            Command::TasksHeartbeat { id, token, milliseconds } => {
                let task = self.task(id).filter(|task| task.is_held(*token));
                let is_held = task.is_some();
                if let Some(task) = task {
                    task.until = Some(now + milliseconds);
                }
                flag(is_held)
            }
            Command::TasksRelease { id, token, ending, error } => {
                let Some(task) = self.task(id).filter(|task| task.is_held(*token)) else {
                    return Ok(Answer::Nothing);
                };
                match ending {
                    Ending::Completed => task.end(TaskStatus::Completed, now, error.clone()),
                    Ending::Failed if task.tries > task.max_retries => {
                        task.end(TaskStatus::Failed, now, error.clone());
                    }
                    Ending::Failed => {
                        task.status = TaskStatus::Pending;
                        task.error = error.clone();
                        task.until = None;
                        // The next due time is partly random: the test reads it from the store.
                        task.due = u64::MAX;
                    }
                }
                Answer::Text(task.status.name().to_owned())
            }
            Command::TasksRequeue { id, due } => {
                let due = self.deadline(*due).unwrap_or(now);
                let Some(task) = self.task(id) else { return Ok(flag(false)) };
                if !matches!(task.status, TaskStatus::Failed | TaskStatus::Cancelled) {
                    return Ok(flag(false));
                }
                let unique = task.unique.clone();
                if self.is_taken(&unique).is_some() {
                    return Err(Kind::Conflict);
                }
                let task = self.task(id).unwrap();
                task.status = TaskStatus::Pending;
                task.tries = 0;
                task.ended = None;
                task.due = due;
                flag(true)
            }
            Command::TasksTrim { before, prefix } => {
                let count = self.tasks.len();
                let prefix = prefix.as_deref().unwrap_or_default();
                let is_old = |task: &Task| task.ended.is_some_and(|ended| ended < *before);
                self.tasks.retain(|task| !is_old(task) || !task.id.starts_with(prefix));
                Answer::Number((count - self.tasks.len()) as i64)
            }
            other => unreachable!("{} is not part of this test", other.name()),
        })
    }
}

impl Task {
    fn is_done(&self) -> bool {
        !matches!(self.status, TaskStatus::Pending | TaskStatus::Running)
    }

    /// Whether its worker's lock has expired.
    fn is_lost(&self, now: u64) -> bool {
        self.status == TaskStatus::Running && self.until.is_some_and(|until| until <= now)
    }

    fn is_held(&self, token: u64) -> bool {
        self.status == TaskStatus::Running && self.token == Some(token)
    }

    fn end(&mut self, status: TaskStatus, now: u64, error: Option<String>) {
        self.status = status;
        self.ended = Some(now);
        self.until = None;
        self.error = error;
    }

    fn row(&self) -> Row {
        vec![
            self.id.clone().into(),
            self.name.clone().into(),
            self.unique.clone().into(),
            self.payload.clone(),
            self.status.name().into(),
            self.created.into(),
            self.due.into(),
            self.started.into(),
            self.ended.into(),
            self.tries.into(),
            self.max_retries.into(),
            self.timeout.into(),
            self.priority.into(),
            self.error.clone().into(),
            self.worker.clone().into(),
            self.token.into(),
            self.until.into(),
        ]
    }
}

fn head(key: &str, record: &Record) -> Row {
    vec![
        key.into(),
        record.version.into(),
        record.stamp.into(),
        record.kind.clone().into(),
        record.created.into(),
        record.updated.into(),
        record.deadline.into(),
    ]
}

fn whole(key: &str, record: &Record) -> Row {
    let mut row = head(key, record);
    row.push(record.value.clone());
    row
}

fn lock_row(lock: &Lock) -> Row {
    vec![lock.owner.clone().into(), lock.token.into(), lock.acquired.into(), lock.until.into()]
}

/// The positions of texts in a reply's rows: everything else is a number or JSON.
fn shape(command: &Command) -> (usize, &'static [usize]) {
    match command {
        Command::RecordsPut { .. } | Command::RecordsPatch { .. } => (7, &[0, 3]),
        Command::RecordsGet { .. } | Command::RecordsGetMany { .. } | Command::RecordsList { .. } => {
            (8, &[0, 3])
        }
        Command::ChangesRead { .. } => (11, &[1, 3, 6]),
        Command::ConsumersStatus { .. } => (6, &[2]),
        Command::LocksStatus { .. } => (4, &[0]),
        _ => (17, &[0, 1, 2, 4, 13, 14]),
    }
}

fn read(command: &Command, reply: Reply) -> Answer {
    match reply {
        Reply::Nil => Answer::Nothing,
        Reply::Ok => Answer::Done,
        Reply::Int(number) => Answer::Number(number),
        Reply::Bytes(bytes) => Answer::Text(String::from_utf8(bytes).unwrap()),
        Reply::Ints(numbers) => Answer::Numbers(numbers),
        Reply::List(items) => {
            let (width, texts) = shape(command);
            let rows = items.chunks(width).map(|row| {
                let fields = row.iter().enumerate().map(|(at, field)| match field {
                    None => Value::Null,
                    Some(bytes) if texts.contains(&at) => str::from_utf8(bytes).unwrap().into(),
                    Some(bytes) => serde_json::from_slice(bytes).unwrap(),
                });
                fields.collect()
            });
            Answer::Rows(rows.collect())
        }
        other => panic!("{other:?}"),
    }
}

struct Commands {
    rng: Rng,
    now: u64,
    /// The last token that was issued.
    drawn: u64,
}

const VALUES: [&str; 9] = [
    "1",
    "\"text\"",
    "null",
    "[1,{\"a\":null}]",
    "{}",
    "{\"a\":1,\"b\":{\"c\":2,\"d\":3}}",
    "{\"b\":{\"c\":null,\"e\":[4]}}",
    "{\"a\":null,\"f\":{\"g\":null}}",
    "{\"a\"",
];

impl Commands {
    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.rng.bool().then(|| make(self))
    }

    /// A text whose byte order differs from its UTF-16 order, or that would be a pattern elsewhere.
    fn text(&mut self) -> String {
        let length = self.rng.usize(..=2);
        (0..length).map(|_| self.pick(&['a', 'A', '%', '_', '\u{ff5e}', '\u{10ffff}'])).collect()
    }

    fn key(&mut self) -> Key {
        Key(self.text() + self.pick(&["k", "l", ""]) + "k")
    }

    fn kind(&mut self) -> Option<String> {
        self.maybe(|any| any.pick(&["Person", "Order"]).to_owned())
    }

    fn value(&mut self) -> Bytes {
        self.pick(&VALUES).into()
    }

    fn expiry(&mut self) -> Expiry {
        match self.rng.u8(..10) {
            0..=4 => Expiry::Unstated,
            5 => Expiry::Keep,
            6 => Expiry::Never,
            7 => Expiry::At(self.now + self.rng.u64(..200) - 50),
            _ => Expiry::After(self.rng.u64(1..200)),
        }
    }

    fn due(&mut self) -> Expiry {
        match self.rng.u8(..3) {
            0 => Expiry::Unstated,
            1 => Expiry::At(self.now + self.rng.u64(..200) - 50),
            _ => Expiry::After(self.rng.u64(1..200)),
        }
    }

    fn version(&mut self) -> i64 {
        self.pick(&[-2, -1, -1, -1, -1, -1, -1, -1, 0, 0, 1, 1, 2, 3])
    }

    fn small(&mut self) -> Option<u64> {
        self.maybe(|any| any.rng.u64(..4))
    }

    fn seq(&mut self) -> u64 {
        self.drawn.saturating_sub(self.rng.u64(..20))
    }

    fn owner(&mut self) -> String {
        self.pick(&["me", "you"]).to_owned()
    }

    fn name(&mut self) -> Key {
        Key(self.pick(&["x", "y", "z"]).to_owned())
    }

    fn id(&mut self) -> Key {
        match self.rng.bool() {
            true => self.name(),
            false => Key(self.seq().to_string()),
        }
    }

    fn mutation(&mut self) -> Command {
        match self.rng.u8(..8) {
            0..=2 => Command::RecordsPut {
                key: self.key(),
                version: self.version(),
                value: self.value(),
                kind: self.kind(),
                expiry: self.expiry(),
            },
            3 | 4 => Command::RecordsPatch {
                key: self.key(),
                version: self.version(),
                value: self.value(),
                kind: self.kind(),
                expiry: self.expiry(),
            },
            5 => Command::RecordsDelete { keys: vec![self.key(), self.key()] },
            6 if self.rng.bool() => Command::RecordsDeletePrefix {
                prefix: self.text() + "k",
                offset: self.small(),
                limit: self.small(),
            },
            6 => Command::RecordsDeleteRange {
                start: self.text(),
                end: self.text(),
                offset: self.small(),
                limit: self.small(),
            },
            _ => Command::TasksCreate {
                name: self.name(),
                payload: self.value(),
                id: self.maybe(Self::name),
                due: self.due(),
                max_retries: self.small(),
                timeout: self.small(),
                unique: self.maybe(Self::name),
                priority: self.maybe(|any| any.rng.i64(-1..=1)),
                prefix: self.maybe(Self::text),
            },
        }
    }

    fn command(&mut self) -> Command {
        match self.rng.u8(..40) {
            0..=11 => self.mutation(),
            12 | 13 => {
                let count = self.rng.usize(..4);
                Command::RecordsMutate { mutations: (0..count).map(|_| self.mutation()).collect() }
            }
            14 => Command::RecordsDeletePrefix { prefix: "*".into(), offset: None, limit: self.small() },
            15 => Command::RecordsGet { key: self.key() },
            16 => Command::RecordsGetMany { keys: vec![self.key(), self.key(), self.key()] },
            17 | 18 => Command::RecordsList {
                prefix: self.maybe(Self::text),
                start: self.maybe(Self::text),
                end: self.maybe(Self::text),
                after: self.maybe(|any| any.key().0),
                kind: self.kind(),
                offset: self.small(),
                limit: self.small(),
            },
            19 => Command::RecordsCount {
                prefix: self.maybe(Self::text),
                start: self.maybe(Self::text),
                end: self.maybe(Self::text),
                kind: self.kind(),
            },
            20 | 21 => Command::ChangesRead {
                from: self.maybe(Self::seq),
                limit: self.small(),
                kind: self.kind(),
                prefix: self.maybe(Self::text),
            },
            22 => Command::ChangesLatest {},
            23 => Command::ChangesTrim { seq: self.seq(), prefix: self.maybe(Self::text) },
            24 => Command::ConsumersClaim {
                name: self.name(),
                owner: self.owner(),
                milliseconds: self.rng.u64(1..100),
            },
            25 => Command::ConsumersRelease { name: self.name(), owner: self.owner() },
            26 => Command::ConsumersCommit {
                name: self.name(),
                seq: self.seq(),
                token: self.maybe(|any| any.seq()),
            },
            27 => Command::ConsumersStatus { name: self.name() },
            28 => Command::ConsumersDelete { name: self.name() },
            29 => Command::LocksAcquire {
                name: self.name(),
                owner: self.owner(),
                milliseconds: self.rng.u64(1..100),
            },
            30 => Command::LocksRelease { name: self.name(), owner: self.owner() },
            31 => Command::LocksStatus { name: self.name() },
            32 => Command::TasksGet { id: self.id() },
            33 => Command::TasksList {
                status: self.maybe(|any| {
                    use TaskStatus::{Cancelled, Completed, Failed, Pending, Running};
                    any.pick(&[Pending, Running, Completed, Failed, Cancelled])
                }),
                name: self.maybe(Self::name),
                offset: self.small(),
                limit: self.small(),
                prefix: self.maybe(Self::text),
            },
            34 if self.rng.bool() => Command::TasksCancel { id: self.id() },
            34 | 35 => Command::TasksLock {
                worker: self.owner(),
                milliseconds: self.rng.u64(1..200),
                names: vec![self.name(), self.name()],
            },
            36 => Command::TasksHeartbeat {
                id: self.id(),
                token: self.seq(),
                milliseconds: self.rng.u64(1..200),
            },
            37 => Command::TasksRelease {
                id: self.id(),
                token: self.seq(),
                ending: self.pick(&[Ending::Completed, Ending::Failed]),
                error: self.maybe(|_| "it broke".to_owned()),
            },
            38 => Command::TasksRequeue { id: self.id(), due: self.due() },
            _ => Command::TasksTrim {
                before: self.now - self.rng.u64(..5_000),
                prefix: self.maybe(Self::text),
            },
        }
    }
}

#[test]
fn random_commands() {
    let seed = support::seed();
    let mut commands = Commands { rng: Rng::with_seed(seed), now: 0, drawn: 0 };
    let (mut engine, mut naive) = (Engine::new(Limits::default(), seed), Naive::default());
    let mut held: Vec<(Key, u64)> = Vec::new();
    for number in 0..COMMANDS {
        if number % ROUND == 0 {
            // All memory is freed when everything is removed.
            flush(&mut engine, commands.now.max(1));
            assert_eq!(engine.used_bytes(), 0);
            engine = Engine::new(Limits::default(), seed);
            commands.now = 1_000_000;
            naive = Naive::default();
        }
        if commands.rng.u8(..5) == 0 {
            // Sometimes an hour and a quarter, the longest wait before a retry.
            commands.now += if commands.rng.u8(..200) == 0 { 4_500_000 } else { commands.rng.u64(..60) };
        }
        naive.now = commands.now;
        commands.drawn = naive.drawn;
        let mut command = commands.command();
        // Few guessed tokens would be valid.
        if let Some((held_id, held_token)) = held.pop().filter(|_| commands.rng.u8(..4) > 0)
            && let Command::TasksRelease { id, token, .. } | Command::TasksHeartbeat { id, token, .. } =
                &mut command
        {
            (*id, *token) = (held_id, held_token);
        }
        let tick = Tick::at(commands.now);
        let ours = engine.apply(&command, &tick).map(|reply| read(&command, reply));
        let ours = ours.map_err(|error| error.kind());
        let theirs = naive.apply(&command);
        assert_eq!(ours, theirs, "command {number}: {command:?}");
        if let (Command::TasksLock { .. }, Some(task)) =
            (&command, naive.tasks.iter().max_by_key(|task| task.token))
            && let Some(token) = task.token
        {
            held.push((Key(task.id.clone()), token));
        }
        if let Command::TasksRelease { id, .. } = &command {
            see_when_it_is_due(&mut engine, &mut naive, id);
        }
    }
}

/// A retry waits at least the defined time, and at most a quarter longer.
fn see_when_it_is_due(engine: &mut Engine, naive: &mut Naive, id: &Key) {
    let now = naive.now;
    let Some(task) = naive.task(id).filter(|task| task.due == u64::MAX) else { return };
    let get = Command::TasksGet { id: id.clone() };
    let Reply::List(fields) = engine.apply(&get, &Tick::at(now)).unwrap() else { panic!("a task") };
    let due: u64 = str::from_utf8(fields[6].as_ref().unwrap()).unwrap().parse().unwrap();
    let wait = (60_000 << (task.tries - 1).min(10)).min(3_600_000);
    assert!((wait..=wait * 5 / 4).contains(&(due - now)), "{} after {} tries", due - now, task.tries);
    task.due = due;
}

fn flush(engine: &mut Engine, now: u64) {
    engine.apply(&Command::Flush { prefix: String::new() }, &Tick::at(now)).unwrap();
}

fn put(key: &str, version: i64, value: &str) -> Command {
    Command::RecordsPut {
        key: key.into(),
        version,
        value: value.into(),
        kind: None,
        expiry: Expiry::Unstated,
    }
}

#[test]
fn flushing_a_prefix_frees_its_memory() {
    let mut commands = Commands { rng: Rng::with_seed(support::seed()), now: 1_000_000, drawn: 0 };
    let mut engine = Engine::new(Limits::default(), 1);
    for _ in 0..20_000 {
        commands.now += commands.rng.u64(..20);
        commands.drawn = commands.drawn.max(20);
        let _ = engine.apply(&commands.command(), &Tick::at(commands.now));
    }
    let tick = Tick::at(commands.now);
    assert!(engine.used_bytes() > 0);
    for first in (0..=255_u8).filter(u8::is_ascii).map(char::from).chain(['\u{ff5e}', '\u{10ffff}']) {
        engine.apply(&Command::Flush { prefix: first.to_string() }, &tick).unwrap();
    }
    assert_eq!(engine.used_bytes(), 0);
}

#[test]
fn a_full_store_rolls_back_and_only_evicts_plain_keys() {
    let tick = Tick::at(1_000);
    let limits = |eviction| Limits { max_bytes: 4_000, eviction, ..Limits::default() };
    let large = format!("\"{}\"", "x".repeat(1_000));
    let both = Command::RecordsMutate { mutations: vec![put("a", 0, "1"), put("b", 0, &large)] };

    let mut engine = Engine::new(limits(omnikv::Eviction::NoEviction), 1);
    engine.apply(&Command::parse(&["SET", "plain", &large]).unwrap(), &tick).unwrap();
    engine.apply(&put("kept", 0, "1"), &tick).unwrap();
    let used = engine.used_bytes();
    assert_eq!(engine.apply(&both, &tick).unwrap_err().kind(), Kind::OutOfMemory);
    assert_eq!(engine.used_bytes(), used);
    let count = Command::RecordsCount { prefix: None, start: None, end: None, kind: None };
    assert_eq!(engine.apply(&count, &tick), Ok(Reply::Int(1)));

    let mut engine = Engine::new(limits(omnikv::Eviction::AllKeysLru), 1);
    engine.apply(&Command::parse(&["SET", "plain", &large]).unwrap(), &tick).unwrap();
    engine.apply(&put("kept", 0, "1"), &tick).unwrap();
    engine.apply(&both, &tick).unwrap();
    assert_eq!((engine.evicted(), engine.apply(&count, &tick)), (1, Ok(Reply::Int(3))));
    // Records are never evicted.
    assert_eq!(engine.apply(&put("c", 0, &large), &tick).unwrap_err().kind(), Kind::OutOfMemory);
}
