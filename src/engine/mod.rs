// The in-memory engine: the single implementation of every operation, pure and synchronous. The caller passes time and
// randomness in; there is no clock, lock, I/O or await here. A panic would abort the whole wasm instance, so the lints
// below forbid code that can panic.
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
mod bitfield;
mod bitmaps;
mod entry;
mod eviction;
mod expiry;
mod geo;
mod geohash;
pub(crate) mod glob;
mod hashes;
mod hyperloglogs;
mod keyspace;
mod lists;
mod number;
mod order;
pub(crate) mod random;
mod ranges;
mod ranking;
mod recency;
pub(crate) mod records;
pub(crate) mod reply;
mod scan;
mod sets;
mod sketch;
mod strings;
mod table;
mod tick;
#[cfg(feature = "cells")]
mod transfer;
mod value;
mod wheel;
mod zset_algebra;
mod zset_ranges;
mod zsets;

#[cfg(feature = "cells")]
pub(crate) use entry::Held;
#[cfg(feature = "cells")]
pub(crate) use lists::span;
pub(crate) use number::is_decimal;
#[cfg(any(feature = "cells", feature = "net"))]
pub(crate) use ranges::after_prefix;
pub use tick::Tick;
#[cfg(feature = "cells")]
pub(crate) use transfer::{Absent, Content, Piece};
#[cfg(feature = "cells")]
pub(crate) use value::{Field, List, Scored};

use crate::command::{Bytes, ValueType};
use crate::error::{Clash, Error, Reason, Result};
use entry::Entry;
use foldhash::fast::FixedState;
use order::Order;
use random::Random;
use recency::Recency;
use records::Records;
pub(crate) use table::{Keyed, Table};
use value::{ENTRY_OVERHEAD, Form, wrong_type};
use wheel::Wheel;

/// The longest value, element, field or member: 128 MiB.
pub const MAX_VALUE_BYTES: usize = 128 << 20;

/// What makes room when a store is full. Keys named by the running command, or by a transaction and its checks, are
/// never evicted for it. If no other key can be evicted, the write fails with `out-of-memory` and nothing is evicted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Eviction {
    /// Nothing: a write that needs more room fails with `out-of-memory` and changes nothing.
    #[default]
    NoEviction,
    /// Evicts the least recently used keys.
    AllKeysLru,
    /// Evicts the keys that would expire soonest, approximately. Keys without a deadline stay.
    VolatileTtl,
}

/// What a store may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes that keys, values and a fixed overhead for each may take together.
    pub max_bytes: u64,
    /// The most keys, including those that have expired but are not yet swept.
    pub max_keys: u64,
    /// What happens to a write that needs more.
    pub eviction: Eviction,
}

impl Default for Limits {
    /// No limit on the number of keys, and as many bytes as the address space allows: 1 GiB on wasm32.
    fn default() -> Limits {
        let max_bytes = if cfg!(target_pointer_width = "32") { 1 << 30 } else { u64::MAX };
        Limits { max_bytes, max_keys: u64::MAX, eviction: Eviction::NoEviction }
    }
}

/// All entries of one store.
pub struct Engine {
    table: Table<Entry>,
    wheel: Wheel,
    /// The keys in byte order. The first query that needs an order builds it; it is kept up to date afterwards.
    ordered: Option<Order>,
    random: Random,
    /// The latest time seen. Entries with a deadline before it may be gone, even if the clock is set back: whoever
    /// caches an entry must then read it again.
    latest: u64,
    /// The order in which entries were used; only for the policy that evicts by it.
    recency: Option<Recency>,
    /// Separate from the keys.
    records: Box<Records>,
    limits: Limits,
    /// The bytes and entries for which the last operation found no room.
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
    /// Keys among them that have a deadline.
    pub expiring: u64,
}

impl Engine {
    /// Creates an empty engine. The seed determines hashes and random samples, so pass something unpredictable.
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

    /// The bytes in use, counted like `max_bytes`. Expired entries count until they are swept.
    pub fn used_bytes(&self) -> u64 {
        self.used_bytes as u64
    }

    /// How many reads found their key and how many did not, since the engine was created.
    pub fn hits_and_misses(&self) -> (u64, u64) {
        (self.hits, self.misses)
    }

    /// How many keys have been evicted, since the engine was created.
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

    /// The time of this tick. It may be earlier than that of a previous one, because a clock can be set back.
    fn now(&mut self, tick: &Tick) -> Result<u64> {
        let now = tick.now()?;
        self.latest = self.latest.max(now);
        Ok(now)
    }

    /// Finds the key's entry without counting as a use of it. Removes the entry if it has expired.
    fn meet(&mut self, key: &[u8], tick: &Tick) -> Result<Option<usize>> {
        let Some(index) = self.table.find(key) else { return Ok(None) };
        if self.is_expired(index, tick)? {
            self.remove(index);
            return Ok(None);
        }
        Ok(Some(index))
    }

