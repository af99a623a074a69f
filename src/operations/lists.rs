// The operations on lists. Each method names its command and its reply; none has a meaning of its own.

use super::{LposOptions, Run, building};
use crate::command::{Command, Key, Position, Side};
use crate::reply::{key_and_list, list_if_any};
use crate::value::{FromValue, IntoKeys, IntoValue, IntoValues};

/// Double-ended lists.
///
/// Indexes count from 0 at the left end; negative ones from the right, where -1 is the last element. Removing the last
/// element removes the key. The [errors of every operation](super#errors-of-every-operation) apply.
pub trait Lists: Run {
    /// Adds elements at the left end, one after the other, so the last one ends up first. Returns the new length.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/lpush>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no elements.
    fn lpush(&self, key: impl Into<Key>, values: impl IntoValues) -> Self::Output<u64> {
        self.run(building("lpush", || Ok(Command::LPush { key: key.into(), values: values.into_values()? })))
    }

    /// Adds elements at the right end, in order. Returns the new length.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/rpush>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no elements.
    fn rpush(&self, key: impl Into<Key>, values: impl IntoValues) -> Self::Output<u64> {
        self.run(building("rpush", || Ok(Command::RPush { key: key.into(), values: values.into_values()? })))
    }

    /// Like [`lpush`](Self::lpush), but only if the list exists; otherwise returns 0.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/lpushx>
    fn lpushx(&self, key: impl Into<Key>, values: impl IntoValues) -> Self::Output<u64> {
        self.run(building("lpushx", || {
            Ok(Command::LPushX { key: key.into(), values: values.into_values()? })
        }))
    }

    /// Like [`rpush`](Self::rpush), but only if the list exists; otherwise returns 0.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/rpushx>
    fn rpushx(&self, key: impl Into<Key>, values: impl IntoValues) -> Self::Output<u64> {
        self.run(building("rpushx", || {
            Ok(Command::RPushX { key: key.into(), values: values.into_values()? })
        }))
    }

    /// Removes and returns the leftmost element; `None` when there is no list.
    ///
    /// O(1). Redis: <https://redis.io/commands/lpop>
    fn lpop<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Option<T>> {
        self.run(Ok(Command::LPop { key: key.into(), count: None }))
    }

    /// Removes and returns up to `count` elements, from left to right; `None` when there is no list.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/lpop>
    fn lpop_count<T: FromValue>(&self, key: impl Into<Key>, count: u64) -> Self::Output<Option<Vec<T>>> {
        self.read(Ok(Command::LPop { key: key.into(), count: Some(count) }), list_if_any)
    }

    /// Removes and returns the rightmost element; `None` when there is no list.
    ///
    /// O(1). Redis: <https://redis.io/commands/rpop>
    fn rpop<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Option<T>> {
        self.run(Ok(Command::RPop { key: key.into(), count: None }))
    }

    /// Removes and returns up to `count` elements, from right to left; `None` when there is no list.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/rpop>
    fn rpop_count<T: FromValue>(&self, key: impl Into<Key>, count: u64) -> Self::Output<Option<Vec<T>>> {
        self.read(Ok(Command::RPop { key: key.into(), count: Some(count) }), list_if_any)
    }

    /// Takes up to `count` elements from one end of the first of these lists that exists. Its key and the elements; nothing when
    /// none exists.
    ///
    /// O(keys + elements). Redis: <https://redis.io/commands/lmpop>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys, and for a count of 0.
    fn lmpop<T: FromValue>(
        &self,
        keys: impl IntoKeys,
        side: Side,
        count: u64,
    ) -> Self::Output<Option<(String, Vec<T>)>> {
        self.read(Ok(Command::LMPop { keys: keys.into_keys(), side, count: Some(count) }), key_and_list)
    }

