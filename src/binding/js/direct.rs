// The short ways of get, mget, set, incr and of many sets at once. Their arguments and results lie in fixed places, so that a call allocates nothing,
// parses nothing and makes no command. They must mean exactly what the commands mean: what they cannot do as well they
// leave to those.

use std::cell::{Cell, RefCell};

use wasm_bindgen::prelude::*;

use super::request::malformed;
use super::{Core, answer, exclusively, reply};
use crate::MemoryStore;
use crate::command::Expiry;
use crate::engine::{Engine, Tick};
use crate::error::{Error, Result};

/// Longer values travel as words of a command.
const VALUE_ROOM: usize = 16 << 10;

/// Keys take no more room than the portable limit; longer ones travel as words of a command.
const KEY_ROOM: usize = 512;

/// What a short way answers instead of a length or a count.
const NOTHING: i32 = -1;
const FAILED: i32 = -2;
const OTHER_TYPE: i32 = -3;

/// What is known of a value beside its bytes.
const IS_ASCII: u32 = 1;
const EXPIRES: u32 = 2;

/// Five numbers: the length of a value or what stands for it, its address, what is known of it, and its deadline.
type Found = [u32; 5];

/// The bytes of these.
const HEAD: usize = size_of::<Found>();

/// What stands before the texts of many writes, for each: the length of the key, that of the text, and the moment when it
/// expires, 0 for never, as a float.
const WRITE_HEAD: usize = 4 + 4 + 8;

/// Set besides what a short way of writing answers: the key was there before.
const WAS_THERE: i32 = 1;

/// Where JavaScript writes arguments and reads results. The vectors never grow: their addresses stay.
pub(super) struct Places {
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
        let latest =
            exclusively(|| store.direct("connect", |engine, _, _| Ok(engine.latest_place())))?.addr();
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

    /// Copies a key behind the prefix.
    fn put_key(&self, key: &[u8]) -> Result<()> {
        let mut place = self.key.borrow_mut();
        let place = place.get_mut(self.prefix..).and_then(|place| place.get_mut(..key.len()));
        place.ok_or_else(malformed)?.copy_from_slice(key);
        Ok(())
    }

    /// Lets the reply buffer hold the error, and tells its address.
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

/// What `GET` finds. The address holds until the engine runs again.
fn find(engine: &mut Engine, key: &[u8], tick: &Tick) -> Result<Found> {
    let nothing = |what: i32| Ok(found([what as u32, 0, 0], 0));
    match engine.get_with_deadline(key, tick)? {
        None => nothing(NOTHING),
        Some((None, _)) => nothing(OTHER_TYPE),
        Some((Some(value), deadline)) => {
            let is_ascii = if value.is_ascii() { IS_ASCII } else { 0 };
            let expires = if deadline.is_some() { EXPIRES } else { 0 };
            // Values end at 128 MiB.
            let numbers = [value.len() as u32, value.as_ptr().addr() as u32, is_ascii | expires];
            Ok(found(numbers, deadline.unwrap_or_default()))
        }
    }
}

#[wasm_bindgen]
impl Core {
    /// Where seven numbers lie that tell where the rest lies: the address and the room of a key, those of a value, the address
    /// of the result; where the latest moment stands that the store has seen; and the address
    /// of a sum.
    pub fn places(&self) -> usize {
        self.places.map.as_ptr().addr()
    }

    /// `GET` of the key in its place: 0 when the result tells what was found.
    #[wasm_bindgen(js_name = getDirect)]
    pub fn get_direct(&self, key: usize) -> i32 {
        let got = self.places.with_key(key, |key| {
            exclusively(|| {
                self.store.direct("get", |engine, tick, _| {
                    self.places.result.set(find(engine, key, tick)?);
                    Ok(0)
                })
            })
        });
        got.unwrap_or_else(|error| self.places.fail(error))
    }

