// The fast paths of get, mget, set, incr and of several sets at once. Arguments and results are in fixed buffers, so a
// call allocates nothing, parses nothing and creates no command. They must behave exactly like the commands; everything
// they cannot do is left to those.

use std::cell::{Cell, RefCell};

use wasm_bindgen::prelude::*;

use crate::{Core, exclusively};
use omnikv::MemoryStore;
use omnikv::command::Expiry;
use omnikv::direct::Direct;
use omnikv::error::{Error, Result};
use omnikv_js::request::malformed;
use omnikv_js::{answer, reply};

/// Longer values are passed as words of a command.
const VALUE_ROOM: usize = 16 << 10;

/// The portable limit of keys; longer ones are passed as words of a command.
const KEY_ROOM: usize = 512;

/// The answer of a fast path instead of a length or a count.
const NOTHING: i32 = -1;
const FAILED: i32 = -2;
const OTHER_TYPE: i32 = -3;

/// Flags of a value.
const IS_ASCII: u32 = 1;
const EXPIRES: u32 = 2;

/// Five numbers: a value's length or a code instead, its address, its flags, and its deadline.
type Found = [u32; 5];

/// The size of these in bytes.
const HEAD: usize = size_of::<Found>();

/// The header of each of several writes, before the texts: the length of the key, that of the text, and the deadline as
/// a float (0 for never).
const WRITE_HEAD: usize = 4 + 4 + 8;

/// A flag in the answer of a write: the key existed before.
const WAS_THERE: i32 = 1;

/// The buffers for arguments and results. The vectors never grow, so their addresses are stable.
pub struct Places {
    /// The prefix, and room for the rest of a key.
    key: RefCell<Vec<u8>>,
    prefix: usize,
    value: RefCell<Vec<u8>>,
    result: Box<Cell<Found>>,
    sum: Box<Cell<i64>>,
    map: Box<[usize; 7]>,
}

impl Places {
    pub fn new(store: &MemoryStore) -> Result<Places> {
        let mut key = store.prefix().as_bytes().to_vec();
        let room = usize::try_from(store.capabilities().max_key_bytes).unwrap_or(KEY_ROOM).min(KEY_ROOM);
        key.resize(room.max(store.prefix().len()), 0);
        let value = vec![0; VALUE_ROOM];
        let result = Box::<Cell<Found>>::default();
        let sum = Box::<Cell<i64>>::default();
        let latest = exclusively(|| store.direct("connect", |direct| Ok(direct.latest_place())))?.addr();
        let rest = key.get(store.prefix().len()..).unwrap_or_default();
        let map = [
            rest.as_ptr().addr(),
            rest.len(),
            value.as_ptr().addr(),
            value.len(),
            result.as_ptr().addr(),
            latest,
            sum.as_ptr().addr(),
        ];
        Ok(Places {
            prefix: store.prefix().len(),
            map: Box::new(map),
            key: RefCell::new(key),
            value: RefCell::new(value),
            result,
            sum,
        })
    }

    fn with_key<T>(&self, length: usize, run: impl FnOnce(&[u8]) -> Result<T>) -> Result<T> {
        let key = self.key.borrow();
        match key.get(..self.prefix.saturating_add(length)) {
            Some(key) if length > 0 => run(key),
            _ => Err(Error::invalid_argument("(key) expects a non-empty string that fits")),
        }
    }

    /// Copies a key after the prefix.
    fn put_key(&self, key: &[u8]) -> Result<()> {
        let mut place = self.key.borrow_mut();
        let place = place.get_mut(self.prefix..).and_then(|place| place.get_mut(..key.len()));
        place.ok_or_else(malformed)?.copy_from_slice(key);
        Ok(())
    }

    /// Writes the error to the reply buffer, and sets its address.
    fn fail(&self, error: Error) -> i32 {
        let address = answer(|out| {
            reply::write_error(&error, out);
            Ok(())
        });
        self.result.set(found([0, address as u32, 0], 0));
        FAILED
    }
}

fn found([length, at, properties]: [u32; 3], number: u64) -> Found {
    [length, at, properties, number as u32, (number >> 32) as u32]
}

/// The result of `GET`. The address is valid until the engine runs again.
fn find(direct: &mut Direct<'_>, key: &[u8]) -> Result<Found> {
    let nothing = |what: i32| Ok(found([what as u32, 0, 0], 0));
    match direct.get(key)? {
        None => nothing(NOTHING),
        Some((None, _)) => nothing(OTHER_TYPE),
        Some((Some(value), deadline)) => {
            let is_ascii = if value.is_ascii() { IS_ASCII } else { 0 };
            let expires = if deadline.is_some() { EXPIRES } else { 0 };
            // Values have at most 128 MiB.
            let numbers = [value.len() as u32, value.as_ptr().addr() as u32, is_ascii | expires];
            Ok(found(numbers, deadline.unwrap_or_default()))
        }
    }
}

#[wasm_bindgen]
impl Core {
    /// The address of seven numbers: address and capacity of the key buffer, those of the value buffer, and the
    /// addresses of the result, of the latest time that the store has seen, and of the sum.
    pub fn places(&self) -> usize {
        self.places.map.as_ptr().addr()
    }

