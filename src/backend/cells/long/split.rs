// How a collection is written: as one value or in parts, and which parts have changed.

use super::{HASHES, Head, Long, check_size};
use crate::backend::cells::{Cells, Form, codec};
use crate::command::{Bytes, ValueType};
use crate::engine::{Held, Keyed, List};
use crate::error::Result;
use std::collections::BTreeMap;

/// Parts to write; those without value are removed.
type Changed = Vec<(i64, Option<Bytes>)>;

impl Cells {
    /// The value of the entry that holds this collection, and its form. `old`: the long collection that was loaded for
    /// its key.
    pub(in crate::backend::cells) fn written(
        &self,
        held: Held<'_>,
        old: Option<&Long>,
        has_parts: bool,
    ) -> Result<(Bytes, Form)> {
        let (kind, most) = (held.kind(), self.capabilities.max_value_bytes);
        let (length, bytes, absent) = extent(&held);
        // What was loaded in part and is complete now is another collection, which a command has put there.
        let old = old.filter(|old| old.kind == kind && (old.has_all || absent == old.absent.count));
        let bounds = match old {
            // Not too soon, so that a collection does not change its form again and again.
            Some(_) => self.long_from / 2,
            None => self.long_from,
        };
        let is_long = length > bounds || (length > 1 && bytes > bounds.saturating_mul(128));
        if kind == ValueType::String || absent == 0 && !(is_long && has_parts) {
            let value = codec::encode(held)?.into_owned();
            check_size(kind, &value, most)?;
            return Ok((value, Form::Whole));
        }
        let limits =
            Limits { elements: self.part_elements(), bytes: self.long_from.saturating_mul(64).max(1) };
        let (head, parts, keeps_others) = match &held {
            Held::List(list) => list_parts(list, old, &limits, most)?,
            held => {
                let needed = length.div_ceil(limits.elements).max(bytes / limits.bytes).max(1);
                // Mostly empty parts are put together again when all of them are there.
                let old = old.filter(|old| !old.has_all || old.parts.len() / 4 <= needed);
                let seed = || self.random().below(usize::MAX) as u64 % HASHES;
                let seed = old.and_then(|old| old.head.seed).unwrap_or_else(seed);
                let head = Head { length: length as u64, seed: Some(seed), ..Head::default() };
                (head, named_parts(held, &head, old, &limits)?, old.is_some())
            }
        };
        for (_, value) in &parts {
            check_size(kind, value.as_deref().unwrap_or_default(), most)?;
        }
        Ok((head.encode(), Form::Long { parts, keeps_others }))
    }
}

/// How much a part holds.
struct Limits {
    elements: usize,
    bytes: usize,
}

/// How many elements a collection has, the bytes of those that are here, and how many are absent.
fn extent(held: &Held<'_>) -> (usize, usize, usize) {
    match held {
        Held::String(text) => (1, text.len(), 0),
        Held::List(list) => (list.len(), list.bytes, list.absent),
        Held::Hash(hash) => (hash.len(), hash.bytes, hash.absent),
        Held::Set(set) => (set.len(), set.bytes, set.absent),
        Held::SortedSet(set) => (set.len(), set.bytes, set.absent),
    }
}

fn named_parts(held: &Held<'_>, head: &Head, old: Option<&Long>, limits: &Limits) -> Result<Changed> {
    match held {
        Held::Hash(hash) => {
            let size = |field: &crate::engine::Field| field.name.len() + field.value.len();
            split(hash.fields.iter(), size, codec::encode_fields, head, old, limits)
        }
        Held::Set(set) => {
            split(set.members.iter(), |name| name.len(), codec::encode_members, head, old, limits)
        }
        Held::SortedSet(set) => {
            let size = |member: &crate::engine::Scored| member.name.len() + 8;
            split(set.members.iter(), size, codec::encode_scored, head, old, limits)
        }
        Held::String(_) | Held::List(_) => Ok(Vec::new()),
    }
}

