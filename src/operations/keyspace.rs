// The operations on keys, whatever they hold. Each method names its command and its reply; none has a meaning of its own.

use super::{RangeOptions, Run, ScanOptions};
use crate::command::{Bytes, Command, ExpireCondition, Key, Reply, ValueType};
use crate::error::Result;
use crate::reply::{FromReply, Page, key_names, key_page};
use crate::value::{FromValue, IntoKeys};

/// Keys of every type: finding, deleting, renaming and expiring them.
///
/// The [errors of every operation](super#errors-of-every-operation) apply, except `wrong-type`.
pub trait Keyspace: Run {
    /// Removes keys, whatever they hold and returns how many existed. No keys: 0.
    ///
    /// O(1) for each key. Redis: <https://redis.io/commands/del>
    fn del(&self, keys: impl IntoKeys) -> Self::Output<u64> {
        self.run(Ok(Command::Del { keys: keys.into_keys() }))
    }

    /// Returns whether a key exists.
    ///
    /// O(1). Redis: <https://redis.io/commands/exists>
    fn exists(&self, key: impl Into<Key>) -> Self::Output<bool> {
        self.run(Ok(Command::Exists { keys: vec![key.into()] }))
    }

    /// Returns all keys that match a glob, in no particular order. `*` matches any text, `?` one character, `[abc]` and
    /// `[a-z]` one of these, `[^a]` any other; `\` takes the next character literally.
    ///
    /// Keys that are not UTF-8, which only another program can have written, are left out here and in scans.
    ///
    /// O(keys of the store): for large stores use [`scan`](Self::scan) or [`range`](Self::range). Redis:
    /// <https://redis.io/commands/keys>
    fn keys(&self, pattern: impl Into<String>) -> Self::Output<Vec<String>> {
        self.read(Ok(Command::Keys { pattern: pattern.into() }), key_names)
    }

    /// Returns one page of keys. Start with cursor `"0"`, and continue with the cursor of each page until it is `"0"`
    /// again. A key that exists throughout is returned at least once.
    ///
    /// O(count) for a page. Redis: <https://redis.io/commands/scan>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for a cursor that no page returned.
    fn scan(&self, cursor: impl Into<String>, options: ScanOptions) -> Self::Output<Page<String>> {
        let ScanOptions { pattern, count, kind } = options;
        self.read(Ok(Command::Scan { cursor: cursor.into(), pattern, count, kind }), key_page)
    }

    /// Returns the type of the value at a key; `None` when the key does not exist.
    ///
    /// O(1). Redis: <https://redis.io/commands/type>
    fn type_of(&self, key: impl Into<Key>) -> Self::Output<Option<ValueType>> {
        self.read(Ok(Command::Type { key: key.into() }), type_if_any)
    }

    /// Renames a key, with its value and TTL, replacing any value at the new name.
    ///
    /// O(1). Redis: <https://redis.io/commands/rename>
    ///
    /// # Errors
    ///
    /// `not-found` when the key does not exist.
    fn rename(&self, key: impl Into<Key>, to: impl Into<Key>) -> Self::Output<()> {
        self.run(Ok(Command::Rename { key: key.into(), to: to.into() }))
    }

    /// Like [`rename`](Self::rename), but only if the new name is free. Returns whether the key was renamed.
    ///
    /// O(1). Redis: <https://redis.io/commands/renamenx>
    ///
    /// # Errors
    ///
    /// `not-found` when the key does not exist.
    fn renamenx(&self, key: impl Into<Key>, to: impl Into<Key>) -> Self::Output<bool> {
        self.run(Ok(Command::RenameNx { key: key.into(), to: to.into() }))
    }

    /// Copies a key's value and TTL to another key. Returns false if the key does not exist or the target does.
    ///
    /// O(size of the value). Redis: <https://redis.io/commands/copy>
    ///
    /// # Errors
    ///
    /// `invalid-argument` if both keys are the same.
    fn copy(&self, key: impl Into<Key>, to: impl Into<Key>) -> Self::Output<bool> {
        self.run(Ok(Command::Copy { key: key.into(), to: to.into(), replace: false }))
    }

    /// Copies a key's value and TTL to another key, replacing any value there. Returns false if the key does not exist.
    ///
    /// O(size of the value). Redis: <https://redis.io/commands/copy>
    ///
    /// # Errors
    ///
    /// `invalid-argument` if both keys are the same.
    fn copy_replace(&self, key: impl Into<Key>, to: impl Into<Key>) -> Self::Output<bool> {
        self.run(Ok(Command::Copy { key: key.into(), to: to.into(), replace: true }))
    }

    /// Returns how many of the keys exist, counting repeated keys again, and marks them as used.
    ///
    /// O(1) for each key. Redis: <https://redis.io/commands/touch>
    fn touch(&self, keys: impl IntoKeys) -> Self::Output<u64> {
        self.run(Ok(Command::Touch { keys: keys.into_keys() }))
    }

