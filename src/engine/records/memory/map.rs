// The ordered map behind records in memory and everything built on them. Each type of such a map costs 8 kB of code in the memory
// store's module, so one type is used for everything ordered. What keys mean does not matter here.

use super::super::Record;
use super::super::locks::Lock;
use super::super::tasks::Task;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

/// Things by key, in the order of the keys' bytes.
pub(in crate::engine::records) type Map = BTreeMap<Box<[u8]>, Item>;

/// A stored thing.
pub(in crate::engine::records) enum Item {
    Record(Arc<Record>),
    Lock(Box<Lock>),
    Task(Arc<Task>),
    Number(u64),
}

impl Item {
    pub fn record(&self) -> Option<&Arc<Record>> {
        if let Item::Record(record) = self { Some(record) } else { None }
    }

    pub fn lock(&self) -> Option<&Lock> {
        if let Item::Lock(lock) = self { Some(lock) } else { None }
    }

    pub fn task(&self) -> Option<&Arc<Task>> {
        if let Item::Task(task) = self { Some(task) } else { None }
    }

    pub fn number(&self) -> Option<u64> {
        if let Item::Number(number) = self { Some(*number) } else { None }
    }
}

/// A key made of these parts.
pub(super) fn key(parts: &[&[u8]]) -> Box<[u8]> {
    parts.concat().into_boxed_slice()
}

/// The entries from a key on, or after it.
pub(super) fn from<'a>(
    map: &'a Map,
    begin: Bound<&[u8]>,
) -> impl Iterator<Item = (&'a [u8], &'a Item)> + use<'a> {
    map.range::<[u8], _>((begin, Bound::Unbounded)).map(|(key, thing)| (&**key, thing))
}

/// Removes and returns the entries for which `is_it` is true.
pub(super) fn take_if(map: &mut Map, is_it: &dyn Fn(&[u8], &Item) -> bool) -> Vec<(Box<[u8]>, Item)> {
    let keys: Vec<Box<[u8]>> =
        map.iter().filter(|(key, thing)| is_it(key, thing)).map(|(key, _)| key.clone()).collect();
    keys.iter().filter_map(|key| map.remove_entry(key)).collect()
}