/// Shares elements out to the parts that cover their hashes. A part that has become too large is split.
fn split<'a, T: Keyed + 'a>(
    items: impl Iterator<Item = &'a T>,
    size: impl Fn(&T) -> usize,
    encode: impl Fn(&[&T]) -> Result<Bytes>,
    head: &Head,
    old: Option<&Long>,
    limits: &Limits,
) -> Result<Changed> {
    let mut items: Vec<(i64, &T)> = items.map(|item| (head.hash(item.key()), item)).collect();
    // Sorted, the elements of a part are always the same text.
    items.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.key().cmp(b.1.key())));
    let nothing = BTreeMap::new();
    let stored = old.map_or(&nothing, |old| &old.parts);
    let mut left: BTreeMap<i64, &Bytes> = stored.iter().map(|(name, value)| (*name, value)).collect();
    let mut changed = Vec::new();
    let mut rest = items.as_slice();
    while let Some((hash, _)) = rest.first() {
        // What comes before all parts is in a part of its own, which covers it from the first number on.
        let name = stored.range(..=hash).next_back().map_or(0, |(name, _)| *name);
        let end = stored.range(name.saturating_add(1)..).next().map(|(name, _)| *name);
        let length = end.map_or(rest.len(), |end| rest.partition_point(|(hash, _)| *hash < end));
        let (group, others) = rest.split_at(length.max(1));
        rest = others;
        let bytes = group.iter().fold(0_usize, |sum, (_, item)| sum.saturating_add(size(item)));
        let fits = group.len() <= limits.elements && bytes <= limits.bytes;
        let mut name = name;
        for piece in pieces(group, &size, if fits { None } else { Some(limits) }) {
            let members: Vec<&T> = piece.iter().map(|(_, item)| *item).collect();
            let value = encode(&members)?;
            if left.remove(&name) != Some(&value) {
                changed.push((name, Some(value)));
            }
            let done = piece.last().map_or(i64::MAX, |(hash, _)| *hash);
            let next = group.partition_point(|(hash, _)| *hash <= done);
            name = group.get(next).map_or(name, |(hash, _)| *hash);
        }
    }
    changed.extend(left.into_keys().map(|name| (name, None)));
    Ok(changed)
}

/// Cuts elements into pieces that are half full. Those with the same hash stay together.
fn pieces<'g, T>(
    group: &'g [(i64, &'g T)],
    size: impl Fn(&T) -> usize,
    limits: Option<&Limits>,
) -> Vec<&'g [(i64, &'g T)]> {
    let Some(limits) = limits else { return vec![group] };
    let (mut pieces, mut start, mut bytes, mut last) = (Vec::new(), 0, 0_usize, None);
    for (index, (hash, item)) in group.iter().enumerate() {
        let is_full = index.saturating_sub(start) >= limits.elements.div_ceil(2) || bytes > limits.bytes / 2;
        if is_full && last != Some(*hash) {
            pieces.push(group.get(start..index).unwrap_or_default());
            (start, bytes) = (index, 0);
        }
        bytes = bytes.saturating_add(size(item));
        last = Some(*hash);
    }
    pieces.push(group.get(start..).unwrap_or_default());
    pieces
}

/// Shares the elements of a list out to the parts of their numbers.
fn list_parts(list: &List, old: Option<&Long>, limits: &Limits, most: u64) -> Result<(Head, Changed, bool)> {
    let length = list.len();
    let bytes_each = list.bytes.div_ceil(list.items.len().max(1)).max(1);
    let longest = list.items.iter().map(|item| item.len()).max().unwrap_or(0).max(1);
    // In JSON a byte becomes up to six.
    let most = usize::try_from(most).unwrap_or(usize::MAX) / 6 / longest;
    let fitting = (limits.bytes / bytes_each).min(most).clamp(1, limits.elements);
    // Parts that have become far too large are made anew when all of them are there.
    let is_fitting = |old: &&Long| {
        let width = usize::try_from(old.head.width.unwrap_or(1)).unwrap_or(1);
        !old.has_all || (width / 4 <= fitting && width.saturating_mul(4) >= fitting)
    };
    let old = old.filter(is_fitting);
    let width = old.and_then(|old| old.head.width).unwrap_or_else(|| fitting.cast_signed() as i64);
    let first = old.map_or(0, |old| {
        let shift = old.absent.before_gap.wrapping_sub(list.before_gap);
        old.head.first.unwrap_or(0).saturating_add(shift)
    });
    let head = Head { length: length as u64, first: Some(first), width: Some(width), seed: None };
    let nothing = BTreeMap::new();
    let stored = old.map_or(&nothing, |old| &old.parts);
    let mut left: BTreeMap<i64, &Bytes> = stored.iter().map(|(name, value)| (*name, value)).collect();
    let mut changed = Vec::new();
    let mut elements = list.items.iter().enumerate().peekable();
    let part_at = |index: usize| {
        let is_behind = list.absent > 0 && index as i64 >= list.before_gap;
        let index = if is_behind { index.saturating_add(list.absent) } else { index };
        head.part_of(first.saturating_add_unsigned(index as u64))
    };
    while let Some((index, element)) = elements.next() {
        let (name, mut members) = (part_at(index), vec![element]);
        while let Some((_, element)) = elements.next_if(|(index, _)| part_at(*index) == name) {
            members.push(element);
        }
        let value = codec::encode_members(&members)?;
        if left.remove(&name) != Some(&value) {
            changed.push((name, Some(value)));
        }
    }
    changed.extend(left.into_keys().map(|name| (name, None)));
    Ok((head, changed, old.is_some()))
}
