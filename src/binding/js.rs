// The core of the npm package: a store's handle for JavaScript. Commands come in as words in a scratch buffer, replies
// go out as bytes in another (pkg/src/wire.ts is the other side). It must not know what an operation does, and nothing
// that JavaScript hands in may make it trap: a trap would leave every store of the page unusable.

mod clock;
mod reply;
mod request;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::command::{Command, Reply};
use crate::error::{Error, Kind, Result};
use crate::{MemoryStore, Options};

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
}

/// What JavaScript says when it opens a store.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Told {
    prefix: String,
    default_ttl_ms: Option<u64>,
    max_bytes: Option<u64>,
    max_key_bytes: Option<usize>,
}

/// An error as JavaScript is told of it outside of replies.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Thrown<'a> {
    code: &'static str,
    backend: &'static str,
    message: &'a str,
    retryable: bool,
    maybe_applied: bool,
}

fn thrown(error: Error) -> JsValue {
    let thrown = Thrown {
        code: error.kind().code(),
        backend: error.backend(),
        message: error.message(),
        retryable: error.is_retryable(),
        maybe_applied: error.is_maybe_applied(),
    };
    to_js(&thrown)
}

fn to_js(value: &impl Serialize) -> JsValue {
    let plain = serde_wasm_bindgen::Serializer::json_compatible();
    value.serialize(&plain).unwrap_or(JsValue::NULL)
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
        let told: Told = serde_wasm_bindgen::from_value(options)
            .map_err(|_| thrown(Error::invalid_argument("(options) expects options that connect knows")))?;
        let options = Options {
            prefix: told.prefix,
            default_ttl: told.default_ttl_ms.map(Duration::from_millis),
            max_bytes: told.max_bytes,
            max_key_bytes: told.max_key_bytes,
            clock: clock.map(clock::of),
            seed: Some(seed),
        };
        exclusively(|| MemoryStore::connect(url, options)).map(|store| Core { store }).map_err(thrown)
    }

    /// Runs the command in the scratch buffer and gives the address of its reply.
    pub fn call(&self) -> usize {
        let result = exclusively(|| self.store.execute(request::read(|request| request.command())??));
        answer(|out| reply::write(&result, out))
    }

    /// Runs the commands in the scratch buffer, each with a result of its own.
    pub fn pipeline(&self) -> usize {
        self.answer_all(|| {
            let commands = request::read(|request| request.commands())?;
            let well_formed = commands.iter().filter_map(|command| command.as_ref().ok().cloned()).collect();
            let mut results = self.store.execute_all(well_formed)?.into_iter();
            let missing = || Err(Error::new(Kind::Internal, "got fewer replies than it sent commands"));
            let place =
                |command: Result<Command>| command.and_then(|_| results.next().unwrap_or_else(missing));
            Ok(commands.into_iter().map(place).collect())
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
        exclusively(|| self.store.stats()).map(|stats| to_js(&stats)).map_err(thrown)
    }

    /// What the store promises.
    pub fn capabilities(&self) -> JsValue {
        to_js(&self.store.capabilities())
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
