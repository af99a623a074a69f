// The thread on which a database works, so that no future blocks. It runs together what waits together, as one
// transaction, and answers once that is committed. It must not know what is asked.

use super::connection::{Connection, is_locked};
use crate::error::{Error, Kind, Result};
use futures_channel::oneshot;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long the thread waits before it asks for a lock again that another program holds: from the first to the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(25)];

/// A database's thread. It ends when this is dropped, after what has been asked of it until then.
pub(super) struct Worker {
    jobs: Sender<Box<dyn Job>>,
    timeout: Duration,
    ended: oneshot::Receiver<()>,
}

impl Worker {
    /// Starts the thread and opens the database there.
    pub async fn start(path: String, timeout: Duration) -> Result<(Worker, Arc<Connection>)> {
        let (jobs, queue) = channel();
        let (open, opened) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let work = move || {
            let connection = Connection::open(&path, Instant::now() + timeout).map(Arc::new);
            // Whoever opens it may have given up.
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

    /// Has it done within a transaction, perhaps a second time if that one fails; not at all if the answer is dropped
    /// before.
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

    /// Is ready once all is done that was asked, and the database is closed.
    pub async fn end(self) {
        drop(self.jobs);
        let _ = self.ended.await;
    }
}

/// The thread is there no more although its handles are: it has panicked.
pub(super) fn ended_error() -> Error {
    Error::new(Kind::Internal, "(database) has lost its thread: open the store again")
}

/// What a caller asks, and waits for.
trait Job: Send {
    fn writes(&self) -> bool;
    fn is_wanted(&self) -> bool;
    fn deadline(&self) -> Instant;
    /// Does it, and keeps the result.
    fn run(&mut self, connection: &Connection);
    /// Tells the result; or else the failure, if it came to nothing.
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

    fn run(&mut self, connection: &Connection) {
        self.result = Some(if self.writes { connection.whole(&self.work) } else { (self.work)() });
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        let result = match (self.result, failure) {
            (Some(Ok(_)) | None, Some(failure)) => Err(failure),
            // Its own error says more than that the transaction came to nothing.
            (Some(result), _) => result,
            (None, None) => Err(ended_error()),
        };
        let _ = self.sender.send(result);
    }
}

type Jobs = Vec<Box<dyn Job>>;

/// Does what is asked until nobody can ask any more.
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
        // Whoever has asked while the last transaction ran is part of the next.
        waiting.extend(queue.try_iter());
        waiting.retain(|job| job.is_wanted());
        waiting = run(connection, waiting);
        pause = if waiting.is_empty() { PAUSES[0] } else { PAUSES[1].min(pause * 2) };
    }
}

/// Runs the jobs as one transaction and answers them. Gives back those that must wait for another program.
fn run(connection: &Connection, mut jobs: Jobs) -> Jobs {
    if jobs.is_empty() {
        return jobs;
    }
    match connection.begin(jobs.iter().any(|job| job.writes())) {
        Ok(()) => {}
        Err(error) if is_locked(&error) => {
            // To read takes less than to write.
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
        // A caller may have given up while the lock was held, and a full disk may have ended the transaction.
        if job.is_wanted() && connection.is_in_transaction() {
            job.run(connection);
        }
    }
    match connection.commit() {
        Ok(()) => answer(jobs, None),
        // All is undone. Each by itself, whoever asks too much fails alone.
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
