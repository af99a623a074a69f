// Operations on strings. No knowledge of commands or replies.

use super::entry::Entry;
use super::expiry::deadline_of;
use super::number::add_decimals;
use super::reply::Gather;
use super::table::Keyed;
use super::{Engine, Tick, check_value_length, entry_weight};
use crate::command::{Bytes, Expiry, Key, SetCondition, ValueType};
use crate::error::{Error, Form, Reason, Result};
use crate::integer;

/// What `set` did.
pub struct SetOutcome {
    /// Whether the condition held and the value was written.
    pub written: bool,
    /// The key's old value, if requested.
    pub previous: Option<Bytes>,
}

/// What a key holds if it is a string, and when that expires.
pub(crate) type Remembered<'a> = (Option<&'a [u8]>, Option<u64>);

impl Engine {
    /// The key's bytes. O(1). <https://redis.io/commands/get>
    pub fn get(&mut self, key: &[u8], tick: &Tick) -> Result<Option<&[u8]>> {
        self.read_text(key, tick)
    }

    /// The key's bytes, with the moment when they expire: who knows both may remember them. No bytes: the key holds
    /// something else, and is not counted as read. O(1).
    pub(crate) fn get_with_deadline(&mut self, key: &[u8], tick: &Tick) -> Result<Option<Remembered<'_>>> {
        let Some(index) = self.find(key, tick)? else {
            self.misses = self.misses.wrapping_add(1);
            return Ok(None);
        };
        let deadline = self.deadline(index);
        let text = self.table.at(index).and_then(Entry::text);
        self.hits = self.hits.wrapping_add(u64::from(text.is_some()));
        Ok(Some((text, deadline)))
    }

    /// Writes bytes, replacing any value. O(1). <https://redis.io/commands/set>
    pub fn set(&mut self, key: &[u8], value: &[u8], expiry: Expiry, tick: &Tick) -> Result<()> {
        let deadline = self.deadline_for(expiry, key, tick)?;
        let found = self.find(key, tick)?;
        if let Some(index) = found
            && self.table.at_mut(index).is_some_and(|entry| entry.overwrite(value))
        {
            // The most common write: only the bytes change.
            self.set_deadline(index, deadline);
            return Ok(());
        }
        self.put(found, Entry::with_text(key, value), deadline)
    }

    /// Writes only if the condition holds, and returns the old value if requested; that must then be a string. O(1).
    /// <https://redis.io/commands/set>
    pub fn set_with(
        &mut self,
        key: &[u8],
        value: &[u8],
        expiry: Expiry,
        condition: Option<SetCondition>,
        get: bool,
        tick: &Tick,
    ) -> Result<SetOutcome> {
        // Redis refuses an impossible deadline first, written or not.
        deadline_of(expiry, tick)?;
        let previous = if get { self.get(key, tick)?.map(<[u8]>::to_vec) } else { None };
        let written = match condition {
            None => true,
            Some(SetCondition::Missing) => self.find(key, tick)?.is_none(),
            Some(SetCondition::Present) => self.find(key, tick)?.is_some(),
        };
        if written {
            self.set(key, value, expiry, tick)?;
        }
        Ok(SetOutcome { written, previous })
    }

    /// Returns and removes the key's bytes. O(1). <https://redis.io/commands/getdel>
    pub fn getdel(&mut self, key: &[u8], tick: &Tick) -> Result<Option<Bytes>> {
        let value = self.get(key, tick)?.map(<[u8]>::to_vec);
        if let Some(index) = self.table.find(key) {
            self.remove(index);
        }
        Ok(value)
    }

    /// Returns the key's bytes and sets a new deadline. O(1). <https://redis.io/commands/getex>
    pub fn getex(&mut self, key: &[u8], expiry: Expiry, tick: &Tick) -> Result<Option<Bytes>> {
        let Some(value) = self.get(key, tick)?.map(<[u8]>::to_vec) else { return Ok(None) };
        if !matches!(expiry, Expiry::Unstated | Expiry::Keep) {
            let deadline = self.deadline_for(expiry, key, tick)?;
            let passed = match deadline {
                Some(deadline) => deadline <= self.now(tick)?,
                None => false,
            };
            if let Some(index) = self.table.find(key) {
                if passed {
                    self.remove(index);
                } else {
                    self.set_deadline(index, deadline);
                }
            }
        }
        Ok(Some(value))
    }

    /// Appends bytes; returns the new length. Amortised O(length of `value`). <https://redis.io/commands/append>
    pub fn append(&mut self, key: &[u8], value: &[u8], tick: &Tick) -> Result<usize> {
        let length = self.look_text(key, tick)?.map_or(0, <[u8]>::len);
        check_value_length(length.saturating_add(value.len()))?;
        self.change_text_or_create(key, tick, value.len(), |bytes| {
            bytes.extend_from_slice(value);
            Ok(bytes.len())
        })
    }

    /// The number of bytes; 0 if the key is missing. O(1). <https://redis.io/commands/strlen>
    pub fn strlen(&mut self, key: &[u8], tick: &Tick) -> Result<usize> {
        Ok(self.read_text(key, tick)?.map_or(0, <[u8]>::len))
    }

    /// The bytes from `start` to `end`, both inclusive; negative indexes count from the end. O(length of the reply).
    /// <https://redis.io/commands/getrange>
    pub fn getrange(&mut self, key: &[u8], start: i64, end: i64, tick: &Tick) -> Result<Bytes> {
        let Some(bytes) = self.read_text(key, tick)? else { return Ok(Bytes::new()) };
        if start < 0 && end < 0 && start > end {
            return Ok(Bytes::new());
        }
        let length = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        let from_end = |index: i64| if index < 0 { index.saturating_add(length).max(0) } else { index };
        let (start, end) = (from_end(start), from_end(end).min(length.saturating_sub(1)));
        let (start, end) =
            (usize::try_from(start).unwrap_or(0), usize::try_from(end.saturating_add(1)).unwrap_or(0));
        Ok(bytes.get(start..end).unwrap_or_default().to_vec())
    }

    /// Overwrites bytes from `offset` on, filling a gap with zero bytes; returns the new length. O(length of `value`
    /// and of the gap). <https://redis.io/commands/setrange>
    pub fn setrange(&mut self, key: &[u8], offset: u64, value: &[u8], tick: &Tick) -> Result<usize> {
        let length = self.look_text(key, tick)?.map_or(0, <[u8]>::len);
        if value.is_empty() {
            return Ok(length);
        }
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = offset.saturating_add(value.len());
        check_value_length(end)?;
        self.change_text_or_create(key, tick, end.saturating_sub(length), |bytes| {
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            if let Some(part) = bytes.get_mut(offset..end) {
                part.copy_from_slice(value);
            }
            Ok(bytes.len())
        })
    }

    /// Adds to the key's integer (0 if missing) and returns the sum. `invalid-value` if the value is not an integer or
    /// the sum overflows 64 bits. O(1). <https://redis.io/commands/incrby>
    pub fn incrby(&mut self, key: &[u8], by: i64, tick: &Tick) -> Result<i64> {
        let found = self.find_form(key, ValueType::String, tick)?;
        let sum = add_integers(self.text_at(found), by)?;
        let text = sum.to_string();
        match found {
            Some(index) => {
                self.reserve(text.len().saturating_sub(self.weight_at(index)), 0)?;
                self.replace_text(index, text.as_bytes());
            }
            None => self.put(None, Entry::with_text(key, text.as_bytes()), None)?,
        }
        Ok(sum)
    }

    /// Subtracts from the key's integer, like [`incrby`](Engine::incrby). O(1). <https://redis.io/commands/decrby>
    pub fn decrby(&mut self, key: &[u8], by: i64, tick: &Tick) -> Result<i64> {
        let by = by.checked_neg().ok_or_else(|| Error::because(Reason::NotNegatable))?;
        self.incrby(key, by, tick)
    }

    /// Adds exactly to the key's decimal number (0 if missing) and returns the sum as text. O(number of digits).
    /// <https://redis.io/commands/incrbyfloat>
    pub fn incrbyfloat(&mut self, key: &[u8], by: &str, tick: &Tick) -> Result<Bytes> {
        let sum = add_floats(self.look_text(key, tick)?, by)?;
        let (index, _) = self.find_or_create(key, ValueType::String, sum.len(), tick)?;
        self.replace_text(index, &sum);
        Ok(sum)
    }

    /// Replaces a string for which room is reserved, and keeps the deadline.
    pub(super) fn replace_text(&mut self, index: usize, text: &[u8]) {
        let before = self.weight_at(index);
        let Some(entry) = self.table.at_mut(index) else { return };
        if !entry.overwrite(text) {
            entry.replace(Entry::with_text(entry.key(), text));
            self.account(index, before);
        }
    }

    /// The bytes of several keys, `None` for a missing key or another type. O(number of keys).
    /// <https://redis.io/commands/mget>
    pub fn mget(&mut self, keys: &[Key], tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let mut values = Gather::new();
        for key in keys {
            let index = self.find(key.as_bytes(), tick)?;
            let value = self.text_at(index);
            values.push(value);
            let counter = if value.is_some() { &mut self.hits } else { &mut self.misses };
            *counter = counter.wrapping_add(1);
        }
        values.finish()
    }

    /// Writes several keys, all or nothing. O(number of keys). <https://redis.io/commands/mset>
    pub fn mset(&mut self, pairs: &[(Key, Bytes)], expiry: Expiry, tick: &Tick) -> Result<()> {
        let (mut growth, mut added_keys) = (0_usize, 0_usize);
        for (key, value) in pairs {
            let gone = match self.find(key.as_bytes(), tick)?.and_then(|index| self.table.at(index)) {
                Some(entry) => entry.weight(),
                None => {
                    added_keys = added_keys.saturating_add(1);
                    0
                }
            };
            let added = value.len().saturating_add(entry_weight(key.as_bytes()));
            growth = growth.saturating_add(added.saturating_sub(gone));
        }
        self.deadline_for(expiry, b"", tick)?;
        self.reserve(growth, added_keys)?;
        for (key, value) in pairs {
            let deadline = self.deadline_for(expiry, key.as_bytes(), tick)?;
            let found = self.find(key.as_bytes(), tick)?;
            self.place(found, Entry::with_text(key.as_bytes(), value), deadline);
        }
        Ok(())
    }

    /// Writes several keys if none of them exists. O(number of keys). <https://redis.io/commands/msetnx>
    pub fn msetnx(&mut self, pairs: &[(Key, Bytes)], expiry: Expiry, tick: &Tick) -> Result<bool> {
        for (key, _) in pairs {
            if self.find(key.as_bytes(), tick)?.is_some() {
                return Ok(false);
            }
        }
        self.mset(pairs, expiry, tick)?;
        Ok(true)
    }

    /// Whether the key holds exactly these bytes; with `None`, whether it is missing. O(length of the value).
    pub fn holds(&mut self, key: &[u8], expected: Option<&[u8]>, tick: &Tick) -> Result<bool> {
        let index = self.find(key, tick)?;
        Ok(match expected {
            None => index.is_none(),
            Some(_) => self.text_at(index) == expected,
        })
    }

    /// Writes bytes if the key still holds the expected ones (`None`: if it is missing). Another type is `wrong-type`.
    /// O(length of the value).
    pub fn compare_and_set(
        &mut self,
        key: &[u8],
        expected: Option<&[u8]>,
        value: &[u8],
        expiry: Expiry,
        tick: &Tick,
    ) -> Result<bool> {
        self.find_form(key, ValueType::String, tick)?;
        let holds = self.holds(key, expected, tick)?;
        if holds {
            self.set(key, value, expiry, tick)?;
        }
        Ok(holds)
    }

    /// Removes the key if it still holds these bytes. Another type is `wrong-type`. O(length of the value).
    pub fn compare_and_delete(&mut self, key: &[u8], expected: &[u8], tick: &Tick) -> Result<bool> {
        self.find_form(key, ValueType::String, tick)?;
        let holds = self.holds(key, Some(expected), tick)?;
        if let (true, Some(index)) = (holds, self.table.find(key)) {
            self.remove(index);
        }
        Ok(holds)
    }
}

/// The sum of a counter's text (`None`: 0) and an integer.
pub(super) fn add_integers(text: Option<&[u8]>, by: i64) -> Result<i64> {
    let Some(current) = text.map_or(Some(0), integer::parse) else {
        return Err(Error::because(Reason::NotAnInteger));
    };
    current.checked_add(by).ok_or_else(|| Error::because(Reason::Overflow))
}

/// The sum of a decimal text (`None`: 0) and a decimal.
pub(super) fn add_floats(text: Option<&[u8]>, by: &str) -> Result<Bytes> {
    if !super::is_decimal(by.as_bytes()) {
        return Err(Error::because(Reason::Malformed("by", Form::Decimal)));
    }
    match add_decimals(text.unwrap_or(b"0"), by.as_bytes()) {
        Some(sum) => Ok(sum.into_bytes()),
        None => Err(Error::because(Reason::NotADecimal)),
    }
}
