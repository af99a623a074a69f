// What crosses as plain objects: options on their way in; errors, statistics and promises on their way out. It must not know
// who asks. serde-wasm-bindgen reads what only the other module is property (`read` in js-net): here it would be a quarter of
// the memory store's module (DESIGN.md).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use super::clock;
use super::reply::kept;
use omnikv::error::Error;
use omnikv::host::Clock;
use omnikv::{Capabilities, Eviction, Options, Stats};

/// The options of every store (`CoreOptions` in pkg/src/memory/core.ts, where each has been checked), with the clock
/// and the seed. A number that is too large becomes the maximum.
#[allow(clippy::needless_update, reason = "stores elsewhere have more options")]
pub fn options(given: &JsValue, clock: Option<Arc<dyn Clock>>, seed: u64) -> Options {
    clock::install();
    let text = |name| property(given, name).as_string();
    let number = |name| property(given, name).as_f64();
    Options {
        prefix: text("prefix").unwrap_or_default(),
        default_ttl: number("defaultTtlMs").map(|ms| Duration::from_millis(ms as u64)),
        max_bytes: number("maxBytes").map(|bytes| bytes as u64),
        max_keys: number("maxKeys").map(|keys| keys as u64),
        eviction: text("eviction").and_then(|name| Eviction::from_name(&name)),
        max_key_bytes: number("maxKeyBytes").map(|bytes| bytes as usize),
        clock,
        seed: Some(seed),
        ..Options::default()
    }
}

/// A property of an object; undefined if there is none.
pub fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

/// An error outside of replies, as an object (`thrown` in pkg/src/base/errors.ts converts it).
pub fn thrown(error: Error) -> JsValue {
    object([
        ("code", error.kind().code().into()),
        ("backend", error.backend().into()),
        ("message", error.message().into()),
        ("retryable", error.is_retryable().into()),
        ("maybeApplied", error.is_maybe_applied().into()),
        ("cause", kept(&error).map_or(JsValue::UNDEFINED, JsValue::from)),
    ])
}

/// A store's statistics.
pub fn stats_object(stats: &Stats) -> JsValue {
    object([
        ("keys", number(stats.keys)),
        ("expiringKeys", number(stats.expiring_keys)),
        ("hits", optional(stats.hits)),
        ("misses", optional(stats.misses)),
        ("bytes", optional(stats.bytes)),
        ("evicted", optional(stats.evicted)),
        ("server", text_object(&stats.server)),
    ])
}

/// What a store guarantees.
pub fn capabilities_object(promised: &Capabilities) -> JsValue {
    object([
        ("atomic", promised.atomic.into()),
        ("ordered", promised.ordered.into()),
        ("exactCounts", promised.exact_counts.into()),
        ("records", promised.records.into()),
        ("ttlMinimumMs", number(promised.ttl_minimum_ms)),
        ("maxKeyBytes", number(promised.max_key_bytes)),
        ("maxValueBytes", number(promised.max_value_bytes)),
        ("consistency", promised.consistency.into()),
    ])
}

/// Creates a plain object with these properties.
pub fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in properties {
        // It only fails on frozen objects and proxies.
        _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

/// Texts by name, as a plain object.
fn text_object(texts: &BTreeMap<String, String>) -> JsValue {
    let object = Object::new();
    for (name, text) in texts {
        _ = Reflect::set(&object, &name.into(), &text.into());
    }
    object.into()
}

/// A count as a number: exact up to 2^53, which no count exceeds.
fn number(count: u64) -> JsValue {
    JsValue::from_f64(count as f64)
}

fn optional(count: Option<u64>) -> JsValue {
    count.map_or(JsValue::NULL, number)
}
