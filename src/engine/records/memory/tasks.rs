// The tasks in memory: a map with the tasks, and entries that find those which come next. When a task may start does not
// matter here.

use super::super::tasks::Task;
use super::map::{self, Item, Map};
use crate::command::TaskStatus;
use std::ops::Bound;
use std::sync::Arc;

/// All data about tasks in one map: the first byte of a key is the kind of entry.
#[derive(Default)]
pub(super) struct Tasks {
    map: Map,
}

/// The tasks by number, which is creation order.
const TASK: u8 = b't';
/// The tasks' numbers by ID.
const ID: u8 = b'i';
/// The numbers of unfinished tasks by unique text.
const UNIQUE: u8 = b'u';
/// Tasks that are not due yet: due time and number.
const WAITING: u8 = b'w';
/// Tasks that are due: name, then priority, due time and number, next one first.
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
fn of_ready(task: &Task) -> Box<[u8]> {
    let rank = (task.priority as u64 ^ 1 << 63) ^ u64::MAX;
    let place = [rank, task.due, task.number].map(u64::to_be_bytes);
    map::key(&[&of_name(&task.name), place.as_flattened()])
}

impl Tasks {
    fn number(&self, key: &[u8]) -> Option<u64> {
        self.map.get(key)?.number()
    }

    fn at(&self, number: u64) -> Option<&Arc<Task>> {
        self.map.get(&of_number(number))?.task()
    }

    pub fn get(&self, id: &str) -> Option<&Arc<Task>> {
        self.at(self.number(&of_text(ID, id))?)
    }

    pub fn of_unique(&self, unique: &str) -> Option<&Arc<Task>> {
        self.at(self.number(&of_text(UNIQUE, unique))?)
    }

    /// The tasks, in creation order.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Task>> {
        map::from(&self.map, Bound::Included(&[TASK])).map_while(|(_, thing)| thing.task())
    }

    /// Stores a task; returns the weight of the one with its number, or 0.
    pub fn put(&mut self, task: Arc<Task>) -> usize {
        let freed = self.remove(task.number);
        let number = task.number;
        let mut set = |key| drop(self.map.insert(key, Item::Number(number)));
        set(of_text(ID, &task.id));
        if let Some(unique) = task.unique.as_ref().filter(|_| task.ended.is_none()) {
            set(of_text(UNIQUE, unique));
        }
        match (task.status, task.until) {
            (TaskStatus::Pending, _) => set(of_moment(WAITING, task.due, number)),
            (TaskStatus::Running, Some(until)) => set(of_moment(RUNNING, until, number)),
            _ => {}
        }
        self.map.insert(of_number(number), Item::Task(task));
        freed
    }

    /// Removes a task; returns its weight.
    pub fn remove(&mut self, number: u64) -> usize {
        let Some(Item::Task(task)) = self.map.remove(&of_number(number)) else { return 0 };
        let keys = [of_text(ID, &task.id), of_ready(&task), of_moment(WAITING, task.due, number)];
        let running = task.until.map(|until| of_moment(RUNNING, until, number));
        let unique = task.unique.as_ref().filter(|_| task.ended.is_none());
        let unique = unique.map(|unique| of_text(UNIQUE, unique));
        for key in keys.into_iter().chain(running).chain(unique) {
            self.map.remove(&key);
        }
        task.weight()
    }

    /// Removes the tasks for which `is_doomed` is true; returns how many, and their weight.
    pub fn remove_all(&mut self, is_doomed: &dyn Fn(&Task) -> bool) -> (u64, usize) {
        let doomed: Vec<u64> = self.all().filter(|task| is_doomed(task)).map(|task| task.number).collect();
        let weights = doomed.iter().map(|number| self.remove(*number));
        (doomed.len() as u64, weights.fold(0, usize::saturating_add))
    }

    /// The entries up to now, with their tasks.
    fn until(&self, what: u8, now: u64) -> Vec<(Box<[u8]>, Arc<Task>)> {
        let end = of_moment(what, now, u64::MAX);
        let due = map::from(&self.map, Bound::Included(&[what])).take_while(|(key, _)| *key <= &*end);
        due.filter_map(|(key, thing)| Some((key.into(), Arc::clone(self.at(thing.number()?)?)))).collect()
    }

    /// The running tasks with this name whose worker's lock has ended.
    pub fn lost(&self, name: &str, now: u64) -> Vec<Arc<Task>> {
        let mut ended: Vec<Arc<Task>> = self.until(RUNNING, now).into_iter().map(|(_, task)| task).collect();
        ended.retain(|task| *task.name == *name);
        ended
    }

    /// The first task with this name that can start.
    pub fn next(&mut self, name: &str, now: u64) -> Option<Arc<Task>> {
        for (key, task) in self.until(WAITING, now) {
            self.map.remove(&key);
            self.map.insert(of_ready(&task), Item::Number(task.number));
        }
        let mut first = self.ready(name, now).cloned();
        for task in self.lost(name, now) {
            if first.as_ref().is_none_or(|first| task.rank() < first.rank()) {
                first = Some(task);
            }
        }
        first
    }

    fn ready(&self, name: &str, now: u64) -> Option<&Arc<Task>> {
        let of_name = of_name(name);
        let ready =
            map::from(&self.map, Bound::Included(&of_name)).take_while(|(key, _)| key.starts_with(&of_name));
        // A clock that was set back leaves entries that are not due again.
        ready.filter_map(|(_, thing)| self.at(thing.number()?)).find(|task| task.due <= now)
    }
}
