// A database's thread, so that no future blocks. Runs all waiting jobs as one transaction, and answers them once it is
// committed. What the jobs do does not matter here.

use super::connection::{Connection, is_locked};
use crate::error::{Error, Kind, Result};
use futures_channel::oneshot;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// The first and the longest pause before asking again for a lock that another program holds.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(25)];

/// A database's thread. Dropping this ends it, after the jobs queued so far.
pub(super) struct Worker {
    jobs: Sender<Box<dyn Job>>,
    timeout: Duration,
    ended: oneshot::Receiver<()>,
}

impl Worker {
    /// Starts the thread and opens the database on it.
    pub async fn start(path: String, timeout: Duration) -> Result<(Worker, Arc<Connection>)> {
        let (jobs, queue) = channel();
        let (open, opened) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let work = move || {
            let connection = Connection::open(&path, Instant::now() + timeout).map(Arc::new);
            // The caller may have stopped waiting.
            if open.send(connection.clone()).is_ok()
                && let Ok(connection) = connection
            {
                serve(&connection, &queue);
                connection.close();
            }
            let _ = end.send(());
        };
        let started = thread::Builder::new().name("omnikv-sqlite".into()).spawn(work);
        started.map_err(|error| {
            Error::new(Kind::Unavailable, format!("(database) could not start its thread: {}", error.kind()))
        })?;
        let connection = opened.await.unwrap_or_else(|_| Err(ended_error()))?;
        Ok((Worker { jobs, timeout, ended }, connection))
    }

    /// Runs a job within a transaction, possibly twice if the transaction fails; not at all if the answer's receiver is
    /// dropped first.
    pub fn ask<R: Send + 'static>(
        &self,
        writes: bool,
        work: impl Fn() -> Result<R> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<R>>> {
        let (sender, answer) = oneshot::channel();
        let call = Call { work, writes, deadline: Instant::now() + self.timeout, result: None, sender };
        self.jobs.send(Box::new(call)).map_err(|_| ended_error())?;
        Ok(answer)
    }

    /// Completes once all queued jobs are done and the database is closed.
    pub async fn end(self) {
        drop(self.jobs);
        let _ = self.ended.await;
    }
}

/// The error if the thread is gone although handles exist: it has panicked.
pub(super) fn ended_error() -> Error {
    Error::new(Kind::Internal, "(database) lost its thread: open the store again")
}

/// A caller's job.
trait Job: Send {
    fn writes(&self) -> bool;
    fn is_wanted(&self) -> bool;
    fn deadline(&self) -> Instant;
    /// Runs the job and keeps the result. A job that fails has changed nothing.
    fn run(&mut self);
    /// Sends the result, or the failure if there is none.
    fn answer(self: Box<Self>, failure: Option<Error>);
}

struct Call<R, W> {
    work: W,
    writes: bool,
    deadline: Instant,
    result: Option<Result<R>>,
    sender: oneshot::Sender<Result<R>>,
}

impl<R: Send, W: Fn() -> Result<R> + Send> Job for Call<R, W> {
    fn writes(&self) -> bool {
        self.writes
    }

    fn is_wanted(&self) -> bool {
        !self.sender.is_canceled()
    }

    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn run(&mut self) {
        self.result = Some((self.work)());
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        let result = match (self.result, failure) {
            (Some(Ok(_)) | None, Some(failure)) => Err(failure),
            // The job's own error says more than the transaction's failure.
            (Some(result), _) => result,
            (None, None) => Err(ended_error()),
        };
        let _ = self.sender.send(result);
    }
}

type Jobs = Vec<Box<dyn Job>>;

/// Runs jobs until no more can arrive.
fn serve(connection: &Connection, queue: &Receiver<Box<dyn Job>>) {
    let (mut waiting, mut pause) = (Jobs::new(), PAUSES[0]);
    loop {
        let first = match waiting.is_empty() {
            true => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            false => queue.recv_timeout(pause),
        };
        match first {
            Ok(job) => waiting.push(job),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if waiting.is_empty() => return,
            Err(RecvTimeoutError::Disconnected) => thread::sleep(pause),
        }
        // Jobs that arrived during the last transaction join the next one.
        waiting.extend(queue.try_iter());
        waiting.retain(|job| job.is_wanted());
        waiting = run(connection, waiting);
        pause = if waiting.is_empty() { PAUSES[0] } else { PAUSES[1].min(pause * 2) };
    }
}

/// Runs the jobs as one transaction and answers them. Returns those that must wait for another program's lock.
fn run(connection: &Connection, mut jobs: Jobs) -> Jobs {
    if jobs.is_empty() {
        return jobs;
    }
    match connection.begin(jobs.iter().any(|job| job.writes())) {
        Ok(()) => {}
        Err(error) if is_locked(&error) => {
            // Reading needs less than writing: try the readers alone.
            let (writes, reads): (Jobs, Jobs) = jobs.into_iter().partition(|job| job.writes());
            if !writes.is_empty() && !reads.is_empty() {
                return [run(connection, reads), run(connection, writes)].into_iter().flatten().collect();
            }
            let jobs = writes.into_iter().chain(reads);
            let (late, waiting): (Jobs, Jobs) = jobs.partition(|job| job.deadline() <= Instant::now());
            answer(late, Some(&error));
            return waiting;
        }
        Err(error) => {
            answer(jobs, Some(&error));
            return Jobs::new();
        }
    }
    for job in &mut jobs {
        // A caller may have stopped waiting while the file was locked, and a full disk may have ended the transaction.
        if job.is_wanted() && connection.is_in_transaction() {
            job.run();
        }
    }
    match connection.commit() {
        Ok(()) => answer(jobs, None),
        // Everything is rolled back. Run each job alone, so that only the one at fault fails.
        Err(_) if jobs.len() > 1 => {
            return jobs.into_iter().flat_map(|job| run(connection, vec![job])).collect();
        }
        Err(error) => answer(jobs, Some(&error)),
    }
    Jobs::new()
}

fn answer(jobs: Jobs, failure: Option<&Error>) {
    jobs.into_iter().for_each(|job| job.answer(failure.cloned()));
}
