// Items by key: a dense vector of items and a hash table of indexes into it. Because it is dense, picking a random item
// is one lookup and a scan can walk the vector; removing an item moves the last one into its place. The keyspace is
// such a table, and so are hashes and sets.

use foldhash::fast::FixedState;
use std::hash::{BuildHasher, Hasher};

/// An item of a table. Its key must not change while the table holds it.
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
            index: Index { slots: Vec::new(), hashes: Vec::new(), hasher: hasher.clone() },
        }
    }

    pub(crate) fn hasher(&self) -> &FixedState {
        &self.index.hasher
    }

    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// The item at an index, from 0 to `len() - 1`, in no particular order.
    pub(crate) fn at(&self, index: usize) -> Option<&T> {
        self.items.get(index)
    }

    pub(crate) fn at_mut(&mut self, index: usize) -> Option<&mut T> {
        self.items.get_mut(index)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        self.items.iter()
    }

    /// The index of the item with this key.
    pub(crate) fn find(&self, key: &[u8]) -> Option<usize> {
        let has_key = |index: usize| self.items.get(index).is_some_and(|item| item.key() == key);
        self.index.find(self.index.hash(key), has_key).map(|(_, index)| index)
    }

    pub(crate) fn contains(&self, key: &[u8]) -> bool {
        self.find(key).is_some()
    }

    /// The item with this key.
    pub(crate) fn get(&self, key: &[u8]) -> Option<&T> {
        self.at(self.find(key)?)
    }

    /// Reserves room for this many more items; returns false if there is no memory for it.
    pub(crate) fn try_reserve(&mut self, more: usize) -> bool {
        self.items.try_reserve(more).is_ok() && self.index.try_reserve(more)
    }

    /// Inserts an item whose key is not in the table, and returns its index.
    pub(crate) fn insert(&mut self, item: T) -> usize {
        self.index.push(item.key());
        self.items.push(item);
        self.items.len().saturating_sub(1)
    }

    /// Removes and returns the item at an index. The last item moves to that index.
    pub(crate) fn remove(&mut self, index: usize) -> Option<T> {
        if index >= self.items.len() {
            return None;
        }
        self.index.swap_remove(index);
        let item = self.items.swap_remove(index);
        // Free memory once most of it is unused: this moves the items as one block.
        if self.items.capacity() > 64 && self.items.len() < self.items.capacity() / 4 {
            self.items.shrink_to(self.items.len().saturating_mul(2));
        }
        Some(item)
    }
}

/// The index of a table. It never looks at an item, so one copy of this code serves all tables.
///
/// Open addressing; the number of slots is a power of two. Probing begins at the slot given by the low bits of the
/// hash. A slot holds an item's index plus one; 0 is an empty slot.
#[derive(Clone)]
struct Index {
    slots: Vec<u32>,
    /// The hash of each item, so that rebuilding the slots does not read the keys.
    hashes: Vec<u32>,
    hasher: FixedState,
}

