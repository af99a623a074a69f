// What a connection is asked to do, several callers' jobs at a time. The statements are in `entries.rs` and `rows.rs`.

use super::entries::{Call, read_cell};
use super::rows::{self, Points};
use super::session::Session;
use super::sql;
use crate::backend::BoxFuture;
use crate::backend::cells::{Asked, Cell, Commit, LoadedRows, Outcome, Query, Write};
use crate::command::Key;
use crate::error::{Error, Kind, Result};
use crate::host::MaybeSend;
use futures_channel::oneshot::Sender;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

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
    /// Entries.
    Load(Arc<[Key]>, Waiting<Vec<Option<Cell>>>),
    /// A commit of entries, and its version.
    Commit(Arc<Commit>, u64, Waiting<Outcome>),
    /// Rows of queries that [`are_points`], for a moment.
    Points(Arc<Asked>, u64, Waiting<LoadedRows>),
    /// Anything else.
    Alone(Box<dyn Alone>),
}

/// A job that shares its statements with no other.
pub(super) trait Alone: MaybeSend {
    /// Whether nobody waits any longer.
    fn is_given_up(&self) -> bool;
    /// Runs it, and keeps the answer.
    fn run<'a>(&'a mut self, session: &'a mut Session) -> BoxFuture<'a, Result<()>>;
    /// Gives the answer, or this error, to who waits.
    fn answer(self: Box<Self>, result: Result<()>);
}

/// A job that runs `work`.
pub(super) struct Single<T, F> {
    pub work: F,
    pub answer: Option<T>,
    pub waiting: Waiting<T>,
}

impl<T: MaybeSend + 'static, F> Alone for Single<T, F>
where
    F: for<'s> Fn(&'s mut Session) -> BoxFuture<'s, Result<T>> + MaybeSend,
{
    fn is_given_up(&self) -> bool {
        self.waiting.is_canceled()
    }

    fn run<'a>(&'a mut self, session: &'a mut Session) -> BoxFuture<'a, Result<()>> {
        let running = (self.work)(session);
        Box::pin(async {
            self.answer = Some(running.await?);
            Ok(())
        })
    }

    fn answer(self: Box<Self>, result: Result<()>) {
        let missing = || Error::new(Kind::Internal, "(server) gave no answer");
        // Whoever has stopped waiting misses nothing.
        let Single { answer, waiting, .. } = *self;
        let _ = waiting.send(result.and_then(|()| answer.ok_or_else(missing)));
    }
}

/// Whether all queries ask for what [`sql::queries::POINTS`] answers.
pub(super) fn are_points(asked: &Asked) -> bool {
    asked.keys.is_empty()
        && asked.queries.iter().all(|query| matches!(query, Query::Record { .. } | Query::Expired))
}

impl Ask {
    fn is_given_up(&self) -> bool {
        match self {
            Ask::Load(_, waiting) => waiting.is_canceled(),
            Ask::Commit(_, _, waiting) => waiting.is_canceled(),
            Ask::Points(_, _, waiting) => waiting.is_canceled(),
            Ask::Alone(job) => job.is_given_up(),
        }
    }
}

/// Jobs of the same kind, which are one statement; or one job.
pub(super) struct Batch(Vec<Job>);

