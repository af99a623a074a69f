// Records, changes, consumers, locks and tasks as a model that is too simple to be wrong.

use omnikv::command::{Bytes, Command, Ending, Expiry, Key, TaskStatus};
use omnikv::error::{Kind, Result};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

#[derive(Clone)]
pub struct Record {
    version: u64,
    stamp: u64,
    kind: Option<String>,
    created: u64,
    updated: u64,
    deadline: Option<u64>,
    value: Value,
}

#[derive(Clone)]
pub struct Change {
    seq: u64,
    action: &'static str,
    at: u64,
    key: String,
    record: Record,
}

#[derive(Clone)]
pub struct Lock {
    owner: String,
    token: u64,
    acquired: u64,
    until: u64,
}

#[derive(Clone)]
pub struct Task {
    pub number: u64,
    pub id: String,
    pub name: String,
    pub unique: Option<String>,
    pub payload: Value,
    pub status: TaskStatus,
    pub created: u64,
    pub due: u64,
    pub started: Option<u64>,
    pub ended: Option<u64>,
    pub tries: u64,
    pub max_retries: u64,
    pub timeout: Option<u64>,
    pub priority: i64,
    pub error: Option<String>,
    pub worker: Option<String>,
    pub token: Option<u64>,
    pub until: Option<u64>,
}

/// The content of a reply: numbers and texts unchanged, values as parsed JSON, because their exact text does not matter
/// here.
pub type Row = Vec<Value>;

#[derive(Clone, Default)]
pub struct Naive {
    pub now: u64,
    pub drawn: u64,
    pub records: BTreeMap<String, Record>,
    pub changes: Vec<Change>,
    pub latest: u64,
    pub locks: BTreeMap<(bool, String), Lock>,
    pub consumers: BTreeMap<String, u64>,
    pub tasks: Vec<Task>,
}

/// A command's result in this test.
#[derive(Debug, PartialEq)]
pub enum Answer {
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
            Command::RecordsPut { .. }
            | Command::RecordsPatch { .. }
            | Command::RecordsRestore { .. }
            | Command::TasksRestore { .. } => self.run(mutation).map(|_| 1),
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

    pub fn task(&mut self, id: &Key) -> Option<&mut Task> {
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

    pub fn apply(&mut self, command: &Command) -> Result<Answer, Kind> {
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
            Command::RecordsRestore { key, version, created, updated, value, kind, expiry } => {
                if self.records.contains_key(key.as_str()) {
                    return Err(Kind::Conflict);
                }
                let record = Record {
                    version: *version,
                    value: serde_json::from_slice(value).map_err(|_| Kind::InvalidArgument)?,
                    stamp: self.draw(),
                    kind: kind.clone(),
                    created: *created,
                    updated: *updated,
                    deadline: self.deadline(*expiry),
                };
                self.change(record.stamp, "create", now, key.as_str(), &record);
                let row = head(key.as_str(), &record);
                self.records.insert(key.0.clone(), record);
                one(Some(row))
            }
            Command::TasksRestore { id, name, status, payload, unique, state } => {
                let payload = serde_json::from_slice(payload).map_err(|_| Kind::InvalidArgument)?;
                let unique = unique.as_ref().map(|unique| unique.0.clone());
                let is_open = matches!(status, TaskStatus::Pending | TaskStatus::Running);
                if self.task(id).is_some() || is_open && self.is_taken(&unique).is_some() {
                    return Err(Kind::Conflict);
                }
                let is_running = *status == TaskStatus::Running;
                let task = Task {
                    number: self.draw(),
                    id: id.0.clone(),
                    name: name.0.clone(),
                    unique,
                    payload,
                    status: *status,
                    created: state.created.unwrap_or(now),
                    due: state.due.unwrap_or(now),
                    started: state.started,
                    ended: (!is_open).then(|| state.ended.unwrap_or(now)),
                    tries: state.tries.unwrap_or(0).max(u64::from(is_running)),
                    max_retries: state.max_retries.unwrap_or(3),
                    timeout: state.timeout,
                    priority: state.priority.unwrap_or(0),
                    error: state.error.clone(),
                    worker: state.worker.clone(),
                    token: is_running.then(|| self.draw()),
                    until: is_running.then(|| state.until.unwrap_or(now)),
                };
                let row = task.row();
                self.tasks.push(task);
                one(Some(row))
            }
            Command::ChangesAdvance { seq } => {
                if self.latest < *seq {
                    self.drawn = (self.drawn + 1).max(*seq);
                    self.latest = self.drawn;
                }
                Answer::Done
            }
            Command::ConsumersList { prefix } => {
                let prefix = prefix.as_deref().unwrap_or_default();
                let found = self.consumers.iter().filter(|(name, _)| name.starts_with(prefix));
                Answer::Rows(found.map(|(name, seq)| vec![name.clone().into(), (*seq).into()]).collect())
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
                if *seq > self.latest {
                    return Err(Kind::InvalidArgument);
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
