// What crosses as plain objects: options on their way in; errors, statistics and promises on their way out. It must not know
// who asks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use super::clock;
use crate::error::Error;
use crate::host::Clock;
use crate::{Capabilities, Eviction, Options, Remote, Stats};

/// An error as JavaScript is told of it outside of replies.
pub(super) fn thrown(error: Error) -> JsValue {
    object([
        ("code", error.kind().code().into()),
        ("backend", error.backend().into()),
        ("message", error.message().into()),
        ("retryable", error.is_retryable().into()),
        ("maybeApplied", error.is_maybe_applied().into()),
    ])
}

/// A plain object with these properties.
pub(super) fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in properties {
        // It fails on objects that are frozen or watched alone.
        _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

/// Texts by their names, as a plain object.
pub(super) fn text_object(texts: &BTreeMap<String, String>) -> JsValue {
    let object = Object::new();
    for (name, text) in texts {
        _ = Reflect::set(&object, &name.into(), &text.into());
    }
    object.into()
}

/// A count as a number: exact up to 2^53, beyond which none comes.
pub(super) fn number(count: u64) -> JsValue {
    JsValue::from_f64(count as f64)
}

pub(super) fn optional(count: Option<u64>) -> JsValue {
    count.map_or(JsValue::NULL, number)
}

/// A property of the options, which are read one by one.
pub(super) fn told(options: &JsValue, name: &str) -> JsValue {
    Reflect::get(options, &name.into()).unwrap_or_default()
}

/// A count among the options.
pub(super) fn natural(options: &JsValue, name: &str) -> Option<u64> {
    told(options, name).as_f64().map(|number| number as u64)
}

/// What every store is told when it is opened.
pub(super) fn opening(options: &JsValue, clock: Option<Arc<dyn Clock>>, seed: u64) -> Options {
    clock::install();
    let natural = |name| natural(options, name);
    Options {
        prefix: told(options, "prefix").as_string().unwrap_or_default(),
        default_ttl: natural("defaultTtlMs").map(Duration::from_millis),
        max_bytes: natural("maxBytes"),
        max_keys: natural("maxKeys"),
        eviction: told(options, "eviction").as_string().and_then(|name| Eviction::from_name(&name)),
        max_key_bytes: natural("maxKeyBytes").map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
        clock,
        seed: Some(seed),
        remote: Remote::default(),
    }
}

/// How a store is doing.
pub(super) fn stats_object(stats: &Stats, server: JsValue) -> JsValue {
    object([
        ("keys", number(stats.keys)),
        ("expiringKeys", number(stats.expiring_keys)),
        ("hits", optional(stats.hits)),
        ("misses", optional(stats.misses)),
        ("bytes", optional(stats.bytes)),
        ("evicted", optional(stats.evicted)),
        ("server", server),
    ])
}

/// What a store promises.
pub(super) fn capabilities_object(promised: &Capabilities) -> JsValue {
    object([
        ("atomic", promised.atomic.into()),
        ("ordered", promised.ordered.into()),
        ("exactCounts", promised.exact_counts.into()),
        ("ttlMinimumMs", number(promised.ttl_minimum_ms)),
        ("maxKeyBytes", number(promised.max_key_bytes)),
        ("maxValueBytes", number(promised.max_value_bytes)),
        ("consistency", promised.consistency.into()),
    ])
}
