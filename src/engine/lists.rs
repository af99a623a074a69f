// Operations on lists. No knowledge of commands or replies.

use super::reply::Gather;
use super::value::{ELEMENT_OVERHEAD, List};
use super::{Engine, Tick};
use crate::command::{Bytes, Key, Position, Side};
use crate::error::{Error, Form, Reason, Result};
use std::ops::Range;

impl List {
    fn push(&mut self, side: Side, item: Box<[u8]>) {
        self.bytes = self.bytes.saturating_add(item.len());
        match side {
            Side::Left => {
                self.before_gap = self.before_gap.wrapping_add(1);
                self.items.push_front(item);
            }
            Side::Right => self.items.push_back(item),
        }
    }

    fn pop(&mut self, side: Side) -> Option<Box<[u8]>> {
        let item = match side {
            Side::Left => self.items.pop_front(),
            Side::Right => self.items.pop_back(),
        }?;
        if side == Side::Left {
            self.before_gap = self.before_gap.wrapping_sub(1);
        }
        self.bytes = self.bytes.saturating_sub(item.len());
        Some(item)
    }

    /// Where the element with this index is in `items`; negative ones count from the end.
    fn position(&self, index: i64) -> Option<usize> {
        let index = if index < 0 { index.checked_add_unsigned(self.len() as u64)? } else { index };
        usize::try_from(index).ok().filter(|index| *index < self.len()).map(|index| self.at(index))
    }

    /// Resolves `start` to `stop`, both inclusive, clipped to the list.
    fn span(&self, start: i64, stop: i64) -> Range<usize> {
        let Range { start, end } = span(self.len(), start, stop);
        // Nothing absent is in it, so its last element has the place that is right for its end.
        let first = self.at(start);
        first..first.saturating_add(end.saturating_sub(start))
    }

    fn recount(&mut self) {
        self.bytes = self.items.iter().map(|item| item.len()).sum();
    }
}

/// The indexes from `start` to `stop`, both inclusive, of a sequence of this length; negative ones count from the end.
pub(crate) fn span(length: usize, start: i64, stop: i64) -> Range<usize> {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let from_end = |index: i64| if index < 0 { index.saturating_add(length) } else { index };
    let start = from_end(start).clamp(0, length);
    let end = from_end(stop).saturating_add(1).clamp(start, length);
    usize::try_from(start).unwrap_or(0)..usize::try_from(end).unwrap_or(0)
}

/// The most that pushing these elements can add to a list's weight.
fn growth(values: &[Bytes]) -> usize {
    values.iter().fold(0, |sum, value| sum.saturating_add(value.len()).saturating_add(ELEMENT_OVERHEAD))
}

/// How `lpos` searches.
#[derive(Clone, Copy, Default)]
pub struct Search {
    /// Which match to return first: 1 is the first, 2 the second, -1 the last.
    pub rank: i64,
    /// How many matches to return; 0 means all.
    pub count: u64,
    /// How many elements to compare; 0 means all.
    pub max_len: u64,
}

/// A key, and elements that were taken from its list.
pub type Taken<'a> = (&'a Key, Vec<Option<Bytes>>);

impl Engine {
    /// Pushes elements one after the other at one end; returns the new length. With `only_existing`, a missing key is
    /// not created (0). O(1) an element. <https://redis.io/commands/lpush>
    pub fn push(
        &mut self,
        key: &[u8],
        side: Side,
        values: &[Bytes],
        only_existing: bool,
        tick: &Tick,
    ) -> Result<usize> {
        let push_all = |list: &mut List| {
            for value in values {
                list.push(side, value.as_slice().into());
            }
            Ok(list.len())
        };
        if only_existing {
            return Ok(self.change(key, tick, growth(values), push_all)?.unwrap_or(0));
        }
        self.change_or_create(key, tick, growth(values), push_all)
    }

    /// Removes and returns the element at one end. O(1). <https://redis.io/commands/lpop>
    pub fn pop(&mut self, key: &[u8], side: Side, tick: &Tick) -> Result<Option<Bytes>> {
        let popped = self.change(key, tick, 0, |list: &mut List| Ok(list.pop(side)))?;
        Ok(popped.flatten().map(Bytes::from))
    }

