// Operations on keys of any type. No knowledge of commands or replies.

use super::reply::Gather;
use super::scan::Cursor;
use super::table::Keyed;
use super::{Engine, KeyCounts, Tick, entry_weight, glob};
use crate::command::{Bytes, Key, ValueType};
use crate::error::{Error, Reason, Result};

/// How many random draws are tried before a scan of all keys.
const DRAWS: usize = 64;

impl Engine {
    /// Removes keys; returns how many existed. O(1) a key. <https://redis.io/commands/del>
    pub fn del(&mut self, keys: &[Key], tick: &Tick) -> Result<usize> {
        let mut removed = 0_usize;
        for key in keys {
            if let Some(index) = self.find(key.as_bytes(), tick)? {
                self.remove(index);
                removed = removed.saturating_add(1);
            }
        }
        Ok(removed)
    }

    /// Whether the key exists, without counting as a use of it. O(1). <https://redis.io/commands/exists>
    pub fn contains(&mut self, key: &[u8], tick: &Tick) -> Result<bool> {
        Ok(self.meet(key, tick)?.is_some())
    }

    /// How many of these keys exist; a key named twice counts twice. O(1) a key. <https://redis.io/commands/exists>
    pub fn exists(&mut self, keys: &[Key], tick: &Tick) -> Result<usize> {
        self.number_of(keys, |engine, key| engine.meet(key, tick))
    }

    /// Like [`exists`](Engine::exists), but counts as a use of the keys. O(1) a key. <https://redis.io/commands/touch>
    pub fn touch(&mut self, keys: &[Key], tick: &Tick) -> Result<usize> {
        self.number_of(keys, |engine, key| engine.find(key, tick))
    }

    fn number_of(
        &mut self,
        keys: &[Key],
        mut find: impl FnMut(&mut Engine, &[u8]) -> Result<Option<usize>>,
    ) -> Result<usize> {
        let mut count = 0_usize;
        for key in keys {
            count = count.saturating_add(usize::from(find(self, key.as_bytes())?.is_some()));
        }
        Ok(count)
    }

    /// The keys that match a glob, in no particular order. O(number of keys). Once the ordered index exists, O(number
    /// of keys that begin with the pattern's literal prefix). <https://redis.io/commands/keys>
    pub fn keys(&mut self, pattern: &[u8], tick: &Tick) -> Result<Vec<Option<Bytes>>> {
        let literal = glob::literal_prefix(pattern);
        let mut keys = Gather::new();
        self.each_live(&literal, tick, &mut |key, _| {
            if glob::matches(pattern, key) {
                keys.push(Some(key));
            }
        })?;
        keys.finish()
    }

    /// A page of keys and the next cursor. O(count). <https://redis.io/commands/scan>
    pub fn scan(
        &mut self,
        cursor: &str,
        pattern: Option<&[u8]>,
        count: Option<u64>,
        kind: Option<ValueType>,
        tick: &Tick,
    ) -> Result<(String, Vec<Bytes>)> {
        let (window, next) = Cursor::parse(cursor)?.window(count, self.table.len())?;
        let now = self.now_if_needed(tick)?;
        let mut page = Gather::new();
        for index in window.rev() {
            let Some(entry) = self.table.at(index) else { continue };
            let is_wanted = kind.is_none_or(|kind| kind == entry.held().kind())
                && pattern.is_none_or(|pattern| glob::matches(pattern, entry.key()))
                && self.deadline(index).is_none_or(|deadline| deadline > now);
            if is_wanted {
                page.push(Some(entry.key()));
            }
        }
        page.finish_page(next)
    }

    /// The type of the key's value, without counting as a use of the key. O(1). <https://redis.io/commands/type>
    pub fn type_of(&mut self, key: &[u8], tick: &Tick) -> Result<Option<ValueType>> {
        Ok(self.meet(key, tick)?.and_then(|index| self.table.at(index)).map(|entry| entry.held().kind()))
    }

    /// Renames a key, keeping its deadline, and replaces any value under the new name. With `only_new`, returns false
    /// instead if the new name is taken. `not-found` if the key is missing. O(1). <https://redis.io/commands/rename>
    pub fn rename(&mut self, key: &[u8], to: &[u8], only_new: bool, tick: &Tick) -> Result<bool> {
        // Check this first: the lookup removes an expired entry, which may move the key's entry.
        let is_taken = self.contains(to, tick)?;
        let Some(index) = self.find(key, tick)? else {
            return Err(Error::because(Reason::NoSuchKey));
        };
        if only_new && is_taken {
            return Ok(false);
        }
        if key == to {
            return Ok(true);
        }
        self.reserve(to.len().saturating_sub(key.len()), 0)?;
        let deadline = self.deadline(index);
        if let Some(occupied) = self.find(to, tick)? {
            self.remove(occupied);
        }
        // Look it up again: the removal may have moved it.
        let entry = self.table.find(key).and_then(|index| self.take(index));
        if let Some(entry) = entry {
            let index = self.insert(entry.renamed(to));
            self.set_deadline(index, deadline);
        }
        Ok(true)
    }