    /// Finds the key's entry and marks it as used.
    fn find(&mut self, key: &[u8], tick: &Tick) -> Result<Option<usize>> {
        let found = self.meet(key, tick)?;
        if let (Some(index), Some(recency)) = (found, &mut self.recency) {
            recency.touch(index);
        }
        Ok(found)
    }

    /// Finds the key's entry; `wrong-type` if it holds another type.
    fn find_form(&mut self, key: &[u8], kind: ValueType, tick: &Tick) -> Result<Option<usize>> {
        let index = self.find(key, tick)?;
        self.check_kind(index, kind)
    }

    /// Like [`find_form`](Engine::find_form), and counts a hit or a miss.
    fn read_form(&mut self, key: &[u8], kind: ValueType, tick: &Tick) -> Result<Option<usize>> {
        let index = self.find(key, tick)?;
        self.count_read(index.is_some());
        self.check_kind(index, kind)
    }

    /// Counts a hit or a miss.
    fn count_read(&mut self, is_hit: bool) {
        let counter = if is_hit { &mut self.hits } else { &mut self.misses };
        *counter = counter.wrapping_add(1);
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

    /// The key's value in the form the operation needs; `wrong-type` if it has another type.
    fn look<F: Form>(&mut self, key: &[u8], tick: &Tick) -> Result<Option<&F>> {
        let index = self.find_form(key, F::KIND, tick)?;
        Ok(self.form_at(index))
    }

    /// Like [`look`](Engine::look), and counts a hit or a miss.
    fn read<F: Form>(&mut self, key: &[u8], tick: &Tick) -> Result<Option<&F>> {
        let index = self.read_form(key, F::KIND, tick)?;
        Ok(self.form_at(index))
    }

    /// The key's string; `wrong-type` if it holds another type.
    fn look_text(&mut self, key: &[u8], tick: &Tick) -> Result<Option<&[u8]>> {
        let index = self.find_form(key, ValueType::String, tick)?;
        Ok(self.text_at(index))
    }

    /// Like [`look_text`](Engine::look_text), and counts a hit or a miss.
    fn read_text(&mut self, key: &[u8], tick: &Tick) -> Result<Option<&[u8]>> {
        let index = self.read_form(key, ValueType::String, tick)?;
        Ok(self.text_at(index))
    }

    /// Changes the key's value in place, and removes the key if the value becomes empty; `None` if the key is missing.
    /// `growth` is an upper bound on the added bytes, checked against the limit first. `change` must leave the value as
    /// it was when it fails.
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

    /// Like [`change`](Engine::change), but a missing key starts as an empty value. If the value is still empty
    /// afterwards, no key is created.
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
        self.account(index, before);
        Ok(result)
    }

    fn weight_at(&self, index: usize) -> usize {
        self.table.at(index).map_or(0, |entry| entry.held().weight())
    }

    /// Updates the byte count after a change, and removes the entry if its value became empty.
    fn account(&mut self, index: usize, before: usize) {
        self.used_bytes = self.used_bytes.saturating_sub(before).saturating_add(self.weight_at(index));
        if self.table.at(index).is_some_and(|entry| entry.held().is_empty()) {
            self.remove(index);
        }
    }

    /// Changes the key's string in place; a missing key starts as an empty string. `growth` is an upper bound on the
    /// added bytes, checked against the limit first. `change` must leave the string as it was when it fails.
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
        self.account(index, before);
        if is_new && result.is_err() {
            self.remove(index);
        }
        result
    }

    /// Stores the entry with this deadline, replacing the one found under its key, if any. Checks the limits.
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

    /// Like [`put`](Engine::put), when the room is already reserved.
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

    /// Adds an entry whose key does not exist yet.
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

    /// Removes and returns the entry at the index.
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

/// The bytes that an entry counts beside its value.
fn entry_weight(key: &[u8]) -> usize {
    key.len().saturating_add(ENTRY_OVERHEAD)
}

/// Rejects a value that an operation would make too long.
pub(crate) fn check_value_length(length: usize) -> Result<()> {
    if length <= MAX_VALUE_BYTES {
        return Ok(());
    }
    Err(Error::because(Reason::ValueTooLong(length as u64)))
}

/// The error if an entry holds another type than the operation needs.
#[cold]
fn clash(entry: &Entry, needed: ValueType) -> Error {
    // Keys are always UTF-8.
    let key = std::str::from_utf8(entry.key()).unwrap_or_default().into();
    let (held, needed) = (entry.held().kind().name(), needed.name());
    Error::because(Reason::WrongType(Clash { key, held, needed }))
}
