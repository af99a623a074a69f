// The core of the npm package: the handle on a store in memory. It must not know what an operation does.

use std::cell::Cell;

use js_sys::Function;
use wasm_bindgen::prelude::*;

use super::objects::{capabilities_object, options, stats_object, thrown};
use super::request;
use super::{answer, clock, direct, reply};
use crate::MemoryStore;
use crate::command::Reply;
use crate::error::{Error, Kind, Result};
use crate::registry;

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// Whether the URL names a store in memory that is open.
#[wasm_bindgen(js_name = isOpen)]
pub fn is_open(url: &str) -> bool {
    registry::is_open(url)
}

/// A handle on a store in memory.
#[wasm_bindgen]
pub struct Core {
    pub(super) store: MemoryStore,
    pub(super) places: direct::Places,
}

#[wasm_bindgen]
impl Core {
    /// Opens the store behind a URL; `seed` is a number that nobody can guess.
    pub fn open(
        url: &str,
        given: JsValue,
        clock: Option<Function>,
        seed: u64,
    ) -> std::result::Result<Core, JsValue> {
        let options = options(&given, clock.map(clock::of), seed);
        opened(|| MemoryStore::connect(url, options))
    }

    /// Another handle on the same store, with another prefix behind this one's.
    #[wasm_bindgen(js_name = withPrefix)]
    pub fn with_prefix(&self, prefix: &str) -> std::result::Result<Core, JsValue> {
        opened(|| self.store.with_prefix(prefix))
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
        Ok(stats_object(&exclusively(|| self.store.stats()).map_err(thrown)?))
    }

    /// What the store promises.
    pub fn capabilities(&self) -> JsValue {
        capabilities_object(&self.store.capabilities())
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

/// A handle on what is opened.
fn opened(open: impl FnOnce() -> Result<MemoryStore>) -> std::result::Result<Core, JsValue> {
    let handle = exclusively(open).and_then(|store| Ok(Core { places: direct::Places::new(&store)?, store }));
    handle.map_err(thrown)
}

/// Runs something on a store, unless a store is being run already: only the `clock` option can bring that about, which
/// JavaScript runs in the middle of a command.
pub(super) fn exclusively<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    if BUSY.replace(true) {
        return Err(Error::new(Kind::Unsupported, "cannot be done inside the clock option of a store"));
    }
    let result = run();
    BUSY.set(false);
    result
}
