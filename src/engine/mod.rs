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
mod eviction;
mod expiry;
pub(crate) mod glob;
mod hashes;
mod keyspace;
mod lists;
mod number;
mod random;
mod ranges;
mod recency;
mod reply;
mod scan;
mod sets;
mod strings;
mod table;
mod tick;
mod value;
mod wheel;

pub(crate) use number::is_decimal;
pub use tick::Tick;

use crate::error::{Error, Kind, Result};
use foldhash::fast::FixedState;
use random::Random;
use recency::Recency;
use std::collections::BTreeSet;
use table::Table;
use value::{ENTRY_OVERHEAD, Form, Value, wrong_type};
use wheel::Wheel;

/// The longest value, element, field or member: 128 MiB.
pub const MAX_VALUE_BYTES: usize = 128 << 20;

/// What makes room when a store is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    table: Table,
    wheel: Wheel,
    /// The keys in byte order; built by the first query that needs an order, kept from then on.
    ordered: Option<BTreeSet<Box<[u8]>>>,
    random: Random,
    /// The latest moment seen: time never runs backwards here, whatever the clock does.
    latest: u64,
    /// In which order entries were used, where that decides which are evicted.
    recency: Option<Recency>,
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
            table: Table::new(FixedState::with_seed(seed)),
            wheel: Wheel::new(),
            ordered: None,
            random: Random::new(seed),
            latest: 0,
            recency: (limits.eviction == Eviction::AllKeysLru).then(Recency::new),
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

    /// Where the latest moment seen is kept, for who remembers what expires.
    #[cfg(all(feature = "js", target_arch = "wasm32"))]
    pub(crate) fn latest_place(&self) -> *const u64 {
        &raw const self.latest
    }

    /// The moment of this tick, never before that of an earlier one.
    fn now(&mut self, tick: &Tick) -> Result<u64> {
        self.latest = self.latest.max(tick.now()?);
        Ok(self.latest)
    }

    /// The index of the key's entry. One that has expired is removed on sight.
    fn find(&mut self, key: &[u8], tick: &Tick) -> Result<Option<usize>> {
        let Some(index) = self.table.find(key) else { return Ok(None) };
        if self.is_expired(index, tick)? {
            self.remove(index);
            return Ok(None);
        }
        if let Some(recency) = &mut self.recency {
            recency.touch(index);
        }
        Ok(Some(index))
    }

    /// The key's value in the form the operation works on; `wrong-type` if it has another.
    fn look<F: Form>(&mut self, key: &[u8], tick: &Tick) -> Result<Option<&F>> {
        let found = self.find(key, tick)?.and_then(|index| self.table.at(index));
        found.map(|entry| F::of(&entry.value).ok_or_else(wrong_type)).transpose()
    }

    /// As [`look`](Engine::look), and counts a hit or a miss.
    fn read<F: Form>(&mut self, key: &[u8], tick: &Tick) -> Result<Option<&F>> {
        let found = self.find(key, tick)?.and_then(|index| self.table.at(index));
        let counter = if found.is_some() { &mut self.hits } else { &mut self.misses };
        *counter = counter.wrapping_add(1);
        found.map(|entry| F::of(&entry.value).ok_or_else(wrong_type)).transpose()
    }

    /// Whether the key exists; `wrong-type` if it does and holds another form.
    fn expect_form<F: Form>(&mut self, key: &[u8], tick: &Tick) -> Result<bool> {
        Ok(self.look::<F>(key, tick)?.is_some())
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
        if !self.expect_form::<F>(key, tick)? {
            return Ok(None);
        }
        self.reserve(growth, 0)?;
        let Some(index) = self.table.find(key) else { return Ok(None) };
        let Some(entry) = self.table.at_mut(index) else { return Ok(None) };
        let Some(form) = F::of_mut(&mut entry.value) else { return Err(wrong_type()) };
        let before = form.weight();
        let result = change(form)?;
        let after = form.weight();
        let is_empty = entry.value.is_empty();
        self.used_bytes = self.used_bytes.saturating_sub(before).saturating_add(after);
        if is_empty {
            self.remove(index);
        }
        Ok(Some(result))
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
        if self.expect_form::<F>(key, tick)? {
            return self.change(key, tick, growth, change)?.ok_or_else(wrong_type);
        }
        self.reserve(growth.saturating_add(entry_weight(key)), 1)?;
        let mut form = F::new(self.table.hasher());
        let result = change(&mut form)?;
        let value = form.into_value();
        if !value.is_empty() {
            self.insert(key, value);
        }
        Ok(result)
    }

    /// Puts the value in place of whatever the key held, with this deadline.
    fn put(&mut self, key: &[u8], value: Value, deadline: Option<u64>, tick: &Tick) -> Result<()> {
        let found = self.find(key, tick)?;
        let gone = match found.and_then(|index| self.table.at(index)) {
            Some(entry) => entry.value.weight(),
            None => 0,
        };
        let added = value.weight().saturating_add(if found.is_none() { entry_weight(key) } else { 0 });
        self.reserve(added.saturating_sub(gone), usize::from(found.is_none()))?;
        let index = match found {
            Some(index) => {
                if let Some(entry) = self.table.at_mut(index) {
                    entry.value = value;
                }
                self.used_bytes = self.used_bytes.saturating_sub(gone).saturating_add(added);
                index
            }
            None => self.insert(key, value),
        };
        self.set_deadline(index, deadline);
        Ok(())
    }

    /// Adds an entry for a key that has none.
    fn insert(&mut self, key: &[u8], value: Value) -> usize {
        self.used_bytes = self.used_bytes.saturating_add(entry_weight(key)).saturating_add(value.weight());
        if let Some(ordered) = &mut self.ordered {
            ordered.insert(key.into());
        }
        if let Some(recency) = &mut self.recency {
            recency.push();
        }
        self.table.insert(key, value)
    }

    /// Takes the entry at the index out; the last entry moves to that index.
    fn remove(&mut self, index: usize) -> Option<Value> {
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
        let weight = entry_weight(entry.key()).saturating_add(entry.value.weight());
        self.used_bytes = self.used_bytes.saturating_sub(weight);
        Some(entry.value)
    }
}

/// What an entry is counted with beside its value.
fn entry_weight(key: &[u8]) -> usize {
    key.len().saturating_add(ENTRY_OVERHEAD)
}

/// Refuses a value that an operation would make too long.
fn check_value_length(length: usize) -> Result<()> {
    if length <= MAX_VALUE_BYTES {
        return Ok(());
    }
    Err(Error::new(Kind::TooLarge, format!("would make a value of {length} bytes; the limit is 128 MiB")))
}
