// Tasks: work that waits until it is due, and for a worker, which holds it with a lock. If a worker disappears, another
// takes its task over when the lock expires. Who the workers are, and how the rows are stored, does not matter here.

use super::json;
use super::storage::Storage;
use crate::command::{Command, Ending, Expiry, Key, TaskStatus};
use crate::engine::Tick;
use crate::engine::expiry::deadline_of;
use crate::error::{Error, Kind, Result};
use std::cmp::Reverse;
use std::sync::Arc;

/// The overhead of a task, in addition to its bytes.
const OVERHEAD: usize = 512;
/// The longest error message that is kept.
const MAX_ERROR: usize = 4096;

/// The default number of retries.
pub(crate) const RETRIES: u64 = 3;
/// The wait before the first retry; each later one is twice as long, up to the longest wait.
const FIRST_WAIT_MS: u64 = 60_000;
const LONGEST_WAIT_MS: u64 = 60 * 60_000;

/// As much of an error message as is kept.
pub(crate) fn shortened(message: &str) -> &str {
    let mut ends = (0..=message.len().min(MAX_ERROR)).rev();
    ends.find_map(|end| message.get(..end)).unwrap_or_default()
}

/// A task. Moments are in milliseconds since 1970.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its place in the order of creation: a number of the sequence.
    pub number: u64,
    /// The ID, with its prefix.
    pub id: Box<str>,
    /// The name, with its prefix.
    pub name: Box<str>,
    /// JSON in its original text.
    pub payload: Arc<str>,
    /// The state.
    pub status: TaskStatus,
    /// When it was created.
    pub created: u64,
    /// When it may start; before a retry, when that may start.
    pub due: u64,
    /// When the last attempt started.
    pub started: Option<u64>,
    /// When it ended; `None` while it is unfinished.
    pub ended: Option<u64>,
    /// How many times a worker has taken it.
    pub tries: u64,
    /// How many times a failed attempt is repeated.
    pub max_retries: u64,
    /// How long an attempt may take, in milliseconds.
    pub timeout: Option<u64>,
    /// No two unfinished tasks have the same unique text.
    pub unique: Option<Box<str>>,
    /// Higher ones start first.
    pub priority: i64,
    /// Why the last attempt failed.
    pub error: Option<Box<str>>,
    /// Who took it last.
    pub worker: Option<Box<str>>,
    /// A number of the sequence, which distinguishes the last hold from all others.
    pub token: Option<u64>,
    /// When its worker's lock ends.
    pub until: Option<u64>,
}

impl Task {
    pub(super) fn weight(&self) -> usize {
        let optional = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        [optional(&self.unique), optional(&self.error), optional(&self.worker)]
            .into_iter()
            .chain([self.id.len(), self.name.len(), self.payload.len(), OVERHEAD])
            .fold(0, usize::saturating_add)
    }

    /// Tasks start in this order: highest priority first, then by due time, then as they were created.
    pub fn rank(&self) -> (Reverse<i64>, u64, u64) {
        (Reverse(self.priority), self.due, self.number)
    }

    fn end(&mut self, status: TaskStatus, now: u64) {
        self.status = status;
        self.ended = Some(now);
        self.until = None;
    }

    /// Whether its worker's lock has ended.
    pub(crate) fn is_lost(&self, now: u64) -> bool {
        self.status == TaskStatus::Running && self.until.is_some_and(|until| until <= now)
    }

    /// Whether it has no retries left.
    pub(crate) fn is_used_up(&self) -> bool {
        self.tries > self.max_retries
    }
}

/// The arguments for a new task.
pub(super) struct NewTask<'a> {
    name: &'a str,
    payload: &'a [u8],
    id: Option<&'a str>,
    due: Expiry,
    max_retries: Option<u64>,
    timeout: Option<u64>,
    pub unique: Option<&'a str>,
    priority: Option<i64>,
    /// The prefix of a generated ID.
    prefix: &'a str,
}

