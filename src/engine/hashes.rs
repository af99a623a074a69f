// Operations on hashes. No knowledge of commands or replies.

use super::random::Random;
use super::reply::{Gather, MAX_ITEMS, too_large};
use super::scan::Cursor;
use super::strings::{add_floats, add_integers};
use super::value::{FIELD_OVERHEAD, Field, Hash};
use super::{Engine, Tick, glob};
use crate::command::Bytes;
use crate::error::Result;

impl Hash {
    /// Writes a field. Returns whether it is new.
    pub(super) fn set(&mut self, field: &[u8], value: &[u8]) -> bool {
        self.bytes = self.bytes.saturating_add(value.len());
        let index = self.fields.find(field);
        if let Some(old) = index.and_then(|index| self.fields.at_mut(index)) {
            self.bytes = self.bytes.saturating_sub(old.value.len());
            old.value = value.into();
            return false;
        }
        self.bytes = self.bytes.saturating_add(field.len());
        self.fields.insert(Field { name: field.into(), value: value.into() });
        true
    }

    fn remove(&mut self, field: &[u8]) -> bool {
        let index = self.fields.find(field);
        let Some(Field { name, value }) = index.and_then(|index| self.fields.remove(index)) else {
            return false;
        };
        self.bytes = self.bytes.saturating_sub(name.len()).saturating_sub(value.len());
        true
    }

    fn get(&self, field: &[u8]) -> Option<&[u8]> {
        self.fields.get(field).map(|field| &*field.value)
    }
}

fn growth(field: &[u8], value: &[u8]) -> usize {
    field.len().saturating_add(value.len()).saturating_add(FIELD_OVERHEAD)
}

/// Draws `count` indexes below `len`: distinct ones, or with repeats if `count` is negative.
pub(super) fn drawn_indexes(random: &mut Random, len: usize, count: i64) -> Result<Vec<usize>> {
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
    if count >= 0 {
        return Ok(random.distinct_below(len, wanted));
    }
    // Refuse early: no reply could hold that many.
    if wanted > MAX_ITEMS {
        return Err(too_large());
    }
    Ok((0..wanted).map(|_| random.below(len)).collect())
}

impl Engine {
    /// Writes fields; returns how many were new. O(1) a field. <https://redis.io/commands/hset>
    pub fn hset(&mut self, key: &[u8], pairs: &[(Bytes, Bytes)], tick: &Tick) -> Result<usize> {
        let growth =
            pairs.iter().fold(0_usize, |sum, (field, value)| sum.saturating_add(growth(field, value)));
        self.change_or_create(key, tick, growth, |hash: &mut Hash| {
            Ok(pairs.iter().filter(|(field, value)| hash.set(field, value)).count())
        })
    }

    /// Writes a field unless it exists; returns whether it was written. O(1). <https://redis.io/commands/hsetnx>
    pub fn hsetnx(&mut self, key: &[u8], field: &[u8], value: &[u8], tick: &Tick) -> Result<bool> {
        if self.look::<Hash>(key, tick)?.is_some_and(|hash| hash.fields.contains(field)) {
            return Ok(false);
        }
        self.change_or_create(key, tick, growth(field, value), |hash: &mut Hash| Ok(hash.set(field, value)))
    }

    /// The field's value. O(1). <https://redis.io/commands/hget>
    pub fn hget(&mut self, key: &[u8], field: &[u8], tick: &Tick) -> Result<Option<&[u8]>> {
        Ok(self.read::<Hash>(key, tick)?.and_then(|hash| hash.get(field)))
    }

    /// The values of several fields, `None` for a missing one. O(1) a field. <https://redis.io/commands/hmget>
    pub fn hmget(&mut self, key: &[u8], fields: &[Bytes], tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let hash = self.read::<Hash>(key, tick)?;
        let mut values = Gather::new();
        for field in fields {
            values.push(hash.and_then(|hash| hash.get(field)));
        }
        values.finish()
    }

    /// All fields, each followed by its value. O(number of fields). <https://redis.io/commands/hgetall>
    pub fn hgetall(&mut self, key: &[u8], tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let Some(hash) = self.read::<Hash>(key, tick)? else { return Ok(Vec::new()) };
        Gather::all(hash.fields.iter().flat_map(|field| [&*field.name, &*field.value]))
    }

    /// All fields. O(number of fields). <https://redis.io/commands/hkeys>
    pub fn hkeys(&mut self, key: &[u8], tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let Some(hash) = self.read::<Hash>(key, tick)? else { return Ok(Vec::new()) };
        Gather::all(hash.fields.iter().map(|field| &*field.name))
    }

    /// All values. O(number of fields). <https://redis.io/commands/hvals>
    pub fn hvals(&mut self, key: &[u8], tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let Some(hash) = self.read::<Hash>(key, tick)? else { return Ok(Vec::new()) };
        Gather::all(hash.fields.iter().map(|field| &*field.value))
    }

