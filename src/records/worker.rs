// A worker: takes due tasks and runs their handlers. How tasks are stored, and what handlers do, does not matter here.

use super::renewal::Renewal;
use super::stop::Stop;
use super::{of, pause, unguessable};
use crate::command::{Ending, Key, TaskStatus};
use crate::error::{Error, Kind, Result};
use crate::host::{BoxFuture, background};
use crate::operations::{Documents, Task, Tasks};
use crate::store::Store;
#[cfg(feature = "cron")]
use futures_util::future::join_all;
use futures_util::future::{Either, FutureExt, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What a handler may fail with.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

type Handler = Arc<dyn Fn(Task) -> BoxFuture<'static, std::result::Result<(), BoxError>> + Send + Sync>;
type OnReport = Arc<dyn Fn(Report) + Send + Sync>;
type OnError = Arc<dyn Fn(Error) + Send + Sync>;

/// The outcome of a task that a worker has run.
#[derive(Debug)]
#[non_exhaustive]
pub struct Report {
    /// The task, as the worker took it.
    pub task: Task,
    /// The task's new state; nothing if the worker no longer held it.
    pub status: Option<TaskStatus>,
    /// What the handler has failed with, or why the task was lost.
    pub error: Option<BoxError>,
}

/// How many tasks a worker has run, by their outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerSummary {
    /// Done.
    pub completed: u64,
    /// Failed, and will be retried.
    pub retried: u64,
    /// Failed, with no attempts left.
    pub failed: u64,
    /// Cancelled or taken over by another meanwhile.
    pub lost: u64,
}

/// A worker: takes due tasks of its handlers' names and runs the handlers. Made by [`Tasks::worker`].
///
/// ```
/// # pollster::block_on(async {
/// use omnikv::{Error, NewTask, Options, Store, Task, TaskStatus, prelude::*};
/// use serde::Deserialize;
///
/// #[derive(Deserialize)]
/// struct Email {
///     to: String,
/// }
///
/// let kv = Store::connect("memory:", Options::default()).await?;
/// let email = NewTask::new("send-email", &serde_json::json!({ "to": "a@example.org" }));
/// let id = kv.tasks().create(email).await?.id;
///
/// let worker = kv.tasks().worker().concurrency(4);
/// // A program would rather stop at Ctrl-C: `worker.run_until(tokio::signal::ctrl_c())`.
/// let stop = worker.stopper();
/// let worker = worker.handler("send-email", move |task: Task<Email>| {
///     stop.stop();
///     async move {
///         assert_eq!(task.payload.to, "a@example.org");
///         Ok::<_, Error>(())
///     }
/// });
/// assert_eq!(worker.run().await?.completed, 1);
/// let task = kv.tasks().get::<serde_json::Value>(&*id).await?.unwrap();
/// assert_eq!(task.status, TaskStatus::Completed);
/// # Ok::<(), Error>(())
/// # }).unwrap();
/// ```
pub struct Worker {
    store: Store,
    handlers: BTreeMap<String, Handler>,
    concurrency: usize,
    poll_interval: Duration,
    lock_duration: Duration,
    id: String,
    report: Option<OnReport>,
    on_error: Option<OnError>,
    #[cfg(feature = "cron")]
    schedules: Vec<super::Schedule>,
    stop: Stop,
}

impl Tasks<'_, Store> {
    /// A worker on these tasks. Give it handlers, then [`run`](Worker::run) it.
    pub fn worker(&self) -> Worker {
        Worker {
            store: self.0.clone(),
            handlers: BTreeMap::new(),
            concurrency: 1,
            poll_interval: Duration::from_secs(1),
            lock_duration: Duration::from_secs(5 * 60),
            id: unguessable(),
            report: None,
            on_error: None,
            #[cfg(feature = "cron")]
            schedules: Vec::new(),
            stop: Stop::default(),
        }
    }
}

impl Worker {
    /// The handler of the tasks of this name, which gets their payload with serde. If it fails or panics, or if the
    /// payload is not a `T`, the task has failed. A task may run more than once: when its worker was lost, for example.
    ///
    /// The handler's future is dropped, which stops it, when the task has taken longer than its timeout, was cancelled or
    /// is another worker's now.
    pub fn handler<T, F, E>(
        mut self,
        name: impl Into<String>,
        run: impl Fn(Task<T>) -> F + Send + Sync + 'static,
    ) -> Worker
    where
        T: DeserializeOwned + 'static,
        F: Future<Output = std::result::Result<(), E>> + Send + 'static,
        E: Into<BoxError>,
    {
        let handler: Handler = Arc::new(move |task: Task| match task.parse() {
            Ok(task) => {
                let run = run(task);
                Box::pin(async move { run.await.map_err(Into::into) })
            }
            Err(error) => Box::pin(async move { Err(error.into()) }),
        });
        self.handlers.insert(name.into(), handler);
        self
    }

