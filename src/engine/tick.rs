// The time of one command. It does not know which clock it reads.

use crate::error::{Error, Result};
use crate::host::clock::NO_TIME;
use std::cell::Cell;

/// The time of one command or transaction, in milliseconds since 1970. The clock is read on the first request only, so
/// that the time stays the same throughout. Most commands touch no deadline and never ask.
pub struct Tick<'a> {
    clock: Option<&'a dyn Fn() -> u64>,
    read: Cell<Option<u64>>,
}

impl<'a> Tick<'a> {
    /// A tick that reads this clock.
    pub fn new(clock: &'a dyn Fn() -> u64) -> Tick<'a> {
        Tick { clock: Some(clock), read: Cell::new(None) }
    }

    /// A tick with this fixed time.
    pub fn at(ms: u64) -> Tick<'static> {
        Tick { clock: None, read: Cell::new(Some(ms)) }
    }

    /// The time. Fails if there is no time, for example in a Worker's global scope: deadlines counted from it would be
    /// in the distant past.
    pub fn now(&self) -> Result<u64> {
        let now = self.read.get().unwrap_or_else(|| {
            let now = self.clock.map_or(NO_TIME, |clock| clock());
            self.read.set(Some(now));
            now
        });
        match now {
            NO_TIME => Err(Error::invalid_argument(
                "(clock) gives no time here: call inside a request handler, or give a clock that runs",
            )),
            now => Ok(now),
        }
    }
}