impl<'a> NewTask<'a> {
    /// The arguments of a command that creates a task.
    pub fn of(command: &'a Command) -> Option<NewTask<'a>> {
        let Command::TasksCreate { name, payload, id, due, max_retries, timeout, unique, priority, prefix } =
            command
        else {
            return None;
        };
        Some(NewTask {
            name: name.as_str(),
            payload,
            id: id.as_ref().map(Key::as_str),
            due: *due,
            max_retries: *max_retries,
            timeout: *timeout,
            unique: unique.as_ref().map(Key::as_str),
            priority: *priority,
            prefix: prefix.as_deref().unwrap_or_default(),
        })
    }
}

fn due_of(due: Expiry, now: u64, tick: &Tick) -> Result<u64> {
    Ok(deadline_of(due, tick)?.unwrap_or(now))
}

impl dyn Storage + '_ {
    /// Ends the tasks with this name whose workers disappeared during the last attempt.
    fn end_all_lost(&mut self, name: &str, now: u64) -> Result<()> {
        for mut task in self.lost_tasks(name, now)? {
            let lost = Arc::make_mut(&mut task);
            lost.end(TaskStatus::Failed, now);
            lost.error = Some("the worker's lock ended".into());
            self.put_task(task)?;
        }
        Ok(())
    }

    /// Ends the task that has this unique text if its worker disappeared during its last attempt, so that another can be
    /// created. Comes before a transaction: what time has done is not undone with it.
    pub(super) fn end_lost(&mut self, unique: Option<&str>, tick: &Tick) -> Result<()> {
        let Some(unique) = unique else { return Ok(()) };
        let now = tick.now()?;
        match self.task_of_unique(unique)? {
            Some(task) if task.is_lost(now) && task.is_used_up() => self.end_all_lost(&task.name, now),
            _ => Ok(()),
        }
    }

    /// Creates a task, unless an unfinished one has the same unique text. Returns it, and whether it is new. `conflict`
    /// if its ID is taken. O(log n).
    pub(super) fn create_task(&mut self, new: &NewTask, tick: &Tick) -> Result<(Arc<Task>, bool)> {
        let now = tick.now()?;
        let payload =
            json::checked(new.payload).map_err(|_| Error::invalid_argument("(payload) expects JSON"))?;
        if let Some(unique) = new.unique
            && let Some(task) = self.task_of_unique(unique)?
        {
            return Ok((task, false));
        }
        if let Some(id) = new.id
            && self.task(id)?.is_some()
        {
            return Err(Error::new(Kind::Conflict, "(id) expects one that no task has"));
        }
        let mut task = Task {
            number: 0,
            id: new.id.unwrap_or_default().into(),
            name: new.name.into(),
            payload: payload.into(),
            status: TaskStatus::Pending,
            created: now,
            due: due_of(new.due, now, tick)?,
            started: None,
            ended: None,
            tries: 0,
            max_retries: new.max_retries.unwrap_or(RETRIES),
            timeout: new.timeout,
            unique: new.unique.map(Box::from),
            priority: new.priority.unwrap_or(0),
            error: None,
            worker: None,
            token: None,
            until: None,
        };
        // A generated ID ends with a number of at most 20 digits.
        let weight = task.weight().saturating_add(new.prefix.len()).saturating_add(20);
        self.reserve(weight, weight)?;
        task.number = self.draw()?;
        if new.id.is_none() {
            let mut made = task.number;
            loop {
                if let Some(id) = self.free_id(new.prefix, made)? {
                    task.id = id;
                    break;
                }
                made = self.draw()?;
            }
        }
        let task = Arc::new(task);
        self.put_task(Arc::clone(&task))?;
        Ok((task, true))
    }

    /// Cancels a task; returns false if it was finished. O(log n).
    pub(super) fn cancel_task(&mut self, id: &str, tick: &Tick) -> Result<bool> {
        let now = tick.now()?;
        let Some(mut task) = self.task(id)?.filter(|task| task.ended.is_none()) else { return Ok(false) };
        let ended = Arc::make_mut(&mut task);
        ended.end(TaskStatus::Cancelled, now);
        ended.error = None;
        self.put_task(task)?;
        Ok(true)
    }

