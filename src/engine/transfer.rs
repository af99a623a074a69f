// Entries in and out of an engine: a store that keeps entries elsewhere lends the engine the few that a command
// touches. The stored format does not belong here.

use super::entry::{Entry, Held};
use super::value::{Hash, List, Set, SortedSet, Value};
use super::{Engine, Tick};
use crate::command::Bytes;
use crate::error::Result;

/// An element, a member, a field or a value.
pub(crate) type Piece = Box<[u8]>;

/// What an entry holds, outside an engine.
pub(crate) enum Content {
    String(Bytes),
    List(Vec<Piece>),
    /// Fields with their values; if a field occurs twice, the last value counts.
    Hash(Vec<(Piece, Piece)>),
    /// Members; duplicates count once.
    Set(Vec<Piece>),
    /// Members with their scores; if a member occurs twice, the last score counts.
    SortedSet(Vec<(Piece, f64)>),
}

/// What of a collection is not lent.
#[derive(Clone, Copy, Default)]
pub(crate) struct Absent {
    /// How many elements.
    pub count: usize,
    /// How many of a list's lent elements stand before the absent ones.
    pub before_gap: i64,
}

impl Engine {
    /// Adds an entry for a key that does not exist; ignores an empty collection. Does not check the limits: lent
    /// entries were admitted before.
    pub(crate) fn import(&mut self, key: &[u8], content: Content, deadline: Option<u64>) {
        self.import_part(key, content, Absent::default(), deadline);
    }

    /// Like [`import`](Engine::import) for a collection of which some elements are absent: the commands to come touch
    /// none of these.
    pub(crate) fn import_part(
        &mut self,
        key: &[u8],
        content: Content,
        absent: Absent,
        deadline: Option<u64>,
    ) {
        let hasher = self.table.hasher();
        let value = match content {
            Content::String(bytes) => Value::String(bytes),
            Content::List(items) => {
                let bytes = items.iter().map(|item| item.len()).sum();
                Value::List(List { items: items.into(), bytes, ..List::default() })
            }
            Content::Hash(pairs) => {
                let mut hash = Hash::new(hasher);
                for (field, value) in &pairs {
                    hash.set(field, value);
                }
                Value::Hash(hash)
            }
            Content::Set(members) => {
                let mut set = Set::new(hasher);
                for member in &members {
                    set.add(member);
                }
                Value::Set(set)
            }
            Content::SortedSet(members) => {
                let mut set = SortedSet::new(hasher);
                for (member, score) in &members {
                    set.put(member, *score);
                }
                Value::SortedSet(set)
            }
        };
        let mut value = value;
        match &mut value {
            Value::String(_) => {}
            Value::List(list) => (list.absent, list.before_gap) = (absent.count, absent.before_gap),
            Value::Hash(hash) => hash.absent = absent.count,
            Value::Set(set) => set.absent = absent.count,
            Value::SortedSet(set) => set.absent = absent.count,
        }
        let entry = Entry::new(key, value);
        if !entry.held().is_empty() {
            let index = self.insert(entry);
            self.set_deadline(index, deadline);
        }
    }

    /// The key's value and deadline; `None` if it is missing or expired.
    pub(crate) fn export(&mut self, key: &[u8], tick: &Tick) -> Result<Option<(Held<'_>, Option<u64>)>> {
        let Some(index) = self.find(key, tick)? else { return Ok(None) };
        let deadline = self.deadline(index);
        Ok(self.table.at(index).map(|entry| (entry.held(), deadline)))
    }
}
