// The operations on tasks. Each method names its command and its reply; none has a meaning of its own.

use super::locks::milliseconds;
use super::rows::{self, Fields, Row};
use super::{Run, building};
use crate::command::{Command, Ending, Expiry, Key, Reply, TaskState, TaskStatus};
use crate::error::{Error, Result};
use crate::reply::unexpected;
use crate::value::IntoKeys;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::{Duration, SystemTime};

/// Tasks: work that workers do at a scheduled time, each at least once.
pub struct Tasks<'a, R: Run + ?Sized>(pub(crate) &'a R);

/// A task. Times are in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task<T = Box<serde_json::value::RawValue>> {
    /// The task's ID.
    pub id: String,
    /// The task's name, by which workers choose it.
    pub name: String,
    /// No two unfinished tasks have the same.
    pub unique: Option<String>,
    /// Data for the worker.
    pub payload: T,
    /// Its state.
    pub status: TaskStatus,
    /// When it was created.
    pub created: u64,
    /// When it may start; after a failure, when it may be retried.
    pub scheduled_for: u64,
    /// When a worker last started it.
    pub started: Option<u64>,
    /// When it was completed, failed or cancelled.
    pub ended: Option<u64>,
    /// How many attempts were made.
    pub tries: u64,
    /// How often it is retried.
    pub max_retries: u64,
    /// How long a try may take, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Among due tasks, higher priorities go first.
    pub priority: i64,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// The current or last worker.
    pub worker: Option<String>,
    /// The fencing token of that attempt.
    pub token: Option<u64>,
    /// When the worker's lock expires.
    pub locked_until: Option<u64>,
}

impl Task {
    /// The task, with its payload as a `T`.
    ///
    /// # Errors
    ///
    /// `invalid-value` if the payload is not the JSON of a `T`.
    pub fn parse<T: DeserializeOwned>(self) -> Result<Task<T>> {
        let payload = rows::parse("payload", self.payload.get())?;
        let Task { id, name, unique, payload: _, status, created, scheduled_for, started, ended, .. } = self;
        let Task { tries, max_retries, timeout_ms, priority, error, worker, token, locked_until, .. } = self;
        Ok(Task {
            id,
            name,
            unique,
            payload,
            status,
            created,
            scheduled_for,
            started,
            ended,
            tries,
            max_retries,
            timeout_ms,
            priority,
            error,
            worker,
            token,
            locked_until,
        })
    }
}

impl<T: DeserializeOwned> Row for Task<T> {
    fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Task {
            id: fields.text()?,
            name: fields.text()?,
            unique: fields.text_if_any()?,
            payload: fields.json("payload")?,
            status: status_named(&fields.text()?)?,
            created: fields.number()?,
            scheduled_for: fields.number()?,
            started: fields.number_if_any()?,
            ended: fields.number_if_any()?,
            tries: fields.number()?,
            max_retries: fields.number()?,
            timeout_ms: fields.number_if_any()?,
            priority: fields.number()?,
            error: fields.text_if_any()?,
            worker: fields.text_if_any()?,
            token: fields.number_if_any()?,
            locked_until: fields.number_if_any()?,
        })
    }
}

fn status_named(name: &str) -> Result<TaskStatus> {
    TaskStatus::from_name(name).ok_or_else(|| unexpected(&Reply::Nil, "a status"))
}

fn status_if_any(reply: Reply) -> Result<Option<TaskStatus>> {
    match reply {
        Reply::Nil => Ok(None),
        Reply::Bytes(name) => status_named(str::from_utf8(&name).unwrap_or_default()).map(Some),
        other => Err(unexpected(&other, "a status")),
    }
}

/// A task to create.
///
/// ```
/// # use omnikv::{MemoryStore, NewTask, prelude::*};
/// # use std::time::Duration;
/// let kv = MemoryStore::new();
/// let email = serde_json::json!({ "to": "a@example.org" });
/// let task = NewTask::new("send-email", &email).after(Duration::from_secs(300)).max_retries(3);
/// let id = kv.tasks().create(task)?.id;
/// assert_eq!(kv.tasks().get::<serde_json::Value>(&*id)?.unwrap().payload, email);
/// # Ok::<(), omnikv::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct NewTask {
    name: Key,
    payload: Result<Vec<u8>>,
    id: Option<Key>,
    due: Expiry,
    max_retries: Option<u64>,
    timeout: Option<Duration>,
    unique: Option<Key>,
    priority: Option<i64>,
}

