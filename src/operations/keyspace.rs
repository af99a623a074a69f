// The operations on keys, whatever they hold. Each method names its command and its reply; none has a meaning of its own.

use super::{RangeOptions, Run, ScanOptions};
use crate::command::{Command, ExpireCondition, Key, Reply, ValueType};
use crate::error::Result;
use crate::reply::{FromReply, Page, key_names, key_page};
use crate::value::{FromValue, IntoKeys};

/// Keys of every type: finding, removing, renaming them, and when they expire.
///
/// The [errors of every operation](super#errors-of-every-operation) apply, except `wrong-type`.
pub trait Keyspace: Run {
    /// Removes keys, whatever they hold; how many there were. No keys: 0.
    ///
    /// O(1) for each key. Redis: <https://redis.io/commands/del>
    fn del(&self, keys: impl IntoKeys) -> Self::Output<u64> {
        self.run(Ok(Command::Del { keys: keys.into_keys() }))
    }

    /// Whether a key exists.
    ///
    /// O(1). Redis: <https://redis.io/commands/exists>
    fn exists(&self, key: impl Into<Key>) -> Self::Output<bool> {
        self.run(Ok(Command::Exists { keys: vec![key.into()] }))
    }

    /// All keys that match a glob, in no particular order: `*` any text, `?` one character, `[abc]` and `[a-z]` one of
    /// these, `[^a]` none of these, `\` takes the next character literally.
    ///
    /// Keys that are not UTF-8, which only another program can have written, are left out here and in scans.
    ///
    /// O(keys of the store): on a big one use [`scan`](Self::scan) or [`range`](Self::range).
    /// Redis: <https://redis.io/commands/keys>
    fn keys(&self, pattern: impl Into<String>) -> Self::Output<Vec<String>> {
        self.read(Ok(Command::Keys { pattern: pattern.into() }), key_names)
    }

    /// One page of the keys. Begin with cursor `"0"`, go on with the cursor of each page until it is `"0"` again. A key
    /// that is there from beginning to end is given at least once.
    ///
    /// O(count) for a page. Redis: <https://redis.io/commands/scan>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for a cursor that no page gave.
    fn scan(&self, cursor: impl Into<String>, options: ScanOptions) -> Self::Output<Page<String>> {
        let ScanOptions { pattern, count, kind } = options;
        self.read(Ok(Command::Scan { cursor: cursor.into(), pattern, count, kind }), key_page)
    }

    /// The type of the value a key holds; nothing when it does not exist.
    ///
    /// O(1). Redis: <https://redis.io/commands/type>
    fn type_of(&self, key: impl Into<Key>) -> Self::Output<Option<ValueType>> {
        self.read(Ok(Command::Type { key: key.into() }), type_if_any)
    }

    /// Gives a key another name, with its value and its deadline, over whatever had that name.
    ///
    /// O(1). Redis: <https://redis.io/commands/rename>
    ///
    /// # Errors
    ///
    /// `not-found` when the key does not exist.
    fn rename(&self, key: impl Into<Key>, to: impl Into<Key>) -> Self::Output<()> {
        self.run(Ok(Command::Rename { key: key.into(), to: to.into() }))
    }

    /// Gives a key another name unless that is taken; whether it was done.
    ///
    /// O(1). Redis: <https://redis.io/commands/renamenx>
    ///
    /// # Errors
    ///
    /// `not-found` when the key does not exist.
    fn renamenx(&self, key: impl Into<Key>, to: impl Into<Key>) -> Self::Output<bool> {
        self.run(Ok(Command::RenameNx { key: key.into(), to: to.into() }))
    }

    /// Copies a key's value and deadline to another name unless that is taken; whether it was done.
    ///
    /// O(size of the value). Redis: <https://redis.io/commands/copy>
    ///
    /// # Errors
    ///
    /// `invalid-argument` when both names are the same.
    fn copy(&self, key: impl Into<Key>, to: impl Into<Key>) -> Self::Output<bool> {
        self.run(Ok(Command::Copy { key: key.into(), to: to.into(), replace: false }))
    }