    /// Removes fields; returns how many existed. O(1) a field. <https://redis.io/commands/hdel>
    pub fn hdel(&mut self, key: &[u8], fields: &[Bytes], tick: &Tick) -> Result<usize> {
        let removed = self.change(key, tick, 0, |hash: &mut Hash| {
            Ok(fields.iter().filter(|field| hash.remove(field)).count())
        })?;
        Ok(removed.unwrap_or(0))
    }

    /// Whether the field exists. O(1). <https://redis.io/commands/hexists>
    pub fn hexists(&mut self, key: &[u8], field: &[u8], tick: &Tick) -> Result<bool> {
        Ok(self.read::<Hash>(key, tick)?.is_some_and(|hash| hash.fields.contains(field)))
    }

    /// The number of fields; 0 if the key is missing. O(1). <https://redis.io/commands/hlen>
    pub fn hlen(&mut self, key: &[u8], tick: &Tick) -> Result<usize> {
        Ok(self.read::<Hash>(key, tick)?.map_or(0, Hash::len))
    }

    /// The length of the field's value; 0 if it is missing. O(1). <https://redis.io/commands/hstrlen>
    pub fn hstrlen(&mut self, key: &[u8], field: &[u8], tick: &Tick) -> Result<usize> {
        Ok(self.hget(key, field, tick)?.map_or(0, <[u8]>::len))
    }

    /// Adds to the field's integer (0 if missing) and returns the sum. O(1). <https://redis.io/commands/hincrby>
    pub fn hincrby(&mut self, key: &[u8], field: &[u8], by: i64, tick: &Tick) -> Result<i64> {
        let sum = add_integers(self.look::<Hash>(key, tick)?.and_then(|hash| hash.get(field)), by)?;
        let text = sum.to_string();
        self.change_or_create(key, tick, growth(field, text.as_bytes()), |hash: &mut Hash| {
            hash.set(field, text.as_bytes());
            Ok(sum)
        })
    }

    /// Adds exactly to the field's decimal number (0 if missing) and returns the sum as text. O(number of digits).
    /// <https://redis.io/commands/hincrbyfloat>
    pub fn hincrbyfloat(&mut self, key: &[u8], field: &[u8], by: &str, tick: &Tick) -> Result<Bytes> {
        let sum = add_floats(self.look::<Hash>(key, tick)?.and_then(|hash| hash.get(field)), by)?;
        self.change_or_create(key, tick, growth(field, &sum), |hash: &mut Hash| {
            hash.set(field, &sum);
            Ok(())
        })?;
        Ok(sum)
    }

    /// A random field. O(1). <https://redis.io/commands/hrandfield>
    pub fn hrandfield(&mut self, key: &[u8], tick: &Tick) -> Result<Option<Bytes>> {
        Ok(self.hrand_fields(key, 1, false, tick)?.pop().flatten())
    }

    /// Random fields. A positive `count` draws that many distinct fields; a negative one draws that many with repeats.
    /// With values, each field is followed by its value. O(count). <https://redis.io/commands/hrandfield>
    pub fn hrand_fields(
        &mut self,
        key: &[u8],
        count: i64,
        with_values: bool,
        tick: &Tick,
    ) -> Result<Vec<Option<Bytes>>> {
        let length = self.hlen(key, tick)?;
        let drawn = drawn_indexes(&mut self.random, length, if length == 0 { 0 } else { count })?;
        let Some(hash) = self.look::<Hash>(key, tick)? else { return Ok(Vec::new()) };
        let mut values = Gather::new();
        for field in drawn.into_iter().filter_map(|index| hash.fields.at(index)) {
            values.push(Some(&field.name));
            if with_values {
                values.push(Some(&field.value));
            }
        }
        values.finish()
    }

    /// A page of fields, each followed by its value, and the next cursor. O(count).
    /// <https://redis.io/commands/hscan>
    pub fn hscan(
        &mut self,
        key: &[u8],
        cursor: &str,
        pattern: Option<&[u8]>,
        count: Option<u64>,
        tick: &Tick,
    ) -> Result<(String, Vec<Bytes>)> {
        let cursor = Cursor::parse(cursor)?;
        let hash = self.read::<Hash>(key, tick)?;
        let (window, next) = cursor.window(count, hash.map_or(0, |hash| hash.fields.len()))?;
        let mut page = Gather::new();
        for field in window.rev().filter_map(|index| hash?.fields.at(index)) {
            if pattern.is_none_or(|pattern| glob::matches(pattern, &field.name)) {
                page.push(Some(&field.name));
                page.push(Some(&field.value));
            }
        }
        page.finish_page(next)
    }
}