fn json(payload: &(impl Serialize + ?Sized)) -> Result<Vec<u8>> {
    // serde's message may quote the value.
    serde_json::to_vec(payload)
        .map_err(|_| Error::invalid_argument("(payload) expects something that JSON can express"))
}

impl NewTask {
    /// A task of this name, due immediately, with three retries and priority 0. The store makes its ID.
    pub fn new(name: impl Into<Key>, payload: &(impl Serialize + ?Sized)) -> NewTask {
        NewTask {
            name: name.into(),
            payload: json(payload),
            id: None,
            due: Expiry::Unstated,
            max_retries: None,
            timeout: None,
            unique: None,
            priority: None,
        }
    }

    /// Other data for the worker.
    #[cfg(all(feature = "cron", not(target_arch = "wasm32")))]
    pub(crate) fn payload(self, payload: &(impl Serialize + ?Sized)) -> NewTask {
        NewTask { payload: json(payload), ..self }
    }

    /// The task's ID. `conflict` if another task has it.
    pub fn id(self, id: impl Into<Key>) -> NewTask {
        NewTask { id: Some(id.into()), ..self }
    }

    /// It may start after this time.
    pub fn after(self, wait: Duration) -> NewTask {
        NewTask { due: wait.into(), ..self }
    }

    /// It may start at this moment.
    pub fn at(self, moment: SystemTime) -> NewTask {
        NewTask { due: moment.into(), ..self }
    }

    /// How often it is retried.
    pub fn max_retries(self, retries: u64) -> NewTask {
        NewTask { max_retries: Some(retries), ..self }
    }

    /// How long an attempt may take.
    pub fn timeout(self, timeout: Duration) -> NewTask {
        NewTask { timeout: Some(timeout), ..self }
    }

    /// While an unfinished task has the same text here, `create` returns that task instead.
    pub fn unique(self, unique: impl Into<Key>) -> NewTask {
        NewTask { unique: Some(unique.into()), ..self }
    }

    /// Among due tasks, higher priorities go first.
    pub fn priority(self, priority: i64) -> NewTask {
        NewTask { priority: Some(priority), ..self }
    }

    pub(super) fn into_command(self) -> Result<Command> {
        building("tasks.create", || {
            let timeout = self.timeout.map(milliseconds).transpose();
            Ok(Command::TasksCreate {
                name: self.name,
                payload: self.payload?,
                id: self.id,
                due: self.due,
                max_retries: self.max_retries,
                timeout: timeout
                    .map_err(|_| Error::invalid_argument("(timeout) expects at least a millisecond"))?,
                unique: self.unique,
                priority: self.priority,
                prefix: None,
            })
        })
    }
}

/// Options of [`list`](Tasks::list).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskOptions {
    /// Where the task stands.
    pub status: Option<TaskStatus>,
    /// What is to be done.
    pub name: Option<Key>,
    /// How many to skip.
    pub offset: Option<u64>,
    /// The most to return.
    pub limit: Option<u64>,
}

impl TaskOptions {
    /// Every task.
    pub fn new() -> TaskOptions {
        TaskOptions::default()
    }

    /// Only tasks in this state.
    pub fn status(self, status: TaskStatus) -> TaskOptions {
        TaskOptions { status: Some(status), ..self }
    }

    /// Only tasks of this name.
    pub fn name(self, name: impl Into<Key>) -> TaskOptions {
        TaskOptions { name: Some(name.into()), ..self }
    }

    /// How many to skip.
    pub fn offset(self, offset: u64) -> TaskOptions {
        TaskOptions { offset: Some(offset), ..self }
    }

    /// The most to return.
    pub fn limit(self, limit: u64) -> TaskOptions {
        TaskOptions { limit: Some(limit), ..self }
    }
}