/// The answers to the jobs of a batch.
pub(super) enum Answers {
    Loaded(BTreeMap<String, Cell>),
    /// The numbers of the commits that were not done.
    Committed(BTreeSet<usize>),
    Points(Points),
    /// The job has it.
    Kept,
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
                take(waiting, &mut batch, |ask| {
                    let Ask::Load(keys, _) = ask else { return false };
                    fits(&mut left, keys.len())
                });
            }
            Ask::Points(asked, ..) => {
                let mut left = LOAD_KEYS.saturating_sub(asked.queries.len());
                take(waiting, &mut batch, |ask| {
                    let Ask::Points(asked, ..) = ask else { return false };
                    fits(&mut left, asked.queries.len())
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
                    is_apart && left > 0 && fits(&mut bytes, size(commit)) && fits(&mut left, 1)
                });
            }
            Ask::Alone(_) => {}
        }
        Some(Batch(batch))
    }

    /// When the last of the callers gives up.
    pub fn deadline_ms(&self) -> u64 {
        self.0.iter().map(|job| job.deadline_ms).max().unwrap_or(0)
    }

    /// Runs the statement.
    pub async fn run(&mut self, session: &mut Session) -> Result<Answers> {
        match &mut self.0[0].ask {
            Ask::Alone(job) => job.run(session).await.map(|()| Answers::Kept),
            Ask::Load(..) => self.load(session).await.map(Answers::Loaded),
            Ask::Commit(..) => self.commit(session).await.map(Answers::Committed),
            Ask::Points(..) => self.points(session).await.map(Answers::Points),
        }
    }

    async fn load(&self, session: &mut Session) -> Result<BTreeMap<String, Cell>> {
        let asked = self.0.iter().flat_map(|job| match &job.ask {
            Ask::Load(keys, _) => keys.iter(),
            _ => [].iter(),
        });
        let keys: BTreeSet<_> = asked.map(|key| sql::stored(key.as_str())).collect();
        let keys: Vec<&str> = keys.iter().map(AsRef::as_ref).collect();
        session.query(sql::LOAD, &[&keys]).await?.iter().map(read_cell).collect()
    }

    async fn commit(&self, session: &mut Session) -> Result<BTreeSet<usize>> {
        let mut call = Call::default();
        for (number, job) in self.0.iter().enumerate() {
            if let Ask::Commit(commit, version, _) = &job.ask {
                call.add(i32::try_from(number).unwrap_or(i32::MAX), commit, *version);
            }
        }
        call.run(session).await
    }

    async fn points(&self, session: &mut Session) -> Result<Points> {
        let mut keys = BTreeSet::new();
        let mut latest = 0;
        for job in &self.0 {
            if let Ask::Points(asked, now_ms, _) = &job.ask {
                latest = latest.max(*now_ms);
                keys.extend(asked.queries.iter().filter_map(|query| match query {
                    Query::Record { key } => Some(sql::stored(key).into_owned()),
                    _ => None,
                }));
            }
        }
        rows::points(session, &keys.into_iter().collect::<Vec<_>>(), latest).await
    }

    pub fn answer(self, answers: &Answers) {
        for (number, job) in self.0.into_iter().enumerate() {
            // Whoever has stopped waiting misses nothing.
            match (job.ask, answers) {
                (Ask::Load(keys, waiting), Answers::Loaded(found)) => {
                    let cells = keys.iter().map(|key| found.get(key.as_str()).cloned()).collect();
                    let _ = waiting.send(Ok(cells));
                }
                (Ask::Commit(_, _, waiting), Answers::Committed(failed)) => {
                    let is_done = !failed.contains(&number);
                    let _ = waiting.send(Ok(if is_done { Outcome::Committed } else { Outcome::Conflict }));
                }
                (Ask::Points(asked, now_ms, waiting), Answers::Points(points)) => {
                    let rows = asked.queries.iter().map(|query| points.rows(query, now_ms)).collect();
                    let drawn = points.drawn;
                    let _ = waiting.send(Ok(LoadedRows { rows, drawn, ..LoadedRows::default() }));
                }
                (Ask::Alone(job), _) => job.answer(Ok(())),
                (ask, _) => fail(ask, Error::new(Kind::Internal, "(server) answered another question")),
            }
        }
    }

    pub fn fail(self, error: &Error) {
        self.0.into_iter().for_each(|job| fail(job.ask, error.clone()));
    }
}

fn fail(ask: Ask, error: Error) {
    match ask {
        Ask::Load(_, waiting) => drop(waiting.send(Err(error))),
        Ask::Commit(_, _, waiting) => drop(waiting.send(Err(error))),
        Ask::Points(_, _, waiting) => drop(waiting.send(Err(error))),
        Ask::Alone(job) => job.answer(Err(error)),
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

/// Takes this much of what is left, if there is as much.
fn fits(left: &mut usize, size: usize) -> bool {
    let rest = left.checked_sub(size);
    *left = rest.unwrap_or(*left);
    rest.is_some()
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
        Write::Put { value, form, .. } => value.len() + form.bytes(),
        Write::Delete { .. } => 0,
    };
    commit.writes.iter().map(size).sum()
}