    /// Returns a random key, or `None` if there are none.
    ///
    /// O(1) where most keys are under the handle's prefix. Redis: <https://redis.io/commands/randomkey>
    fn randomkey(&self) -> Self::Output<Option<String>> {
        self.run(Ok(Command::RandomKey { prefix: String::new() }))
    }

    /// Sets a key's TTL in seconds; zero or less deletes the key. Returns false if the key does not exist.
    ///
    /// A time of zero in [`set_with`](super::Strings::set_with) is something else: there it means never.
    ///
    /// O(1). Redis: <https://redis.io/commands/expire>
    fn expire(&self, key: impl Into<Key>, seconds: i64) -> Self::Output<bool> {
        self.run(Ok(Command::Expire { key: key.into(), seconds, condition: None }))
    }

    /// Like [`expire`](Self::expire), under a condition. Returns false if the condition does not hold.
    ///
    /// O(1). Redis: <https://redis.io/commands/expire>
    fn expire_if(&self, key: impl Into<Key>, seconds: i64, condition: ExpireCondition) -> Self::Output<bool> {
        self.run(Ok(Command::Expire { key: key.into(), seconds, condition: Some(condition) }))
    }

    /// Sets a key's TTL in milliseconds; zero or less deletes the key. Returns false if the key does not exist.
    ///
    /// O(1). Redis: <https://redis.io/commands/pexpire>
    fn pexpire(&self, key: impl Into<Key>, milliseconds: i64) -> Self::Output<bool> {
        self.run(Ok(Command::PExpire { key: key.into(), milliseconds, condition: None }))
    }

    /// Like [`pexpire`](Self::pexpire), under a condition. Returns false if the condition does not hold.
    ///
    /// O(1). Redis: <https://redis.io/commands/pexpire>
    fn pexpire_if(
        &self,
        key: impl Into<Key>,
        milliseconds: i64,
        condition: ExpireCondition,
    ) -> Self::Output<bool> {
        self.run(Ok(Command::PExpire { key: key.into(), milliseconds, condition: Some(condition) }))
    }

    /// Sets when a key expires, in seconds since 1970; a moment in the past deletes the key. Returns false if the key
    /// does not exist.
    ///
    /// O(1). Redis: <https://redis.io/commands/expireat>
    fn expireat(&self, key: impl Into<Key>, seconds: i64) -> Self::Output<bool> {
        self.run(Ok(Command::ExpireAt { key: key.into(), seconds, condition: None }))
    }

    /// Like [`expireat`](Self::expireat), under a condition. Returns false if the condition does not hold.
    ///
    /// O(1). Redis: <https://redis.io/commands/expireat>
    fn expireat_if(
        &self,
        key: impl Into<Key>,
        seconds: i64,
        condition: ExpireCondition,
    ) -> Self::Output<bool> {
        self.run(Ok(Command::ExpireAt { key: key.into(), seconds, condition: Some(condition) }))
    }

    /// Sets when a key expires, in milliseconds since 1970; a moment in the past deletes the key. Returns false if the
    /// key does not exist.
    ///
    /// O(1). Redis: <https://redis.io/commands/pexpireat>
    fn pexpireat(&self, key: impl Into<Key>, milliseconds: i64) -> Self::Output<bool> {
        self.run(Ok(Command::PExpireAt { key: key.into(), milliseconds, condition: None }))
    }

    /// Like [`pexpireat`](Self::pexpireat), under a condition. Returns false if the condition does not hold.
    ///
    /// O(1). Redis: <https://redis.io/commands/pexpireat>
    fn pexpireat_if(
        &self,
        key: impl Into<Key>,
        milliseconds: i64,
        condition: ExpireCondition,
    ) -> Self::Output<bool> {
        self.run(Ok(Command::PExpireAt { key: key.into(), milliseconds, condition: Some(condition) }))
    }

    /// Returns when a key expires, in seconds since 1970; -1 if never, -2 if the key does not exist.
    ///
    /// O(1). Redis: <https://redis.io/commands/expiretime>
    fn expiretime(&self, key: impl Into<Key>) -> Self::Output<i64> {
        self.run(Ok(Command::ExpireTime { key: key.into() }))
    }

    /// Returns when a key expires, in milliseconds since 1970; -1 if never, -2 if the key does not exist.
    ///
    /// O(1). Redis: <https://redis.io/commands/pexpiretime>
    fn pexpiretime(&self, key: impl Into<Key>) -> Self::Output<i64> {
        self.run(Ok(Command::PExpireTime { key: key.into() }))
    }

    /// Returns a key's TTL in seconds, rounded to the nearest; -1 if it never expires, -2 if it does not exist.
    ///
    /// O(1). Redis: <https://redis.io/commands/ttl>
    fn ttl(&self, key: impl Into<Key>) -> Self::Output<i64> {
        self.run(Ok(Command::Ttl { key: key.into() }))
    }

