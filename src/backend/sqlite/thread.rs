// A database's thread, so that no future blocks. It opens the database, and runs the jobs that wait (jobs.rs).

use super::connection::{Connection, Synchronous};
use super::driver::is_locked;
use super::jobs::{Job, Jobs, Pauses, job, run};
use super::{ended, file};
use crate::error::{Error, Kind, Result};
use futures_channel::oneshot;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A database's thread. Dropping this ends it, after the jobs queued so far.
pub(super) struct Worker {
    jobs: Sender<Box<dyn Job>>,
    /// Its clock counts from here.
    started: Instant,
    ended: oneshot::Receiver<()>,
    connection: Arc<Connection>,
}

impl Worker {
    /// Starts the thread and opens the database on it.
    pub async fn start(path: String, timeout: Duration, synchronous: Synchronous) -> Result<Worker> {
        let (jobs, queue) = channel();
        let (open, opened) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        let started = Instant::now();
        let work = move || {
            let connection = opened_within(&path, started + timeout, synchronous);
            // The caller may have stopped waiting.
            if open.send(connection.clone()).is_ok()
                && let Ok(connection) = connection
            {
                serve(&connection, &queue, started);
                connection.close();
            }
            let _ = end.send(());
        };
        let spawned = thread::Builder::new().name("omnikv-sqlite".into()).spawn(work);
        spawned.map_err(|error| {
            Error::new(Kind::Unavailable, format!("(database) could not start its thread: {}", error.kind()))
        })?;
        let connection = opened.await.unwrap_or_else(|_| Err(super::ended()))?;
        Ok(Worker { jobs, started, ended, connection })
    }

    pub fn connection(&self) -> Arc<Connection> {
        Arc::clone(&self.connection)
    }

    /// Adds a [`job`], which waits for another program's lock as long as `timeout`.
    pub fn ask<R: Send + Sync + 'static>(
        &self,
        writes: bool,
        timeout: Duration,
        work: impl Fn() -> Result<R> + Send + Sync + 'static,
    ) -> Result<oneshot::Receiver<Result<R>>> {
        let (job, answer) = job(writes, self.started.elapsed().saturating_add(timeout), work);
        self.jobs.send(job).map_err(|_| ended())?;
        Ok(answer)
    }

    /// Completes once all queued jobs are done and the database is closed.
    pub async fn end(self) {
        drop(self.jobs);
        let _ = self.ended.await;
    }
}

/// Opens the database as soon as other programs allow it, at the latest by `deadline`.
fn opened_within(path: &str, deadline: Instant, synchronous: Synchronous) -> Result<Arc<Connection>> {
    let mut pauses = Pauses::new();
    loop {
        match file::open(path).and_then(|driver| Connection::over(driver, synchronous)) {
            Err(error) if is_locked(&error) && Instant::now() < deadline => thread::sleep(pauses.next()),
            opened => return opened,
        }
    }
}

/// Runs jobs until no more can arrive.
fn serve(connection: &Connection, queue: &Receiver<Box<dyn Job>>, started: Instant) {
    let (mut waiting, mut pauses) = (Jobs::new(), Pauses::new());
    loop {
        let first = match waiting.is_empty() {
            true => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            false => queue.recv_timeout(pauses.next()),
        };
        match first {
            Ok(job) => waiting.push(job),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if waiting.is_empty() => return,
            Err(RecvTimeoutError::Disconnected) => thread::sleep(pauses.next()),
        }
        // Jobs that arrived during the last transaction join the next one.
        waiting.extend(queue.try_iter());
        waiting = run(connection, waiting, &|| started.elapsed());
        if waiting.is_empty() {
            pauses = Pauses::new();
        }
    }
}
