// What a connection is asked to do, several callers' jobs at a time, and how rows are read.

use super::session::{Parameters, Session};
use super::sql;
use crate::backend::cells::{Cell, Commit, Head, Listing, Outcome, Span, Write};
use crate::command::{Key, ValueType};
use crate::error::{Error, Kind, Result};
use futures_channel::oneshot::Sender;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use tokio_postgres::Row;

/// The most keys that one statement loads for several callers.
const LOAD_KEYS: usize = 4096;

/// The most commits that become one.
const COMMITS: usize = 256;

/// The most bytes of values in one commit of several.
const COMMIT_BYTES: usize = 1 << 20;

/// Who waits for the answer to a job.
pub(super) type Waiting<T> = Sender<Result<T>>;

/// What one caller waits for.
pub(super) struct Job {
    pub ask: Ask,
    /// By the timer.
    pub deadline_ms: u64,
}

pub(super) enum Ask {
    Load(Arc<[Key]>, Waiting<Vec<Option<Cell>>>),
    Commit(Arc<Commit>, u64, Waiting<Outcome>),
    List(Span, usize, Waiting<Listing>),
    Now(Waiting<u64>),
}

impl Ask {
    /// Whether nobody waits any longer.
    fn is_given_up(&self) -> bool {
        match self {
            Ask::Load(_, waiting) => waiting.is_canceled(),
            Ask::Commit(_, _, waiting) => waiting.is_canceled(),
            Ask::List(_, _, waiting) => waiting.is_canceled(),
            Ask::Now(waiting) => waiting.is_canceled(),
        }
    }
}

/// Jobs that are one statement: of the same kind, and more than one only if they load or commit.
pub(super) struct Batch(Vec<Job>);

/// The answers to the jobs of a batch.
pub(super) enum Answers {
    Loaded(BTreeMap<String, Cell>),
    /// The numbers of the commits that were not done.
    Committed(BTreeSet<usize>),
    Listed(Listing),
    Now(u64),
}

impl Batch {
    /// Takes the first job and those that can share its statement.
    pub fn of(waiting: &mut VecDeque<Job>) -> Option<Batch> {
        waiting.retain(|job| !job.ask.is_given_up());
        let first = waiting.pop_front()?;
        let mut batch = vec![first];
        match &batch[0].ask {
            Ask::Load(keys, _) => {
                let mut left = LOAD_KEYS.saturating_sub(keys.len());
                take(waiting, &mut batch, |ask| match ask {
                    Ask::Load(keys, _) if keys.len() <= left => {
                        left -= keys.len();
                        true
                    }
                    _ => false,
                });
            }
            Ask::Commit(commit, ..) => {
                let mut touched = Touched::default();
                touched.add(commit);
                let (mut left, mut bytes) = (COMMITS - 1, COMMIT_BYTES.saturating_sub(size(commit)));
                take(waiting, &mut batch, |ask| {
                    let Ask::Commit(commit, ..) = ask else { return false };
                    let is_apart = touched.is_apart_from(commit);
                    // What comes after this one and touches its keys stays after it.
                    touched.add(commit);
                    let size = size(commit);
                    if !is_apart || left == 0 || size > bytes {
                        return false;
                    }
                    left -= 1;
                    bytes -= size;
                    true
                });
            }
            Ask::List(..) | Ask::Now(..) => {}
        }
        Some(Batch(batch))
    }

    /// When the last of the callers gives up.
    pub fn deadline_ms(&self) -> u64 {
        self.0.iter().map(|job| job.deadline_ms).max().unwrap_or(0)
    }

    /// Runs the statement.
    pub async fn run(&self, session: &mut Session) -> Result<Answers> {
        match &self.0[0].ask {
            Ask::Load(..) => self.load(session).await.map(Answers::Loaded),
            Ask::Commit(..) => self.commit(session).await.map(Answers::Committed),
            Ask::List(span, limit, _) => list(session, span, *limit).await.map(Answers::Listed),
            Ask::Now(_) => {
                let rows = session.query(sql::NOW, &[]).await?;
                number(rows.first().ok_or_else(super::unreadable)?, 0).map(Answers::Now)
            }
        }
    }

    async fn load(&self, session: &mut Session) -> Result<BTreeMap<String, Cell>> {
        let asked = self.0.iter().flat_map(|job| match &job.ask {
            Ask::Load(keys, _) => keys.iter(),
            _ => [].iter(),
        });
        let keys: BTreeSet<Cow<'_, str>> = asked.map(|key| sql::stored(key.as_str())).collect();
        let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        session.query(sql::LOAD, &[&keys]).await?.iter().map(read_cell).collect()
    }