    /// Returns a key's TTL in milliseconds; -1 if it never expires, -2 if it does not exist.
    ///
    /// O(1). Redis: <https://redis.io/commands/pttl>
    fn pttl(&self, key: impl Into<Key>) -> Self::Output<i64> {
        self.run(Ok(Command::PTtl { key: key.into() }))
    }

    /// Removes a key's TTL. Returns whether it had one.
    ///
    /// O(1). Redis: <https://redis.io/commands/persist>
    fn persist(&self, key: impl Into<Key>) -> Self::Output<bool> {
        self.run(Ok(Command::Persist { key: key.into() }))
    }

    /// Returns the keys from `start` up to but not including `end`, in the order of their UTF-8 bytes, each with its
    /// value; the value of a list, hash or set is `None`. Without `end`, returns every key that starts with `start`.
    /// Values are read as text; [`range_as`](Self::range_as) reads other types.
    ///
    /// O(log n), and O(1) for each entry returned; a store's first ordered operation sorts its keys once. Redis has
    /// none.
    ///
    /// ```
    /// # use omnikv::{MemoryStore, RangeOptions, prelude::*};
    /// let kv = MemoryStore::new();
    /// kv.mset([("item:1", "a"), ("item:2", "b"), ("other", "c")])?;
    /// let items = kv.range("item:", None, RangeOptions::new().limit(5))?;
    /// assert_eq!(items[1], ("item:2".to_owned(), Some("b".to_owned())));
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    fn range(
        &self,
        start: impl Into<String>,
        end: Option<&str>,
        options: RangeOptions,
    ) -> Self::Output<Vec<(String, Option<String>)>> {
        self.range_as(start, end, options)
    }

    /// [`range`](Self::range) of values of any type.
    ///
    /// O(log n), and O(1) for each entry returned; a store's first ordered operation sorts its keys once. Redis has
    /// none.
    fn range_as<T: FromValue>(
        &self,
        start: impl Into<String>,
        end: Option<&str>,
        options: RangeOptions,
    ) -> Self::Output<Vec<(String, Option<T>)>> {
        self.run(Ok(range(start.into(), end, options, false)))
    }

    /// The same keys, and no values: nothing but keys is read.
    ///
    /// ```
    /// # use omnikv::{MemoryStore, RangeOptions, prelude::*};
    /// let kv = MemoryStore::new();
    /// kv.mset([("item:1", "a"), ("item:2", "b"), ("item:3", "c")])?;
    /// assert_eq!(kv.range_keys("item:", None, RangeOptions::new().after("item:1").limit(1))?, ["item:2"]);
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    fn range_keys(
        &self,
        start: impl Into<String>,
        end: Option<&str>,
        options: RangeOptions,
    ) -> Self::Output<Vec<String>> {
        let read = |reply| {
            let entries: Vec<(String, Option<Bytes>)> = FromReply::from_reply(reply)?;
            Ok(entries.into_iter().map(|(key, _)| key).collect())
        };
        self.read(Ok(range(start.into(), end, options, true)), read)
    }

    /// Counts the keys that start with `prefix`.
    ///
    /// O(log n) and O(1) for each key counted. Redis has none.
    fn count(&self, prefix: impl Into<String>) -> Self::Output<u64> {
        self.run(Ok(Command::Count { start: prefix.into(), end: None }))
    }

    /// Counts the keys from `start` up to but not including `end`.
    ///
    /// O(log n) and O(1) for each key counted. Redis has none.
    fn count_range(&self, start: impl Into<String>, end: impl Into<String>) -> Self::Output<u64> {
        self.run(Ok(Command::Count { start: start.into(), end: Some(end.into()) }))
    }

    /// Deletes the keys from `start` up to but not including `end`; without `end`, the keys that start with `start`.
    /// Returns how many there were.
    ///
    /// O(log n) for each key removed. Redis has none.
    fn delete_range(&self, start: impl Into<String>, end: Option<&str>) -> Self::Output<u64> {
        self.run(Ok(Command::DeleteRange { start: start.into(), end: end.map(str::to_owned) }))
    }

    /// Deletes every key under the handle's prefix; without a prefix, every key of the store.
    ///
    /// O(keys of the store). Redis: <https://redis.io/commands/flushdb>
    fn flush(&self) -> Self::Output<()> {
        self.run(Ok(Command::Flush { prefix: String::new() }))
    }
}

impl<R: Run + ?Sized> Keyspace for R {}

fn range(start: String, end: Option<&str>, options: RangeOptions, keys_only: bool) -> Command {
    let RangeOptions { after, limit, reverse } = options;
    Command::Range { start, end: end.map(str::to_owned), after, limit, reverse, keys_only }
}

/// Redis answers `none` for a key that does not exist.
fn type_if_any(reply: Reply) -> Result<Option<ValueType>> {
    match reply {
        Reply::Bytes(name) if name == b"none" => Ok(None),
        other => Option::from_reply(other),
    }
}
