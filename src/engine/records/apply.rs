// Dispatches the commands on records, and on everything built on them, and turns the results into replies. No command
// semantics belong here.

use super::locks::{self, Lock, Locks};
use super::map::Thing;
use super::{NewTask, Records, Write, row};
use crate::command::{Command, Ending, Expiry, Key, Reply, TaskStatus};
use crate::engine::reply::Gather;
use crate::engine::{Engine, Tick};
use crate::error::{Error, Kind, Result};

/// A filter of records; all conditions must hold.
#[derive(Clone, Copy, Default)]
pub(in crate::engine) struct Listing<'a> {
    pub prefix: Option<&'a str>,
    pub start: Option<&'a str>,
    pub end: Option<&'a str>,
    /// Only records after this key.
    pub after: Option<&'a str>,
    pub kind: Option<&'a str>,
    pub offset: Option<u64>,
    pub limit: Option<u64>,
}

/// The fields of one thing, or null.
fn fields<T>(thing: Option<T>, tell: impl FnOnce(&mut Gather, T)) -> Result<Reply> {
    let Some(thing) = thing else { return Ok(Reply::Nil) };
    let mut gather = Gather::new();
    tell(&mut gather, thing);
    gather.finish().map(Reply::List)
}

/// The fields of several things, one after the other.
fn all<T>(things: impl Iterator<Item = T>, mut tell: impl FnMut(&mut Gather, T)) -> Result<Reply> {
    let mut gather = Gather::new();
    for thing in things {
        tell(&mut gather, thing);
        gather.check()?;
    }
    gather.finish().map(Reply::List)
}

fn many(limit: Option<u64>) -> usize {
    limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX))
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn number(number: u64) -> Reply {
    Reply::Int(i64::try_from(number).unwrap_or(i64::MAX))
}

/// `*` means everything.
fn prefix(prefix: &str) -> &str {
    if prefix == "*" { "" } else { prefix }
}

impl Engine {
    pub(in crate::engine) fn records_put(&mut self, write: &Write, tick: &Tick) -> Result<Reply> {
        let record = self.write_record(write, tick)?;
        fields(Some(&*record), row::head)
    }

    pub(in crate::engine) fn records_get(&mut self, key: &Key) -> Result<Reply> {
        let found = self.records.get(key.as_str()).cloned();
        self.count_reads(usize::from(found.is_some()), 1);
        fields(found.as_deref(), row::record)
    }

    pub(in crate::engine) fn records_get_many(&mut self, keys: &[Key]) -> Result<Reply> {
        let mut found = 0_usize;
        let reply =
            all(keys.iter().map(|key| self.records.get(key.as_str())), |gather, record| match record {
                Some(record) => {
                    found = found.saturating_add(1);
                    row::record(gather, record);
                }
                None => row::no_record(gather),
            });
        self.count_reads(found, keys.len());
        reply
    }

    /// Counts hits and misses.
    fn count_reads(&mut self, found: usize, asked: usize) {
        self.hits = self.hits.wrapping_add(found as u64);
        self.misses = self.misses.wrapping_add(asked.saturating_sub(found) as u64);
    }

    pub(in crate::engine) fn records_list(&self, listing: &Listing) -> Result<Reply> {
        all(self.records.within(listing), |gather, record| row::record(gather, record))
    }

    pub(in crate::engine) fn records_count(&self, listing: &Listing) -> Reply {
        Reply::Int(count(self.records.within(listing).count()))
    }

    pub(in crate::engine) fn records_delete(&mut self, keys: &[Key], tick: &Tick) -> Result<i64> {
        self.delete_records(keys.iter().map(Key::as_str), tick)
    }

    pub(in crate::engine) fn records_delete_prefix(
        &mut self,
        start: &str,
        offset: Option<u64>,
        limit: Option<u64>,
        tick: &Tick,
    ) -> Result<i64> {
        let listing = Listing { prefix: Some(prefix(start)), offset, limit, ..Listing::default() };
        self.delete_listed(&listing, tick)
    }