    /// Copies a key's value and deadline to another name, over whatever has it; whether there was a key to copy.
    ///
    /// O(size of the value). Redis: <https://redis.io/commands/copy>
    ///
    /// # Errors
    ///
    /// `invalid-argument` when both names are the same.
    fn copy_replace(&self, key: impl Into<Key>, to: impl Into<Key>) -> Self::Output<bool> {
        self.run(Ok(Command::Copy { key: key.into(), to: to.into(), replace: true }))
    }

    /// How many of the keys exist, a repeated one counted again; they count as used.
    ///
    /// O(1) for each key. Redis: <https://redis.io/commands/touch>
    fn touch(&self, keys: impl IntoKeys) -> Self::Output<u64> {
        self.run(Ok(Command::Touch { keys: keys.into_keys() }))
    }

    /// Some key; nothing when there is none.
    ///
    /// O(1) where most keys are under the handle's prefix. Redis: <https://redis.io/commands/randomkey>
    fn randomkey(&self) -> Self::Output<Option<String>> {
        self.run(Ok(Command::RandomKey { prefix: String::new() }))
    }

    /// Lets a key expire after so many seconds; zero or less removes it at once. False without key.
    ///
    /// O(1). Redis: <https://redis.io/commands/expire>
    fn expire(&self, key: impl Into<Key>, seconds: i64) -> Self::Output<bool> {
        self.run(Ok(Command::Expire { key: key.into(), seconds, condition: None }))
    }

    /// [`expire`](Self::expire) under a condition; false when it does not hold.
    ///
    /// O(1). Redis: <https://redis.io/commands/expire>
    fn expire_if(&self, key: impl Into<Key>, seconds: i64, condition: ExpireCondition) -> Self::Output<bool> {
        self.run(Ok(Command::Expire { key: key.into(), seconds, condition: Some(condition) }))
    }

    /// Lets a key expire after so many milliseconds; zero or less removes it at once. False without key.
    ///
    /// O(1). Redis: <https://redis.io/commands/pexpire>
    fn pexpire(&self, key: impl Into<Key>, milliseconds: i64) -> Self::Output<bool> {
        self.run(Ok(Command::PExpire { key: key.into(), milliseconds, condition: None }))
    }

    /// [`pexpire`](Self::pexpire) under a condition; false when it does not hold.
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

    /// Lets a key expire at a moment, in seconds since 1970; one that is past removes it at once. False without key.
    ///
    /// O(1). Redis: <https://redis.io/commands/expireat>
    fn expireat(&self, key: impl Into<Key>, seconds: i64) -> Self::Output<bool> {
        self.run(Ok(Command::ExpireAt { key: key.into(), seconds, condition: None }))
    }

    /// [`expireat`](Self::expireat) under a condition; false when it does not hold.
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

    /// Lets a key expire at a moment, in milliseconds since 1970; one that is past removes it at once. False without key.
    ///
    /// O(1). Redis: <https://redis.io/commands/pexpireat>
    fn pexpireat(&self, key: impl Into<Key>, milliseconds: i64) -> Self::Output<bool> {
        self.run(Ok(Command::PExpireAt { key: key.into(), milliseconds, condition: None }))
    }

    /// [`pexpireat`](Self::pexpireat) under a condition; false when it does not hold.
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

    /// When a key expires, in seconds since 1970; -1 when never, -2 without key.
    ///
    /// O(1). Redis: <https://redis.io/commands/expiretime>
    fn expiretime(&self, key: impl Into<Key>) -> Self::Output<i64> {
        self.run(Ok(Command::ExpireTime { key: key.into() }))
    }

