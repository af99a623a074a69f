// The operations on HyperLogLogs. Each method names its command and its reply; none has a meaning of its own.

use super::{Run, building};
use crate::command::{Command, Key};
use crate::value::{IntoKeys, IntoValues};

/// HyperLogLogs: how many different members were added, estimated within 0.81 % from at most 12 kB.
///
/// They are strings in the form that Redis stores, so [`get_bytes`](super::Strings::get_bytes) and
/// [`set`](super::Strings::set) copy them between stores. A missing key counts as one without members. The
/// [errors of every operation](super#errors-of-every-operation) apply; a string that is no HyperLogLog is `wrong-type` too, and
/// a damaged one `invalid-value`.
pub trait HyperLogLogs: Run {
    /// Adds members, creating the HyperLogLog if needed, and keeps its TTL. Returns whether the estimate may have changed,
    /// or the key is new. No members: only creates it.
    ///
    /// O(1) each. Redis: <https://redis.io/commands/pfadd>
    ///
    /// ```
    /// # use omnikv::{MemoryStore, prelude::*};
    /// let kv = MemoryStore::new();
    /// kv.pfadd("visitors", ["ann", "bob", "ann"])?;
    /// assert_eq!(kv.pfcount("visitors")?, 2);
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    fn pfadd(&self, key: impl Into<Key>, members: impl IntoValues) -> Self::Output<bool> {
        self.run(building("pfadd", || {
            Ok(Command::PfAdd { key: key.into(), members: members.into_values()? })
        }))
    }

    /// Returns the estimated number of different members of all these keys together.
    ///
    /// O(keys), with a large constant. Redis: <https://redis.io/commands/pfcount>
    ///
    /// # Errors
    ///
    /// `invalid-argument` for no keys.
    fn pfcount(&self, keys: impl IntoKeys) -> Self::Output<u64> {
        self.run(Ok(Command::PfCount { keys: keys.into_keys() }))
    }

    /// Adds the members of other HyperLogLogs to the one at the key `to`, creating it if needed, and keeps its TTL.
    ///
    /// O(keys), with a large constant. Redis: <https://redis.io/commands/pfmerge>
    fn pfmerge(&self, to: impl Into<Key>, keys: impl IntoKeys) -> Self::Output<()> {
        self.run(Ok(Command::PfMerge { to: to.into(), keys: keys.into_keys() }))
    }
}

impl<R: Run + ?Sized> HyperLogLogs for R {}