    async fn commit(&self, session: &mut Session) -> Result<BTreeSet<usize>> {
        let mut call = Call::default();
        for (number, job) in self.0.iter().enumerate() {
            if let Ask::Commit(commit, version, _) = &job.ask {
                call.add(i32::try_from(number).unwrap_or(i32::MAX), commit, *version);
            }
        }
        let rows = call.run(session).await?;
        let failed: Vec<i32> =
            rows.first().and_then(|row| row.try_get(0).ok()).ok_or_else(super::unreadable)?;
        failed.into_iter().map(|number| usize::try_from(number).map_err(|_| super::unreadable())).collect()
    }

    pub fn answer(self, answers: Answers) {
        for (number, job) in self.0.into_iter().enumerate() {
            // Whoever has stopped waiting misses nothing.
            match (job.ask, &answers) {
                (Ask::Load(keys, waiting), Answers::Loaded(found)) => {
                    let cells = keys.iter().map(|key| found.get(key.as_str()).cloned()).collect();
                    let _ = waiting.send(Ok(cells));
                }
                (Ask::Commit(_, _, waiting), Answers::Committed(failed)) => {
                    let is_done = !failed.contains(&number);
                    let _ = waiting.send(Ok(if is_done { Outcome::Committed } else { Outcome::Conflict }));
                }
                (Ask::List(_, _, waiting), Answers::Listed(listing)) => {
                    drop(waiting.send(Ok(listing.clone())))
                }
                (Ask::Now(waiting), Answers::Now(now)) => drop(waiting.send(Ok(*now))),
                (ask, _) => {
                    Job { ask, ..job }.fail(&Error::new(Kind::Internal, "(server) answered another question"))
                }
            }
        }
    }

    pub fn fail(self, error: &Error) {
        self.0.into_iter().for_each(|job| job.fail(error));
    }
}

impl Job {
    fn fail(self, error: &Error) {
        let error = error.clone();
        match self.ask {
            Ask::Load(_, waiting) => drop(waiting.send(Err(error))),
            Ask::Commit(_, _, waiting) => drop(waiting.send(Err(error))),
            Ask::List(_, _, waiting) => drop(waiting.send(Err(error))),
            Ask::Now(waiting) => drop(waiting.send(Err(error))),
        }
    }
}

/// Moves jobs from the queue to the batch.
fn take(waiting: &mut VecDeque<Job>, batch: &mut Vec<Job>, mut is_taken: impl FnMut(&Ask) -> bool) {
    for job in std::mem::take(waiting) {
        match is_taken(&job.ask) {
            true => batch.push(job),
            false => waiting.push_back(job),
        }
    }
}

/// The keys of commits.
#[derive(Default)]
struct Touched {
    checked: BTreeSet<Key>,
    written: BTreeSet<Key>,
}

impl Touched {
    fn add(&mut self, commit: &Commit) {
        self.checked.extend(commit.checks.iter().map(|(key, _)| key.clone()));
        self.written.extend(commit.writes.iter().map(|write| write.key().clone()));
    }

    /// Whether the commit writes nothing that these touch, and they write nothing that it touches.
    fn is_apart_from(&self, commit: &Commit) -> bool {
        let checks = |(key, _): &(Key, _)| !self.written.contains(key);
        let writes =
            |write: &Write| !self.written.contains(write.key()) && !self.checked.contains(write.key());
        commit.checks.iter().all(checks) && commit.writes.iter().all(writes)
    }
}

fn size(commit: &Commit) -> usize {
    let size = |write: &Write| match write {
        Write::Put { value, .. } => value.len(),
        Write::Delete { .. } => 0,
    };
    commit.writes.iter().map(size).sum()
}

/// The parameters of [`sql::COMMIT`].
#[derive(Default)]
struct Call<'a> {
    lock_keys: Vec<Cow<'a, str>>,
    lock_exclusive: Vec<bool>,
    check_of: Vec<i32>,
    check_keys: Vec<Cow<'a, str>>,
    check_versions: Vec<Option<i64>>,
    put_of: Vec<i32>,
    put_keys: Vec<Cow<'a, str>>,
    put_values: Vec<&'a [u8]>,
    put_types: Vec<&'static str>,
    put_deadlines: Vec<Option<i64>>,
    put_versions: Vec<i64>,
    delete_of: Vec<i32>,
    delete_keys: Vec<Cow<'a, str>>,
    now_ms: i64,
}