    /// `MGET` of keys that lie one behind the other in the place for values, each behind its length and the room in which
    /// to tell what was found: 0 when all of it is told.
    #[wasm_bindgen(js_name = mgetDirect)]
    pub fn mget_direct(&self, count: usize) -> i32 {
        let got = exclusively(|| {
            self.store.direct("mget", |engine, tick, _| {
                engine.sweep(tick)?;
                let mut keys = self.places.value.borrow_mut();
                let mut rest = keys.as_mut_slice();
                for _ in 0..count {
                    let (head, behind) = rest.split_first_chunk_mut::<HEAD>().ok_or_else(malformed)?;
                    let (head, _) = head.as_chunks_mut();
                    let length = head.first().map_or(0, |length| u32::from_le_bytes(*length) as usize);
                    let (key, behind) = behind.split_at_mut_checked(length).ok_or_else(malformed)?;
                    self.places.put_key(key)?;
                    let found = self.places.with_key(length, |key| find(engine, key, tick))?;
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

    /// `SET` of the key and the value in their places, to expire after so many milliseconds: 0 for never, negative for the
    /// default. Whether the key was there before; if it expires, the result tells when.
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
                    let was_there = set(engine, key, bytes, expiry, tick)?;
                    if let Expiry::After(ttl) = expiry {
                        let deadline = tick.now()?.saturating_add(ttl);
                        self.places.result.set(found([0, 0, EXPIRES], deadline));
                    }
                    Ok(was_there)
                })
            })
        });
        set.unwrap_or_else(|error| self.places.fail(error))
    }

    /// Whether writes of so many bytes to so many keys are certain to find room.
    #[wasm_bindgen(js_name = bears)]
    pub fn bears(&self, bytes: usize, keys: usize) -> bool {
        exclusively(|| self.store.direct("set", |engine, _, _| Ok(engine.bears(bytes, keys))))
            .unwrap_or(false)
    }

    /// `SET` of so many keys, each as it would be by itself: what tells of each stands in the place for values, then come
    /// the keys and their texts, one behind the other.
    #[wasm_bindgen(js_name = setAllDirect)]
    pub fn set_all_direct(&self, count: usize) -> i32 {
        let done = exclusively(|| {
            self.store.direct("set", |engine, tick, _| {
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
                    self.places.with_key(key.len(), |key| set(engine, key, text, expiry, tick))?;
                    rest = behind;
                }
                Ok(0)
            })
        });
        done.unwrap_or_else(|error| self.places.fail(error))
    }

    /// `INCRBY` of the key in its place: the sum is in its place, and the result tells whether it expires, and when. Whether the
    /// key was there before.
    #[wasm_bindgen(js_name = incrDirect)]
    pub fn incr_direct(&self, key: usize, by: i32) -> i32 {
        let done = self.places.with_key(key, |key| {
            exclusively(|| {
                self.store.direct("incr", |engine, tick, _| {
                    engine.sweep(tick)?;
                    let before = engine.len();
                    let sum = engine.with_room(tick, &|other| other == key, |engine| {
                        engine.incrby(key, by.into(), tick)
                    })?;
                    self.places.sum.set(sum);
                    let deadline = u64::try_from(engine.pexpiretime(key, tick)?).ok();
                    let expires = if deadline.is_some() { EXPIRES } else { 0 };
                    self.places.result.set(found([0, 0, expires], deadline.unwrap_or_default()));
                    Ok(was_there(engine, before))
                })
            })
        });
        done.unwrap_or_else(|error| self.places.fail(error))
    }
}

/// `SET`; whether the key was there before.
fn set(engine: &mut Engine, key: &[u8], text: &[u8], expiry: Expiry, tick: &Tick) -> Result<i32> {
    engine.sweep(tick)?;
    let before = engine.len();
    engine.with_room(tick, &|other| other == key, |engine| engine.set(key, text, expiry, tick))?;
    Ok(was_there(engine, before))
}

/// Whether a write has added no key. To make room may hide that it has, which does no harm: it tells what is worth remembering.
fn was_there(engine: &Engine, before: usize) -> i32 {
    if engine.len() <= before { WAS_THERE } else { 0 }
}

/// The first bytes, so many as the number says, and the rest.
fn taken(bytes: &[u8], length: [u8; 4]) -> Result<(&[u8], &[u8])> {
    bytes.split_at_checked(u32::from_le_bytes(length) as usize).ok_or_else(malformed)
}
