// The operations on hashes. Each method names its command and its reply; none has a meaning of its own.

use super::strings::decimal;
use super::{MatchOptions, Run, building, pairs};
use crate::command::{Command, Key};
use crate::reply::{FromPairs, Page};
use crate::value::{FromValue, IntoValue, IntoValues};
use std::collections::HashMap;

/// Hashes: fields, each with a value, under one key.
///
/// Fields come in no particular order. Removing the last field removes the key. The [errors of every
/// operation](super#errors-of-every-operation) apply.
pub trait Hashes: Run {
    /// Sets a field. Returns whether it is new. [`hset_many`](Self::hset_many) writes several.
    ///
    /// O(1). Redis: <https://redis.io/commands/hset>
    fn hset(&self, key: impl Into<Key>, field: impl IntoValue, value: impl IntoValue) -> Self::Output<bool> {
        self.run(building("hset", || {
            Ok(Command::HSet { key: key.into(), pairs: vec![(field.into_value()?, value.into_value()?)] })
        }))
    }

    /// Sets many fields in one step. Returns how many of them are new. It is `HSET` with several fields.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/hset>
    ///
    /// ```
    /// # use omnikv::{MemoryStore, prelude::*};
    /// let kv = MemoryStore::new();
    /// assert_eq!(kv.hset_many("user:1", [("name", "Alice"), ("city", "Oslo")])?, 2);
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no fields.
    #[doc(alias = "hset")]
    #[doc(alias = "hmset")]
    fn hset_many<F: IntoValue, V: IntoValue>(
        &self,
        key: impl Into<Key>,
        entries: impl IntoIterator<Item = (F, V)>,
    ) -> Self::Output<u64> {
        self.run(building("hset", || {
            Ok(Command::HSet { key: key.into(), pairs: pairs(entries, F::into_value)? })
        }))
    }

    /// Returns the value of a field; nothing when there is none.
    ///
    /// O(1). Redis: <https://redis.io/commands/hget>
    fn hget<T: FromValue>(&self, key: impl Into<Key>, field: impl IntoValue) -> Self::Output<Option<T>> {
        self.run(building("hget", || Ok(Command::HGet { key: key.into(), field: field.into_value()? })))
    }

    /// Returns the values of fields in order, with `None` for a field that does not exist.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/hmget>
    fn hmget<T: FromValue>(
        &self,
        key: impl Into<Key>,
        fields: impl IntoValues,
    ) -> Self::Output<Vec<Option<T>>> {
        self.run(building("hmget", || Ok(Command::HMGet { key: key.into(), fields: fields.into_values()? })))
    }

    /// All fields with their values, as text; none without hash. [`hgetall_as`](Self::hgetall_as) reads other types.
    ///
    /// O(fields). Redis: <https://redis.io/commands/hgetall>
    ///
    /// ```
    /// # use omnikv::{MemoryStore, prelude::*};
    /// let kv = MemoryStore::new();
    /// kv.hset_many("user:1", [("name", "Alice"), ("city", "Oslo")])?;
    /// assert_eq!(kv.hgetall("user:1")?["name"], "Alice");
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    fn hgetall(&self, key: impl Into<Key>) -> Self::Output<HashMap<String, String>> {
        self.hgetall_as(key)
    }

    /// [`hgetall`](Self::hgetall) of any types, as a `HashMap`, a `BTreeMap` or a `Vec` of pairs.
    ///
    /// O(fields). Redis: <https://redis.io/commands/hgetall>
    ///
    /// ```
    /// # use omnikv::{MemoryStore, prelude::*};
    /// # use std::collections::BTreeMap;
    /// let kv = MemoryStore::new();
    /// kv.hset_many("visits", [("monday", 3), ("tuesday", 5)])?;
    /// let visits = kv.hgetall_as::<BTreeMap<String, u32>>("visits")?;
    /// assert_eq!(visits["tuesday"], 5);
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    fn hgetall_as<P: FromPairs>(&self, key: impl Into<Key>) -> Self::Output<P> {
        self.run(Ok(Command::HGetAll { key: key.into() }))
    }

    /// Deletes fields and returns how many existed.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/hdel>
    fn hdel(&self, key: impl Into<Key>, fields: impl IntoValues) -> Self::Output<u64> {
        self.run(building("hdel", || Ok(Command::HDel { key: key.into(), fields: fields.into_values()? })))
    }

    /// Returns whether a field exists.
    ///
    /// O(1). Redis: <https://redis.io/commands/hexists>
    fn hexists(&self, key: impl Into<Key>, field: impl IntoValue) -> Self::Output<bool> {
        self.run(building("hexists", || Ok(Command::HExists { key: key.into(), field: field.into_value()? })))
    }

