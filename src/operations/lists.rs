// The operations on lists. Each method names its command and its reply; none has a meaning of its own.

use super::{LposOptions, Run, building};
use crate::command::{Command, Key, Position, Side};
use crate::reply::{key_and_list, list_if_any};
use crate::value::{FromValue, IntoKeys, IntoValue, IntoValues};

/// Double-ended lists.
///
/// Indexes count from 0 at the left end; negative ones from the right, where -1 is the last element. A list that loses its
/// last element is gone. The [errors of every operation](super#errors-of-every-operation) apply.
pub trait Lists: Run {
    /// Puts elements at the left end, one after the other, so that the last one ends up first; the new length.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/lpush>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no elements.
    fn lpush(&self, key: impl Into<Key>, values: impl IntoValues) -> Self::Output<u64> {
        self.run(building("lpush", || Ok(Command::LPush { key: key.into(), values: values.into_values()? })))
    }

    /// Puts elements at the right end, in their order; the new length.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/rpush>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no elements.
    fn rpush(&self, key: impl Into<Key>, values: impl IntoValues) -> Self::Output<u64> {
        self.run(building("rpush", || Ok(Command::RPush { key: key.into(), values: values.into_values()? })))
    }

    /// [`lpush`](Self::lpush) if there is a list already, else 0.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/lpushx>
    fn lpushx(&self, key: impl Into<Key>, values: impl IntoValues) -> Self::Output<u64> {
        self.run(building("lpushx", || {
            Ok(Command::LPushX { key: key.into(), values: values.into_values()? })
        }))
    }

    /// [`rpush`](Self::rpush) if there is a list already, else 0.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/rpushx>
    fn rpushx(&self, key: impl Into<Key>, values: impl IntoValues) -> Self::Output<u64> {
        self.run(building("rpushx", || {
            Ok(Command::RPushX { key: key.into(), values: values.into_values()? })
        }))
    }

    /// Takes the leftmost element; nothing without list.
    ///
    /// O(1). Redis: <https://redis.io/commands/lpop>
    fn lpop<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Option<T>> {
        self.run(Ok(Command::LPop { key: key.into(), count: None }))
    }

    /// Takes up to `count` elements from the left end; nothing without list.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/lpop>
    fn lpop_count<T: FromValue>(&self, key: impl Into<Key>, count: u64) -> Self::Output<Option<Vec<T>>> {
        self.read(Ok(Command::LPop { key: key.into(), count: Some(count) }), list_if_any)
    }

    /// Takes the rightmost element; nothing without list.
    ///
    /// O(1). Redis: <https://redis.io/commands/rpop>
    fn rpop<T: FromValue>(&self, key: impl Into<Key>) -> Self::Output<Option<T>> {
        self.run(Ok(Command::RPop { key: key.into(), count: None }))
    }

    /// Takes up to `count` elements from the right end, the last one first; nothing without list.
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

    /// The elements from index `start` to index `stop`, both included; what is out of range is clipped.
    ///
    /// O(elements given), from either end. Redis: <https://redis.io/commands/lrange>
    fn lrange<T: FromValue>(&self, key: impl Into<Key>, start: i64, stop: i64) -> Self::Output<Vec<T>> {
        self.run(Ok(Command::LRange { key: key.into(), start, stop }))
    }

    /// How many elements a list has; 0 without list.
    ///
    /// O(1). Redis: <https://redis.io/commands/llen>
    fn llen(&self, key: impl Into<Key>) -> Self::Output<u64> {
        self.run(Ok(Command::LLen { key: key.into() }))
    }

    /// The element at an index; nothing when it is out of range.
    ///
    /// O(1). Redis: <https://redis.io/commands/lindex>
    fn lindex<T: FromValue>(&self, key: impl Into<Key>, index: i64) -> Self::Output<Option<T>> {
        self.run(Ok(Command::LIndex { key: key.into(), index }))
    }

    /// The index of the first element that equals `value`; nothing when none does.
    ///
    /// O(length). Redis: <https://redis.io/commands/lpos>
    fn lpos(&self, key: impl Into<Key>, value: impl IntoValue) -> Self::Output<Option<u64>> {
        self.lpos_with(key, value, LposOptions::new())
    }

    /// The index of an element that equals `value`, found as the options say; nothing when there is none.
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

    /// The indexes of up to `count` elements that equal `value`, in the order met; a count of 0 means all.
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

    /// Removes elements that equal `value`: the first `count` from the left, the first `-count` from the right when it is
    /// negative, all when it is 0. How many were removed.
    ///
    /// O(length). Redis: <https://redis.io/commands/lrem>
    fn lrem(&self, key: impl Into<Key>, count: i64, value: impl IntoValue) -> Self::Output<u64> {
        self.run(building("lrem", || {
            Ok(Command::LRem { key: key.into(), count, value: value.into_value()? })
        }))
    }

    /// Keeps the elements from index `start` to index `stop`, both included, and removes the others.
    ///
    /// O(elements removed). Redis: <https://redis.io/commands/ltrim>
    fn ltrim(&self, key: impl Into<Key>, start: i64, stop: i64) -> Self::Output<()> {
        self.run(Ok(Command::LTrim { key: key.into(), start, stop }))
    }

    /// Puts an element beside the leftmost one that equals `pivot`. The new length; -1 when no element does, 0 without
    /// list.
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

    /// Takes the element at one end of a list and puts it at an end of another or the same list. The element; nothing
    /// without list.
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
