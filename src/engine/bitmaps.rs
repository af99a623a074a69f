// Operations on bitmaps: strings whose bits are counted, the most significant one of each byte first. No knowledge of
// commands or replies.

use super::bitfield::{Fields, bytes_of};
use super::entry::Entry;
use super::{Engine, Tick, check_value_length};
use crate::command::{BitFieldOperation, BitOperation, BitRange, BitUnit, Bytes, Key};
use crate::error::{Error, Form, Reason, Result};

impl Engine {
    /// The bit at an offset, most significant bit of a byte first; 0 beyond the end. O(1).
    /// <https://redis.io/commands/getbit>
    pub fn getbit(&mut self, key: &[u8], offset: u64, tick: &Tick) -> Result<bool> {
        let place = BitPlace::of(offset)?;
        let byte = self.read_text(key, tick)?.and_then(|bytes| bytes.get(place.byte));
        Ok(byte.is_some_and(|byte| byte & place.mask != 0))
    }

    /// Writes a bit, filling a gap with zero bytes; returns the previous one. O(length of the gap).
    /// <https://redis.io/commands/setbit>
    pub fn setbit(&mut self, key: &[u8], offset: u64, bit: u64, tick: &Tick) -> Result<bool> {
        let place = BitPlace::of(offset)?;
        if bit > 1 {
            return Err(Error::because(Reason::Malformed("bit", Form::OneOf("0 or 1".into()))));
        }
        let length = self.look_text(key, tick)?.map_or(0, <[u8]>::len);
        let end = length.max(place.byte.saturating_add(1));
        check_value_length(end)?;
        self.change_text_or_create(key, tick, end.saturating_sub(length), |bytes| {
            bytes.resize(end, 0);
            let Some(byte) = bytes.get_mut(place.byte) else { return Ok(false) };
            let was_set = *byte & place.mask != 0;
            *byte = if bit == 1 { *byte | place.mask } else { *byte & !place.mask };
            Ok(was_set)
        })
    }

    /// The number of bits that are 1, in all bytes or within a range. O(length of the range).
    /// <https://redis.io/commands/bitcount>
    pub fn bitcount(&mut self, key: &[u8], range: Option<BitRange>, tick: &Tick) -> Result<u64> {
        let Some(bytes) = self.read_text(key, tick)? else { return Ok(0) };
        // Redis looks at the order of negative positions before it moves them into the value.
        if range.is_some_and(
            |range| matches!((range.start, range.end), (start @ ..0, Some(end @ ..0)) if start > end),
        ) {
            return Ok(0);
        }
        Ok(Span::of(range, bytes).map_or(0, |span| span.ones()))
    }

    /// The offset of the first bit that is 0 or 1, in all bytes or within a range. A value whose range has no end counts
    /// as followed by zeros. O(length of the range). <https://redis.io/commands/bitpos>
    pub fn bitpos(
        &mut self,
        key: &[u8],
        bit: bool,
        range: Option<BitRange>,
        tick: &Tick,
    ) -> Result<Option<u64>> {
        let Some(bytes) = self.read_text(key, tick)? else { return Ok((!bit).then_some(0)) };
        let Some(span) = Span::of(range, bytes) else { return Ok(None) };
        let is_open = range.is_none_or(|range| range.end.is_none() && range.unit == BitUnit::Byte);
        let behind = (is_open && !bit).then_some((bytes.len() as u64).saturating_mul(8));
        Ok(span.first(bit).or(behind))
    }

    /// Stores the combination of values bit by bit, and returns its length in bytes; an empty one removes the key.
    /// O(length of all). <https://redis.io/commands/bitop>
    pub fn bitop(&mut self, operation: BitOperation, to: &[u8], keys: &[Key], tick: &Tick) -> Result<usize> {
        operation.check(keys.len())?;
        for key in keys {
            self.read_text(key.as_bytes(), tick)?;
        }
        let text_of = |key: &Key| self.text_at(self.table.find(key.as_bytes())).unwrap_or_default();
        let result = combined(operation, &keys.iter().map(text_of).collect::<Vec<_>>());
        let found = self.find(to, tick)?;
        match found {
            _ if !result.is_empty() => self.put(found, Entry::with_text(to, &result), None)?,
            Some(index) => self.remove(index),
            None => {}
        }
        Ok(result.len())
    }

    /// Reads and changes integers within a value, in order; `None` for one that would not fit. O(number of operations),
    /// and of the bytes added. <https://redis.io/commands/bitfield>
    pub fn bitfield(
        &mut self,
        key: &[u8],
        operations: &[BitFieldOperation],
        tick: &Tick,
    ) -> Result<Vec<Option<i64>>> {
        let Some(end) = operations.iter().filter_map(|part| Some(part.written()?.end())).max() else {
            let bytes = self.read_text(key, tick)?.unwrap_or_default();
            return Ok(Fields::default().run_all(operations, bytes));
        };
        let length = self.look_text(key, tick)?.map_or(0, <[u8]>::len);
        let end = length.max(bytes_of(end));
        check_value_length(end)?;
        self.change_text_or_create(key, tick, end.saturating_sub(length), |bytes| {
            bytes.resize(end, 0);
            Ok(Fields::default().write_all(operations, bytes))
        })
    }
}

/// The position of a bit.
struct BitPlace {
    byte: usize,
    mask: u8,
}

impl BitPlace {
    /// As in Redis, there are 2^32 offsets.
    fn of(offset: u64) -> Result<BitPlace> {
        match u32::try_from(offset) {
            Ok(offset) => {
                Ok(BitPlace { byte: (offset >> 3) as usize, mask: 0x80_u8.wrapping_shr(offset & 7) })
            }
            Err(_) => Err(Error::because(Reason::Malformed("offset", Form::BitOffset))),
        }
    }
}