    /// Runs mutations, all or none; returns the number of rows that each has affected.
    pub(in crate::engine) fn records_mutate(&mut self, mutations: &[Command], tick: &Tick) -> Result<Reply> {
        for task in mutations.iter().filter_map(NewTask::of) {
            self.end_lost(task.unique, tick)?;
        }
        let rows = self.all_or_nothing(|engine| {
            let each = mutations.iter().enumerate().map(|(index, mutation)| {
                let rows = engine.mutate(mutation, tick);
                rows.map_err(|error| Error::new(error.kind(), at(index, mutation.name(), error.message())))
            });
            each.collect::<Result<Vec<i64>>>()
        })?;
        Ok(Reply::Ints(rows))
    }

    fn mutate(&mut self, mutation: &Command, tick: &Tick) -> Result<i64> {
        match mutation {
            Command::RecordsPut { key, version, value, kind, expiry } => self
                .write_record(&Write::new(key, *version, value, kind.as_deref(), *expiry), tick)
                .map(|_| 1),
            Command::RecordsPatch { key, version, value, kind, expiry } => self
                .write_record(&Write::new(key, *version, value, kind.as_deref(), *expiry).patch(), tick)
                .map(|_| 1),
            Command::RecordsDelete { keys } => self.records_delete(keys, tick),
            Command::RecordsDeletePrefix { prefix, offset, limit } => {
                self.records_delete_prefix(prefix, *offset, *limit, tick)
            }
            Command::RecordsDeleteRange { start, end, offset, limit } => {
                let (start, end) = (Some(start.as_str()), Some(end.as_str()));
                let listing = Listing { start, end, offset: *offset, limit: *limit, ..Listing::default() };
                self.delete_listed(&listing, tick)
            }
            command => match NewTask::of(command) {
                Some(task) => self.create_task(&task, tick).map(|(_, is_new)| i64::from(is_new)),
                None => Err(Error::invalid_argument("expects a change of records, or a new task")),
            },
        }
    }

    pub(in crate::engine) fn changes_read(
        &self,
        from: Option<u64>,
        limit: Option<u64>,
        kind: Option<&str>,
        prefix: Option<&str>,
    ) -> Result<Reply> {
        let changes = self.records.changes.from(from.unwrap_or(0)).filter(|change| {
            let record = &change.record;
            kind.is_none_or(|kind| record.kind.as_deref() == Some(kind))
                && record.key.starts_with(prefix.unwrap_or_default())
        });
        all(changes.take(many(limit)), row::change)
    }

    pub(in crate::engine) fn changes_latest(&self) -> Reply {
        number(self.records.changes.latest())
    }

    pub(in crate::engine) fn changes_trim(&mut self, seq: u64, prefix: Option<&str>) -> Reply {
        let (count, freed) = self.records.changes.trim(seq, prefix.unwrap_or_default());
        self.used_bytes = self.used_bytes.saturating_sub(freed);
        Reply::Int(count)
    }

    /// Acquires a lock that nobody else holds, or extends the owner's own. Returns its token, or null.
    fn acquire(
        &mut self,
        of: fn(&mut Records) -> &mut Locks,
        name: &Key,
        owner: &str,
        milliseconds: u64,
        tick: &Tick,
    ) -> Result<Reply> {
        let now = self.now(tick)?;
        let until = now.saturating_add(milliseconds);
        let name = name.as_str();
        if let Some(token) = of(&mut self.records).extend(name, owner, now, until) {
            return Ok(number(token));
        }
        if of(&mut self.records).get(name, now).is_some() {
            return Ok(Reply::Nil);
        }
        let growth = of(&mut self.records).growth(name, owner);
        self.reserve(growth, 0)?;
        let token = self.records.draw();
        let lock = Lock { owner: owner.into(), token, acquired: now, until };
        let freed = of(&mut self.records).take(name, lock);
        let added = locks::weight(name.as_bytes(), owner);
        self.used_bytes = self.used_bytes.saturating_add(added).saturating_sub(freed);
        Ok(number(token))
    }

