// The core of the npm package: a store's handle for JavaScript. Commands come in as words in a scratch buffer, replies
// go out as bytes in another (pkg/src/wire.ts is the other side). It must not know what an operation does, and nothing
// that JavaScript hands in may make it trap: a trap would leave every store of the page unusable.

mod clock;
mod direct;
mod reply;
mod request;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

use crate::command::Reply;
use crate::error::{Error, Kind, Result};
use crate::{Eviction, MemoryStore, Options};

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static BUSY: Cell<bool> = const { Cell::new(false) };
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

/// A handle on a store in memory.
#[wasm_bindgen]
pub struct Core {
    store: MemoryStore,
    places: direct::Places,
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

/// A count as a number: exact up to 2^53, beyond which none comes.
fn number(count: u64) -> JsValue {
    JsValue::from_f64(count as f64)
}

fn optional(count: Option<u64>) -> JsValue {
    count.map_or(JsValue::NULL, number)
}

#[wasm_bindgen]
impl Core {
    /// Opens the store behind a URL. `clock` gives milliseconds since 1970; without it, `Date.now`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        url: &str,
        options: JsValue,
        clock: Option<js_sys::Function>,
        seed: u64,
    ) -> std::result::Result<Core, JsValue> {
        clock::install();
        // Read one by one: a deserializer for them would be a tenth of the whole module.
        let told = |name: &str| Reflect::get(&options, &name.into()).unwrap_or_default();
        let natural = |name: &str| told(name).as_f64().map(|number| number as u64);
        let options = Options {
            prefix: told("prefix").as_string().unwrap_or_default(),
            default_ttl: natural("defaultTtlMs").map(Duration::from_millis),
            max_bytes: natural("maxBytes"),
            max_keys: natural("maxKeys"),
            eviction: told("eviction").as_string().and_then(|name| Eviction::from_name(&name)),
            max_key_bytes: natural("maxKeyBytes").map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
            clock: clock.map(clock::of),
            seed: Some(seed),
            #[cfg(feature = "net")]
            remote: crate::Remote::default(),
        };
        let store = exclusively(|| MemoryStore::connect(url, options)).map_err(thrown)?;
        Ok(Core { places: direct::Places::new(&store), store })
    }

    /// Another handle on the same store, with another prefix behind this one's.
    #[wasm_bindgen(js_name = withPrefix)]
    pub fn with_prefix(&self, prefix: &str) -> std::result::Result<Core, JsValue> {
        let store = exclusively(|| self.store.with_prefix(prefix)).map_err(thrown)?;
        Ok(Core { places: direct::Places::new(&store), store })
    }

    /// Runs the command in the scratch buffer and gives the address of its reply.
    pub fn call(&self) -> usize {
        let result = exclusively(|| self.store.execute(request::read(|request| request.command())??));
        answer(|out| reply::write(&result, out))
    }

    /// Runs the commands in the scratch buffer, each with a result of its own.
    pub fn pipeline(&self) -> usize {
        self.answer_all(|| {
            let mut well_formed = Vec::new();
            let mut places = Vec::new();
            for command in request::read(|request| request.commands())? {
                places.push(command.map(|command| well_formed.push(command)));
            }
            let mut results = self.store.execute_all(well_formed)?.into_iter();
            let missing = || Err(Error::new(Kind::Internal, "got fewer replies than it sent commands"));
            Ok(places
                .into_iter()
                .map(|place| place.and_then(|()| results.next().unwrap_or_else(missing)))
                .collect())
        })
    }

    /// Runs the commands in the scratch buffer as one, if the checks before them hold.
    pub fn multi(&self) -> usize {
        self.answer_all(|| {
            let (checks, commands) = request::read(|request| Ok((request.checks()?, request.commands()?)))?;
            self.store.transaction(checks, commands.into_iter().collect::<Result<_>>()?)
        })
    }

    /// How the store is doing.
    pub fn stats(&self) -> std::result::Result<JsValue, JsValue> {
        let stats = exclusively(|| self.store.stats()).map_err(thrown)?;
        Ok(object([
            ("keys", number(stats.keys)),
            ("expiringKeys", number(stats.expiring_keys)),
            ("hits", optional(stats.hits)),
            ("misses", optional(stats.misses)),
            ("bytes", optional(stats.bytes)),
            ("evicted", optional(stats.evicted)),
            // A store in memory has no server to tell of.
            ("server", object([])),
        ]))
    }

    /// What the store promises.
    pub fn capabilities(&self) -> JsValue {
        let promised = self.store.capabilities();
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

    /// Gives the handle up.
    pub fn close(&self) -> std::result::Result<(), JsValue> {
        exclusively(|| self.store.close()).map_err(thrown)
    }

    fn answer_all(&self, run: impl FnOnce() -> Result<Vec<Result<Reply>>>) -> usize {
        match exclusively(run) {
            Ok(results) => answer(|out| reply::write_all(&results, out)),
            Err(error) => answer(|out| reply::write(&Err(error), out)),
        }
    }
}

/// Runs something on a store, unless a store is being run already: only the `clock` option can bring that about, which
/// JavaScript runs in the middle of a command.
fn exclusively<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    if BUSY.replace(true) {
        return Err(Error::new(Kind::Unsupported, "cannot be done inside the clock option of a store"));
    }
    let result = run();
    BUSY.set(false);
    result
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
