// The core of the npm package: the handle on a store in memory. It must not know what an operation does.

use std::cell::Cell;
use std::time::Duration;

use wasm_bindgen::prelude::*;

use super::request::{self, malformed};
use super::{answer, clock, direct, reply};
use crate::command::Reply;
use crate::error::{Error, Kind, Result};
use crate::{Eviction, MemoryStore, Options, Stats, integer};

thread_local! {
    static BUSY: Cell<bool> = const { Cell::new(false) };
}

/// A handle on a store in memory. Nothing but numbers crosses here: glue for texts and objects would be a twentieth of the
/// memory store.
#[wasm_bindgen]
pub struct Core {
    pub(super) store: MemoryStore,
    pub(super) places: direct::Places,
}

#[wasm_bindgen]
impl Core {
    /// Opens the store that the words in the scratch buffer describe, with the clock of this number; without one, the reply
    /// buffer tells why.
    pub fn open(clock: u32) -> Option<Core> {
        clock::install();
        let clock = clock::of(clock);
        opened(|| {
            let (url, options) = request::read(|request| described(&request.words()?))?;
            MemoryStore::connect(&url, Options { clock, ..options })
        })
    }

    /// Another handle on the same store, with the prefix in the scratch buffer behind this one's.
    #[wasm_bindgen(js_name = withPrefix)]
    pub fn with_prefix(&self) -> Option<Core> {
        opened(|| {
            let prefix = request::read(|request| text(request.words()?.first().ok_or_else(malformed)?))?;
            self.store.with_prefix(&prefix)
        })
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

    /// How the store is doing, in numbers.
    pub fn stats(&self) -> usize {
        self.answer_numbers(|store| {
            let Stats { keys, expiring_keys, hits, misses, bytes, evicted, .. } = store.stats()?;
            let known = [hits, misses, bytes, evicted].map(Option::unwrap_or_default);
            Ok([&[keys, expiring_keys], &known[..]].concat())
        })
    }

    /// What the store promises, in numbers.
    pub fn capabilities(&self) -> usize {
        self.answer_numbers(|store| {
            let promised = store.capabilities();
            let flags = [promised.atomic, promised.ordered, promised.exact_counts].map(u64::from);
            let most = [promised.ttl_minimum_ms, promised.max_key_bytes, promised.max_value_bytes];
            Ok([flags, most].concat())
        })
    }

    /// Gives the handle up.
    pub fn close(&self) -> usize {
        self.answer_numbers(|store| store.close().map(|()| Vec::new()))
    }

    fn answer_numbers(&self, run: impl FnOnce(&MemoryStore) -> Result<Vec<u64>>) -> usize {
        let numbers = exclusively(|| run(&self.store));
        let reply =
            numbers.map(|numbers| Reply::Ints(numbers.into_iter().map(|number| number as i64).collect()));
        answer(|out| reply::write(&reply, out))
    }

    fn answer_all(&self, run: impl FnOnce() -> Result<Vec<Result<Reply>>>) -> usize {
        match exclusively(run) {
            Ok(results) => answer(|out| reply::write_all(&results, out)),
            Err(error) => answer(|out| reply::write(&Err(error), out)),
        }
    }
}

/// A handle on what is opened; without one, the reply buffer tells why.
fn opened(open: impl FnOnce() -> Result<MemoryStore>) -> Option<Core> {
    let handle = exclusively(open).and_then(|store| Ok(Core { places: direct::Places::new(&store)?, store }));
    handle.map_err(|error| answer(|_| Err(error))).ok()
}

/// What pkg/src/core.ts says of a store to open; an empty word says nothing.
fn described(words: &[&[u8]]) -> Result<(String, Options)> {
    let [url, seed, prefix, default_ttl, max_bytes, max_keys, eviction, max_key_bytes] = words else {
        return Err(malformed());
    };
    let options = Options {
        prefix: text(prefix)?,
        default_ttl: number(default_ttl).map(Duration::from_millis),
        max_bytes: number(max_bytes),
        max_keys: number(max_keys),
        eviction: Eviction::from_name(&text(eviction)?),
        max_key_bytes: number(max_key_bytes).map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
        seed: seed.first_chunk().map(|seed| u64::from_le_bytes(*seed)),
        ..Options::default()
    };
    Ok((text(url)?, options))
}

fn text(word: &[u8]) -> Result<String> {
    str::from_utf8(word).map(str::to_owned).map_err(|_| malformed())
}

/// A number; too large a one is the largest.
fn number(word: &[u8]) -> Option<u64> {
    (!word.is_empty()).then(|| integer::parse_digits(word).unwrap_or(u64::MAX))
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
