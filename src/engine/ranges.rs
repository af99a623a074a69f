// Operations on keys in byte order. It must not know of commands or replies.

use super::reply::Gather;
use super::value::Form;
use super::{Engine, Tick};
use crate::command::Bytes;
use crate::error::Result;
use std::collections::{BTreeSet, btree_set};
use std::ops::Bound;

/// The keys from `start` up to `end`, which is left out; without `end` those that begin with `start`.
pub(super) fn span<'a>(
    ordered: &'a BTreeSet<Box<[u8]>>,
    start: &[u8],
    end: Option<&[u8]>,
) -> btree_set::Range<'a, Box<[u8]>> {
    let successor;
    let upper = match end {
        // Nothing, but a range may not run backwards.
        Some(end) if end < start => Bound::Excluded(start),
        Some(end) => Bound::Excluded(end),
        None => {
            successor = after_prefix(start);
            successor.as_deref().map_or(Bound::Unbounded, Bound::Excluded)
        }
    };
    ordered.range::<[u8], _>((Bound::Included(start), upper))
}

/// The first byte string after all that begin with `prefix`; none if there is no such.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut successor = prefix.to_vec();
    while let Some(last) = successor.pop() {
        if let Some(next) = last.checked_add(1) {
            successor.push(next);
            return Some(successor);
        }
    }
    None
}

impl Engine {
    /// The ordered index; building it takes O(n log n), once.
    fn ordered(&mut self) -> &BTreeSet<Box<[u8]>> {
        let table = &self.table;
        self.ordered.get_or_insert_with(|| {
            // One by one: collecting would bring a sorting routine along, five kilobytes of wasm for a thing done once.
            let mut ordered = BTreeSet::new();
            for entry in table.iter() {
                ordered.insert(entry.key.clone());
            }
            ordered
        })
    }

    /// Keys in `[start, end)`, or all that begin with `start`, in byte order, each followed by its bytes (none for a
    /// collection). O(log n + length of the reply).
    pub fn range(
        &mut self,
        start: &[u8],
        end: Option<&[u8]>,
        limit: Option<u64>,
        reverse: bool,
        tick: &Tick,
    ) -> Result<Vec<Option<Bytes>>> {
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let now = self.now_if_needed(tick)?;
        self.ordered();
        let Some(ordered) = &self.ordered else { return Ok(Vec::new()) };
        let mut pairs = Gather::new();
        let span = span(ordered, start, end);
        let keys: &mut dyn Iterator<Item = &Box<[u8]>> =
            if reverse { &mut span.rev() } else { &mut { span } };
        let live = keys.filter_map(|key| {
            let index = self.table.find(key)?;
            let is_live = self.deadline(index).is_none_or(|deadline| deadline > now);
            is_live.then(|| self.table.at(index)).flatten()
        });
        for entry in live.take(limit) {
            pairs.push(Some(&entry.key))?;
            pairs.push(Bytes::of(&entry.value).map(Vec::as_slice))?;
        }
        Ok(pairs.finish())
    }

    /// How many keys are in `[start, end)`, or begin with `start`. O(log n + the count).
    pub fn count(&mut self, start: &[u8], end: Option<&[u8]>, tick: &Tick) -> Result<u64> {
        if end.is_none() {
            return Ok(self.counts(start, tick)?.keys);
        }
        let now = self.now_if_needed(tick)?;
        self.ordered();
        let Some(ordered) = &self.ordered else { return Ok(0) };
        let deadlines =
            span(ordered, start, end).map(|key| self.table.find(key).and_then(|index| self.deadline(index)));
        Ok(deadlines.filter(|deadline| deadline.is_none_or(|deadline| deadline > now)).count() as u64)
    }

    /// Removes the keys in `[start, end)`, or all that begin with `start`; how many. O(log n) each.
    pub fn delete_range(&mut self, start: &[u8], end: Option<&[u8]>, tick: &Tick) -> Result<u64> {
        let count = self.count(start, end, tick)?;
        let doomed: Vec<Box<[u8]>> = span(self.ordered(), start, end).cloned().collect();
        for key in doomed {
            if let Some(index) = self.table.find(&key) {
                self.remove(index);
            }
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_of_a_prefix() {
        assert_eq!(after_prefix(b"ab").as_deref(), Some(b"ac".as_slice()));
        assert_eq!(after_prefix(b"a\xff\xff").as_deref(), Some(b"b".as_slice()));
        assert_eq!(after_prefix(b"\xff"), None);
        assert_eq!(after_prefix(b""), None);
    }
}
