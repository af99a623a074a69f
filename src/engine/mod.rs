// The in-memory engine: every operation's one definition, pure and synchronous. Time and randomness are handed in; no
// clock, no lock, no I/O, no await. A panic would take the whole wasm instance down, so none is allowed to compile.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod apply;
mod entry;
mod eviction;
mod expiry;
pub(crate) mod glob;
mod hashes;
mod keyspace;
mod lists;
mod number;
mod order;
pub(crate) mod random;
mod ranges;
mod recency;
mod records;
pub(crate) mod reply;
mod scan;
mod sets;
mod strings;
mod table;
mod tick;
#[cfg(feature = "cells")]
mod transfer;
mod value;
mod wheel;

#[cfg(feature = "cells")]
pub(crate) use entry::Held;
pub(crate) use number::is_decimal;
pub use tick::Tick;
#[cfg(feature = "cells")]
pub(crate) use transfer::{Content, Piece};
#[cfg(feature = "cells")]
pub(crate) use value::Field;

use crate::command::{Bytes, ValueType};
use crate::error::{Clash, Error, Reason, Result};
use entry::Entry;
use foldhash::fast::FixedState;
use order::Order;
use random::Random;
use recency::Recency;
use records::Records;
use table::Keyed;
pub(crate) use table::Table;
use value::{ENTRY_OVERHEAD, Form, wrong_type};
use wheel::Wheel;

/// The longest value, element, field or member: 128 MiB.
pub const MAX_VALUE_BYTES: usize = 128 << 20;

/// What makes room when a store is full. The keys that a command names, or a transaction and its checks, are never evicted
/// for it: when no other key can go, it is `out-of-memory` and nothing is evicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Eviction {
    /// Nothing: a write that needs more room fails with `out-of-memory` and changes nothing.
    #[default]
    NoEviction,
    /// The keys that have not been used for longest go first.
    AllKeysLru,
    /// Of the keys that expire, those go first that would expire soonest; the choice is a good guess.
    VolatileTtl,
}

/// What the engine may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The bytes that keys, values and an overhead for each may take together.
    pub max_bytes: u64,
    /// The number of keys, those that have expired but are not yet swept included.
    pub max_keys: u64,
    /// What happens to a write that needs more.
    pub eviction: Eviction,
}

impl Default for Limits {
    /// No limits of number, and as many bytes as the address space bears: 1 GiB on wasm32.
    fn default() -> Limits {
        let max_bytes = if cfg!(target_pointer_width = "32") { 1 << 30 } else { u64::MAX };
        Limits { max_bytes, max_keys: u64::MAX, eviction: Eviction::NoEviction }
    }
}

/// All entries of one store.
pub struct Engine {
    table: Table<Entry>,
    wheel: Wheel,
    /// The keys in byte order; built by the first query that needs an order, kept from then on.
    ordered: Option<Order>,
    random: Random,
    /// The latest moment seen. Entries that were to expire by then may be gone, also when the clock is set back: whoever
    /// remembers one must ask for it again.
    latest: u64,
    /// In which order entries were used, where that decides which are evicted.
    recency: Option<Recency>,
    /// Beside the keys, which never meet them.
    records: Box<Records>,
    limits: Limits,
    /// The bytes and entries that the last operation found no room for.
    wanted: (usize, usize),
    used_bytes: usize,
    hits: u64,
    misses: u64,
    evicted: u64,
}

/// How many keys match a prefix, and how many of them expire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeyCounts {
    /// Keys that have not expired.
    pub keys: u64,
    /// Those of them that have a deadline.
    pub expiring: u64,
}

impl Engine {
    /// An empty engine. The seed decides hashes and samples: hand in something unpredictable.
    pub fn new(limits: Limits, seed: u64) -> Engine {
        Engine {
            table: Table::new(&FixedState::with_seed(seed)),
            wheel: Wheel::new(),
            ordered: None,
            random: Random::new(seed),
            latest: 0,
            recency: (limits.eviction == Eviction::AllKeysLru).then(Recency::new),
            records: Box::default(),
            limits,
            wanted: (0, 0),
            used_bytes: 0,
            hits: 0,
            misses: 0,
            evicted: 0,
        }
    }