    /// When a key expires, in milliseconds since 1970; -1 when never, -2 without key.
    ///
    /// O(1). Redis: <https://redis.io/commands/pexpiretime>
    fn pexpiretime(&self, key: impl Into<Key>) -> Self::Output<i64> {
        self.run(Ok(Command::PExpireTime { key: key.into() }))
    }

    /// The seconds a key has left, rounded to the nearest; -1 when it does not expire, -2 without key.
    ///
    /// O(1). Redis: <https://redis.io/commands/ttl>
    fn ttl(&self, key: impl Into<Key>) -> Self::Output<i64> {
        self.run(Ok(Command::Ttl { key: key.into() }))
    }

    /// The milliseconds a key has left; -1 when it does not expire, -2 without key.
    ///
    /// O(1). Redis: <https://redis.io/commands/pttl>
    fn pttl(&self, key: impl Into<Key>) -> Self::Output<i64> {
        self.run(Ok(Command::PTtl { key: key.into() }))
    }

    /// Takes a key's deadline away; whether it had one.
    ///
    /// O(1). Redis: <https://redis.io/commands/persist>
    fn persist(&self, key: impl Into<Key>) -> Self::Output<bool> {
        self.run(Ok(Command::Persist { key: key.into() }))
    }

    /// The keys from `start` up to but not including `end`, in the order of their UTF-8 bytes, each with its value; that
    /// of a list, hash or set is nothing. Without `end`: every key that starts with `start`.
    ///
    /// O(log n) and O(1) for each entry given; a store's first ordered operation sorts its keys once. Redis has none.
    ///
    /// ```
    /// # use omnikv::{MemoryStore, RangeOptions, prelude::*};
    /// let kv = MemoryStore::new();
    /// kv.mset([("item:1", "a"), ("item:2", "b"), ("other", "c")])?;
    /// let items: Vec<(String, Option<String>)> = kv.range("item:", None, RangeOptions::new().limit(5))?;
    /// assert_eq!(items[1], ("item:2".to_owned(), Some("b".to_owned())));
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    fn range<T: FromValue>(
        &self,
        start: impl Into<String>,
        end: Option<&str>,
        options: RangeOptions,
    ) -> Self::Output<Vec<(String, Option<T>)>> {
        let RangeOptions { limit, reverse } = options;
        self.run(Ok(Command::Range { start: start.into(), end: end.map(str::to_owned), limit, reverse }))
    }

    /// How many keys start with `prefix`.
    ///
    /// O(log n) and O(1) for each key counted. Redis has none.
    fn count(&self, prefix: impl Into<String>) -> Self::Output<u64> {
        self.run(Ok(Command::Count { start: prefix.into(), end: None }))
    }

    /// How many keys are from `start` up to but not including `end`.
    ///
    /// O(log n) and O(1) for each key counted. Redis has none.
    fn count_range(&self, start: impl Into<String>, end: impl Into<String>) -> Self::Output<u64> {
        self.run(Ok(Command::Count { start: start.into(), end: Some(end.into()) }))
    }

    /// Removes the keys from `start` up to but not including `end`, or without `end` those that start with `start`; how
    /// many there were.
    ///
    /// O(log n) for each key removed. Redis has none.
    fn delete_range(&self, start: impl Into<String>, end: Option<&str>) -> Self::Output<u64> {
        self.run(Ok(Command::DeleteRange { start: start.into(), end: end.map(str::to_owned) }))
    }

    /// Removes every key under the handle's prefix; without one, every key of the store.
    ///
    /// O(keys of the store). Redis: <https://redis.io/commands/flushdb>
    fn flush(&self) -> Self::Output<()> {
        self.run(Ok(Command::Flush { prefix: String::new() }))
    }
}

impl<R: Run + ?Sized> Keyspace for R {}

/// Redis answers `none` for a key that does not exist.
fn type_if_any(reply: Reply) -> Result<Option<ValueType>> {
    match reply {
        Reply::Bytes(name) if name == b"none" => Ok(None),
        other => Option::from_reply(other),
    }
}