    /// `GET` of the key in its buffer. Returns 0 if the result contains what was found.
    #[wasm_bindgen(js_name = getDirect)]
    pub fn get_direct(&self, key: usize) -> i32 {
        let got = self.places.with_key(key, |key| {
            exclusively(|| {
                self.store.direct("get", |direct| {
                    self.places.result.set(find(direct, key)?);
                    Ok(0)
                })
            })
        });
        got.unwrap_or_else(|error| self.places.fail(error))
    }

    /// `MGET` of keys in the value buffer, each after its length and space for its result. Returns 0 if all results are
    /// there.
    #[wasm_bindgen(js_name = mgetDirect)]
    pub fn mget_direct(&self, count: usize) -> i32 {
        let got = exclusively(|| {
            self.store.direct("mget", |direct| {
                direct.sweep()?;
                let mut keys = self.places.value.borrow_mut();
                let mut rest = keys.as_mut_slice();
                for _ in 0..count {
                    let (head, behind) = rest.split_first_chunk_mut::<HEAD>().ok_or_else(malformed)?;
                    let (head, _) = head.as_chunks_mut();
                    let length = head.first().map_or(0, |length| u32::from_le_bytes(*length) as usize);
                    let (key, behind) = behind.split_at_mut_checked(length).ok_or_else(malformed)?;
                    self.places.put_key(key)?;
                    let found = self.places.with_key(length, |key| find(direct, key))?;
                    for (place, number) in head.iter_mut().zip(found) {
                        *place = number.to_le_bytes();
                    }
                    rest = behind;
                }
                Ok(0)
            })
        });
        got.unwrap_or_else(|error| self.places.fail(error))
    }

    /// `SET` of the key and the value in their buffers, with a TTL in milliseconds: 0 for never, negative for the
    /// default. Returns whether the key existed before; if it expires, the result contains the deadline.
    #[wasm_bindgen(js_name = setDirect)]
    pub fn set_direct(&self, key: usize, value: usize, ttl: f64) -> i32 {
        let set = self.places.with_key(key, |key| {
            let bytes = self.places.value.borrow();
            let bytes = bytes.get(..value).unwrap_or_default();
            exclusively(|| {
                self.store.direct("set", |direct| {
                    let expiry = match ttl {
                        0.0 => Expiry::Never,
                        ttl if ttl > 0.0 => Expiry::After(ttl as u64),
                        _ => direct.default_expiry(),
                    };
                    let was_there = direct.set(key, bytes, expiry)?;
                    if let Expiry::After(ttl) = expiry {
                        let deadline = direct.now()?.saturating_add(ttl);
                        self.places.result.set(found([0, 0, EXPIRES], deadline));
                    }
                    Ok(if was_there { WAS_THERE } else { 0 })
                })
            })
        });
        set.unwrap_or_else(|error| self.places.fail(error))
    }

    /// Whether writes of this many bytes to this many keys are certain to find room.
    #[wasm_bindgen(js_name = bears)]
    pub fn bears(&self, bytes: usize, keys: usize) -> bool {
        exclusively(|| self.store.direct("set", |direct| Ok(direct.bears(bytes, keys)))).unwrap_or(false)
    }

    /// `SET` of several keys, each like a command of its own. The value buffer contains their headers, then their keys
    /// and texts.
    #[wasm_bindgen(js_name = setAllDirect)]
    pub fn set_all_direct(&self, count: usize) -> i32 {
        let done = exclusively(|| {
            self.store.direct("set", |direct| {
                let place = self.places.value.borrow();
                let heads = count.saturating_mul(WRITE_HEAD);
                let (heads, mut rest) = place.split_at_checked(heads).ok_or_else(malformed)?;
                for head in heads.as_chunks::<WRITE_HEAD>().0 {
                    let [a, b, c, d, e, f, g, h, deadline @ ..] = *head;
                    let (key, behind) = taken(rest, [a, b, c, d])?;
                    let (text, behind) = taken(behind, [e, f, g, h])?;
                    let expiry = match f64::from_le_bytes(deadline) {
                        0.0 => Expiry::Never,
                        deadline => Expiry::At(deadline as u64),
                    };
                    self.places.put_key(key)?;
                    self.places.with_key(key.len(), |key| direct.set(key, text, expiry))?;
                    rest = behind;
                }
                Ok(0)
            })
        });
        done.unwrap_or_else(|error| self.places.fail(error))
    }

    /// `INCRBY` of the key in its buffer. The sum is in its buffer, and the result contains the deadline, if any.
    /// Returns whether the key existed before.
    #[wasm_bindgen(js_name = incrDirect)]
    pub fn incr_direct(&self, key: usize, by: i32) -> i32 {
        let done = self.places.with_key(key, |key| {
            exclusively(|| {
                self.store.direct("incr", |direct| {
                    let done = direct.incr(key, by.into())?;
                    self.places.sum.set(done.sum);
                    let expires = if done.deadline.is_some() { EXPIRES } else { 0 };
                    self.places.result.set(found([0, 0, expires], done.deadline.unwrap_or_default()));
                    Ok(was_there(done.was_there))
                })
            })
        });
        done.unwrap_or_else(|error| self.places.fail(error))
    }
}

fn was_there(was_there: bool) -> i32 {
    if was_there { WAS_THERE } else { 0 }
}

/// Splits off as many bytes as the number says.
fn taken(bytes: &[u8], length: [u8; 4]) -> Result<(&[u8], &[u8])> {
    bytes.split_at_checked(u32::from_le_bytes(length) as usize).ok_or_else(malformed)
}
