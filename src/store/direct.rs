// The short ways of get, set and incr: on the engine itself, with no command, reply or allocation in between. They must mean
// exactly what the commands mean.

//! No public API: what the npm package's core (`src/binding/js-core`) needs of a store in memory besides its operations.

use super::{MemoryStore, named};
use crate::command::Expiry;
use crate::engine::{Engine, Tick};
use crate::error::Result;

/// The engine, at one moment of the clock. Keys are complete and valid.
pub struct Direct<'a> {
    engine: &'a mut Engine,
    tick: &'a Tick<'a>,
    default_expiry: Expiry,
}

/// What a key holds if it is a string, and when that expires.
pub type Found<'a> = (Option<&'a [u8]>, Option<u64>);

/// What `INCRBY` has done.
pub struct Sum {
    /// What the key holds now.
    pub sum: i64,
    /// When that expires.
    pub deadline: Option<u64>,
    /// As [`Direct::set`] tells.
    pub was_there: bool,
}

/// Whether the URL names a store in memory that is open.
pub fn is_open(url: &str) -> bool {
    crate::registry::is_open(url)
}

impl MemoryStore {
    /// The prefix of every key, empty or ending in a colon.
    #[doc(hidden)]
    pub fn prefix(&self) -> &str {
        self.scope.prefix()
    }

    /// Runs something on the engine itself, in the name of an operation.
    #[doc(hidden)]
    pub fn direct<R>(&self, op: &'static str, run: impl FnOnce(&mut Direct<'_>) -> Result<R>) -> Result<R> {
        let default_expiry = self.scope.default_expiry();
        self.memory
            .with(|engine, tick| run(&mut Direct { engine, tick, default_expiry }))
            .map_err(|error| named(error.about(None, self.scope.prefix()), op, &self.memory))
    }
}

impl Direct<'_> {
    /// The expiry of a string that is written without a word on it.
    pub fn default_expiry(&self) -> Expiry {
        self.default_expiry
    }

    /// The moment.
    pub fn now(&self) -> Result<u64> {
        self.tick.now()
    }

    /// Where the latest moment seen is kept, for who remembers what expires and reads the clock instead of the engine.
    pub fn latest_place(&mut self) -> *mut u64 {
        self.engine.latest_place()
    }

    /// Removes some entries that have expired. `set` and `incr` begin with it.
    pub fn sweep(&mut self) -> Result<()> {
        self.engine.sweep(self.tick)
    }

    /// `GET`, with the moment when the value expires. No bytes: the key holds another type, and is not counted as read.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<Found<'_>>> {
        self.engine.get_with_deadline(key, self.tick)
    }

    /// `SET`; whether the key was there before. To make room may hide that it was not, which does no harm: it tells what is
    /// worth remembering.
    pub fn set(&mut self, key: &[u8], text: &[u8], expiry: Expiry) -> Result<bool> {
        self.sweep()?;
        let (before, tick) = (self.engine.len(), self.tick);
        self.engine.with_room(tick, &|other| other == key, |engine| engine.set(key, text, expiry, tick))?;
        Ok(self.engine.len() <= before)
    }

    /// `INCRBY`.
    pub fn incr(&mut self, key: &[u8], by: i64) -> Result<Sum> {
        self.sweep()?;
        let (before, tick) = (self.engine.len(), self.tick);
        let sum =
            self.engine.with_room(tick, &|other| other == key, |engine| engine.incrby(key, by, tick))?;
        let deadline = u64::try_from(self.engine.pexpiretime(key, tick)?).ok();
        Ok(Sum { sum, deadline, was_there: self.engine.len() <= before })
    }

    /// Whether writes of so many bytes to so many keys are certain to find room.
    pub fn bears(&self, bytes: usize, keys: usize) -> bool {
        self.engine.bears(bytes, keys)
    }
}