impl Index {
    /// Feeds numbers of one width: foldhash's code for byte strings has a branch for each length and is seven times as
    /// large.
    fn hash(&self, key: &[u8]) -> u32 {
        let mut hasher = self.hasher.build_hasher();
        for chunk in key.as_chunks().0 {
            hasher.write_u128(u128::from_le_bytes(*chunk));
        }
        let rest = key.get(key.len().saturating_sub(16)..).unwrap_or_default();
        let halves = match (rest.first_chunk(), rest.last_chunk()) {
            (Some(first), Some(last)) => [first, last].map(|half| u64::from_le_bytes(*half)),
            _ => [rest.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)), 0],
        };
        hasher.write_u128(u128::from(halves[0]) << 64 | u128::from(halves[1] ^ key.len() as u64));
        hasher.finish() as u32
    }

    /// The mask of the low bits.
    fn mask(&self) -> usize {
        self.slots.len().wrapping_sub(1)
    }

    fn at(&self, slot: usize) -> usize {
        self.slots.get(slot).map_or(0, |slot| *slot as usize)
    }

    /// The slot and index of the item with this hash for which `is_it` is true.
    fn find(&self, hash: u32, is_it: impl Fn(usize) -> bool) -> Option<(usize, usize)> {
        let mask = self.mask();
        let mut slot = hash as usize & mask;
        loop {
            let found = self.at(slot);
            if found == 0 {
                return None;
            }
            let index = (found & mask).wrapping_sub(1);
            if (found ^ hash as usize) & !mask == 0 && is_it(index) {
                return Some((slot, index));
            }
            slot = slot.wrapping_add(1) & mask;
        }
    }

    /// Stores the index in the first empty slot from where its hash points.
    fn fill(&mut self, index: usize) {
        let mask = self.mask();
        let mut slot = self.hash_at(index) as usize & mask;
        while self.at(slot) != 0 {
            slot = slot.wrapping_add(1) & mask;
        }
        self.set(slot, index);
    }

    fn set(&mut self, slot: usize, index: usize) {
        let content = self.hash_at(index) & !(self.mask() as u32) | (index as u32).wrapping_add(1);
        if let Some(slot) = self.slots.get_mut(slot) {
            *slot = content;
        }
    }

    fn hash_at(&self, index: usize) -> u32 {
        self.hashes.get(index).copied().unwrap_or_default()
    }

    /// Reserves room for this many more indexes; returns false if there is no memory for it.
    fn try_reserve(&mut self, more: usize) -> bool {
        let count = slots_for(self.hashes.len().saturating_add(more));
        let missing = count.saturating_sub(self.slots.len());
        let has_room = self.hashes.try_reserve(more).is_ok() && self.slots.try_reserve_exact(missing).is_ok();
        if has_room && missing > 0 {
            self.refill(count);
        }
        has_room
    }

    /// Resizes to this many slots and refills them.
    fn refill(&mut self, count: usize) {
        self.slots.clear();
        self.slots.resize(count, 0);
        for index in 0..self.hashes.len() {
            self.fill(index);
        }
    }

    /// Adds the index of an item that is appended.
    fn push(&mut self, key: &[u8]) {
        self.hashes.push(self.hash(key));
        let count = slots_for(self.hashes.len());
        if count > self.slots.len() {
            self.refill(count);
        } else {
            self.fill(self.hashes.len().wrapping_sub(1));
        }
    }

    /// Mirrors the removal of an item: the last one moves to its index.
    fn swap_remove(&mut self, index: usize) {
        let last = self.hashes.len().wrapping_sub(1);
        if let Some((slot, _)) = self.find(self.hash_at(index), |found| found == index) {
            self.vacate(slot);
        }
        let moved = self.find(self.hash_at(last), |found| found == last);
        self.hashes.swap_remove(index);
        if let Some((slot, _)) = moved {
            self.set(slot, index);
        }
        self.shrink();
    }

    /// Empties a slot, and moves later ones up where it separated them from the slot that their hash points to.
    fn vacate(&mut self, mut gap: usize) {
        let mask = self.mask();
        let mut slot = gap;
        loop {
            slot = slot.wrapping_add(1) & mask;
            let content = self.at(slot);
            if content == 0 {
                break;
            }
            let index = (content & mask).wrapping_sub(1);
            let way = slot.wrapping_sub(self.hash_at(index) as usize) & mask;
            if way >= slot.wrapping_sub(gap) & mask {
                self.set(gap, index);
                gap = slot;
            }
        }
        if let Some(slot) = self.slots.get_mut(gap) {
            *slot = 0;
        }
    }

    /// Frees memory once most of it is unused. The slots have to be refilled one by one, so this waits until so few are
    /// left that no call is noticeably slow.
    fn shrink(&mut self) {
        let len = self.hashes.len();
        if self.hashes.capacity() > 64 && len < self.hashes.capacity() / 4 {
            self.hashes.shrink_to(len.saturating_mul(2));
        }
        if self.slots.len() > 64 && len < self.slots.len() / 32 {
            self.slots = Vec::new();
            self.refill(slots_for(len.saturating_mul(2)));
        }
    }
}

/// How many slots this many items need, so that a quarter stays empty.
fn slots_for(things: usize) -> usize {
    things.saturating_mul(4).div_ceil(3).checked_next_power_of_two().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Random;

    #[test]
    fn items_are_found_by_key() {
        let mut random = Random::new(3);
        for bound in [3, 40, 700] {
            let mut table = Table::new(&FixedState::with_seed(bound));
            let mut model = std::collections::HashSet::new();
            for _ in 0..20_000 {
                let key: Box<[u8]> = random.below(bound as usize).to_string().as_bytes().into();
                // Alternate between mostly adding and mostly removing.
                let adds = random.below(4) > (model.len() * 3 / bound as usize).min(2);
                match table.find(&key) {
                    None if adds => {
                        model.insert(key.clone());
                        assert!(random.below(2) == 0 || table.try_reserve(1));
                        table.insert(key);
                    }
                    Some(index) if !adds => {
                        assert_eq!(table.remove(index).as_ref(), Some(&key));
                        model.remove(&key);
                    }
                    found => assert_eq!(found.and_then(|index| table.at(index)), model.get(&key)),
                }
                assert_eq!(table.len(), model.len());
            }
            assert!(model.iter().all(|key| table.contains(key)));
            while table.remove(0).is_some() {}
            assert!(model.iter().all(|key| !table.contains(key)) && table.index.slots.len() <= 64);
        }
    }

    #[test]
    fn reserving_too_much_fails() {
        let mut table: Table<Box<[u8]>> = Table::new(&FixedState::with_seed(1));
        assert!(!table.index.try_reserve(usize::MAX) && table.index.try_reserve(3));
        assert_eq!(table.index.slots.len(), 4);
    }
}
