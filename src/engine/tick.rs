// The time of one command. It does not know which clock it reads.

use crate::error::{Error, Result};
use std::cell::Cell;

/// The time of one command or transaction, in milliseconds since 1970. The clock is read on the first request only, so
/// that the time stays the same throughout. Most commands touch no deadline and never ask.
pub struct Tick<'a> {
    clock: Option<&'a dyn Fn() -> u64>,
    read: Cell<u64>,
}

impl<'a> Tick<'a> {
    /// A tick that reads this clock.
    pub fn new(clock: &'a dyn Fn() -> u64) -> Tick<'a> {
        Tick { clock: Some(clock), read: Cell::new(0) }
    }

    /// A tick with this fixed time.
    pub fn at(ms: u64) -> Tick<'static> {
        Tick { clock: None, read: Cell::new(ms) }
    }

    /// The time. Fails if the clock reads 0: it does not run yet, for example in a Worker's global scope, and deadlines
    /// counted from it would be in the distant past.
    pub fn now(&self) -> Result<u64> {
        if self.read.get() == 0 {
            self.read.set(self.clock.map_or(0, |clock| clock()));
        }
        match self.read.get() {
            0 => Err(Error::invalid_argument(
                "(clock) reads 0: call inside a request handler, or give a clock that runs",
            )),
            now => Ok(now),
        }
    }
}
