// The clock that JavaScript lends. It must not be trusted: what it gives may be anything.

use std::sync::Arc;

use wasm_bindgen::JsValue;

use crate::host::Clock;

/// The user's clock, or `Date.now`. One that throws, or gives no positive number, reads 0, which the store refuses.
pub(super) fn of(function: Option<js_sys::Function>) -> Arc<dyn Clock> {
    match function {
        Some(function) => Arc::new(move || {
            let read = function.call0(&JsValue::UNDEFINED).ok();
            milliseconds(read.and_then(|now| now.as_f64()).unwrap_or(0.0))
        }),
        None => Arc::new(|| milliseconds(js_sys::Date::now())),
    }
}

/// Saturates: NaN and what is negative become 0.
fn milliseconds(now: f64) -> u64 {
    now as u64
}