    /// A schedule to hold while the worker runs. There must be a handler for its tasks.
    #[cfg(feature = "cron")]
    pub fn schedule(mut self, schedule: super::Schedule) -> Worker {
        self.schedules.push(schedule);
        self
    }

    /// How many tasks to run concurrently. Default: 1.
    pub fn concurrency(self, concurrency: usize) -> Worker {
        Worker { concurrency: concurrency.max(1), ..self }
    }

    /// How often to poll while there are no tasks. Default: every second. Tasks created by this handle, in memory by any
    /// of the process, are seen immediately.
    pub fn poll_interval(self, poll_interval: Duration) -> Worker {
        Worker { poll_interval: poll_interval.max(Duration::from_millis(1)), ..self }
    }

    /// How long a task is locked; the lock is extended while the task runs. Default: five minutes.
    pub fn lock_duration(self, lock_duration: Duration) -> Worker {
        Worker { lock_duration: lock_duration.max(Duration::from_millis(1)), ..self }
    }

    /// The worker's name in its tasks. Default: a random one.
    pub fn id(self, id: impl Into<String>) -> Worker {
        Worker { id: id.into(), ..self }
    }

    /// Called after each task.
    pub fn report(self, report: impl Fn(Report) + Send + Sync + 'static) -> Worker {
        Worker { report: Some(Arc::new(report)), ..self }
    }

    /// Called with errors of the store itself; the worker continues.
    pub fn on_error(self, on_error: impl Fn(Error) + Send + Sync + 'static) -> Worker {
        Worker { on_error: Some(Arc::new(on_error)), ..self }
    }

    /// Stops the worker from elsewhere.
    pub fn stopper(&self) -> Stop {
        self.stop.clone()
    }

    /// Works until this future completes, then takes no more tasks, and waits for the running ones.
    ///
    /// # Errors
    ///
    /// Like [`run`](Self::run).
    pub async fn run_until(self, shutdown: impl Future) -> Result<WorkerSummary> {
        let stop = self.stopper();
        match select(pin!(self.run()), pin!(shutdown)).await {
            Either::Left((summary, _)) => summary,
            Either::Right((_, work)) => {
                stop.stop();
                work.await
            }
        }
    }

    /// Works until it is [stopped](Self::stopper) or the store is closed: then takes no more tasks, and waits for the
    /// running ones. If the future is dropped, the handlers are, and others take their tasks over when `lock_duration` is
    /// over.
    ///
    /// # Errors
    ///
    /// If it can never work: `invalid-argument` without handlers or for an invalid name or schedule, `unsupported` if the
    /// store has no tasks.
    #[cfg_attr(not(feature = "cron"), allow(unused_mut, reason = "there are no schedules to take out"))]
    pub async fn run(mut self) -> Result<WorkerSummary> {
        let op = of("tasks.worker", &self.store);
        if self.handlers.is_empty() {
            return Err(op(Error::invalid_argument("(handlers) expects at least one handler")));
        }
        #[cfg(feature = "cron")]
        {
            let schedules = std::mem::take(&mut self.schedules);
            if schedules.iter().any(|schedule| !self.handlers.contains_key(schedule.name())) {
                return Err(op(Error::invalid_argument("(schedules) expects a handler for each name")));
            }
            let held = schedules.into_iter().map(|schedule| async {
                // What ends one ends all.
                let ended = schedule.ending_with(&self.stop).run().await;
                ended.inspect_err(|_| self.stop.stop())
            });
            let (summary, held) = futures_util::future::join(self.work(), join_all(held)).await;
            held.into_iter().collect::<Result<()>>()?;
            summary.map_err(op)
        }
        #[cfg(not(feature = "cron"))]
        self.work().await.map_err(op)
    }

