// The entries by key: a dense vector of entries and a hash table of indexes into it. Dense, so that a random entry is one
// index away and a scan can walk it; removing an entry moves the last one into its place.

use super::value::Value;
use super::wheel::NONE;
use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// One key and what it holds.
pub(crate) struct Entry {
    key: Box<[u8]>,
    pub value: Value,
    /// Kept so that the table grows without looking at the keys again.
    hash: u32,
    /// The entry's timer in the wheel, or `NONE`.
    pub timer: u32,
}

impl Entry {
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }
}

pub(crate) struct Table {
    indexes: HashTable<u32>,
    entries: Vec<Entry>,
    hasher: FixedState,
}

// The table takes its bucket from the low bits and its tag from the high ones: 32 bits serve both.
fn spread(hash: u32) -> u64 {
    (u64::from(hash) << 32) | u64::from(hash)
}

impl Table {
    pub(crate) fn new(hasher: FixedState) -> Table {
        Table { indexes: HashTable::new(), entries: Vec::new(), hasher }
    }

    pub(crate) fn hasher(&self) -> &FixedState {
        &self.hasher
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The entry at an index; entries stand in no order, from 0 to `len() - 1`.
    pub(crate) fn at(&self, index: usize) -> Option<&Entry> {
        self.entries.get(index)
    }

    pub(crate) fn at_mut(&mut self, index: usize) -> Option<&mut Entry> {
        self.entries.get_mut(index)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Entry> {
        self.entries.iter()
    }

    fn hash(&self, key: &[u8]) -> u32 {
        self.hasher.hash_one(key) as u32
    }

    /// Where the key's entry is.
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        let is_key = |index: &u32| self.entries.get(*index as usize).is_some_and(|entry| *entry.key == *key);
        self.indexes.find(spread(self.hash(key)), is_key).map(|index| *index as usize)
    }

    /// Makes room for so many more entries; false if there is no memory for it.
    pub(crate) fn try_reserve(&mut self, more: usize) -> bool {
        let entries = &mut self.entries;
        entries.try_reserve(more).is_ok()
            && self.indexes.try_reserve(more, |index| hash_at(entries, *index)).is_ok()
    }

    /// Adds an entry for a key that has none, and says where.
    pub(crate) fn insert(&mut self, key: &[u8], value: Value) -> usize {
        let hash = self.hash(key);
        let index = self.entries.len();
        self.entries.push(Entry { key: key.into(), value, hash, timer: NONE });
        let entries = &self.entries;
        self.indexes.insert_unique(spread(hash), index as u32, |index| hash_at(entries, *index));
        index
    }

    /// Takes the entry out. The last entry moves to its index.
    pub(crate) fn remove(&mut self, index: usize) -> Option<Entry> {
        let hash = spread(self.entries.get(index)?.hash);
        if let Ok(slot) = self.indexes.find_entry(hash, |found| *found as usize == index) {
            slot.remove();
        }
        let last = self.entries.len().wrapping_sub(1);
        if let Some(hash) = self.entries.get(last).map(|entry| spread(entry.hash))
            && let Some(moved) = self.indexes.find_mut(hash, |found| *found as usize == last)
        {
            *moved = index as u32;
        }
        let entry = self.entries.swap_remove(index);
        self.shrink();
        Some(entry)
    }

    /// Gives memory back once most of it stands empty. The entries move as one block, but the indexes have to be placed
    /// anew one by one: that waits until so few are left that no call is felt.
    fn shrink(&mut self) {
        let len = self.entries.len();
        if self.entries.capacity() > 64 && len < self.entries.capacity() / 4 {
            self.entries.shrink_to(len.saturating_mul(2));
        }
        if self.indexes.capacity() > 64 && len < self.indexes.capacity() / 32 {
            let entries = &self.entries;
            self.indexes.shrink_to(len.saturating_mul(2), |index| hash_at(entries, *index));
        }
    }
}

fn hash_at(entries: &[Entry], index: u32) -> u64 {
    entries.get(index as usize).map_or(0, |entry| spread(entry.hash))
}