    /// Returns the elements from index `start` to `stop`, inclusive; indexes out of range are clipped.
    ///
    /// O(elements returned), from either end. Redis: <https://redis.io/commands/lrange>
    fn lrange<T: FromValue>(&self, key: impl Into<Key>, start: i64, stop: i64) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::LRange { key: key.into(), start, stop }))
    }

    /// Returns the length of a list; 0 when there is none.
    ///
    /// O(1). Redis: <https://redis.io/commands/llen>
    fn llen(&self, key: impl Into<Key>) -> Self::Output<u64> {
        self.run(Ok(Command::LLen { key: key.into() }))
    }

    /// Returns the element at an index; nothing when it is out of range.
    ///
    /// O(1). Redis: <https://redis.io/commands/lindex>
    fn lindex<T: FromValue>(&self, key: impl Into<Key>, index: i64) -> Self::Output<Option<T>> {
        self.run(Ok(Command::LIndex { key: key.into(), index }))
    }

    /// Returns the index of the first element that equals `value`; `None` when there is none.
    ///
    /// O(length). Redis: <https://redis.io/commands/lpos>
    fn lpos(&self, key: impl Into<Key>, value: impl IntoValue) -> Self::Output<Option<u64>> {
        self.lpos_with(key, value, LposOptions::new())
    }

    /// Returns the index of an element that equals `value`, as the options say; `None` when there is none.
    ///
    /// O(length), or `max_len`. Redis: <https://redis.io/commands/lpos>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for a rank of 0.
    fn lpos_with(
        &self,
        key: impl Into<Key>,
        value: impl IntoValue,
        options: LposOptions,
    ) -> Self::Output<Option<u64>> {
        let LposOptions { rank, max_len } = options;
        self.run(building("lpos", || {
            Ok(Command::LPos {
                key: key.into(),
                value: value.into_value()?,
                rank,
                count: None,
                maxlen: max_len,
            })
        }))
    }

    /// Returns the indexes of up to `count` elements that equal `value`, in the order found; 0 means all.
    ///
    /// O(length), or `max_len`. Redis: <https://redis.io/commands/lpos>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for a rank of 0.
    fn lpos_all(
        &self,
        key: impl Into<Key>,
        value: impl IntoValue,
        count: u64,
        options: LposOptions,
    ) -> Self::Output<Vec<u64>> {
        let LposOptions { rank, max_len } = options;
        self.run(building("lpos", || {
            Ok(Command::LPos {
                key: key.into(),
                value: value.into_value()?,
                rank,
                count: Some(count),
                maxlen: max_len,
            })
        }))
    }

    /// Replaces the element at an index.
    ///
    /// O(1). Redis: <https://redis.io/commands/lset>
    ///
    /// # Errors
    ///
    /// `not-found` without list, `invalid-argument` when the index is out of range.
    fn lset(&self, key: impl Into<Key>, index: i64, value: impl IntoValue) -> Self::Output<()> {
        self.run(building("lset", || {
            Ok(Command::LSet { key: key.into(), index, value: value.into_value()? })
        }))
    }

    /// Removes elements that equal `value`: the first `count` from the left; with a negative count, from the right;
    /// with 0, all. Returns how many were removed.
    ///
    /// O(length). Redis: <https://redis.io/commands/lrem>
    fn lrem(&self, key: impl Into<Key>, count: i64, value: impl IntoValue) -> Self::Output<u64> {
        self.run(building("lrem", || {
            Ok(Command::LRem { key: key.into(), count, value: value.into_value()? })
        }))
    }

    /// Keeps the elements from index `start` to `stop`, inclusive, and removes the others.
    ///
    /// O(elements removed). Redis: <https://redis.io/commands/ltrim>
    fn ltrim(&self, key: impl Into<Key>, start: i64, stop: i64) -> Self::Output<()> {
        self.run(Ok(Command::LTrim { key: key.into(), start, stop }))
    }

    /// Inserts an element before or after the leftmost one that equals `pivot`. Returns the new length, -1 if no
    /// element matches, or 0 if there is no list.
    ///
    /// O(length). Redis: <https://redis.io/commands/linsert>
    fn linsert(
        &self,
        key: impl Into<Key>,
        position: Position,
        pivot: impl IntoValue,
        value: impl IntoValue,
    ) -> Self::Output<i64> {
        self.run(building("linsert", || {
            Ok(Command::LInsert {
                key: key.into(),
                position,
                pivot: pivot.into_value()?,
                value: value.into_value()?,
            })
        }))
    }

    /// Moves the element at one end of a list to an end of another or the same list, and returns it; `None` when there
    /// is no list.
    ///
    /// O(1). Redis: <https://redis.io/commands/lmove>
    fn lmove<T: FromValue>(
        &self,
        key: impl Into<Key>,
        to: impl Into<Key>,
        from_side: Side,
        to_side: Side,
    ) -> Self::Output<Option<T>> {
        self.run(Ok(Command::LMove { key: key.into(), to: to.into(), from_side, to_side }))
    }
}

impl<R: Run + ?Sized> Lists for R {}
