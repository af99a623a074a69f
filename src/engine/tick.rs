// One command's moment. It must not know which clock it reads.

use crate::error::{Error, Result};
use std::cell::Cell;

/// The time of one command or one transaction, in milliseconds since 1970: read from the clock when first asked for,
/// the same ever after. Most commands meet no deadline and never ask.
pub struct Tick<'a> {
    clock: Option<&'a dyn Fn() -> u64>,
    read: Cell<u64>,
}

impl<'a> Tick<'a> {
    /// A tick that asks this clock.
    pub fn new(clock: &'a dyn Fn() -> u64) -> Tick<'a> {
        Tick { clock: Some(clock), read: Cell::new(0) }
    }

    /// A tick at this moment.
    pub fn at(ms: u64) -> Tick<'static> {
        Tick { clock: None, read: Cell::new(ms) }
    }

    /// The moment. A clock that reads 0 is one that does not run yet, as at a Worker's global scope: deadlines
    /// counted from it would all be long past.
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
