// The clock that JavaScript provides. It is not trusted: it may return anything.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use js_sys::{Date, Function, Object, Reflect};
use wasm_bindgen::JsValue;

use omnikv::host::clock::NO_TIME;
use omnikv::host::{Clock, clock};

thread_local! {
    /// The clocks in use: the same function is the same clock, so that handles on one store can agree on it.
    static IN_USE: RefCell<Vec<Weak<Lent>>> = const { RefCell::new(Vec::new()) };
}

/// A user's function, released with its last store.
struct Lent(Function);

impl Clock for Lent {
    /// A function that throws, or does not return a number of at least 0, gives no time.
    fn now_ms(&self) -> u64 {
        let now = self.0.call0(&JsValue::UNDEFINED).ok();
        milliseconds(now.and_then(|now| now.as_f64()).unwrap_or(f64::NAN))
    }
}

/// Makes `Date.now` the default clock of stores.
pub fn install() {
    clock::install(|| match Date::now() {
        0.0 if is_worker() => NO_TIME,
        now => milliseconds(now),
    });
}

/// Whether this is a Worker, which has no time outside of requests. Elsewhere, 0 is 1970: tests begin there.
fn is_worker() -> bool {
    let get = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).unwrap_or_default();
    let agent = get(&get(&js_sys::global(), "navigator"), "userAgent");
    agent.as_string().is_some_and(|agent| agent == "Cloudflare-Workers")
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

fn milliseconds(now: f64) -> u64 {
    if now >= 0.0 { now as u64 } else { NO_TIME }
}