    /// The bytes in use, counted as `max_bytes` counts them. Entries that have expired count until they are swept.
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes as u64
    }

    /// How many reads have found their key and how many have not, since the engine began.
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (self.hits, self.misses)
    }

    /// How many keys have been evicted to make room, since the engine began.
    pub fn evicted(&self) -> u64 {
        self.evicted
    }

    /// Where the latest moment seen is kept, for who remembers what expires and reads the clock instead of the engine.
    pub(crate) fn latest_place(&mut self) -> *mut u64 {
        &raw mut self.latest
    }

    /// How many entries there are, those that have expired but are not yet swept included.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// The moment of this tick. It may lie before that of an earlier one: a clock can be set back.
    fn now(&mut self, tick: &Tick) -> Result<u64> {
        let now = tick.now()?;
        self.latest = self.latest.max(now);
        Ok(now)
    }

    /// The index of the key's entry, which is no use of it. One that has expired is removed on sight.
    fn meet(&mut self, key: &[u8], tick: &Tick) -> Result<Option<usize>> {
        let Some(index) = self.table.find(key) else { return Ok(None) };
        if self.is_expired(index, tick)? {
            self.remove(index);
            return Ok(None);
        }
        Ok(Some(index))
    }

    /// The index of the key's entry, which is used thereby.
    fn find(&mut self, key: &[u8], tick: &Tick) -> Result<Option<usize>> {
        let found = self.meet(key, tick)?;
        if let (Some(index), Some(recency)) = (found, &mut self.recency) {
            recency.touch(index);
        }
        Ok(found)
    }

    /// The index of the key's entry; `wrong-type` if that holds another kind of value.
    fn find_form(&mut self, key: &[u8], kind: ValueType, tick: &Tick) -> Result<Option<usize>> {
        let index = self.find(key, tick)?;
        self.check_kind(index, kind)
    }

    /// As [`find_form`](Engine::find_form), and counts a hit or a miss.
    fn read_form(&mut self, key: &[u8], kind: ValueType, tick: &Tick) -> Result<Option<usize>> {
        let index = self.find(key, tick)?;
        let counter = if index.is_some() { &mut self.hits } else { &mut self.misses };
        *counter = counter.wrapping_add(1);
        self.check_kind(index, kind)
    }

    fn check_kind(&self, index: Option<usize>, kind: ValueType) -> Result<Option<usize>> {
        match index.and_then(|index| self.table.at(index)) {
            Some(entry) if entry.held().kind() != kind => Err(clash(entry, kind)),
            _ => Ok(index),
        }
    }

    fn form_at<F: Form>(&self, index: Option<usize>) -> Option<&F> {
        F::of(self.table.at(index?)?.value()?)
    }

    fn text_at(&self, index: Option<usize>) -> Option<&[u8]> {
        self.table.at(index?)?.text()
    }

    /// The key's value in the form the operation works on; `wrong-type` if it has another.
    fn look<F: Form>(&mut self, key: &[u8], tick: &Tick) -> Result<Option<&F>> {
        let index = self.find_form(key, F::KIND, tick)?;
        Ok(self.form_at(index))
    }

    /// As [`look`](Engine::look), and counts a hit or a miss.
    fn read<F: Form>(&mut self, key: &[u8], tick: &Tick) -> Result<Option<&F>> {
        let index = self.read_form(key, F::KIND, tick)?;
        Ok(self.form_at(index))
    }

    /// The key's text; `wrong-type` if it holds something else.
    fn look_text(&mut self, key: &[u8], tick: &Tick) -> Result<Option<&[u8]>> {
        let index = self.find_form(key, ValueType::String, tick)?;
        Ok(self.text_at(index))
    }

    /// As [`look_text`](Engine::look_text), and counts a hit or a miss.
    fn read_text(&mut self, key: &[u8], tick: &Tick) -> Result<Option<&[u8]>> {
        let index = self.read_form(key, ValueType::String, tick)?;
        Ok(self.text_at(index))
    }

    /// Changes the key's value in place, and removes the key if that leaves nothing; none when the key is missing.
    /// `growth` is the most the value may gain, and is checked against the limit before anything happens. A change
    /// that fails must have changed nothing.
    fn change<F: Form, R>(
        &mut self,
        key: &[u8],
        tick: &Tick,
        growth: usize,
        change: impl FnOnce(&mut F) -> Result<R>,
    ) -> Result<Option<R>> {
        let Some(index) = self.find_form(key, F::KIND, tick)? else { return Ok(None) };
        self.reserve(growth, 0)?;
        self.change_at(index, change).map(Some)
    }

    /// As [`change`](Engine::change), but a missing key begins as an empty value; if it is still empty afterwards, no
    /// key is made.
    fn change_or_create<F: Form, R>(
        &mut self,
        key: &[u8],
        tick: &Tick,
        growth: usize,
        change: impl FnOnce(&mut F) -> Result<R>,
    ) -> Result<R> {
        let (index, is_new) = self.find_or_create(key, F::KIND, growth, tick)?;
        let result = self.change_at(index, change);
        if is_new && result.is_err() {
            self.remove(index);
        }
        result
    }

    fn find_or_create(
        &mut self,
        key: &[u8],
        kind: ValueType,
        growth: usize,
        tick: &Tick,
    ) -> Result<(usize, bool)> {
        if let Some(index) = self.find_form(key, kind, tick)? {
            self.reserve(growth, 0)?;
            return Ok((index, false));
        }
        self.reserve(growth.saturating_add(entry_weight(key)), 1)?;
        Ok((self.insert(Entry::empty(key, kind, self.table.hasher())), true))
    }

    fn change_at<F: Form, R>(&mut self, index: usize, change: impl FnOnce(&mut F) -> Result<R>) -> Result<R> {
        let before = self.weight_at(index);
        let form = self.table.at_mut(index).and_then(|entry| F::of_mut(entry.value_mut()?));
        let result = change(form.ok_or_else(wrong_type)?)?;
        self.settle(index, before);
        Ok(result)
    }

    fn weight_at(&self, index: usize) -> usize {
        self.table.at(index).map_or(0, |entry| entry.held().weight())
    }

    /// Counts what a change has added to the entry or taken from it, and removes the entry if nothing is left.
    fn settle(&mut self, index: usize, before: usize) {
        self.used_bytes = self.used_bytes.saturating_sub(before).saturating_add(self.weight_at(index));
        if self.table.at(index).is_some_and(|entry| entry.held().is_empty()) {
            self.remove(index);
        }
    }

    /// Changes the key's text in place, a missing one beginning as an empty text. `growth` is the most it may gain, and is
    /// checked against the limit before anything happens. A change that fails must have changed nothing.
    fn change_text_or_create<R>(
        &mut self,
        key: &[u8],
        tick: &Tick,
        growth: usize,
        change: impl FnOnce(&mut Bytes) -> Result<R>,
    ) -> Result<R> {
        let (index, is_new) = self.find_or_create(key, ValueType::String, growth, tick)?;
        let before = self.weight_at(index);
        let changed = self.table.at_mut(index).and_then(|entry| entry.change_text(change));
        let result = changed.unwrap_or_else(|| Err(wrong_type()));
        self.settle(index, before);
        if is_new && result.is_err() {
            self.remove(index);
        }
        result
    }

    /// Puts the entry in place of whatever its key was found to hold, with this deadline.
    fn put(&mut self, found: Option<usize>, entry: Entry, deadline: Option<u64>) -> Result<()> {
        match found {
            Some(index) => {
                self.reserve(entry.held().weight().saturating_sub(self.weight_at(index)), 0)?;
            }
            None => self.reserve(entry.weight(), 1)?,
        }
        self.place(found, entry, deadline);
        Ok(())
    }

    /// The same, where there is room for it.
    fn place(&mut self, found: Option<usize>, entry: Entry, deadline: Option<u64>) {
        let index = match found {
            Some(index) => {
                let (gone, weight) = (self.weight_at(index), entry.held().weight());
                if let Some(old) = self.table.at_mut(index) {
                    old.replace(entry);
                }
                self.used_bytes = self.used_bytes.saturating_sub(gone).saturating_add(weight);
                index
            }
            None => self.insert(entry),
        };
        self.set_deadline(index, deadline);
    }

    /// Adds an entry for a key that has none.
    fn insert(&mut self, entry: Entry) -> usize {
        self.used_bytes = self.used_bytes.saturating_add(entry.weight());
        if let Some(ordered) = &mut self.ordered {
            ordered.insert(entry.key());
        }
        if let Some(recency) = &mut self.recency {
            recency.push();
        }
        self.table.insert(entry)
    }

    /// Removes the entry at the index; the last entry moves to that index.
    fn remove(&mut self, index: usize) {
        self.take(index);
    }

    /// Removes the entry at the index, and gives it.
    fn take(&mut self, index: usize) -> Option<Entry> {
        let entry = self.table.remove(index)?;
        self.wheel.remove(entry.timer);
        if let Some(recency) = &mut self.recency {
            recency.swap_remove(index);
        }
        if let Some(moved) = self.table.at(index) {
            self.wheel.follow(moved.timer, index as u32);
        }
        if let Some(ordered) = &mut self.ordered {
            ordered.remove(entry.key());
        }
        self.used_bytes = self.used_bytes.saturating_sub(entry.weight());
        Some(entry)
    }
}

/// What an entry is counted with beside its value.
fn entry_weight(key: &[u8]) -> usize {
    key.len().saturating_add(ENTRY_OVERHEAD)
}

/// Refuses a value that an operation would make too long.
pub(crate) fn check_value_length(length: usize) -> Result<()> {
    if length <= MAX_VALUE_BYTES {
        return Ok(());
    }
    Err(Error::because(Reason::ValueTooLong(length as u64)))
}

/// An entry holds another type of value than is needed.
#[cold]
fn clash(entry: &Entry, needed: ValueType) -> Error {
    // Keys come in as text.
    let key = std::str::from_utf8(entry.key()).unwrap_or_default().into();
    let (held, needed) = (entry.held().kind().name(), needed.name());
    Error::because(Reason::WrongType(Clash { key, held, needed }))
}
