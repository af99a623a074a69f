// A worker: which tasks it takes, and how. What it then does is in `run.rs`.

mod run;

use super::stop::Stop;
use super::unguessable;
use crate::command::TaskStatus;
use crate::error::Error;
use crate::host::BoxFuture;
use crate::operations::{Task, Tasks};
use crate::store::Store;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

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
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("handlers", &self.handlers.keys())
            .field("concurrency", &self.concurrency)
            .finish_non_exhaustive()
    }
}
