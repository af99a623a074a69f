// Entries on their way in and out: how a store that keeps entries elsewhere lends the engine the few that a command
// touches. It must not know in what form they are kept.

use super::entry::{Entry, Held};
use super::table::Table;
use super::value::{Hash, List, Set, Value};
use super::{Engine, Tick};
use crate::command::Bytes;
use crate::error::Result;

/// An element, a member, a field or a value.
pub(crate) type Piece = Box<[u8]>;

/// What an entry holds, outside an engine.
pub(crate) enum Content {
    String(Bytes),
    List(Vec<Piece>),
    /// Fields with their values; of a field that comes twice the last value counts.
    Hash(Vec<(Piece, Piece)>),
    /// Members; one that comes twice counts once.
    Set(Vec<Piece>),
}

impl Engine {
    /// Adds an entry for a key that has none; an empty collection is no entry. Limits are not asked: what is lent has
    /// been let in before.
    pub(crate) fn import(&mut self, key: &[u8], content: Content, deadline: Option<u64>) {
        let hasher = self.table.hasher();
        let value = match content {
            Content::String(bytes) => Value::String(bytes),
            Content::List(items) => {
                let bytes = items.iter().map(|item| item.len()).sum();
                Value::List(List { items: items.into(), bytes })
            }
            Content::Hash(pairs) => {
                let mut hash = Hash { fields: Table::new(hasher), bytes: 0 };
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
        };
        let entry = Entry::new(key, value);
        if !entry.held().is_empty() {
            let index = self.insert(entry);
            self.set_deadline(index, deadline);
        }
    }

    /// The key's value and deadline; none when it is missing or has expired.
    pub(crate) fn export(&mut self, key: &[u8], tick: &Tick) -> Result<Option<(Held<'_>, Option<u64>)>> {
        let Some(index) = self.find(key, tick)? else { return Ok(None) };
        let deadline = self.deadline(index);
        Ok(self.table.at(index).map(|entry| (entry.held(), deadline)))
    }
}