impl<'a> Call<'a> {
    fn add(&mut self, number: i32, commit: &'a Commit, version: u64) {
        let mut there = BTreeSet::new();
        for (key, version) in &commit.checks {
            let stored = sql::stored(key.as_str());
            match version {
                Some(_) => drop(there.insert(key)),
                None => self.lock(stored.clone(), true),
            }
            self.check_of.push(number);
            self.check_keys.push(stored);
            self.check_versions.push(version.map(signed));
        }
        for write in &commit.writes {
            let stored = sql::stored(write.key().as_str());
            match write {
                Write::Put { key, value, kind, deadline } => {
                    // A key that must be there is not inserted.
                    if !there.contains(key) {
                        self.lock(stored.clone(), false);
                    }
                    self.put_of.push(number);
                    self.put_keys.push(stored);
                    self.put_values.push(value);
                    self.put_types.push(kind.name());
                    self.put_deadlines.push(deadline.map(clamped));
                    self.put_versions.push(signed(version));
                }
                Write::Delete { .. } => {
                    self.delete_of.push(number);
                    self.delete_keys.push(stored);
                }
            }
        }
        let now_ms = clamped(commit.now_ms);
        self.now_ms = if number == 0 { now_ms } else { self.now_ms.min(now_ms) };
    }

    fn lock(&mut self, key: Cow<'a, str>, is_exclusive: bool) {
        self.lock_keys.push(key);
        self.lock_exclusive.push(is_exclusive);
    }

    async fn run(&self, session: &mut Session) -> Result<Vec<Row>> {
        let parameters: Parameters<'_> = &[
            &self.lock_keys,
            &self.lock_exclusive,
            &self.check_of,
            &self.check_keys,
            &self.check_versions,
            &self.put_of,
            &self.put_keys,
            &self.put_values,
            &self.put_types,
            &self.put_deadlines,
            &self.put_versions,
            &self.delete_of,
            &self.delete_keys,
            &self.now_ms,
        ];
        session.query(sql::COMMIT, parameters).await
    }
}

/// A version as its column holds it.
fn signed(version: u64) -> i64 {
    version.cast_signed()
}

/// A moment as its column holds it.
fn clamped(moment: u64) -> i64 {
    i64::try_from(moment).unwrap_or(i64::MAX)
}

async fn list(session: &mut Session, span: &Span, limit: usize) -> Result<Listing> {
    let start = sql::stored(&span.start);
    let end = span.end.as_deref().map(sql::stored);
    // Request one entry more than wanted, to see whether there is another page.
    let asked = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let rows = match &end {
        None => {
            let text = if span.reverse { sql::LIST_REVERSE } else { sql::LIST };
            session.query(text, &[&start, &asked]).await?
        }
        Some(end) => {
            let text = if span.reverse { sql::LIST_UNTIL_REVERSE } else { sql::LIST_UNTIL };
            session.query(text, &[&start, &asked, end]).await?
        }
    };
    let has_more = rows.len() > limit;
    let heads = rows.iter().take(limit).map(read_head).collect::<Result<Vec<_>>>()?;
    let next = heads.last().filter(|_| has_more).map(|head| head.key.0.clone());
    Ok(Listing { heads, next, now_ms: None })
}

fn read_cell(row: &Row) -> Result<(String, Cell)> {
    let cell = Cell {
        value: row.try_get(1).map_err(|_| super::unreadable())?,
        kind: kind(row, 2)?,
        deadline: deadline(row, 3)?,
        version: version(row, 4)?,
    };
    Ok((text(row, 0)?, cell))
}

fn read_head(row: &Row) -> Result<Head> {
    Ok(Head {
        key: Key(text(row, 0)?),
        kind: kind(row, 1)?,
        deadline: deadline(row, 2)?,
        version: version(row, 3)?,
    })
}

fn text(row: &Row, column: usize) -> Result<String> {
    row.try_get(column).map(sql::read).map_err(|_| super::unreadable())
}

fn kind(row: &Row, column: usize) -> Result<ValueType> {
    let name: &str = row.try_get(column).map_err(|_| super::unreadable())?;
    ValueType::from_name(name).ok_or_else(super::unreadable)
}

/// A moment before 1970 is simply in the past.
fn deadline(row: &Row, column: usize) -> Result<Option<u64>> {
    let moment: Option<i64> = row.try_get(column).map_err(|_| super::unreadable())?;
    Ok(moment.map(|moment| u64::try_from(moment).unwrap_or(0)))
}

fn version(row: &Row, column: usize) -> Result<u64> {
    row.try_get(column).map(i64::cast_unsigned).map_err(|_| super::unreadable())
}

fn number(row: &Row, column: usize) -> Result<u64> {
    let number: i64 = row.try_get(column).map_err(|_| super::unreadable())?;
    u64::try_from(number).map_err(|_| super::unreadable())
}