    /// Removes and returns up to `count` elements at one end; nothing if the key is missing. O(count).
    /// <https://redis.io/commands/lpop>
    pub fn pop_many(
        &mut self,
        key: &[u8],
        side: Side,
        count: u64,
        tick: &Tick,
    ) -> Result<Option<Vec<Option<Bytes>>>> {
        self.change(key, tick, 0, |list: &mut List| {
            let count = usize::try_from(count).unwrap_or(usize::MAX).min(list.len());
            // Popping moves the elements out, so the reply copies nothing.
            Ok((0..count).filter_map(|_| list.pop(side)).map(|item| Some(item.into())).collect())
        })
    }

    /// Removes and returns up to `count` elements at one end of the first of these keys that holds a list; `None` if
    /// none does. O(number of keys + count). <https://redis.io/commands/lmpop>
    pub fn lmpop<'a>(
        &mut self,
        keys: &'a [Key],
        side: Side,
        count: u64,
        tick: &Tick,
    ) -> Result<Option<Taken<'a>>> {
        if count == 0 {
            return Err(Error::because(Reason::Malformed("count", Form::Positive)));
        }
        for key in keys {
            if let Some(items) = self.pop_many(key.as_bytes(), side, count, tick)? {
                return Ok(Some((key, items)));
            }
        }
        Ok(None)
    }

    /// The elements from `start` to `stop`, both inclusive; negative indexes count from the end. O(length of the
    /// reply). <https://redis.io/commands/lrange>
    pub fn lrange(&mut self, key: &[u8], start: i64, stop: i64, tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let Some(list) = self.read::<List>(key, tick)? else { return Ok(Vec::new()) };
        Gather::all(list.items.range(list.span(start, stop)).map(|item| &**item))
    }

    /// The number of elements; 0 if the key is missing. O(1). <https://redis.io/commands/llen>
    pub fn llen(&mut self, key: &[u8], tick: &Tick) -> Result<usize> {
        Ok(self.read::<List>(key, tick)?.map_or(0, List::len))
    }

    /// The element at an index; negative indexes count from the end. O(1). <https://redis.io/commands/lindex>
    pub fn lindex(&mut self, key: &[u8], index: i64, tick: &Tick) -> Result<Option<Bytes>> {
        let Some(list) = self.read::<List>(key, tick)? else { return Ok(None) };
        Ok(list.position(index).and_then(|index| list.items.get(index)).map(|item| item.to_vec()))
    }

    /// The indexes of the elements equal to `value`, in search order. O(length of the list).
    /// <https://redis.io/commands/lpos>
    pub fn lpos(&mut self, key: &[u8], value: &[u8], search: Search, tick: &Tick) -> Result<Vec<i64>> {
        let wrong = match search.rank {
            0 => Some(Form::Rank),
            i64::MIN => Some(Form::LeastRank),
            _ => None,
        };
        if let Some(form) = wrong {
            return Err(Error::because(Reason::Malformed("rank", form)));
        }
        let Some(list) = self.read::<List>(key, tick)? else { return Ok(Vec::new()) };
        let all_if_0 =
            |limit: u64| usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(usize::MAX);
        let is_match = |(_, item): &(usize, &[u8])| *item == value;
        let skipped = usize::try_from(search.rank.unsigned_abs()).unwrap_or(usize::MAX).saturating_sub(1);
        let positions = list.items.iter().map(|item| &**item).enumerate();
        let forward = positions.clone().take(all_if_0(search.max_len)).filter(is_match);
        let backward = positions.rev().take(all_if_0(search.max_len)).filter(is_match);
        let matches: Box<dyn Iterator<Item = (usize, &[u8])>> =
            if search.rank > 0 { Box::new(forward) } else { Box::new(backward) };
        Ok(matches.skip(skipped).take(all_if_0(search.count)).map(|(index, _)| index as i64).collect())
    }

    /// Replaces the element at an index. O(1). <https://redis.io/commands/lset>
    pub fn lset(&mut self, key: &[u8], index: i64, value: &[u8], tick: &Tick) -> Result<()> {
        let Some(list) = self.look::<List>(key, tick)? else {
            return Err(Error::because(Reason::NoSuchKey));
        };
        let Some(position) = list.position(index) else {
            return Err(Error::because(Reason::NoSuchIndex));
        };
        self.change(key, tick, value.len(), |list: &mut List| {
            if let Some(item) = list.items.get_mut(position) {
                list.bytes = list.bytes.saturating_sub(item.len()).saturating_add(value.len());
                *item = value.into();
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Removes elements equal to `value`: the first `count`, the last `-count` if negative, all if 0. Returns how many
    /// were removed. O(length of the list). <https://redis.io/commands/lrem>
    pub fn lrem(&mut self, key: &[u8], count: i64, value: &[u8], tick: &Tick) -> Result<usize> {
        let removed = self.change(key, tick, 0, |list: &mut List| {
            let total = list.items.iter().filter(|item| ***item == *value).count();
            let limit = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            let doomed = if count == 0 { total } else { total.min(limit) };
            // Counting from the tail means that the first matches stay.
            let mut spared = if count < 0 { total.saturating_sub(doomed) } else { 0 };
            let mut left = doomed;
            list.items.retain(|item| {
                if **item != *value || left == 0 {
                    return true;
                }
                if spared > 0 {
                    spared = spared.wrapping_sub(1);
                    return true;
                }
                left = left.wrapping_sub(1);
                false
            });
            list.recount();
            Ok(doomed)
        })?;
        Ok(removed.unwrap_or(0))
    }

    /// Keeps only the elements from `start` to `stop`, both inclusive. O(number of elements removed, or kept if fewer).
    /// <https://redis.io/commands/ltrim>
    pub fn ltrim(&mut self, key: &[u8], start: i64, stop: i64, tick: &Tick) -> Result<()> {
        self.change(key, tick, 0, |list: &mut List| {
            let span = list.span(start, stop);
            for _ in span.end..list.items.len() {
                list.pop(Side::Right);
            }
            for _ in 0..span.start {
                list.pop(Side::Left);
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Inserts an element before or after the first one equal to `pivot`. Returns the new length, -1 if there is no
    /// such element, 0 if the key is missing. O(length of the list). <https://redis.io/commands/linsert>
    pub fn linsert(
        &mut self,
        key: &[u8],
        at: Position,
        pivot: &[u8],
        value: &[u8],
        tick: &Tick,
    ) -> Result<i64> {
        let Some(list) = self.look::<List>(key, tick)? else { return Ok(0) };
        let Some(position) = list.items.iter().position(|item| **item == *pivot) else { return Ok(-1) };
        let growth = value.len().saturating_add(ELEMENT_OVERHEAD);
        let length = self.change(key, tick, growth, |list: &mut List| {
            list.items.insert(
                if at == Position::Before { position } else { position.saturating_add(1) },
                value.into(),
            );
            list.bytes = list.bytes.saturating_add(value.len());
            Ok(list.items.len() as i64)
        })?;
        Ok(length.unwrap_or(0))
    }

    /// Moves the element at one end of a list to one end of another list, or of the same list, and returns it. O(1).
    /// <https://redis.io/commands/lmove>
    pub fn lmove(
        &mut self,
        from: &[u8],
        to: &[u8],
        from_side: Side,
        to_side: Side,
        tick: &Tick,
    ) -> Result<Option<Bytes>> {
        let Some(list) = self.look::<List>(from, tick)? else { return Ok(None) };
        let end = match from_side {
            Side::Left => list.items.front(),
            Side::Right => list.items.back(),
        };
        let Some(item) = end.cloned() else { return Ok(None) };
        if from == to {
            self.change(from, tick, 0, |list: &mut List| {
                if let Some(item) = list.pop(from_side) {
                    list.push(to_side, item);
                }
                Ok(())
            })?;
            return Ok(Some(item.into()));
        }
        self.change_or_create(to, tick, item.len().saturating_add(ELEMENT_OVERHEAD), |list: &mut List| {
            list.push(to_side, item.clone());
            Ok(())
        })?;
        self.pop(from, from_side, tick)
    }
}
