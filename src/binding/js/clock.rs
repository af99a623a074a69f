// The clock that JavaScript lends. It must not be trusted: what it gives may be anything.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use js_sys::{Date, Function, Object};
use wasm_bindgen::JsValue;

use omnikv::host::{Clock, clock};

thread_local! {
    /// The clocks in use: the same function is the same clock, so that handles on one store can agree on it.
    static IN_USE: RefCell<Vec<Weak<Lent>>> = const { RefCell::new(Vec::new()) };
}

/// A function of the user's, which is given back with its last store.
struct Lent(Function);

impl Clock for Lent {
    /// One that throws, or gives no positive number, reads 0, which the store refuses.
    fn now_ms(&self) -> u64 {
        let now = self.0.call0(&JsValue::UNDEFINED).ok();
        milliseconds(now.and_then(|now| now.as_f64()).unwrap_or(0.0))
    }
}

/// Makes `Date.now` the clock of the stores that are given none.
pub fn install() {
    clock::install(|| milliseconds(Date::now()));
}

/// The user's clock.
pub fn of(function: Function) -> Arc<dyn Clock> {
    IN_USE.with_borrow_mut(|in_use| {
        in_use.retain(|clock| clock.strong_count() > 0);
        let mut clocks = in_use.iter().filter_map(Weak::upgrade);
        if let Some(clock) = clocks.find(|clock| Object::is(&clock.0, &function)) {
            return clock as Arc<dyn Clock>;
        }
        let clock = Arc::new(Lent(function));
        in_use.push(Arc::downgrade(&clock));
        clock
    })
}

/// Saturates: NaN and what is negative become 0.
fn milliseconds(now: f64) -> u64 {
    now as u64
}
