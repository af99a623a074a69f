// The interface `tasks`: decode, run, encode.

use std::time::{Duration, UNIX_EPOCH};

use super::connection::Handle;
use super::records::{Json, json};
use super::{Answer, Component};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use crate::exports::omnikv::kv::tasks::{self, Due, Guest, NewTask, Task, TaskStatus};
use omnikv::command::{self, Ending};
use omnikv::error::Result;
use omnikv::operations::{self, Documents, TaskOptions};

impl From<command::TaskStatus> for TaskStatus {
    fn from(status: command::TaskStatus) -> Self {
        match status {
            command::TaskStatus::Pending => TaskStatus::Pending,
            command::TaskStatus::Running => TaskStatus::Running,
            command::TaskStatus::Completed => TaskStatus::Completed,
            command::TaskStatus::Failed => TaskStatus::Failed,
            command::TaskStatus::Cancelled => TaskStatus::Cancelled,
        }
    }
}

impl From<TaskStatus> for command::TaskStatus {
    fn from(status: TaskStatus) -> Self {
        match status {
            TaskStatus::Pending => command::TaskStatus::Pending,
            TaskStatus::Running => command::TaskStatus::Running,
            TaskStatus::Completed => command::TaskStatus::Completed,
            TaskStatus::Failed => command::TaskStatus::Failed,
            TaskStatus::Cancelled => command::TaskStatus::Cancelled,
        }
    }
}

impl From<operations::Task<Json>> for Task {
    fn from(task: operations::Task<Json>) -> Self {
        Task {
            id: task.id,
            name: task.name,
            unique: task.unique,
            payload: task.payload.get().to_owned(),
            status: task.status.into(),
            created: task.created,
            scheduled_for: task.scheduled_for,
            started: task.started,
            ended: task.ended,
            tries: task.tries,
            max_retries: task.max_retries,
            timeout_ms: task.timeout_ms,
            priority: task.priority,
            error: task.error,
            worker: task.worker,
            token: task.token,
            locked_until: task.locked_until,
        }
    }
}

/// Converts a new task.
pub fn new_task(op: &'static str, task: NewTask) -> Result<operations::NewTask> {
    let NewTask { name, payload, id, due, max_retries, timeout_ms, unique, priority } = task;
    let mut made = operations::NewTask::new(name, &json(op, "payload", payload)?).priority(priority);
    made = match due {
        Due::Now | Due::AfterMs(0) => made,
        Due::AfterMs(wait) => made.after(Duration::from_millis(wait)),
        Due::AtMs(moment) => made.at(UNIX_EPOCH + Duration::from_millis(moment)),
    };
    if let Some(id) = id {
        made = made.id(id);
    }
    if let Some(retries) = max_retries {
        made = made.max_retries(retries);
    }
    if let Some(timeout) = timeout_ms {
        made = made.timeout(Duration::from_millis(timeout));
    }
    Ok(match unique {
        Some(unique) => made.unique(unique),
        None => made,
    })
}

impl Guest for Component {
    fn create(store: StoreBorrow<'_>, task: NewTask) -> Answer<Task> {
        let task = new_task("tasks.create", task)?;
        Ok(store.get::<Handle>().0.tasks().create(task)?.into())
    }

    fn get(store: StoreBorrow<'_>, id: String) -> Answer<Option<Task>> {
        Ok(store.get::<Handle>().0.tasks().get(id)?.map(Task::from))
    }

    fn list(store: StoreBorrow<'_>, options: tasks::TaskOptions) -> Answer<Vec<Task>> {
        let tasks::TaskOptions { status, name, offset, limit } = options;
        let (status, name) = (status.map(Into::into), name.map(command::Key::from));
        let tasks = store.get::<Handle>().0.tasks().list(TaskOptions { status, name, offset, limit })?;
        Ok(tasks.into_iter().map(Task::from).collect())
    }

    fn cancel(store: StoreBorrow<'_>, id: String) -> Answer<bool> {
        Ok(store.get::<Handle>().0.tasks().cancel(id)?)
    }

    fn lock(store: StoreBorrow<'_>, worker: String, ttl_ms: u64, names: Vec<String>) -> Answer<Option<Task>> {
        let ttl = Duration::from_millis(ttl_ms);
        Ok(store.get::<Handle>().0.tasks().lock(worker, ttl, names)?.map(Task::from))
    }

    fn heartbeat(store: StoreBorrow<'_>, id: String, token: u64, ttl_ms: u64) -> Answer<bool> {
        Ok(store.get::<Handle>().0.tasks().heartbeat(id, token, Duration::from_millis(ttl_ms))?)
    }

    fn release(
        store: StoreBorrow<'_>,
        id: String,
        token: u64,
        completed: bool,
        message: Option<String>,
    ) -> Answer<Option<TaskStatus>> {
        let ending = if completed { Ending::Completed } else { Ending::Failed };
        let tasks = store.get::<Handle>().0.tasks();
        Ok(tasks.release(id, token, ending, message.as_deref())?.map(Into::into))
    }

    fn requeue(store: StoreBorrow<'_>, id: String) -> Answer<bool> {
        Ok(store.get::<Handle>().0.tasks().requeue(id)?)
    }

    fn restore(store: StoreBorrow<'_>, task: Task) -> Answer<Task> {
        let task = operations::Task {
            id: task.id,
            name: task.name,
            unique: task.unique,
            payload: json("tasks.restore", "payload", task.payload)?,
            status: task.status.into(),
            created: task.created,
            scheduled_for: task.scheduled_for,
            started: task.started,
            ended: task.ended,
            tries: task.tries,
            max_retries: task.max_retries,
            timeout_ms: task.timeout_ms,
            priority: task.priority,
            error: task.error,
            worker: task.worker,
            token: task.token,
            locked_until: task.locked_until,
        };
        Ok(store.get::<Handle>().0.tasks().restore(&task)?.into())
    }

    fn trim(store: StoreBorrow<'_>, before_ms: u64) -> Answer<u64> {
        Ok(store.get::<Handle>().0.tasks().trim(UNIX_EPOCH + Duration::from_millis(before_ms))?)
    }
}
