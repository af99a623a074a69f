// Tasks: work that waits until it is due, and for a worker, which holds it with a lock. If a worker disappears, another
// takes its task over when the lock expires. Who the workers are does not matter here.

use super::json;
use super::map::{self, Map, Thing};
use crate::command::{Ending, Expiry, TaskStatus};
use crate::engine::{Engine, Tick};
use crate::error::{Error, Kind, Result};
use std::ops::Bound;

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

pub(super) struct Task {
    pub id: Box<str>,
    pub name: Box<str>,
    pub payload: Box<str>,
    pub status: TaskStatus,
    pub created: u64,
    /// When it may start; before a retry, when that may start.
    pub due: u64,
    pub started: Option<u64>,
    pub ended: Option<u64>,
    /// How many times a worker has taken it.
    pub tries: u64,
    pub max_retries: u64,
    pub timeout: Option<u64>,
    pub unique: Option<Box<str>>,
    pub priority: i64,
    /// Why the last attempt failed.
    pub error: Option<Box<str>>,
    pub worker: Option<Box<str>>,
    pub token: Option<u64>,
    pub until: Option<u64>,
}

impl Task {
    fn weight(&self) -> usize {
        let optional = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        [optional(&self.unique), optional(&self.error), optional(&self.worker)]
            .into_iter()
            .chain([self.id.len(), self.name.len(), self.payload.len(), OVERHEAD])
            .fold(0, usize::saturating_add)
    }

    fn is_done(&self) -> bool {
        !matches!(self.status, TaskStatus::Pending | TaskStatus::Running)
    }

    fn end(&mut self, status: TaskStatus, now: u64) {
        self.status = status;
        self.ended = Some(now);
        self.until = None;
    }

    /// Whether its worker disappeared during its last attempt.
    fn is_used_up(&self) -> bool {
        self.status == TaskStatus::Running && self.tries > self.max_retries
    }
}

/// All data about tasks in one map: the first byte of a key is the kind of entry.
#[derive(Default)]
pub(super) struct Tasks {
    map: Map,
    /// The number of the last task.
    last: u64,
}

/// The tasks by number, which is creation order.
const TASK: u8 = b't';
/// The tasks' numbers by ID.
const ID: u8 = b'i';
/// The numbers of unfinished tasks by unique text.
const UNIQUE: u8 = b'u';
/// Tasks that are not due yet: due time and number.
const WAITING: u8 = b'w';
/// Tasks that may start: name, then priority, due time and number, next one first.
const READY: u8 = b'r';
/// When the locks of running tasks expire: time and number.
const RUNNING: u8 = b'l';

fn of_number(number: u64) -> Box<[u8]> {
    map::key(&[&[TASK], &number.to_be_bytes()])
}

fn of_text(what: u8, text: &str) -> Box<[u8]> {
    map::key(&[&[what], text.as_bytes()])
}

fn of_moment(what: u8, moment: u64, number: u64) -> Box<[u8]> {
    map::key(&[&[what], &moment.to_be_bytes(), &number.to_be_bytes()])
}

/// The prefix of ready entries for a name; it contains the length, because a name may be the prefix of another.
fn of_name(name: &str) -> Box<[u8]> {
    map::key(&[&[READY], &(name.len() as u64).to_be_bytes(), name.as_bytes()])
}

/// Highest priority first.
fn of_ready(task: &Task, number: u64) -> Box<[u8]> {
    let rank = (task.priority as u64 ^ 1 << 63) ^ u64::MAX;
    let place = [rank, task.due, number].map(u64::to_be_bytes);
    map::key(&[&of_name(&task.name), place.as_flattened()])
}

/// The arguments for a new task.
pub(in crate::engine) struct NewTask<'a> {
    pub name: &'a str,
    pub payload: &'a [u8],
    pub id: Option<&'a str>,
    pub due: Expiry,
    pub max_retries: Option<u64>,
    pub timeout: Option<u64>,
    pub unique: Option<&'a str>,
    pub priority: Option<i64>,
    /// The prefix of a generated ID.
    pub prefix: &'a str,
}

impl Tasks {
    fn number(&self, key: &[u8]) -> Option<u64> {
        self.map.get(key)?.number()
    }

    fn number_of(&self, id: &str) -> Option<u64> {
        self.number(&of_text(ID, id))
    }

    pub fn at(&self, number: u64) -> Option<&Task> {
        self.map.get(&of_number(number))?.task()
    }

    fn at_mut(&mut self, number: u64) -> Option<&mut Task> {
        self.map.get_mut(&of_number(number))?.task_mut()
    }

    pub fn get(&self, id: &str) -> Option<&Task> {
        self.at(self.number_of(id)?)
    }

