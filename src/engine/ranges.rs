// Operations on keys in byte order. No knowledge of commands or replies.

use super::order::{Bounds, Order};
use super::reply::Gather;
use super::table::Keyed;
use super::{Engine, Tick};
use crate::command::Bytes;
use crate::error::Result;

impl Engine {
    /// The ordered index. Building it takes O(n log n), once.
    fn ordered(&mut self) -> &Order {
        let table = &self.table;
        self.ordered.get_or_insert_with(|| {
            let mut ordered = Order::new();
            for entry in table.iter() {
                ordered.insert(entry.key());
            }
            ordered
        })
    }

    /// Keys between bounds in byte order, each followed by its bytes (none for a collection, or where they are not asked for).
    /// O(log n + length of the reply).
    pub(crate) fn range(
        &mut self,
        bounds: Bounds<'_>,
        limit: Option<u64>,
        with_values: bool,
        tick: &Tick,
    ) -> Result<Vec<Option<Bytes>>> {
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let now = self.now_if_needed(tick)?;
        self.ordered();
        let Some(ordered) = &self.ordered else { return Ok(Vec::new()) };
        let mut pairs = Gather::new();
        let mut span = ordered.between(bounds);
        let keys = std::iter::from_fn(|| if bounds.reverse { span.next_back() } else { span.next() });
        let live = keys.filter_map(|key| {
            let index = self.table.find(key)?;
            let is_live = self.deadline(index).is_none_or(|deadline| deadline > now);
            is_live.then(|| self.table.at(index)).flatten()
        });
        for entry in live.take(limit) {
            pairs.push(Some(entry.key()));
            pairs.push(entry.text().filter(|_| with_values));
        }
        pairs.finish()
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
            ordered.span(start, end).map(|key| self.table.find(key).and_then(|index| self.deadline(index)));
        Ok(deadlines.filter(|deadline| deadline.is_none_or(|deadline| deadline > now)).count() as u64)
    }

    /// Removes the keys in `[start, end)`, or all that begin with `start`; returns how many. O(log n) a key.
    pub fn delete_range(&mut self, start: &[u8], end: Option<&[u8]>, tick: &Tick) -> Result<u64> {
        let count = self.count(start, end, tick)?;
        let doomed: Vec<Vec<u8>> = self.ordered().span(start, end).map(<[u8]>::to_vec).collect();
        for key in doomed {
            if let Some(index) = self.table.find(&key) {
                self.remove(index);
            }
        }
        Ok(count)
    }
}

/// The first string after all that begin with `prefix`; `None` if there is none. Comparing strings by code point equals
/// comparing their UTF-8 bytes, so the bound can be a string, which every store accepts.
#[cfg(any(feature = "cells", feature = "net"))]
pub(crate) fn after_prefix(prefix: &str) -> Option<String> {
    let mut successor = prefix.to_owned();
    while let Some(last) = successor.pop() {
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            _ => u32::from(last).checked_add(1).and_then(char::from_u32),
        };
        if let Some(next) = next {
            successor.push(next);
            return Some(successor);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_successor_of_a_prefix_is_valid_utf8() {
        for (prefix, successor) in [
            ("ab", Some("ac")),
            ("a\u{7f}", Some("a\u{80}")),
            ("a\u{d7ff}", Some("a\u{e000}")),
            ("a\u{10ffff}\u{10ffff}", Some("b")),
            ("\u{10ffff}", None),
            ("", None),
        ] {
            assert_eq!(after_prefix(prefix).as_deref(), successor);
        }
    }
}
