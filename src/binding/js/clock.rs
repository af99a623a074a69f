// The clock that JavaScript lends. It must not be trusted: what it gives may be anything.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use js_sys::{Date, Function, Object};
use wasm_bindgen::JsValue;

use crate::host::{Clock, clock};

thread_local! {
    /// The clocks in use: the same function is the same clock, so that handles on one store can agree on it.
    static LENT: RefCell<Vec<(Function, Weak<dyn Clock>)>> = const { RefCell::new(Vec::new()) };
}

/// Makes `Date.now` the clock of the stores that are given none.
pub(super) fn install() {
    clock::install(|| milliseconds(Date::now()));
}

/// The user's clock. One that throws, or gives no positive number, reads 0, which the store refuses.
pub(super) fn of(function: Function) -> Arc<dyn Clock> {
    LENT.with_borrow_mut(|lent| {
        lent.retain(|(_, clock)| clock.strong_count() > 0);
        let known = lent.iter().find(|(known, _)| Object::is(known, &function));
        if let Some(clock) = known.and_then(|(_, clock)| clock.upgrade()) {
            return clock;
        }
        let read = function.clone();
        let clock: Arc<dyn Clock> = Arc::new(move || {
            let now = read.call0(&JsValue::UNDEFINED).ok();
            milliseconds(now.and_then(|now| now.as_f64()).unwrap_or(0.0))
        });
        lent.push((function, Arc::downgrade(&clock)));
        clock
    })
}

/// Saturates: NaN and what is negative become 0.
fn milliseconds(now: f64) -> u64 {
    now as u64
}