    /// Returns the number of fields; 0 when there is no hash.
    ///
    /// O(1). Redis: <https://redis.io/commands/hlen>
    fn hlen(&self, key: impl Into<Key>) -> Self::Output<u64> {
        self.run(Ok(Command::HLen { key: key.into() }))
    }

    /// Returns all fields; empty when there is no hash.
    ///
    /// O(fields). Redis: <https://redis.io/commands/hkeys>
    fn hkeys<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::HKeys { key: key.into() }))
    }

    /// Returns the values of all fields; empty when there is no hash.
    ///
    /// O(fields). Redis: <https://redis.io/commands/hvals>
    fn hvals<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::HVals { key: key.into() }))
    }

    /// Returns the length of a field's value in bytes; 0 when there is none.
    ///
    /// O(1). Redis: <https://redis.io/commands/hstrlen>
    fn hstrlen(&self, key: impl Into<Key>, field: impl IntoValue) -> Self::Output<u64> {
        self.run(building("hstrlen", || Ok(Command::HStrLen { key: key.into(), field: field.into_value()? })))
    }

    /// Adds `by` to the integer in a field, which starts at 0 if the field does not exist, and returns the sum.
    ///
    /// O(1). Redis: <https://redis.io/commands/hincrby>
    ///
    /// # Errors
    ///
    /// `invalid-value` if the value is not a signed 64-bit integer or the sum would overflow.
    fn hincrby(&self, key: impl Into<Key>, field: impl IntoValue, by: i64) -> Self::Output<i64> {
        self.run(building("hincrby", || {
            Ok(Command::HIncrBy { key: key.into(), field: field.into_value()?, by })
        }))
    }

    /// Adds `by` (a number, or its text) to the decimal number in a field, which starts at 0 if the field does not
    /// exist. Returns the sum, computed exactly in decimal and rounded to 17 digits after the point.
    ///
    /// O(1). Redis: <https://redis.io/commands/hincrbyfloat>
    ///
    /// # Errors
    ///
    /// `invalid-value` if the value or the sum is not a finite number, `invalid-argument` if `by` is not one.
    fn hincrbyfloat(
        &self,
        key: impl Into<Key>,
        field: impl IntoValue,
        by: impl IntoValue,
    ) -> Self::Output<f64> {
        self.run(building("hincrbyfloat", || {
            Ok(Command::HIncrByFloat { key: key.into(), field: field.into_value()?, by: decimal(by)? })
        }))
    }

    /// Sets a field if it does not exist. Returns whether it was written.
    ///
    /// O(1). Redis: <https://redis.io/commands/hsetnx>
    fn hsetnx(
        &self,
        key: impl Into<Key>,
        field: impl IntoValue,
        value: impl IntoValue,
    ) -> Self::Output<bool> {
        self.run(building("hsetnx", || {
            Ok(Command::HSetNx { key: key.into(), field: field.into_value()?, value: value.into_value()? })
        }))
    }

    /// Returns a random field; `None` when there is no hash.
    ///
    /// O(1). Redis: <https://redis.io/commands/hrandfield>
    fn hrandfield<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Option<T>> {
        self.run(Ok(Command::HRandField { key: key.into(), count: None, with_values: false }))
    }

    /// Returns up to `count` distinct fields; with a negative count, exactly that many, which may repeat.
    ///
    /// O(count). Redis: <https://redis.io/commands/hrandfield>
    fn hrandfield_count<T: FromValue>(&self, key: impl Into<Key>, count: i64) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::HRandField { key: key.into(), count: Some(count), with_values: false }))
    }

    /// Like [`hrandfield_count`](Self::hrandfield_count), with the value of each field.
    ///
    /// O(count). Redis: <https://redis.io/commands/hrandfield>
    fn hrandfield_with_values<F: FromValue, V: FromValue>(
        &self,
        key: impl Into<Key>,
        count: i64,
    ) -> Self::Output<Vec<(F, V)>> {
        self.run(Ok(Command::HRandField { key: key.into(), count: Some(count), with_values: true }))
    }

    /// Returns one page of a hash's fields and values. Start with cursor `"0"`, and continue with the cursor of each
    /// page until it is `"0"` again. A field that exists throughout is returned at least once.
    ///
    /// O(count) for a page. Redis: <https://redis.io/commands/hscan>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for a cursor that no page returned.
    fn hscan<F: FromValue, V: FromValue>(
        &self,
        key: impl Into<Key>,
        cursor: impl Into<String>,
        options: MatchOptions,
    ) -> Self::Output<Page<(F, V)>> {
        let MatchOptions { pattern, count } = options;
        self.run(Ok(Command::HScan { key: key.into(), cursor: cursor.into(), pattern, count }))
    }
}

impl<R: Run + ?Sized> Hashes for R {}