impl<R: Run + ?Sized> Tasks<'_, R> {
    /// Creates a task. If an unfinished task has the same unique text, returns that task instead.
    ///
    /// O(log n).
    ///
    /// # Errors
    ///
    /// `conflict` if a task has this ID.
    pub fn create(&self, task: NewTask) -> R::Output<Task> {
        self.0.read(task.into_command(), rows::this)
    }

    /// Returns a task; nothing if there is none.
    ///
    /// O(log n).
    pub fn get<T: DeserializeOwned + 'static>(&self, id: impl Into<Key>) -> R::Output<Option<Task<T>>> {
        self.0.read(Ok(Command::TasksGet { id: id.into() }), rows::one)
    }

    /// Returns the tasks that match the options, in the order of their creation.
    ///
    /// O(tasks).
    pub fn list<T: DeserializeOwned + 'static>(&self, options: TaskOptions) -> R::Output<Vec<Task<T>>> {
        let TaskOptions { status, name, offset, limit } = options;
        self.0.read(Ok(Command::TasksList { status, name, offset, limit, prefix: None }), rows::all)
    }

    /// Cancels a task. Returns whether it was unfinished. A worker that has it can no longer complete it.
    ///
    /// O(log n).
    pub fn cancel(&self, id: impl Into<Key>) -> R::Output<bool> {
        self.0.run(Ok(Command::TasksCancel { id: id.into() }))
    }

    /// Locks the next due task of these names for a worker: the highest priority first, then the earliest. A task whose
    /// lock has expired is taken over, which counts as another attempt.
    ///
    /// O(names × log n).
    pub fn lock<T: DeserializeOwned + 'static>(
        &self,
        worker: impl Into<String>,
        ttl: Duration,
        names: impl IntoKeys,
    ) -> R::Output<Option<Task<T>>> {
        let command = milliseconds(ttl).map_err(|error| error.in_op("tasks.lock")).map(|milliseconds| {
            Command::TasksLock { worker: worker.into(), milliseconds, names: names.into_keys() }
        });
        self.0.read(command, rows::one)
    }

    /// Extends a worker's lock on a task. Returns whether the worker still has the task.
    ///
    /// O(log n).
    pub fn heartbeat(&self, id: impl Into<Key>, token: u64, ttl: Duration) -> R::Output<bool> {
        let command = milliseconds(ttl).map_err(|error| error.in_op("tasks.heartbeat"));
        self.0.run(command.map(|milliseconds| Command::TasksHeartbeat { id: id.into(), token, milliseconds }))
    }

    /// Ends a worker's attempt. Returns the task's new state, or nothing if the worker no longer had it. A failed task
    /// is retried after a minute, then after twice as long each time, up to an hour, until it has no attempts left.
    ///
    /// O(log n).
    pub fn release(
        &self,
        id: impl Into<Key>,
        token: u64,
        ending: Ending,
        error: Option<&str>,
    ) -> R::Output<Option<TaskStatus>> {
        let error = error.map(str::to_owned);
        self.0.read(Ok(Command::TasksRelease { id: id.into(), token, ending, error }), status_if_any)
    }

    /// Restarts a failed or cancelled task. Returns whether it was one.
    ///
    /// O(log n).
    ///
    /// # Errors
    ///
    /// `conflict` if another task has its unique text now.
    pub fn requeue(&self, id: impl Into<Key>) -> R::Output<bool> {
        self.0.run(Ok(Command::TasksRequeue { id: id.into(), due: Expiry::Unstated }))
    }

    /// Creates a task in the state that it had in another store. A worker that has it there has it here until its lock
    /// expires, under a token of this store.
    ///
    /// O(log n).
    ///
    /// # Errors
    ///
    /// `conflict` if a task has this ID, or an unfinished one the unique text of an unfinished one.
    pub fn restore(&self, task: &Task<impl Serialize>) -> R::Output<Task> {
        self.0.read(restore(task), rows::this)
    }

    /// Deletes the tasks that ended before a moment and returns how many.
    ///
    /// O(tasks).
    pub fn trim(&self, before: SystemTime) -> R::Output<u64> {
        let since = before.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let before = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        self.0.run(Ok(Command::TasksTrim { before, prefix: None }))
    }
}

/// The command that restores a task.
pub(crate) fn restore(task: &Task<impl Serialize>) -> Result<Command> {
    building("tasks.restore", || {
        Ok(Command::TasksRestore {
            id: (&*task.id).into(),
            name: (&*task.name).into(),
            status: task.status,
            payload: json(&task.payload)?,
            unique: task.unique.as_deref().map(Key::from),
            state: Box::new(TaskState {
                created: Some(task.created),
                due: Some(task.scheduled_for),
                started: task.started,
                ended: task.ended,
                tries: Some(task.tries),
                max_retries: Some(task.max_retries),
                timeout: task.timeout_ms,
                until: task.locked_until,
                priority: Some(task.priority),
                error: task.error.clone(),
                worker: task.worker.clone(),
            }),
        })
    })
}
