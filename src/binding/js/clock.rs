// The clocks that JavaScript lends a store in memory, by number (pkg/src/clocks.ts keeps them). They must not be trusted: what
// one gives may be anything.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use wasm_bindgen::prelude::*;

use crate::host::Clock;

#[wasm_bindgen]
extern "C" {
    /// Milliseconds since 1970 by the clock of this number; 0 stands for `Date.now`.
    fn now(clock: u32) -> f64;

    /// The clock of this number is used no more.
    fn release(clock: u32);
}

thread_local! {
    /// The clocks in use: the same number is the same clock, so that handles on one store can agree on it.
    static LENT: RefCell<Vec<Weak<Lent>>> = const { RefCell::new(Vec::new()) };
}

struct Lent(u32);

impl Clock for Lent {
    fn now_ms(&self) -> u64 {
        // Saturates: NaN and what is negative become 0, which the store refuses.
        now(self.0) as u64
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        release(self.0);
    }
}

/// Makes `Date.now` the clock of the stores that are given none.
pub(super) fn install() {
    crate::host::clock::install(|| now(0) as u64);
}

/// The user's clock of this number; none for 0.
pub(super) fn of(number: u32) -> Option<Arc<dyn Clock>> {
    if number == 0 {
        return None;
    }
    LENT.with_borrow_mut(|lent| {
        lent.retain(|clock| clock.strong_count() > 0);
        if let Some(known) = lent.iter().filter_map(Weak::upgrade).find(|known| known.0 == number) {
            return Some(known as Arc<dyn Clock>);
        }
        let clock = Arc::new(Lent(number));
        lent.push(Arc::downgrade(&clock));
        Some(clock)
    })
}