    fn of_unique(&self, unique: Option<&str>) -> Option<u64> {
        self.number(&of_text(UNIQUE, unique?))
    }

    fn set(&mut self, key: Box<[u8]>, number: u64) {
        self.map.insert(key, Thing::Number(number));
    }

    /// The tasks, in creation order.
    fn all(&self) -> impl Iterator<Item = &Task> {
        map::from(&self.map, Bound::Included(&[TASK])).map_while(|(_, thing)| thing.task())
    }

    /// The tasks whose IDs begin with the prefix.
    pub fn list<'a>(
        &'a self,
        status: Option<TaskStatus>,
        name: Option<&'a str>,
        prefix: &'a str,
    ) -> impl Iterator<Item = &'a Task> {
        self.all().filter(move |task| {
            task.id.starts_with(prefix)
                && status.is_none_or(|status| task.status == status)
                && name.is_none_or(|name| *task.name == *name)
        })
    }

    /// Adds a task that is not due yet.
    fn insert(&mut self, number: u64, task: Task) {
        self.last = number;
        self.set(of_text(ID, &task.id), number);
        if let Some(unique) = &task.unique {
            self.set(of_text(UNIQUE, unique), number);
        }
        self.set(of_moment(WAITING, task.due, number), number);
        self.map.insert(of_number(number), Thing::Task(Box::new(task)));
    }

    /// Removes a task; returns its weight.
    fn remove(&mut self, number: u64) -> usize {
        self.take_out(number);
        self.set_free(number);
        let Some(Thing::Task(task)) = self.map.remove(&of_number(number)) else { return 0 };
        self.map.remove(&of_text(ID, &task.id));
        task.weight()
    }

    /// Frees the task's unique text.
    fn set_free(&mut self, number: u64) {
        let Some(unique) = self.at(number).and_then(|task| task.unique.clone()) else { return };
        if self.of_unique(Some(&unique)) == Some(number) {
            self.map.remove(&of_text(UNIQUE, &unique));
        }
    }

    /// Removes a task from all waiting lists.
    fn take_out(&mut self, number: u64) {
        let Some(task) = self.at(number) else { return };
        let ready = of_ready(task, number);
        let waiting = of_moment(WAITING, task.due, number);
        let running = task.until.map(|until| of_moment(RUNNING, until, number));
        for key in [ready, waiting].into_iter().chain(running) {
            self.map.remove(&key);
        }
    }

    fn make_ready(&mut self, number: u64) {
        if let Some(ready) = self.at(number).map(|task| of_ready(task, number)) {
            self.set(ready, number);
        }
    }

    /// The entries up to now, with their tasks.
    fn until(&self, what: u8, now: u64) -> Vec<(Box<[u8]>, u64)> {
        let end = of_moment(what, now, u64::MAX);
        let due = map::from(&self.map, Bound::Included(&[what])).take_while(|(key, _)| *key <= &*end);
        due.filter_map(|(key, thing)| Some((key.into(), thing.number()?))).collect()
    }

    /// Makes due tasks ready, and tasks with wanted names whose workers' locks have expired. Of the latter, those without
    /// retries left fail.
    fn settle(&mut self, is_wanted: &dyn Fn(&str) -> bool, now: u64) -> isize {
        let mut grown = 0_isize;
        for (key, number) in self.until(WAITING, now) {
            self.map.remove(&key);
            self.make_ready(number);
        }
        for (key, number) in self.until(RUNNING, now) {
            let Some(task) = self.at_mut(number).filter(|task| is_wanted(&task.name)) else { continue };
            if task.is_used_up() {
                let before = task.weight();
                task.end(TaskStatus::Failed, now);
                task.error = Some("the worker's lock ended".into());
                grown = grown.saturating_add_unsigned(task.weight()).saturating_sub_unsigned(before);
                self.set_free(number);
            } else {
                self.make_ready(number);
            }
            self.map.remove(&key);
        }
        grown
    }

    /// The next task with one of these names.
    fn next<S: AsRef<str>>(&self, names: &[S]) -> Option<u64> {
        let next = names.iter().filter_map(|name| {
            let of_name = of_name(name.as_ref());
            let (key, thing) = map::from(&self.map, Bound::Included(&of_name)).next()?;
            Some((key.strip_prefix(&*of_name)?, thing.number()?))
        });
        next.min().map(|(_, number)| number)
    }

    /// The task with this ID, if a worker holds it with this token.
    fn held(&self, id: &str, token: u64) -> Option<(u64, &Task)> {
        let number = self.number_of(id)?;
        let task = self.at(number)?;
        (task.status == TaskStatus::Running && task.token == Some(token)).then_some((number, task))
    }

    /// The state for [`undo`](Tasks::undo): the last task.
    pub fn mark(&self) -> u64 {
        self.last
    }

    /// Removes the tasks created since then.
    pub fn undo(&mut self, last: u64) {
        for number in last.saturating_add(1)..=self.last {
            self.remove(number);
        }
        self.last = last;
    }

    fn remove_all(&mut self, is_doomed: &dyn Fn(&Task) -> bool) -> (i64, usize) {
        let doomed: Vec<u64> =
            self.all().filter(|task| is_doomed(task)).filter_map(|task| self.number_of(&task.id)).collect();
        let (mut count, mut freed) = (0_i64, 0_usize);
        for number in doomed {
            count = count.saturating_add(1);
            freed = freed.saturating_add(self.remove(number));
        }
        (count, freed)
    }

    /// Removes the tasks whose IDs begin with the prefix; returns their weight.
    pub fn flush(&mut self, prefix: &str) -> usize {
        self.remove_all(&|task| task.id.starts_with(prefix)).1
    }
}