    /// Releases a lock; returns whether this owner held it.
    fn release(
        &mut self,
        of: fn(&mut Records) -> &mut Locks,
        name: &Key,
        owner: &str,
        tick: &Tick,
    ) -> Result<Reply> {
        let now = self.now(tick)?;
        let is_own = of(&mut self.records).get(name.as_str(), now).is_some_and(|lock| *lock.owner == *owner);
        if is_own {
            let freed = of(&mut self.records).remove(name.as_str());
            self.used_bytes = self.used_bytes.saturating_sub(freed);
        }
        Ok(Reply::Int(i64::from(is_own)))
    }

    pub(in crate::engine) fn locks_acquire(
        &mut self,
        name: &Key,
        owner: &str,
        milliseconds: u64,
        tick: &Tick,
    ) -> Result<Reply> {
        self.acquire(|records| &mut records.locks, name, owner, milliseconds, tick)
    }

    pub(in crate::engine) fn locks_release(&mut self, name: &Key, owner: &str, tick: &Tick) -> Result<Reply> {
        self.release(|records| &mut records.locks, name, owner, tick)
    }

    pub(in crate::engine) fn locks_status(&mut self, name: &Key, tick: &Tick) -> Result<Reply> {
        let now = self.now(tick)?;
        let lock = self.records.locks.get(name.as_str(), now);
        fields(lock, |gather, lock| row::lock(gather, Some(lock)))
    }

    pub(in crate::engine) fn consumers_claim(
        &mut self,
        name: &Key,
        owner: &str,
        milliseconds: u64,
        tick: &Tick,
    ) -> Result<Reply> {
        self.acquire(|records| &mut records.holders, name, owner, milliseconds, tick)
    }

    pub(in crate::engine) fn consumers_release(
        &mut self,
        name: &Key,
        owner: &str,
        tick: &Tick,
    ) -> Result<Reply> {
        self.release(|records| &mut records.holders, name, owner, tick)
    }

    /// Sets a consumer's position, if the token is its holder's or, without a token, if nobody holds it.
    pub(in crate::engine) fn consumers_commit(
        &mut self,
        name: &Key,
        seq: u64,
        token: Option<u64>,
        tick: &Tick,
    ) -> Result<Reply> {
        let now = self.now(tick)?;
        let name = name.as_str();
        let holder = self.records.holders.get(name, now).map(|lock| lock.token);
        if holder != token {
            let message = match token {
                Some(_) => "(token) is not that of who holds the consumer now",
                None => "(token) is missing: somebody holds the consumer",
            };
            return Err(Error::new(Kind::Conflict, message));
        }
        if !self.records.consumers.contains_key(name.as_bytes()) {
            let weight = locks::weight(name.as_bytes(), "");
            self.reserve(weight, 0)?;
            self.used_bytes = self.used_bytes.saturating_add(weight);
        }
        self.records.consumers.insert(name.as_bytes().into(), Thing::Number(seq));
        Ok(Reply::Ok)
    }

    pub(in crate::engine) fn consumers_status(&mut self, name: &Key, tick: &Tick) -> Result<Reply> {
        let now = self.now(tick)?;
        let records = &self.records;
        let holder = records.holders.get(name.as_str(), now);
        let position = records.consumers.get(name.as_bytes()).and_then(Thing::number).unwrap_or(0);
        let mut gather = Gather::new();
        row::consumer(&mut gather, position, records.changes.latest(), holder);
        gather.finish().map(Reply::List)
    }

    /// Deletes a consumer's position; returns whether there was one.
    pub(in crate::engine) fn consumers_delete(&mut self, name: &Key) -> Reply {
        let was_there = self.records.consumers.remove(name.as_bytes()).is_some();
        if was_there {
            self.used_bytes = self.used_bytes.saturating_sub(locks::weight(name.as_bytes(), ""));
        }
        Reply::Int(i64::from(was_there))
    }

