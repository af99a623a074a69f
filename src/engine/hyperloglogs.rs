// Operations on HyperLogLogs: strings that estimate how many different members were added. How they are stored is
// sketch.rs's subject. No knowledge of commands or replies.

use super::entry::Entry;
use super::sketch::{self, Registers};
use super::{Engine, Tick};
use crate::command::{Bytes, Key, ValueType};
use crate::error::Result;

impl Engine {
    /// Adds members; returns whether the estimate may have changed, or the key is new. O(1) a member.
    /// <https://redis.io/commands/pfadd>
    pub fn pfadd(&mut self, key: &[u8], members: &[Bytes], tick: &Tick) -> Result<bool> {
        let found = self.find_form(key, ValueType::String, tick)?;
        let old = self.text_at(found);
        if let Some(old) = old {
            sketch::check(old)?;
            if sketch::is_dense(old) {
                // Only bits change.
                return self.change_text_or_create(key, tick, 0, |bytes| sketch::add(bytes, members));
            }
        }
        let mut bytes = old.map_or_else(sketch::empty, <[u8]>::to_vec);
        let is_changed = sketch::add(&mut bytes, members)?;
        if is_changed || found.is_none() {
            sketch::forget_count(&mut bytes);
            self.put_text(found, key, &bytes)?;
        }
        Ok(is_changed || found.is_none())
    }

    /// The estimated number of different members in all of these together. That of a single key is kept with it until it
    /// changes. O(1) a key, with a large constant. <https://redis.io/commands/pfcount>
    pub fn pfcount(&mut self, keys: &[Key], tick: &Tick) -> Result<u64> {
        if let [key] = keys {
            let index = self.read_form(key.as_bytes(), ValueType::String, tick)?;
            let Some(text) = self.text_at(index) else { return Ok(0) };
            sketch::check(text)?;
            if let Some(count) = sketch::kept_count(text) {
                return Ok(count);
            }
            let mut registers = Registers::new();
            registers.merge(text)?;
            let count = registers.count();
            let mut text = text.to_vec();
            sketch::keep_count(&mut text, count);
            if let Some(entry) = index.and_then(|index| self.table.at_mut(index)) {
                entry.overwrite(&text);
            }
            return Ok(count);
        }
        let mut registers = Registers::new();
        for key in keys {
            if let Some(text) = self.read_text(key.as_bytes(), tick)? {
                sketch::check(text)?;
                registers.merge(text)?;
            }
        }
        Ok(registers.count())
    }

    /// Adds to one what others contain. Keeps its deadline. O(1) a key, with a large constant.
    /// <https://redis.io/commands/pfmerge>
    pub fn pfmerge(&mut self, to: &[u8], keys: &[Key], tick: &Tick) -> Result<()> {
        let mut registers = Registers::new();
        let mut is_dense = false;
        for key in std::iter::once(to).chain(keys.iter().map(Key::as_bytes)) {
            if let Some(text) = self.look_text(key, tick)? {
                sketch::check(text)?;
                registers.merge(text)?;
                is_dense |= sketch::is_dense(text);
            }
        }
        let found = self.find(to, tick)?;
        let mut bytes = self.text_at(found).map_or_else(sketch::empty, <[u8]>::to_vec);
        registers.write(&mut bytes, is_dense)?;
        sketch::forget_count(&mut bytes);
        self.put_text(found, to, &bytes)
    }

    /// Stores a string under a key that holds none or a string, and keeps the deadline.
    fn put_text(&mut self, found: Option<usize>, key: &[u8], text: &[u8]) -> Result<()> {
        let Some(index) = found else { return self.put(None, Entry::with_text(key, text), None) };
        self.reserve(text.len().saturating_sub(self.weight_at(index)), 0)?;
        self.replace_text(index, text);
        Ok(())
    }
}
