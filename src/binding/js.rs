// The npm package's side of the wasm: what both of its modules share. Commands come in as words in a scratch buffer, replies
// go out as bytes in another (pkg/src/wire.ts is the other side). It must not know what an operation does, and nothing
// that JavaScript hands in may make it trap: a trap would leave every store of the page unusable.

mod clock;
#[cfg(not(feature = "js-net"))]
mod direct;
#[cfg(not(feature = "js-net"))]
mod memory;
#[cfg(feature = "js-net")]
mod net;
mod reply;
mod request;

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::error::{Error, Result};
use crate::host::Clock;
use crate::{Capabilities, Eviction, Options, Stats};
#[cfg(not(feature = "js-net"))]
use memory::{Core, exclusively};

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Buffers that one large call has grown beyond this are given back after it.
const KEPT: usize = 1 << 20;

/// Makes room for a request of this many bytes and gives its address; 0 when there is no memory for it.
#[wasm_bindgen]
pub fn scratch(bytes: usize) -> usize {
    SCRATCH.with_borrow_mut(|scratch| {
        if scratch.len() < bytes {
            let more = bytes - scratch.len();
            if !request::leaves_room(bytes) || scratch.try_reserve_exact(more).is_err() {
                return 0;
            }
            scratch.resize(bytes, 0);
        }
        scratch.as_mut_ptr().addr()
    })
}

/// An error as JavaScript is told of it outside of replies.
fn thrown(error: Error) -> JsValue {
    object([
        ("code", error.kind().code().into()),
        ("backend", error.backend().into()),
        ("message", error.message().into()),
        ("retryable", error.is_retryable().into()),
        ("maybeApplied", error.is_maybe_applied().into()),
    ])
}

/// A plain object with these properties.
fn object<const N: usize>(properties: [(&str, JsValue); N]) -> JsValue {
    let object = Object::new();
    for (name, value) in properties {
        // It fails on objects that are frozen or watched alone.
        _ = Reflect::set(&object, &name.into(), &value);
    }
    object.into()
}

/// Texts by their names, as a plain object.
#[cfg(feature = "js-net")]
fn text_object(texts: &std::collections::BTreeMap<String, String>) -> JsValue {
    let object = Object::new();
    for (name, text) in texts {
        _ = Reflect::set(&object, &name.into(), &text.into());
    }
    object.into()
}

/// A count as a number: exact up to 2^53, beyond which none comes.
fn number(count: u64) -> JsValue {
    JsValue::from_f64(count as f64)
}

fn optional(count: Option<u64>) -> JsValue {
    count.map_or(JsValue::NULL, number)
}

/// A property of the options, which are read one by one: a deserializer for them would be a tenth of the memory store's module.
fn told(options: &JsValue, name: &str) -> JsValue {
    Reflect::get(options, &name.into()).unwrap_or_default()
}

/// A count among the options.
fn natural(options: &JsValue, name: &str) -> Option<u64> {
    told(options, name).as_f64().map(|number| number as u64)
}

/// What every store is told when it is opened.
fn opening(options: &JsValue, clock: Option<Arc<dyn Clock>>, seed: u64) -> Options {
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
        #[cfg(feature = "net")]
        remote: crate::Remote::default(),
    }
}

/// How a store is doing.
fn stats_object(stats: &Stats, server: JsValue) -> JsValue {
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
fn capabilities_object(promised: &Capabilities) -> JsValue {
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

/// Has a reply written and gives its address.
fn answer(write: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> usize {
    ANSWER.with_borrow_mut(|out| {
        out.clear();
        out.shrink_to(KEPT);
        if let Err(error) = write(out) {
            out.clear();
            reply::write_error(&error, out);
        }
        out.as_ptr().addr()
    })
}