    pub(in crate::engine) fn tasks_create(&mut self, task: &NewTask, tick: &Tick) -> Result<Reply> {
        self.end_lost(task.unique, tick)?;
        let (number, _) = self.create_task(task, tick)?;
        self.task_reply(Some(number))
    }

    fn task_reply(&self, number: Option<u64>) -> Result<Reply> {
        fields(number.and_then(|number| self.task_of(number)), row::task)
    }

    pub(in crate::engine) fn tasks_get(&self, id: &Key) -> Result<Reply> {
        fields(self.records.tasks.get(id.as_str()), row::task)
    }

    pub(in crate::engine) fn tasks_list(
        &self,
        status: Option<TaskStatus>,
        name: Option<&Key>,
        offset: Option<u64>,
        limit: Option<u64>,
        prefix: Option<&str>,
    ) -> Result<Reply> {
        let tasks = self.records.tasks.list(status, name.map(Key::as_str), prefix.unwrap_or_default());
        all(tasks.skip(many(Some(offset.unwrap_or(0)))).take(many(limit)), row::task)
    }

    pub(in crate::engine) fn tasks_cancel(&mut self, id: &Key, tick: &Tick) -> Result<Reply> {
        Ok(Reply::Int(i64::from(self.cancel_task(id.as_str(), tick)?)))
    }

    pub(in crate::engine) fn tasks_lock(
        &mut self,
        worker: &str,
        milliseconds: u64,
        names: &[Key],
        tick: &Tick,
    ) -> Result<Reply> {
        let names: Vec<&str> = names.iter().map(Key::as_str).collect();
        let number = self.lock_task(worker, milliseconds, &names, tick)?;
        self.task_reply(number)
    }

    pub(in crate::engine) fn tasks_heartbeat(
        &mut self,
        id: &Key,
        token: u64,
        milliseconds: u64,
        tick: &Tick,
    ) -> Result<Reply> {
        Ok(Reply::Int(i64::from(self.extend_task(id.as_str(), token, milliseconds, tick)?)))
    }

    pub(in crate::engine) fn tasks_release(
        &mut self,
        id: &Key,
        token: u64,
        ending: Ending,
        error: Option<&str>,
        tick: &Tick,
    ) -> Result<Reply> {
        let status = self.release_task(id.as_str(), token, ending, error, tick)?;
        Ok(status.map_or(Reply::Nil, |status| Reply::Bytes(status.name().into())))
    }

    pub(in crate::engine) fn tasks_requeue(&mut self, id: &Key, due: Expiry, tick: &Tick) -> Result<Reply> {
        Ok(Reply::Int(i64::from(self.requeue_task(id.as_str(), due, tick)?)))
    }

    pub(in crate::engine) fn tasks_trim(&mut self, before: u64, prefix: Option<&str>) -> Reply {
        Reply::Int(self.trim_tasks(before, prefix.unwrap_or_default()))
    }
}

impl<'a> NewTask<'a> {
    /// The arguments of a command that creates a task.
    pub(in crate::engine) fn of(command: &'a Command) -> Option<NewTask<'a>> {
        let Command::TasksCreate { name, payload, id, due, max_retries, timeout, unique, priority, prefix } =
            command
        else {
            return None;
        };
        Some(NewTask {
            name: name.as_str(),
            payload,
            id: id.as_ref().map(Key::as_str),
            due: *due,
            max_retries: *max_retries,
            timeout: *timeout,
            unique: unique.as_ref().map(Key::as_str),
            priority: *priority,
            prefix: prefix.as_deref().unwrap_or_default(),
        })
    }
}

/// The message that names the failed mutation and the reason.
fn at(index: usize, name: &str, message: &str) -> String {
    ["(mutations) item ", &(index as u64).to_string(), ", ", name, ", ", message].concat()
}