/// Some of the bits of a value; never none.
struct Span<'a> {
    /// The bytes that contain them.
    bytes: &'a [u8],
    /// The offset of the first of these bytes.
    start: usize,
    /// The bits that count in the first byte and in the last.
    first_mask: u8,
    last_mask: u8,
}

impl<'a> Span<'a> {
    /// The bits within a range; `None` if there are none.
    fn of(range: Option<BitRange>, bytes: &'a [u8]) -> Option<Span<'a>> {
        let BitRange { start, end, unit } =
            range.unwrap_or(BitRange { start: 0, end: None, unit: BitUnit::Byte });
        let scale = if unit == BitUnit::Bit { 8 } else { 1 };
        let total = i64::try_from(bytes.len()).ok()?.checked_mul(scale)?;
        let within = |position: i64| match position {
            ..0 => position.saturating_add(total).max(0),
            _ => position,
        };
        let (start, end) = (within(start), within(end.unwrap_or(-1)).min(total.saturating_sub(1)));
        if start > end {
            return None;
        }
        // The offsets of the first bit and the last.
        let (first, last) = match unit {
            BitUnit::Bit => (start, end),
            BitUnit::Byte => (start.checked_mul(8)?, end.checked_mul(8)?.checked_add(7)?),
        };
        let (from, to) = (usize::try_from(first >> 3).ok()?, usize::try_from(last >> 3).ok()?);
        Some(Span {
            bytes: bytes.get(from..=to)?,
            start: from,
            first_mask: 0xff_u8.wrapping_shr((first & 7) as u32),
            last_mask: !0x7f_u8.wrapping_shr((last & 7) as u32),
        })
    }

    /// The first byte, those between, and the last, each only with the bits that count, counted as if `flip` was 0.
    fn edges(&self, flip: u8) -> (u8, &'a [u8], Option<u8>) {
        let (first, rest) = self.bytes.split_first().unwrap_or((&0, &[]));
        let first = (first ^ flip) & self.first_mask;
        match rest.split_last() {
            Some((last, middle)) => (first, middle, Some((last ^ flip) & self.last_mask)),
            None => (first & self.last_mask, rest, None),
        }
    }

    fn ones(&self) -> u64 {
        let (first, middle, last) = self.edges(0);
        let (words, rest) = middle.as_chunks::<8>();
        let count = |sum: u64, ones: u32| sum.saturating_add(u64::from(ones));
        let sum = words.iter().map(|word| u64::from_ne_bytes(*word).count_ones()).fold(0, count);
        let edges = [first, last.unwrap_or(0)];
        rest.iter().chain(&edges).map(|byte| byte.count_ones()).fold(sum, count)
    }

    /// The offset of the first bit of this kind.
    fn first(&self, bit: bool) -> Option<u64> {
        let flip = if bit { 0 } else { 0xff };
        let offset = |index: usize, byte: u8| {
            let byte_offset = (self.start.saturating_add(index) as u64).saturating_mul(8);
            byte_offset.saturating_add(u64::from(byte.leading_zeros()))
        };
        let (first, middle, last) = self.edges(flip);
        if first != 0 {
            return Some(offset(0, first));
        }
        let words = middle.as_chunks::<8>().0;
        let skipped = words.iter().take_while(|word| **word == [flip; 8]).count().saturating_mul(8);
        let rest = middle.get(skipped..).unwrap_or_default();
        if let Some((index, byte)) = rest.iter().enumerate().find(|(_, byte)| **byte != flip) {
            return Some(offset(skipped.saturating_add(index).saturating_add(1), byte ^ flip));
        }
        let last = last.filter(|last| *last != 0)?;
        Some(offset(middle.len().saturating_add(1), last))
    }
}

/// The combination of values bit by bit.
fn combined(operation: BitOperation, texts: &[&[u8]]) -> Bytes {
    let length = texts.iter().map(|text| text.len()).max().unwrap_or(0);
    let Some((first, others)) = texts.split_first() else { return Bytes::new() };
    let mut result = first.to_vec();
    result.resize(length, 0);
    let union = || {
        let mut union = vec![0; length];
        others.iter().for_each(|other| merge(&mut union, other, |a, b| a | b));
        union
    };
    match operation {
        BitOperation::And => others.iter().for_each(|other| merge(&mut result, other, |a, b| a & b)),
        BitOperation::Or => others.iter().for_each(|other| merge(&mut result, other, |a, b| a | b)),
        BitOperation::Xor => others.iter().for_each(|other| merge(&mut result, other, |a, b| a ^ b)),
        BitOperation::Not => merge(&mut result, &[], |a, _| !a),
        BitOperation::Diff => merge(&mut result, &union(), |a, b| a & !b),
        BitOperation::Diff1 => merge(&mut result, &union(), |a, b| !a & b),
        BitOperation::AndOr => merge(&mut result, &union(), |a, b| a & b),
        BitOperation::One => {
            // The bits that more than one value has.
            let mut repeated = vec![0; length];
            for other in others {
                let mut again = result.clone();
                merge(&mut again, other, |a, b| a & b);
                merge(&mut repeated, &again, |a, b| a | b);
                merge(&mut result, other, |a, b| a | b);
            }
            merge(&mut result, &repeated, |a, b| a & !b);
        }
    }
    result
}

/// Combines each byte with that of another value, which counts as followed by zeros.
fn merge(into: &mut [u8], with: &[u8], combine: impl Fn(u8, u8) -> u8) {
    let (both, rest) = into.split_at_mut(with.len().min(into.len()));
    both.iter_mut().zip(with).for_each(|(byte, other)| *byte = combine(*byte, *other));
    rest.iter_mut().for_each(|byte| *byte = combine(*byte, 0));
}