impl Engine {
    /// Ends the task that has this unique text if its worker disappeared during its last attempt, so that another can be
    /// created. Comes before a transaction: what time has done is not undone with it.
    pub(super) fn end_lost(&mut self, unique: Option<&str>, tick: &Tick) -> Result<()> {
        let now = self.now(tick)?;
        let tasks = &mut self.records.tasks;
        let task = tasks.of_unique(unique).and_then(|number| tasks.at(number));
        let lost = task.filter(|task| task.is_used_up() && task.until.is_some_and(|until| until <= now));
        if let Some(name) = lost.map(|task| task.name.clone()) {
            let grown = tasks.settle(&|other| *other == *name, now);
            self.used_bytes = self.used_bytes.saturating_add_signed(grown);
        }
        Ok(())
    }

    /// Creates a task, unless an unfinished one has the same unique text. Returns its number, and whether it is new.
    /// `conflict` if its ID is taken. O(log n).
    pub(super) fn create_task(&mut self, new: &NewTask, tick: &Tick) -> Result<(u64, bool)> {
        let now = self.now(tick)?;
        let payload =
            json::checked(new.payload).map_err(|_| Error::invalid_argument("(payload) expects JSON"))?;
        if let Some(number) = self.records.tasks.of_unique(new.unique) {
            return Ok((number, false));
        }
        if new.id.is_some_and(|id| self.records.tasks.get(id).is_some()) {
            return Err(Error::new(Kind::Conflict, "(id) expects one that no task has"));
        }
        let due = match new.due {
            Expiry::Unstated | Expiry::Never | Expiry::Keep => now,
            due => self.deadline_for(due, b"", tick)?.unwrap_or(now),
        };
        let number = self.records.draw();
        let mut made = number;
        let id = loop {
            let id = match new.id {
                Some(id) => id.into(),
                None => [new.prefix, &made.to_string()].concat().into_boxed_str(),
            };
            if self.records.tasks.get(&id).is_none() {
                break id;
            }
            made = self.records.draw();
        };
        let task = Task {
            id,
            name: new.name.into(),
            payload: payload.into(),
            status: TaskStatus::Pending,
            created: now,
            due,
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
        self.reserve(task.weight(), 0)?;
        self.used_bytes = self.used_bytes.saturating_add(task.weight());
        self.records.tasks.insert(number, task);
        Ok((number, true))
    }

    pub(super) fn task_of(&self, number: u64) -> Option<&Task> {
        self.records.tasks.at(number)
    }

    /// Cancels a task; returns false if it was finished. O(log n).
    pub(super) fn cancel_task(&mut self, id: &str, tick: &Tick) -> Result<bool> {
        let now = self.now(tick)?;
        let tasks = &self.records.tasks;
        let Some(number) = tasks.number_of(id) else { return Ok(false) };
        if tasks.at(number).is_none_or(Task::is_done) {
            return Ok(false);
        }
        self.end_task(number, TaskStatus::Cancelled, None, now);
        Ok(true)
    }

    /// Ends a task permanently.
    fn end_task(&mut self, number: u64, status: TaskStatus, error: Option<Box<str>>, now: u64) {
        self.change_task(number, |task| {
            task.end(status, now);
            task.error = error;
        });
        self.records.tasks.set_free(number);
    }

    /// Removes a task from all waiting lists, and changes it.
    fn change_task(&mut self, number: u64, change: impl FnOnce(&mut Task)) {
        let tasks = &mut self.records.tasks;
        tasks.take_out(number);
        if let Some(task) = tasks.at_mut(number) {
            let before = task.weight();
            change(task);
            let after = task.weight();
            self.used_bytes = self.used_bytes.saturating_sub(before).saturating_add(after);
        }
    }

    /// Assigns a worker the next due task with one of these names: the one with the highest priority and, among these,
    /// the earliest due time. O(names × log n).
    pub(super) fn lock_task<S: AsRef<str>>(
        &mut self,
        worker: &str,
        milliseconds: u64,
        names: &[S],
        tick: &Tick,
    ) -> Result<Option<u64>> {
        let now = self.now(tick)?;
        // Reserve room for the worker's name before anything changes.
        self.reserve(worker.len(), 0)?;
        let is_wanted = |name: &str| names.iter().any(|wanted| wanted.as_ref() == name);
        let grown = self.records.tasks.settle(&is_wanted, now);
        self.used_bytes = self.used_bytes.saturating_add_signed(grown);
        let Some(number) = self.records.tasks.next(names) else { return Ok(None) };
        let token = self.records.draw();
        let until = now.saturating_add(milliseconds);
        self.change_task(number, |task| {
            task.status = TaskStatus::Running;
            task.started = Some(now);
            task.tries = task.tries.saturating_add(1);
            task.worker = Some(worker.into());
            task.token = Some(token);
            task.until = Some(until);
        });
        self.records.tasks.set(of_moment(RUNNING, until, number), number);
        Ok(Some(number))
    }

    /// Extends a worker's lock; returns whether it still holds the task. O(log n).
    pub(super) fn extend_task(&mut self, id: &str, token: u64, ms: u64, tick: &Tick) -> Result<bool> {
        let until = self.now(tick)?.saturating_add(ms);
        let Some((number, _)) = self.records.tasks.held(id, token) else { return Ok(false) };
        self.change_task(number, |task| task.until = Some(until));
        self.records.tasks.set(of_moment(RUNNING, until, number), number);
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
        let now = self.now(tick)?;
        let error = error.map(shortened);
        self.reserve(error.map_or(0, str::len), 0)?;
        let Some((number, task)) = self.records.tasks.held(id, token) else { return Ok(None) };
        let (tries, retries) = (task.tries, task.max_retries);
        let error = error.map(Box::from);
        let status = match ending {
            Ending::Completed => TaskStatus::Completed,
            Ending::Failed if tries > retries => TaskStatus::Failed,
            Ending::Failed => {
                let due = now.saturating_add(self.wait_before_retry(tries));
                self.change_task(number, |task| {
                    task.status = TaskStatus::Pending;
                    task.error = error;
                    task.due = due;
                    task.until = None;
                });
                self.records.tasks.set(of_moment(WAITING, due, number), number);
                return Ok(Some(TaskStatus::Pending));
            }
        };
        self.end_task(number, status, error, now);
        Ok(Some(status))
    }

    /// A minute after the first attempt, then twice as long after each, up to an hour; plus up to a quarter at random,
    /// so that tasks that failed together are not retried together.
    fn wait_before_retry(&mut self, tries: u64) -> u64 {
        let doublings = u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        let wait = 2_u64.saturating_pow(doublings).saturating_mul(FIRST_WAIT_MS).min(LONGEST_WAIT_MS);
        let jitter = self.random.below(usize::try_from(wait / 4).unwrap_or(usize::MAX));
        wait.saturating_add(jitter as u64)
    }

    /// Restarts a failed or cancelled task; returns false for any other. O(log n).
    pub(super) fn requeue_task(&mut self, id: &str, due: Expiry, tick: &Tick) -> Result<bool> {
        let now = self.now(tick)?;
        let due = match due {
            Expiry::Unstated | Expiry::Never | Expiry::Keep => now,
            due => self.deadline_for(due, b"", tick)?.unwrap_or(now),
        };
        let tasks = &mut self.records.tasks;
        let Some(number) = tasks.number_of(id) else { return Ok(false) };
        let Some(task) = tasks.at(number) else { return Ok(false) };
        if !matches!(task.status, TaskStatus::Failed | TaskStatus::Cancelled) {
            return Ok(false);
        }
        let unique = task.unique.clone();
        if tasks.of_unique(unique.as_deref()).is_some() {
            return Err(Error::new(Kind::Conflict, "(id) has a unique text that another task has now"));
        }
        if let Some(unique) = unique {
            tasks.set(of_text(UNIQUE, &unique), number);
        }
        self.change_task(number, |task| {
            task.status = TaskStatus::Pending;
            task.tries = 0;
            task.ended = None;
            task.due = due;
        });
        self.records.tasks.set(of_moment(WAITING, due, number), number);
        Ok(true)
    }

    /// Removes the tasks that ended before this time; returns how many. O(tasks).
    pub(super) fn trim_tasks(&mut self, before: u64, prefix: &str) -> i64 {
        let is_old =
            |task: &Task| task.ended.is_some_and(|ended| ended < before) && task.id.starts_with(prefix);
        let (count, freed) = self.records.tasks.remove_all(&is_old);
        self.used_bytes = self.used_bytes.saturating_sub(freed);
        count
    }
}
