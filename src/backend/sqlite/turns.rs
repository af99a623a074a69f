// A database on the event loop's own thread, as JavaScript lends it: runs the jobs that wait (jobs.rs) once per turn of
// the loop, so that callers of one turn share a transaction and a long run of calls does not keep events waiting.

use super::connection::{Connection, Synchronous};
use super::driver::{Driver, is_locked};
use super::jobs::{Jobs, Pauses, job, run};
use crate::backend::retry::unless;
use crate::error::{Error, Result};
use crate::host::network::Timer;
use futures_channel::oneshot;
use std::cell::RefCell;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// SQLite, as a host lends it.
pub trait Lender {
    /// The path by which a file is known, however it is written.
    fn locate(&self, path: &str) -> String;

    /// Opens a file, which is created if it is missing.
    ///
    /// # Errors
    ///
    /// [`fault`](super::fault) of SQLite's code.
    fn open(&self, path: &str) -> Result<Box<dyn Driver>>;
}

thread_local! {
    /// The open files, by path, so that handles on a file share its connection and its transactions.
    static OPEN: RefCell<Vec<(String, Weak<Worker>)>> = const { RefCell::new(Vec::new()) };
}

/// A database. Dropping this closes it, after the jobs queued so far.
pub(super) struct Worker(Arc<Queue>);

struct Queue {
    connection: Arc<Connection>,
    synchronous: Synchronous,
    timer: Arc<dyn Timer>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    jobs: Jobs,
    is_serving: bool,
    /// Whether no more jobs can arrive.
    is_over: bool,
    /// Told when the database is closed.
    end: Option<oneshot::Sender<()>>,
    /// Wakes the wait for a lock when a job arrives: one that only reads need not wait.
    arrival: Option<Waker>,
}

impl Worker {
    /// Opens a database, or joins the handles that have it open.
    pub async fn start(
        path: &str,
        timeout: Duration,
        synchronous: Synchronous,
        lender: &dyn Lender,
        timer: Arc<dyn Timer>,
    ) -> Result<Arc<Worker>> {
        if path == ":memory:" {
            let connection = opened_within(path, timeout, synchronous, lender, &*timer).await?;
            return Ok(Arc::new(Worker::on(connection, synchronous, timer)));
        }
        let path = lender.locate(path);
        if let Some(worker) = found(&path) {
            return worker.agreeing(synchronous);
        }
        let connection = opened_within(&path, timeout, synchronous, lender, &*timer).await?;
        // Another handle may have been faster.
        if let Some(worker) = found(&path) {
            return worker.agreeing(synchronous);
        }
        let worker = Arc::new(Worker::on(connection, synchronous, timer));
        OPEN.with_borrow_mut(|open| open.push((path, Arc::downgrade(&worker))));
        Ok(worker)
    }

    /// The handles on a file share its connection, so they must want the same of it.
    fn agreeing(self: Arc<Self>, synchronous: Synchronous) -> Result<Arc<Worker>> {
        if self.0.synchronous == synchronous {
            return Ok(self);
        }
        let message = "(url) expects the same synchronous as the handle that has this file open";
        Err(Error::invalid_argument(message))
    }

    fn on(connection: Arc<Connection>, synchronous: Synchronous, timer: Arc<dyn Timer>) -> Worker {
        let state = RefCell::default();
        Worker(Arc::new(Queue { connection, synchronous, timer, state }))
    }

    pub fn connection(&self) -> Arc<Connection> {
        Arc::clone(&self.0.connection)
    }

    /// Adds a [`job`], which waits for another program's lock as long as `timeout`.
    pub fn ask<R: 'static>(
        &self,
        writes: bool,
        timeout: Duration,
        work: impl Fn() -> Result<R> + 'static,
    ) -> Result<oneshot::Receiver<Result<R>>> {
        let Worker(queue) = self;
        let (job, answer) = job(writes, queue.now().saturating_add(timeout), work);
        let mut state = queue.state.borrow_mut();
        state.jobs.push(job);
        let arrival = state.arrival.take();
        let must_start = !std::mem::replace(&mut state.is_serving, true);
        drop(state);
        if let Some(waker) = arrival {
            waker.wake();
        }
        if must_start {
            queue.timer.spawn(Box::pin(serve(Arc::clone(queue))));
        }
        Ok(answer)
    }

    /// Completes once all queued jobs are done and the database is closed.
    pub async fn end(self) {
        let (end, ended) = oneshot::channel();
        self.0.state.borrow_mut().end = Some(end);
        drop(self);
        let _ = ended.await;
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let Worker(queue) = self;
        queue.state.borrow_mut().is_over = true;
        if !queue.state.borrow().is_serving {
            queue.close();
        }
    }
}

impl Queue {
    fn now(&self) -> Duration {
        Duration::from_millis(self.timer.now_ms())
    }

    fn close(&self) {
        self.connection.close();
        if let Some(end) = self.state.borrow_mut().end.take() {
            let _ = end.send(());
        }
    }

    /// Takes the jobs that have arrived; `None` if there are none, and nobody serves the queue any longer.
    fn arrived(&self) -> Option<Jobs> {
        let mut state = self.state.borrow_mut();
        state.is_serving = !state.jobs.is_empty();
        state.is_serving.then(|| std::mem::take(&mut state.jobs))
    }

    fn poll_arrival(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        if !state.jobs.is_empty() {
            return Poll::Ready(());
        }
        state.arrival = Some(context.waker().clone());
        Poll::Pending
    }
}

/// The worker that has the file open.
fn found(path: &str) -> Option<Arc<Worker>> {
    OPEN.with_borrow_mut(|open| {
        open.retain(|(_, worker)| worker.strong_count() > 0);
        open.iter().find(|(other, _)| other == path).and_then(|(_, worker)| worker.upgrade())
    })
}

/// Opens the database as soon as other programs allow it.
async fn opened_within(
    path: &str,
    timeout: Duration,
    synchronous: Synchronous,
    lender: &dyn Lender,
    timer: &dyn Timer,
) -> Result<Arc<Connection>> {
    let now = || Duration::from_millis(timer.now_ms());
    let deadline = now().saturating_add(timeout);
    let mut pauses = Pauses::new();
    loop {
        match lender.open(path).and_then(|driver| Connection::over(driver, synchronous)) {
            Err(error) if is_locked(&error) && now() < deadline => timer.sleep(pauses.next()).await,
            opened => return opened,
        }
    }
}

/// Runs jobs until there are none.
async fn serve(queue: Arc<Queue>) {
    // The other callers of this turn join.
    queue.timer.sleep(Duration::ZERO).await;
    while let Some(mut waiting) = queue.arrived() {
        let mut pauses = Pauses::new();
        loop {
            waiting = run(&queue.connection, waiting, &|| queue.now());
            if waiting.is_empty() {
                break;
            }
            let pause = queue.timer.sleep(pauses.next());
            if unless(|context| queue.poll_arrival(context), pause).await.is_none() {
                queue.timer.sleep(Duration::ZERO).await;
            }
            waiting.append(&mut queue.state.borrow_mut().jobs);
        }
    }
    if queue.state.borrow().is_over {
        queue.close();
    }
}
