// The core of the npm package (core.wasm): the handle on a store in memory. It must not know what an operation does.
#![cfg(target_arch = "wasm32")]

mod direct;

use std::cell::Cell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use omnikv::MemoryStore;
use omnikv::command::Reply;
use omnikv::error::{Error, Kind, Result};
use omnikv_js::objects::{capabilities_object, options, stats_object, thrown};
use omnikv_js::request;
use omnikv_js::{answer, clock, reply};

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Whether the URL names an open memory store.
#[wasm_bindgen(js_name = isOpen)]
pub fn is_open(url: &str) -> bool {
    omnikv::direct::is_open(url)
}

/// A handle on a memory store.
#[wasm_bindgen]
pub struct Core {
    store: MemoryStore,
    places: direct::Places,
}

#[wasm_bindgen]
impl Core {
    /// Opens the store at a URL; `seed` is an unpredictable number.
    pub fn open(
        url: &str,
        given: JsValue,
        clock: Option<Function>,
        seed: u64,
    ) -> std::result::Result<Core, JsValue> {
        let options = options(&given, clock.map(clock::of), seed);
        opened(|| MemoryStore::connect(url, options))
    }

    /// Creates another handle on the same store, with a prefix appended to this one's.
    #[wasm_bindgen(js_name = withPrefix)]
    pub fn with_prefix(&self, prefix: &str) -> std::result::Result<Core, JsValue> {
        opened(|| self.store.with_prefix(prefix))
    }

    /// Runs the command in the scratch buffer and returns the address of its reply.
    pub fn call(&self) -> usize {
        let result = exclusively(|| self.store.execute(request::read(|request| request.command())??));
        answer(|out| reply::write(&result, out))
    }

    /// Runs the commands in the scratch buffer, each with its own result.
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

    /// Runs the commands in the scratch buffer as a transaction, if the checks before them hold.
    pub fn multi(&self) -> usize {
        self.answer_all(|| {
            let (checks, commands) = request::read(|request| Ok((request.checks()?, request.commands()?)))?;
            self.store.transaction(checks, commands.into_iter().collect::<Result<_>>()?)
        })
    }

    /// The store's statistics.
    pub fn stats(&self) -> std::result::Result<JsValue, JsValue> {
        Ok(stats_object(&exclusively(|| self.store.stats()).map_err(thrown)?))
    }

    /// What the store guarantees.
    pub fn capabilities(&self) -> JsValue {
        capabilities_object(&self.store.capabilities())
    }

    /// Closes the handle.
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

/// Creates a handle on an opened store.
fn opened(open: impl FnOnce() -> Result<MemoryStore>) -> std::result::Result<Core, JsValue> {
    let handle = exclusively(open).and_then(|store| Ok(Core { places: direct::Places::new(&store)?, store }));
    handle.map_err(thrown)
}

/// Runs a function on a store, unless a call is running already: that is only possible through the `clock` option,
/// which runs JavaScript in the middle of a command.
fn exclusively<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    if BUSY.replace(true) {
        return Err(Error::new(Kind::Unsupported, "cannot be done inside the clock option of a store"));
    }
    let result = run();
    BUSY.set(false);
    result
}
