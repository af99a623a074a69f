// The operations on strings. Each method names its command and its reply; none has a meaning of its own.

use super::{Run, SetOptions, building, pairs};
use crate::command::{Bytes, Command, Expiry, Key};
use crate::error::{Error, Result};
use crate::reply::{FromReply, value};
use crate::value::{FromValue, IntoExpected, IntoKeys, IntoValue, Json};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Strings of bytes, and counters.
///
/// The [errors of every operation](super#errors-of-every-operation) apply.
pub trait Strings: Run {
    /// The value as text; nothing without key.
    ///
    /// O(size). Redis: <https://redis.io/commands/get>
    ///
    /// # Errors
    ///
    /// `invalid-value` when it is not UTF-8: [`get_bytes`](Self::get_bytes) reads it.
    fn get(&self, key: impl Into<Key>) -> Self::Output<Option<String>> {
        self.run(Ok(Command::Get { key: key.into() }))
    }

    /// The value as bytes; nothing without key.
    ///
    /// O(size). Redis: <https://redis.io/commands/get>
    fn get_bytes(&self, key: impl Into<Key>) -> Self::Output<Option<Bytes>> {
        self.run(Ok(Command::Get { key: key.into() }))
    }

    /// The value read as JSON; nothing without key. What [`set`](Self::set) writes of numbers and booleans is JSON too.
    ///
    /// Floats come back bit for bit. An integer that `T` cannot hold is refused, unless `T` is a float: that is the nearest one
    /// then, as it is in a `serde_json::Value` beyond 64 bits.
    ///
    /// O(size). Redis: <https://redis.io/commands/get>
    ///
    /// # Errors
    ///
    /// `invalid-value` when it is not the JSON of a `T`.
    ///
    /// ```
    /// # use omnikv::{MemoryStore, prelude::*};
    /// #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
    /// struct User { name: String, age: u8 }
    ///
    /// let kv = MemoryStore::new();
    /// let alice = User { name: "Alice".into(), age: 30 };
    /// kv.set_json("user:1", &alice)?;
    /// assert_eq!(kv.get_as::<User>("user:1")?, Some(alice));
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    fn get_as<T: DeserializeOwned + 'static>(&self, key: impl Into<Key>) -> Self::Output<Option<T>> {
        let read = |reply| Ok(Option::<Json<T>>::from_reply(reply)?.map(|Json(value)| value));
        self.read(Ok(Command::Get { key: key.into() }), read)
    }

    /// Sets a key to a string, replacing a value of any type and its TTL.
    ///
    /// O(size). Redis: <https://redis.io/commands/set>
    fn set(&self, key: impl Into<Key>, value: impl IntoValue) -> Self::Output<()> {
        self.run(set(key.into(), value, SetOptions::new(), false))
    }

    /// Sets a key to a value as JSON, replacing a value of any type and its TTL.
    ///
    /// O(size). Redis: <https://redis.io/commands/set>
    ///
    /// # Errors
    ///
    /// `invalid-argument` when JSON cannot express it, such as a map whose keys are no text.
    fn set_json<T: Serialize + ?Sized>(&self, key: impl Into<Key>, value: &T) -> Self::Output<()> {
        self.run(set(key.into(), Json(value), SetOptions::new(), false))
    }

    /// Sets a key with a TTL and under a condition. Returns false only if the condition did not hold.
    ///
    /// O(size). Redis: <https://redis.io/commands/set>
    fn set_with(
        &self,
        key: impl Into<Key>,
        value: impl IntoValue,
        options: impl Into<SetOptions>,
    ) -> Self::Output<bool> {
        self.run(set(key.into(), value, options.into(), false))
    }

    /// Like [`set_with`](Self::set_with), and returns the previous value, or `None`.
    ///
    /// O(size). Redis: <https://redis.io/commands/set>
    fn set_and_get<T: FromValue>(
        &self,
        key: impl Into<Key>,
        value: impl IntoValue,
        options: impl Into<SetOptions>,
    ) -> Self::Output<Option<T>> {
        self.run(set(key.into(), value, options.into(), true))
    }

    /// Appends bytes to a string, which starts empty if the key does not exist, and keeps its TTL. Returns the new
    /// length in bytes.
    ///
    /// O(1) for each byte added. Redis: <https://redis.io/commands/append>
    ///
    /// # Errors
    ///
    /// `too-large` when the value would be longer than 128 MiB.
    fn append(&self, key: impl Into<Key>, value: impl IntoValue) -> Self::Output<u64> {
        self.run(building("append", || Ok(Command::Append { key: key.into(), value: value.into_value()? })))
    }

    /// Returns the length of a string in bytes, or 0 without key.
    ///
    /// O(1). Redis: <https://redis.io/commands/strlen>
    fn strlen(&self, key: impl Into<Key>) -> Self::Output<u64> {
        self.run(Ok(Command::StrLen { key: key.into() }))
    }

    /// Returns the bytes from offset `start` to `end`, inclusive. Negative offsets count from the end. Offsets out of
    /// range are clipped.
    ///
    /// O(bytes returned). Redis: <https://redis.io/commands/getrange>
    fn getrange<T: FromValue>(&self, key: impl Into<Key>, start: i64, end: i64) -> Self::Output<T> {
        self.read(Ok(Command::GetRange { key: key.into(), start, end }), value)
    }

    /// Overwrites bytes starting at an offset, padding a shorter value with zero bytes, and keeps the TTL. Returns the
    /// length in bytes.
    ///
    /// O(bytes written). Redis: <https://redis.io/commands/setrange>
    ///
    /// # Errors
    ///
    /// `too-large` when the value would be longer than 128 MiB.
    fn setrange(&self, key: impl Into<Key>, offset: u64, value: impl IntoValue) -> Self::Output<u64> {
        self.run(building("setrange", || {
            Ok(Command::SetRange { key: key.into(), offset, value: value.into_value()? })
        }))
    }

    /// Sets a value and returns the previous one, or nothing.
    ///
    /// O(size). Redis: <https://redis.io/commands/getset>
    fn getset<T: FromValue>(&self, key: impl Into<Key>, value: impl IntoValue) -> Self::Output<Option<T>> {
        self.run(building("getset", || {
            Ok(Command::GetSet { key: key.into(), value: value.into_value()?, expiry: Expiry::Unstated })
        }))
    }

    /// Returns the value of a key and deletes the key; `None` when it does not exist.
    ///
    /// O(size). Redis: <https://redis.io/commands/getdel>
    fn getdel<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Option<T>> {
        self.run(Ok(Command::GetDel { key: key.into() }))
    }

    /// Returns the value of a key and changes its TTL: a `Duration`, a `SystemTime`, [`Expiry::Never`], or
    /// [`Expiry::Unstated`] to leave that as it is.
    ///
    /// O(size). Redis: <https://redis.io/commands/getex>
    fn getex<T: FromValue>(&self, key: impl Into<Key>, expiry: impl Into<Expiry>) -> Self::Output<Option<T>> {
        self.run(Ok(Command::GetEx { key: key.into(), expiry: expiry.into() }))
    }

    /// Adds 1 to an integer, which starts at 0 if the key does not exist, and returns the sum; the TTL stays.
    ///
    /// O(1). Redis: <https://redis.io/commands/incr>
    ///
    /// # Errors
    ///
    /// `invalid-value` if the value is not a signed 64-bit integer or the sum would overflow.
    fn incr(&self, key: impl Into<Key>) -> Self::Output<i64> {
        self.run(Ok(Command::Incr { key: key.into() }))
    }

    /// Subtracts 1 from an integer; otherwise like [`incr`](Self::incr).
    ///
    /// O(1). Redis: <https://redis.io/commands/decr>
    fn decr(&self, key: impl Into<Key>) -> Self::Output<i64> {
        self.run(Ok(Command::Decr { key: key.into() }))
    }

    /// Adds `by` to an integer; otherwise like [`incr`](Self::incr).
    ///
    /// O(1). Redis: <https://redis.io/commands/incrby>
    fn incrby(&self, key: impl Into<Key>, by: i64) -> Self::Output<i64> {
        self.run(Ok(Command::IncrBy { key: key.into(), by }))
    }

    /// Subtracts `by` from an integer; otherwise like [`incr`](Self::incr).
    ///
    /// O(1). Redis: <https://redis.io/commands/decrby>
    fn decrby(&self, key: impl Into<Key>, by: i64) -> Self::Output<i64> {
        self.run(Ok(Command::DecrBy { key: key.into(), by }))
    }

    /// Adds `by` (a number, or its text) to a decimal number, which starts at 0 if the key does not exist; the TTL
    /// stays. Returns the sum, computed exactly in decimal and rounded to 17 digits after the point.
    ///
    /// O(1). Redis: <https://redis.io/commands/incrbyfloat>
    ///
    /// # Errors
    ///
    /// `invalid-value` if the value or the sum is not a finite number, `invalid-argument` if `by` is not one.
    fn incrbyfloat(&self, key: impl Into<Key>, by: impl IntoValue) -> Self::Output<f64> {
        self.run(building("incrbyfloat", || Ok(Command::IncrByFloat { key: key.into(), by: decimal(by)? })))
    }

    /// Returns the values of keys in order, with `None` for a key that does not exist or does not hold a string. One
    /// round trip.
    ///
    /// O(1) for each key, and the sizes. Redis: <https://redis.io/commands/mget>
    fn mget<T: FromValue>(&self, keys: impl IntoKeys) -> Self::Output<Vec<Option<T>>> {
        self.run(Ok(Command::MGet { keys: keys.into_keys() }))
    }

    /// Sets many keys at once, all or none, in one round trip.
    ///
    /// O(1) for each pair, and the sizes. Redis: <https://redis.io/commands/mset>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no pairs.
    fn mset<K: Into<Key>, V: IntoValue>(
        &self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Self::Output<()> {
        self.mset_with(entries, Expiry::Unstated)
    }

    /// Like [`mset`](Self::mset), with a TTL for all keys: a `Duration`, a `SystemTime`, [`Expiry::Never`].
    ///
    /// O(1) for each pair, and the sizes. Redis: <https://redis.io/commands/mset>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no pairs.
    fn mset_with<K: Into<Key>, V: IntoValue>(
        &self,
        entries: impl IntoIterator<Item = (K, V)>,
        expiry: impl Into<Expiry>,
    ) -> Self::Output<()> {
        self.run(building("mset", || {
            Ok(Command::MSet { pairs: pairs(entries, |key| Ok(key.into()))?, expiry: expiry.into() })
        }))
    }

    /// Like `mset`, but only if none of the keys exists. Returns whether they were written.
    ///
    /// O(1) for each pair, and the sizes. Redis: <https://redis.io/commands/msetnx>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no pairs.
    fn msetnx<K: Into<Key>, V: IntoValue>(
        &self,
        entries: impl IntoIterator<Item = (K, V)>,
    ) -> Self::Output<bool> {
        self.run(building("msetnx", || {
            Ok(Command::MSetNx { pairs: pairs(entries, |key| Ok(key.into()))?, expiry: Expiry::Unstated })
        }))
    }

    /// Sets a key if it holds `expected` or, with [`Missing`](crate::Missing), if it does not exist. Returns whether it
    /// was written.
    ///
    /// O(size). Redis has none.
    ///
    /// ```
    /// # use omnikv::{MemoryStore, Missing, prelude::*};
    /// let kv = MemoryStore::new();
    /// assert!(kv.compare_and_set("leader", Missing, "a")?);
    /// assert!(!kv.compare_and_set("leader", Missing, "b")?);
    /// assert!(kv.compare_and_set("leader", "a", "b")?);
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    fn compare_and_set(
        &self,
        key: impl Into<Key>,
        expected: impl IntoExpected,
        value: impl IntoValue,
    ) -> Self::Output<bool> {
        self.compare_and_set_with(key, expected, value, Expiry::Unstated)
    }

    /// Like [`compare_and_set`](Self::compare_and_set), with a TTL: a `Duration`, a `SystemTime`, [`Expiry::Keep`].
    ///
    /// O(size). Redis has none.
    fn compare_and_set_with(
        &self,
        key: impl Into<Key>,
        expected: impl IntoExpected,
        value: impl IntoValue,
        expiry: impl Into<Expiry>,
    ) -> Self::Output<bool> {
        self.run(building("compare-and-set", || {
            Ok(Command::CompareAndSet {
                key: key.into(),
                expected: expected.into_expected()?,
                value: value.into_value()?,
                expiry: expiry.into(),
            })
        }))
    }

    /// Deletes a key if it holds `expected`. Returns whether it was deleted.
    ///
    /// O(size). Redis has none.
    fn compare_and_delete(&self, key: impl Into<Key>, expected: impl IntoValue) -> Self::Output<bool> {
        self.run(building("compare-and-delete", || {
            Ok(Command::CompareAndDelete { key: key.into(), expected: expected.into_value()? })
        }))
    }
}

impl<R: Run + ?Sized> Strings for R {}

fn set(key: Key, value: impl IntoValue, options: SetOptions, get: bool) -> Result<Command> {
    let SetOptions { expiry, condition } = options;
    building("set", || Ok(Command::Set { key, value: value.into_value()?, expiry, condition, get }))
}

/// The text of a number; the engine reads it.
pub(super) fn decimal(by: impl IntoValue) -> Result<String> {
    String::from_utf8(by.into_value()?).map_err(|_| Error::invalid_argument("(by) expects a number"))
}
