// The short ways of get, set and incr. Their arguments and results lie in fixed places, so that a call allocates nothing,
// parses nothing and makes no command. They must mean exactly what the commands mean: what they cannot do as well they
// leave to those.

use std::cell::{Cell, RefCell};

use wasm_bindgen::prelude::*;

use super::{Core, answer, exclusively, reply};
use crate::MemoryStore;
use crate::command::Expiry;
use crate::error::{Error, Result};

/// Longer values travel as words of a command.
const VALUE_ROOM: usize = 16 << 10;

/// Keys take no more room than the portable limit; longer ones travel as words of a command.
const KEY_ROOM: usize = 512;

/// What a short way answers instead of a length or a count.
const NOTHING: i32 = -1;
const FAILED: i32 = -2;

/// What is known of a value beside its bytes.
const IS_ASCII: u32 = 1;
const EXPIRES: u32 = 2;

/// Where JavaScript writes arguments and reads results. The vectors never grow: their addresses stay.
pub(super) struct Places {
    /// The prefix, and room for the rest of a key.
    key: RefCell<Vec<u8>>,
    prefix: usize,
    value: RefCell<Vec<u8>>,
    result: Box<[Cell<u32>; 2]>,
}

impl Places {
    pub fn new(store: &MemoryStore) -> Places {
        let mut key = store.prefix().as_bytes().to_vec();
        let room = usize::try_from(store.capabilities().max_key_bytes).unwrap_or(KEY_ROOM).min(KEY_ROOM);
        key.resize(room.max(store.prefix().len()), 0);
        Places {
            prefix: store.prefix().len(),
            key: RefCell::new(key),
            value: RefCell::new(vec![0; VALUE_ROOM]),
            result: Default::default(),
        }
    }

    fn set_result(&self, low: u32, high: u32) {
        let [first, second] = &*self.result;
        first.set(low);
        second.set(high);
    }

    fn with_key<T>(&self, length: usize, run: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        let key = self.key.borrow();
        match key.get(..self.prefix.saturating_add(length)) {
            Some(key) if length > 0 => run(key),
            _ => Err(Error::invalid_argument("(key) expects a non-empty string that fits")),
        }
    }

    /// Lets the reply buffer hold the error, and tells its address.
    fn fail(&self, error: Error) -> i32 {
        let address = answer(|out| {
            reply::write_error(&error, out);
            Ok(())
        });
        self.set_result(address as u32, 0);
        FAILED
    }
}

#[wasm_bindgen]
impl Core {
    /// Where keys, values and results lie: the address and the room of a key, those of a value, the address of the result.
    pub fn places(&self) -> Vec<u32> {
        let places = &self.places;
        let (key, value) = (places.key.borrow(), places.value.borrow());
        let rest = key.get(places.prefix..).unwrap_or_default();
        [rest.as_ptr().addr(), rest.len(), value.as_ptr().addr(), value.len(), places.result.as_ptr().addr()]
            .map(|number| number as u32)
            .to_vec()
    }

    /// `GET` of the key in its place: the length of the value, whose address and properties are the result.
    #[wasm_bindgen(js_name = getDirect)]
    pub fn get_direct(&self, key: usize) -> i32 {
        let got = self.places.with_key(key, |key| {
            exclusively(|| {
                self.store.direct("get", |engine, tick, _| {
                    let Some((value, expires)) = engine.get_with_deadline(key, tick)? else {
                        return Ok(NOTHING);
                    };
                    let is_ascii = if value.is_ascii() { IS_ASCII } else { 0 };
                    let expires = if expires { EXPIRES } else { 0 };
                    self.places.set_result(value.as_ptr().addr() as u32, is_ascii | expires);
                    // Values end at 128 MiB.
                    Ok(value.len() as i32)
                })
            })
        });
        got.unwrap_or_else(|error| self.places.fail(error))
    }

    /// `SET` of the key and the value in their places, to expire after so many milliseconds: 0 for never, negative for the
    /// default. Whether it expires.
    #[wasm_bindgen(js_name = setDirect)]
    pub fn set_direct(&self, key: usize, value: usize, ttl: f64) -> i32 {
        let set = self.places.with_key(key, |key| {
            let bytes = self.places.value.borrow();
            let bytes = bytes.get(..value).unwrap_or_default();
            exclusively(|| {
                self.store.direct("set", |engine, tick, default| {
                    let expiry = match ttl {
                        0.0 => Expiry::Never,
                        ttl if ttl > 0.0 => Expiry::After(ttl as u64),
                        _ => default,
                    };
                    engine.sweep(tick)?;
                    engine.with_room(tick, |engine| engine.set(key, bytes, expiry, tick))?;
                    Ok(i32::from(!matches!(expiry, Expiry::Unstated | Expiry::Never)))
                })
            })
        });
        set.unwrap_or_else(|error| self.places.fail(error))
    }

    /// `INCRBY` of the key in its place; the sum is the result.
    #[wasm_bindgen(js_name = incrDirect)]
    pub fn incr_direct(&self, key: usize, by: i32) -> i32 {
        let sum = self.places.with_key(key, |key| {
            exclusively(|| {
                self.store.direct("incr", |engine, tick, _| {
                    engine.sweep(tick)?;
                    engine.with_room(tick, |engine| engine.incr_by(key, by.into(), tick))
                })
            })
        });
        match sum {
            Ok(sum) => {
                self.places.set_result(sum as u32, (sum >> 32) as u32);
                0
            }
            Err(error) => self.places.fail(error),
        }
    }
}
