// The operations on sets. Each method names its command and its reply; none has a meaning of its own.

use super::{MatchOptions, Run, building};
use crate::command::{Command, Key};
use crate::reply::Page;
use crate::value::{FromValue, IntoKeys, IntoValue, IntoValues};

/// Sets: distinct members under one key.
///
/// Members come in no particular order. Removing the last member removes the key; a missing set counts as an empty one.
/// The [errors of every operation](super#errors-of-every-operation) apply.
pub trait Sets: Run {
    /// Adds members. Returns how many of them are new.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/sadd>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no members.
    fn sadd(&self, key: impl Into<Key>, members: impl IntoValues) -> Self::Output<u64> {
        self.run(building("sadd", || Ok(Command::SAdd { key: key.into(), members: members.into_values()? })))
    }

    /// Removes members and returns how many existed.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/srem>
    fn srem(&self, key: impl Into<Key>, members: impl IntoValues) -> Self::Output<u64> {
        self.run(building("srem", || Ok(Command::SRem { key: key.into(), members: members.into_values()? })))
    }

    /// Returns all members.
    ///
    /// O(members). Redis: <https://redis.io/commands/smembers>
    fn smembers<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::SMembers { key: key.into() }))
    }

    /// Returns whether the set contains a member.
    ///
    /// O(1). Redis: <https://redis.io/commands/sismember>
    fn sismember(&self, key: impl Into<Key>, member: impl IntoValue) -> Self::Output<bool> {
        self.run(building("sismember", || {
            Ok(Command::SIsMember { key: key.into(), member: member.into_value()? })
        }))
    }

    /// Returns for each member, in order, whether the set contains it.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/smismember>
    fn smismember(&self, key: impl Into<Key>, members: impl IntoValues) -> Self::Output<Vec<bool>> {
        self.run(building("smismember", || {
            Ok(Command::SMIsMember { key: key.into(), members: members.into_values()? })
        }))
    }

    /// Returns the number of members.
    ///
    /// O(1). Redis: <https://redis.io/commands/scard>
    fn scard(&self, key: impl Into<Key>) -> Self::Output<u64> {
        self.run(Ok(Command::SCard { key: key.into() }))
    }

    /// Takes some member; nothing when there is none.
    ///
    /// O(1). Redis: <https://redis.io/commands/spop>
    fn spop<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Option<T>> {
        self.run(Ok(Command::SPop { key: key.into(), count: None }))
    }

    /// Takes up to `count` members.
    ///
    /// O(count). Redis: <https://redis.io/commands/spop>
    fn spop_count<T: FromValue>(&self, key: impl Into<Key>, count: u64) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::SPop { key: key.into(), count: Some(count) }))
    }

    /// Some member; nothing when there is none.
    ///
    /// O(1). Redis: <https://redis.io/commands/srandmember>
    fn srandmember<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Option<T>> {
        self.run(Ok(Command::SRandMember { key: key.into(), count: None }))
    }

    /// Returns up to `count` distinct members; with a negative count, exactly that many, which may repeat.
    ///
    /// O(count). Redis: <https://redis.io/commands/srandmember>
    fn srandmember_count<T: FromValue>(&self, key: impl Into<Key>, count: i64) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::SRandMember { key: key.into(), count: Some(count) }))
    }

    /// Moves a member from one set to another; whether it was there to be moved.
    ///
    /// O(1). Redis: <https://redis.io/commands/smove>
    fn smove(&self, key: impl Into<Key>, to: impl Into<Key>, member: impl IntoValue) -> Self::Output<bool> {
        self.run(building("smove", || {
            Ok(Command::SMove { key: key.into(), to: to.into(), member: member.into_value()? })
        }))
    }

    /// Returns the members that are in all of the sets.
    ///
    /// O(members of the smallest, times the number of sets). Redis: <https://redis.io/commands/sinter>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn sinter<T: FromValue>(&self, keys: impl IntoKeys) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::SInter { keys: keys.into_keys() }))
    }

    /// Returns the members that are in any of the sets.
    ///
    /// O(members of all). Redis: <https://redis.io/commands/sunion>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn sunion<T: FromValue>(&self, keys: impl IntoKeys) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::SUnion { keys: keys.into_keys() }))
    }

    /// Returns the members of the first set that are in none of the others.
    ///
    /// O(members of all). Redis: <https://redis.io/commands/sdiff>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn sdiff<T: FromValue>(&self, keys: impl IntoKeys) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::SDiff { keys: keys.into_keys() }))
    }

    /// Stores the result of [`sinter`](Self::sinter) at the key `to`, replacing any value there; an empty result
    /// deletes the key. Returns the number of members.
    ///
    /// O(members of the smallest, times the number of sets). Redis: <https://redis.io/commands/sinterstore>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn sinterstore(&self, to: impl Into<Key>, keys: impl IntoKeys) -> Self::Output<u64> {
        self.run(Ok(Command::SInterStore { to: to.into(), keys: keys.into_keys() }))
    }

    /// Stores the result of [`sunion`](Self::sunion) at the key `to`, replacing any value there; an empty result
    /// deletes the key. Returns the number of members.
    ///
    /// O(members of all). Redis: <https://redis.io/commands/sunionstore>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn sunionstore(&self, to: impl Into<Key>, keys: impl IntoKeys) -> Self::Output<u64> {
        self.run(Ok(Command::SUnionStore { to: to.into(), keys: keys.into_keys() }))
    }

    /// Stores the result of [`sdiff`](Self::sdiff) at the key `to`, replacing any value there; an empty result deletes
    /// the key. Returns the number of members.
    ///
    /// O(members of all). Redis: <https://redis.io/commands/sdiffstore>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn sdiffstore(&self, to: impl Into<Key>, keys: impl IntoKeys) -> Self::Output<u64> {
        self.run(Ok(Command::SDiffStore { to: to.into(), keys: keys.into_keys() }))
    }

    /// Returns how many members [`sinter`](Self::sinter) would return, counting up to `limit`.
    ///
    /// O(members of the smallest, times the number of sets). Redis: <https://redis.io/commands/sintercard>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn sintercard(&self, keys: impl IntoKeys, limit: Option<u64>) -> Self::Output<u64> {
        self.run(Ok(Command::SInterCard { keys: keys.into_keys(), limit }))
    }

    /// Returns one page of a set's members. Start with cursor `"0"`, and continue with the cursor of each page until it
    /// is `"0"` again. A member that exists throughout is returned at least once.
    ///
    /// O(count) for a page. Redis: <https://redis.io/commands/sscan>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for a cursor that no page returned.
    fn sscan<T: FromValue>(
        &self,
        key: impl Into<Key>,
        cursor: impl Into<String>,
        options: MatchOptions,
    ) -> Self::Output<Page<T>> {
        let MatchOptions { pattern, count } = options;
        self.run(Ok(Command::SScan { key: key.into(), cursor: cursor.into(), pattern, count }))
    }
}

impl<R: Run + ?Sized> Sets for R {}
