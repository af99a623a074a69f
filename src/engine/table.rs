// Things by their key: a dense vector of them and a hash table of indexes into it. Dense, so that a random one is one index
// away and a scan can walk it; removing one moves the last one into its place. The keyspace is such a table, and so are
// hashes and sets.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

/// What a table holds: it must keep its key while it is there.
pub(crate) trait Keyed {
    fn key(&self) -> &[u8];
}

impl Keyed for Box<[u8]> {
    fn key(&self) -> &[u8] {
        self
    }
}

#[derive(Clone)]
pub(crate) struct Table<T> {
    items: Vec<T>,
    index: Index,
}

impl<T: Keyed> Table<T> {
    pub(crate) fn new(hasher: &FixedState) -> Table<T> {
        Table {
            items: Vec::new(),
            index: Index { slots: HashTable::new(), hashes: Vec::new(), hasher: hasher.clone() },
        }
    }

    pub(crate) fn hasher(&self) -> &FixedState {
        &self.index.hasher
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What stands at an index; things stand in no order, from 0 to `len() - 1`.
    pub(crate) fn at(&self, index: usize) -> Option<&T> {
        self.items.get(index)
    }

    pub(crate) fn at_mut(&mut self, index: usize) -> Option<&mut T> {
        self.items.get_mut(index)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// Where the thing with this key is.
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        let has_key = |index: &u32| self.items.get(*index as usize).is_some_and(|item| item.key() == key);
        self.index.slots.find(spread(self.index.hash(key)), has_key).map(|index| *index as usize)
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.find(key).is_some()
    }

    /// The thing with this key.
    pub(crate) fn get(&self, key: &[u8]) -> Option<&T> {
        self.at(self.find(key)?)
    }

    /// Makes room for so many more things; false if there is no memory for it.
    pub(crate) fn try_reserve(&mut self, more: usize) -> bool {
        self.items.try_reserve(more).is_ok() && self.index.try_reserve(more)
    }

    /// Adds a thing whose key is not there yet, and says where.
    pub(crate) fn insert(&mut self, item: T) -> usize {
        self.index.push(item.key());
        self.items.push(item);
        self.items.len().saturating_sub(1)
    }

    /// Takes the thing at an index out. The last one moves to that index.
    pub(crate) fn remove(&mut self, index: usize) -> Option<T> {
        if index >= self.items.len() {
            return None;
        }
        self.index.swap_remove(index);
        let item = self.items.swap_remove(index);
        // Memory is given back once most of it stands empty: the things move as one block.
        if self.items.capacity() > 64 && self.items.len() < self.items.capacity() / 4 {
            self.items.shrink_to(self.items.len().saturating_mul(2));
        }
        Some(item)
    }
}

/// The indexes of a table's things. It never looks at a thing, so that one form of it serves all tables.
#[derive(Clone)]
struct Index {
    slots: HashTable<u32>,
    /// The hash of each thing, so that the slots grow without looking at the keys again.
    hashes: Vec<u32>,
    hasher: FixedState,
}

impl Index {
    fn hash(&self, key: &[u8]) -> u32 {
        self.hasher.hash_one(key) as u32
    }

    fn try_reserve(&mut self, more: usize) -> bool {
        let hashes = &mut self.hashes;
        hashes.try_reserve(more).is_ok()
            && self.slots.try_reserve(more, |index| hash_at(hashes, *index)).is_ok()
    }

    /// Adds the index of a thing that is added at the end.
    fn push(&mut self, key: &[u8]) {
        let hash = self.hash(key);
        let index = self.hashes.len() as u32;
        self.hashes.push(hash);
        let hashes = &self.hashes;
        self.slots.insert_unique(spread(hash), index, |index| hash_at(hashes, *index));
    }

    /// Follows the removal of a thing, into whose place the last one moves.
    fn swap_remove(&mut self, index: usize) {
        let (hash, last) = (hash_at(&self.hashes, index as u32), self.hashes.len().wrapping_sub(1));
        if let Ok(slot) = self.slots.find_entry(hash, |found| *found as usize == index) {
            slot.remove();
        }
        if let Some(moved) =
            self.slots.find_mut(hash_at(&self.hashes, last as u32), |found| *found as usize == last)
        {
            *moved = index as u32;
        }
        self.hashes.swap_remove(index);
        self.shrink();
    }

    /// Gives memory back once most of it stands empty. The slots have to be filled anew one by one: that waits until so
    /// few are left that no call is felt.
    fn shrink(&mut self) {
        let len = self.hashes.len();
        if self.hashes.capacity() > 64 && len < self.hashes.capacity() / 4 {
            self.hashes.shrink_to(len.saturating_mul(2));
        }
        if self.slots.capacity() > 64 && len < self.slots.capacity() / 32 {
            let hashes = &self.hashes;
            self.slots.shrink_to(len.saturating_mul(2), |index| hash_at(hashes, *index));
        }
    }
}

// The slots take a bucket from the low bits and a tag from the high ones: 32 bits serve both.
fn spread(hash: u32) -> u64 {
    (u64::from(hash) << 32) | u64::from(hash)
}

fn hash_at(hashes: &[u32], index: u32) -> u64 {
    hashes.get(index as usize).map_or(0, |hash| spread(*hash))
}