    /// Copies a key's value and deadline to another key. Returns false if the source is missing, or if the target
    /// exists and `replace` is false. O(size of the value). <https://redis.io/commands/copy>
    pub fn copy(&mut self, key: &[u8], to: &[u8], replace: bool, tick: &Tick) -> Result<bool> {
        if key == to {
            return Err(Error::because(Reason::SameKey));
        }
        let is_taken = self.contains(to, tick)?;
        let Some(index) = self.find(key, tick)? else { return Ok(false) };
        if is_taken && !replace {
            return Ok(false);
        }
        let weight = self.weight_at(index);
        self.reserve(weight.saturating_add(entry_weight(to)), usize::from(!is_taken))?;
        let deadline = self.deadline(index);
        let Some(entry) = self.table.at(index).map(|entry| entry.copied(to)) else { return Ok(false) };
        let found = self.find(to, tick)?;
        self.place(found, entry, deadline);
        Ok(true)
    }

    /// A random key that begins with `prefix`; `None` if there is none. O(1) on average if most keys begin with it.
    /// <https://redis.io/commands/randomkey>
    pub fn randomkey(&mut self, prefix: &[u8], tick: &Tick) -> Result<Option<Bytes>> {
        for _ in 0..DRAWS {
            let index = self.random.below(self.table.len());
            if self.table.at(index).is_some_and(|entry| entry.key().starts_with(prefix)) {
                if self.is_expired(index, tick)? {
                    self.remove(index);
                } else {
                    return Ok(self.table.at(index).map(|entry| entry.key().to_vec()));
                }
            }
        }
        // Too few matches to hit one by chance: count them, then pick one.
        let counts = self.counts(prefix, tick)?;
        let mut left = self.random.below(usize::try_from(counts.keys).unwrap_or(usize::MAX));
        let mut chosen = None;
        self.each_live(prefix, tick, &mut |key, _| {
            if left == 0 && chosen.is_none() {
                chosen = Some(key.to_vec());
            }
            left = left.saturating_sub(1);
        })?;
        Ok(chosen)
    }

    /// How many keys begin with `prefix`, and how many of them expire. O(1) for an empty prefix once expired keys are
    /// swept, otherwise O(number of keys).
    pub fn counts(&mut self, prefix: &[u8], tick: &Tick) -> Result<KeyCounts> {
        let now = self.now_if_needed(tick)?;
        if prefix.is_empty() && self.wheel.none_due(now) {
            return Ok(KeyCounts { keys: self.table.len() as u64, expiring: self.wheel.len() as u64 });
        }
        let mut counts = KeyCounts::default();
        self.each_live(prefix, tick, &mut |_, deadline| {
            counts.keys = counts.keys.saturating_add(1);
            counts.expiring = counts.expiring.saturating_add(u64::from(deadline.is_some()));
        })?;
        Ok(counts)
    }

    /// Removes every key that begins with `prefix`. O(number of keys). <https://redis.io/commands/flushdb>
    pub fn flush(&mut self, prefix: &[u8]) {
        if prefix.is_empty() {
            self.table = super::Table::new(self.table.hasher());
            self.wheel = super::Wheel::new();
            self.ordered = None;
            self.recency = self.recency.as_ref().map(|_| super::Recency::new());
            self.used_bytes = 0;
            return;
        }
        // Go backwards, so that the entry moved into a gap has already been visited.
        for index in (0..self.table.len()).rev() {
            if self.table.at(index).is_some_and(|entry| entry.key().starts_with(prefix)) {
                self.remove(index);
            }
        }
    }

    /// The current time, or 0 if nothing can expire: then the clock need not be read.
    pub(super) fn now_if_needed(&mut self, tick: &Tick) -> Result<u64> {
        if self.wheel.is_empty() { Ok(0) } else { self.now(tick) }
    }

    /// Calls `visit` with every unexpired key that begins with `prefix`, and its deadline. Uses the ordered index if it
    /// exists and the prefix is not empty.
    fn each_live(
        &mut self,
        prefix: &[u8],
        tick: &Tick,
        visit: &mut dyn FnMut(&[u8], Option<u64>),
    ) -> Result<()> {
        let now = self.now_if_needed(tick)?;
        let mut visit_live = |index: usize, key: &[u8]| match self.deadline(index) {
            Some(deadline) if deadline <= now => {}
            deadline => visit(key, deadline),
        };
        if let (Some(ordered), false) = (&self.ordered, prefix.is_empty()) {
            for key in ordered.span(prefix, None) {
                if let Some(index) = self.table.find(key) {
                    visit_live(index, key);
                }
            }
            return Ok(());
        }
        for (index, entry) in self.table.iter().enumerate() {
            if entry.key().starts_with(prefix) {
                visit_live(index, entry.key());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Expiry;
    use crate::engine::Limits;

    #[test]
    fn renaming_onto_an_expired_key_keeps_the_deadline() {
        let mut engine = Engine::new(Limits::default(), 1);
        let now = Tick::at(1_000);
        engine.set(b"to", b"", Expiry::After(10), &now).unwrap();
        // More than one command can sweep.
        for n in 0..200 {
            engine.set(n.to_string().as_bytes(), b"", Expiry::After(10), &now).unwrap();
        }
        engine.set(b"key", b"", Expiry::After(5_000), &now).unwrap();
        let later = Tick::at(2_000);
        engine.sweep(&later).unwrap();
        assert!(engine.table.contains(b"to"));
        assert!(engine.rename(b"key", b"to", true, &later).unwrap());
        assert_eq!(engine.pexpiretime(b"to", &later).unwrap(), 6_000);
    }
}