    async fn work(&self) -> Result<WorkerSummary> {
        let names: Vec<Key> = self.handlers.keys().map(|name| name.as_str().into()).collect();
        let mut summary = WorkerSummary::default();
        let mut running = FuturesUnordered::new();
        let mut outcome = Ok(());
        while !self.stop.is_stopped() {
            if running.len() >= self.concurrency {
                let stopped = pin!(self.stop.stopped());
                if let Either::Left((Some(status), _)) = select(running.next(), stopped).await {
                    summary.count(status);
                }
                continue;
            }
            let pause = pause(&self.store, self.poll_interval);
            // What a lock under way takes must be run.
            let lock = self.store.tasks().lock(self.id.as_str(), self.lock_duration, &*names);
            match beside(&mut running, &mut summary, lock).await {
                Ok(Some(task)) => {
                    running.push(self.run_task(task));
                    continue;
                }
                Ok(None) => {}
                Err(error) if is_final(&error) => {
                    self.stop.stop();
                    if error.kind() != Kind::Closed {
                        outcome = Err(error);
                    }
                }
                Err(error) => self.tell(error),
            }
            let (pause, stopped) = (pin!(pause), pin!(self.stop.stopped()));
            beside(&mut running, &mut summary, select(pause, stopped)).await;
        }
        while let Some(status) = running.next().await {
            summary.count(status);
        }
        outcome.map(|()| summary)
    }

    /// Runs a task; returns its new state, nothing if the worker no longer held it.
    async fn run_task(&self, task: Task) -> Option<TaskStatus> {
        let token = task.token.unwrap_or_default();
        let heartbeat = {
            let (store, id) = (self.store.clone(), task.id.clone());
            let (lasting, on_error) = (self.lock_duration, self.on_error.clone());
            move || {
                let (extended, on_error) =
                    (store.tasks().heartbeat(id.as_str(), token, lasting), on_error.clone());
                async move {
                    extended.await.inspect_err(|error| on_error.iter().for_each(|tell| tell(error.clone())))
                }
            }
        };
        let renewal = Renewal::start(Instant::now(), self.lock_duration, heartbeat);
        let result = self.handle(&task, &renewal).await;
        renewal.stop().await;
        let tasks = self.store.tasks();
        let released = match &result {
            Ok(()) => tasks.release(task.id.as_str(), token, Ending::Completed, None).await,
            Err(error) => {
                tasks.release(task.id.as_str(), token, Ending::Failed, Some(&error.to_string())).await
            }
        };
        match released {
            Ok(status) => {
                if let Some(report) = &self.report {
                    report(Report { task, status, error: result.err() });
                }
                status
            }
            Err(error) => {
                self.tell(error);
                None
            }
        }
    }

    /// Runs a task's handler, until its time is over or the task is lost.
    async fn handle(&self, task: &Task, renewal: &Renewal) -> std::result::Result<(), BoxError> {
        let failed = |kind, message| of("tasks.worker", &self.store)(Error::new(kind, message));
        let Some(handler) = self.handlers.get(&task.name) else {
            return Err(failed(Kind::Internal, "got a task of a name that it has not asked for").into());
        };
        let run = AssertUnwindSafe(async { handler(task.clone()).await }).catch_unwind();
        let timeout = async {
            match task.timeout_ms {
                Some(timeout) => background::sleep(Duration::from_millis(timeout)).await,
                None => std::future::pending().await,
            }
        };
        let end = async {
            match select(pin!(timeout), pin!(renewal.lost())).await {
                Either::Left(_) => failed(Kind::Timeout, "has taken longer than its timeout"),
                Either::Right(_) => {
                    failed(Kind::Conflict, "has lost the task: it was cancelled, or another has it")
                }
            }
        };
        match select(pin!(run), pin!(end)).await {
            Either::Left((Ok(result), _)) => result,
            Either::Left((Err(_), _)) => Err("the handler has panicked".into()),
            Either::Right((error, _)) => Err(error.into()),
        }
    }

    fn tell(&self, error: Error) {
        if let Some(on_error) = &self.on_error {
            on_error(error);
        }
    }
}

/// Whether asking again cannot help.
fn is_final(error: &Error) -> bool {
    matches!(error.kind(), Kind::Closed | Kind::InvalidArgument | Kind::Unsupported)
}

/// Waits for something while the running tasks go on.
async fn beside<T>(
    running: &mut FuturesUnordered<impl Future<Output = Option<TaskStatus>>>,
    summary: &mut WorkerSummary,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    while !running.is_empty() {
        match select(work.as_mut(), running.next()).await {
            Either::Left((result, _)) => return result,
            Either::Right((ended, _)) => ended.into_iter().for_each(|status| summary.count(status)),
        }
    }
    work.await
}

impl WorkerSummary {
    fn count(&mut self, status: Option<TaskStatus>) {
        match status {
            Some(TaskStatus::Completed) => self.completed += 1,
            Some(TaskStatus::Failed) => self.failed += 1,
            Some(_) => self.retried += 1,
            None => self.lost += 1,
        }
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("handlers", &self.handlers.keys())
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
