// The keys in byte order: one sorted sequence, split into chunks so that inserting a key moves few others. It does not
// know the values.

/// How many keys a chunk holds before it is split.
const CHUNK: usize = 128;

/// A set of keys in byte order. Insert, remove and find are O(log n).
pub(crate) struct Order {
    /// No chunk is empty.
    chunks: Vec<Vec<Box<[u8]>>>,
}

/// A key's position, or where it would be inserted: the chunk, and the index in it.
type Place = (usize, usize);

impl Order {
    pub(crate) fn new() -> Order {
        Order { chunks: Vec::new() }
    }

    fn place(&self, key: &[u8]) -> Place {
        let chunk = self.chunks.partition_point(|chunk| chunk.last().is_some_and(|last| **last < *key));
        (chunk, self.chunks.get(chunk).map_or(0, |chunk| chunk.partition_point(|other| **other < *key)))
    }

    /// Inserts a key that is not in the set.
    pub(crate) fn insert(&mut self, key: &[u8]) {
        let (mut at, mut index) = self.place(key);
        if at == self.chunks.len() {
            // After all others: append to the last chunk.
            match at.checked_sub(1) {
                Some(last) => at = last,
                None => self.chunks.push(Vec::new()),
            }
            index = self.chunks.get(at).map_or(0, Vec::len);
        }
        let Some(chunk) = self.chunks.get_mut(at) else { return };
        chunk.insert(index, key.into());
        if chunk.len() > CHUNK {
            let second = chunk.split_off(CHUNK / 2);
            self.chunks.insert(at.saturating_add(1), second);
        }
    }

    /// Removes a key, if present.
    pub(crate) fn remove(&mut self, key: &[u8]) {
        let (at, index) = self.place(key);
        let Some(chunk) = self.chunks.get_mut(at) else { return };
        if chunk.get(index).is_some_and(|found| **found == *key) {
            chunk.remove(index);
        }
        if chunk.is_empty() {
            self.chunks.remove(at);
        }
    }

    /// The keys from `start` to `end`, exclusive; without `end`, those that begin with `start`.
    pub(crate) fn span(&self, start: &[u8], end: Option<&[u8]>) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.between(Bounds { start, end, after: None, reverse: false })
    }

    /// The keys between bounds.
    pub(crate) fn between<'o>(
        &'o self,
        bounds: Bounds<'_>,
    ) -> impl DoubleEndedIterator<Item = &'o [u8]> + use<'o> {
        let Bounds { start, end, after, reverse } = bounds;
        let mut from = self.place(start);
        let mut to = match end {
            Some(end) => self.place(end),
            None => after_prefix(start).map_or((self.chunks.len(), 0), |end| self.place(&end)),
        };
        match after {
            Some(after) if reverse => to = to.min(self.place(after)),
            Some(after) => from = from.max(self.place(&[after, b"\0"].concat())),
            None => {}
        }
        let chunks = (from.0..=to.0).filter_map(|at| Some((at, self.chunks.get(at)?)));
        let keys = chunks.flat_map(move |(at, chunk)| {
            let first = if at == from.0 { from.1 } else { 0 };
            let end = if at == to.0 { to.1 } else { chunk.len() };
            chunk.get(first..end).unwrap_or_default()
        });
        keys.map(|key| &**key)
    }
}

/// A part of the order: the keys from `start` up to `end`, which is left out; without `end` those that begin with `start`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds<'a> {
    pub start: &'a [u8],
    pub end: Option<&'a [u8]>,
    /// Only what comes behind this key on the way.
    pub after: Option<&'a [u8]>,
    /// Whether the way leads from the end to the start.
    pub reverse: bool,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::Random;
    use std::collections::BTreeSet;

    #[test]
    fn the_successor_of_a_prefix() {
        assert_eq!(after_prefix(b"ab").as_deref(), Some(b"ac".as_slice()));
        assert_eq!(after_prefix(b"a\xff\xff").as_deref(), Some(b"b".as_slice()));
        assert_eq!(after_prefix(b"\xff"), None);
        assert_eq!(after_prefix(b""), None);
    }

    #[test]
    fn agrees_with_a_tree_while_it_grows_and_shrinks() {
        let mut random = Random::new(11);
        let (mut order, mut tree) = (Order::new(), BTreeSet::new());
        let key = |random: &mut Random| random.below(20_000).to_string().into_bytes();
        for round in 0..60_000 {
            let one = key(&mut random);
            // Grow to many chunks, then shrink to none.
            if random.below(10) < if round < 30_000 { 8 } else { 1 } {
                if tree.insert(one.clone()) {
                    order.insert(&one);
                }
            } else {
                tree.remove(&one);
                order.remove(&one);
            }
            if round % 500 == 0 {
                let (start, end) = (key(&mut random), key(&mut random));
                let expected: Vec<&[u8]> =
                    tree.iter().filter(|key| **key >= start && **key < end).map(Vec::as_slice).collect();
                assert!(order.span(&start, Some(&end)).eq(expected.iter().copied()));
                assert!(order.span(&start, Some(&end)).rev().eq(expected.iter().rev().copied()));
                let prefixed = tree.iter().filter(|key| key.starts_with(&start)).map(Vec::as_slice);
                assert!(order.span(&start, None).eq(prefixed));
            }
        }
        for one in &tree {
            order.remove(one);
        }
        assert!(order.chunks.is_empty());
    }
}
