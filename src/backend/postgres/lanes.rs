// The connections of a store, and the jobs that wait for one. Jobs that arrive while all connections work travel together:
// one statement loads the keys of all who wait, one commits all that have nothing to do with each other. What a job does is
// in `jobs.rs`.

use super::connect::Connect;
use super::fault;
use super::jobs::{Batch, Job};
use super::session::Session;
use super::settings::Settings;
use crate::error::{Error, Kind, Result};
use crate::host::network::Timer;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

/// The connections to one server, shared by all handles with the same settings. They are opened when there is something to
/// do, and closed when this is dropped.
pub(super) struct Lanes {
    pub settings: Settings,
    connect: Arc<dyn Connect>,
    pub timer: Arc<dyn Timer>,
    queue: Mutex<Queue>,
    /// Whether the tables are known to be there.
    is_migrated: AtomicBool,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Job>,
    /// Open connections that nobody uses.
    idle: Vec<Session>,
    /// The tasks that run jobs, each with a connection of its own.
    running: usize,
}

impl Lanes {
    pub fn new(settings: Settings, connect: Arc<dyn Connect>, timer: Arc<dyn Timer>) -> Lanes {
        Lanes { settings, connect, timer, queue: Mutex::default(), is_migrated: AtomicBool::new(false) }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs the job as soon as a connection is free.
    pub fn add(self: &Arc<Lanes>, job: Job) {
        let mut queue = self.queue();
        queue.waiting.push_back(job);
        if queue.running < self.settings.pool_size {
            queue.running += 1;
            drop(queue);
            self.timer.spawn(Box::pin(run(Arc::clone(self))));
        }
    }

    /// Closes the connections that nobody uses.
    pub fn close_idle(&self) {
        self.queue().idle.clear();
    }

    /// The next jobs, if any wait; otherwise, the task has to end, and gives back its connection.
    fn next(&self, session: &mut Option<Session>) -> Option<Batch> {
        let mut queue = self.queue();
        let Some(batch) = Batch::of(&mut queue.waiting) else {
            queue.running -= 1;
            queue.idle.extend(session.take());
            return None;
        };
        // Connections that have ended meanwhile are dropped.
        while session.as_ref().is_none_or(Session::is_closed) && !queue.idle.is_empty() {
            *session = queue.idle.pop();
        }
        Some(batch)
    }

    /// An open connection to a server that has our tables.
    async fn open(&self) -> Result<Session> {
        let session = Session::open(&self.settings, &*self.connect, &*self.timer).await?;
        if !self.is_migrated.load(Ordering::Acquire) {
            session.migrate().await?;
            self.is_migrated.store(true, Ordering::Release);
        }
        Ok(session)
    }

    /// The result of `work`, or an error after this time.
    async fn within<T>(
        &self,
        time: Duration,
        what: &str,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let (mut work, mut late) = (pin!(work), pin!(self.timer.sleep(time)));
        poll_fn(|context| match work.as_mut().poll(context) {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => late.as_mut().poll(context).map(|()| {
                let message = format!("(server) at {} {what}", self.settings.place());
                Err(Error::new(Kind::Timeout, message))
            }),
        })
        .await
    }

    async fn perform(&self, session: &mut Option<Session>, mut batch: Batch) {
        let left = Duration::from_millis(batch.deadline_ms().saturating_sub(self.timer.now_ms()).max(1));
        if session.as_ref().is_none_or(Session::is_closed) {
            match self.within(left, "could not be reached in time", self.open()).await {
                Ok(opened) => *session = Some(opened),
                Err(error) => return batch.fail(&error),
            }
        }
        let Some(open) = session else { return };
        let error = match self.within(left, "has not answered in time", batch.run(open)).await {
            Ok(answers) => return batch.answer(&answers),
            Err(error) if error.kind() == Kind::Timeout => error.maybe_applied(),
            Err(error) => error,
        };
        if fault::is_of_connection(&error) {
            *session = None;
            // Perhaps somebody has dropped the tables.
            self.is_migrated.store(false, Ordering::Release);
        }
        batch.fail(&error);
    }
}

/// Runs jobs on one connection until none waits.
async fn run(lanes: Arc<Lanes>) {
    let mut session = None;
    while let Some(batch) = lanes.next(&mut session) {
        lanes.perform(&mut session, batch).await;
    }
}