    /// Assigns a worker the next due task with one of these names: the one with the highest priority and, among these,
    /// the earliest due time. O(names × log n).
    pub(super) fn lock_task(
        &mut self,
        worker: &str,
        milliseconds: u64,
        names: &[Key],
        tick: &Tick,
    ) -> Result<Option<Arc<Task>>> {
        let now = tick.now()?;
        // Reserve room for the worker's name before anything changes.
        self.reserve(worker.len(), worker.len())?;
        let mut first: Option<Arc<Task>> = None;
        for name in names {
            self.end_all_lost(name.as_str(), now)?;
            if let Some(task) = self.next_task(name.as_str(), now)?
                && first.as_ref().is_none_or(|first| task.rank() < first.rank())
            {
                first = Some(task);
            }
        }
        let Some(mut task) = first else { return Ok(None) };
        let taken = Arc::make_mut(&mut task);
        taken.status = TaskStatus::Running;
        taken.started = Some(now);
        taken.tries = taken.tries.saturating_add(1);
        taken.worker = Some(worker.into());
        taken.token = Some(self.draw()?);
        taken.until = Some(now.saturating_add(milliseconds));
        self.put_task(Arc::clone(&task))?;
        Ok(Some(task))
    }

    /// The task with this ID, if a worker holds it with this token.
    fn held_task(&mut self, id: &str, token: u64) -> Result<Option<Arc<Task>>> {
        let is_held = |task: &Arc<Task>| task.status == TaskStatus::Running && task.token == Some(token);
        Ok(self.task(id)?.filter(is_held))
    }

    /// Extends a worker's lock; returns whether it still holds the task. O(log n).
    pub(super) fn extend_task(&mut self, id: &str, token: u64, ms: u64, tick: &Tick) -> Result<bool> {
        let until = tick.now()?.saturating_add(ms);
        let Some(mut task) = self.held_task(id, token)? else { return Ok(false) };
        Arc::make_mut(&mut task).until = Some(until);
        self.put_task(task)?;
        Ok(true)
    }

    /// Ends a worker's attempt. Returns the new state of the task, or `None` if the worker no longer holds it. A failed
    /// task is retried later if it has retries left. O(log n).
    pub(super) fn release_task(
        &mut self,
        id: &str,
        token: u64,
        ending: Ending,
        error: Option<&str>,
        tick: &Tick,
    ) -> Result<Option<TaskStatus>> {
        let now = tick.now()?;
        let error = error.map(shortened);
        let room = error.map_or(0, str::len);
        self.reserve(room, room)?;
        let Some(mut task) = self.held_task(id, token)? else { return Ok(None) };
        let released = Arc::make_mut(&mut task);
        released.error = error.map(Box::from);
        match ending {
            Ending::Completed => released.end(TaskStatus::Completed, now),
            Ending::Failed if released.is_used_up() => released.end(TaskStatus::Failed, now),
            Ending::Failed => {
                released.status = TaskStatus::Pending;
                released.due = now.saturating_add(self.wait_before_retry(released.tries));
                released.until = None;
            }
        }
        let status = released.status;
        self.put_task(task)?;
        Ok(Some(status))
    }

    /// A minute after the first attempt, then twice as long after each, up to an hour; plus up to a quarter at random,
    /// so that tasks that failed together are not retried together.
    fn wait_before_retry(&mut self, tries: u64) -> u64 {
        let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        let wait = 2_u64.saturating_pow(doublings).saturating_mul(FIRST_WAIT_MS).min(LONGEST_WAIT_MS);
        let jitter = self.random(usize::try_from(wait / 4).unwrap_or(usize::MAX));
        wait.saturating_add(jitter as u64)
    }

    /// Restarts a failed or cancelled task; returns false for any other. O(log n).
    pub(super) fn requeue_task(&mut self, id: &str, due: Expiry, tick: &Tick) -> Result<bool> {
        let due = due_of(due, tick.now()?, tick)?;
        let Some(mut task) = self.task(id)? else { return Ok(false) };
        if !matches!(task.status, TaskStatus::Failed | TaskStatus::Cancelled) {
            return Ok(false);
        }
        if let Some(unique) = &task.unique
            && self.task_of_unique(unique)?.is_some()
        {
            return Err(Error::new(Kind::Conflict, "(id) has a unique text that another task has now"));
        }
        let again = Arc::make_mut(&mut task);
        again.status = TaskStatus::Pending;
        again.tries = 0;
        again.ended = None;
        again.due = due;
        self.put_task(task)?;
        Ok(true)
    }
}
