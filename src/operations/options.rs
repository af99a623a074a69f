// The options that operations take, as builders. They must not decide what an option means.

use crate::command::{Bytes, Expiry, SetCondition, ValueType};
use std::time::{Duration, SystemTime};

/// When and how long [`set_with`](super::Strings::set_with) writes. A `Duration`, a `SystemTime` and an [`Expiry`] can
/// stand for the options that say only this.
///
/// ```
/// # use omnikv::{MemoryStore, SetOptions, prelude::*};
/// # use std::time::Duration;
/// let kv = MemoryStore::new();
/// let lock = SetOptions::new().nx().ttl(Duration::from_secs(10));
/// assert!(kv.set_with("lock", "me", lock)?);
/// assert!(!kv.set_with("lock", "you", lock)?);
/// # Ok::<(), omnikv::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SetOptions {
    pub(super) expiry: Expiry,
    pub(super) condition: Option<SetCondition>,
}

impl SetOptions {
    /// Writes always; the value expires after the handle's default TTL, if there is one.
    pub fn new() -> SetOptions {
        SetOptions::default()
    }

    /// Expires after this time, kept to the millisecond. Zero: never.
    pub fn ttl(self, ttl: Duration) -> SetOptions {
        self.expiry(ttl)
    }

    /// Expires at this moment. One that is past removes the key.
    pub fn expireat(self, moment: SystemTime) -> SetOptions {
        self.expiry(moment)
    }

    /// Expires at this moment, in milliseconds since 1970. One that is past removes the key.
    pub fn expireat_ms(self, moment: u64) -> SetOptions {
        self.expiry(Expiry::At(moment))
    }

    /// Never expires, also against a default TTL.
    pub fn never(self) -> SetOptions {
        self.expiry(Expiry::Never)
    }

    /// Expires when the value it replaces would have.
    pub fn keep_ttl(self) -> SetOptions {
        self.expiry(Expiry::Keep)
    }

    /// Expires so.
    pub fn expiry(self, expiry: impl Into<Expiry>) -> SetOptions {
        SetOptions { expiry: expiry.into(), ..self }
    }

    /// Writes only if the key does not exist.
    pub fn nx(self) -> SetOptions {
        SetOptions { condition: Some(SetCondition::Missing), ..self }
    }

    /// Writes only if the key exists.
    pub fn xx(self) -> SetOptions {
        SetOptions { condition: Some(SetCondition::Present), ..self }
    }
}

macro_rules! expiry_as_options {
    ($($type:ty)*) => { $(
        impl From<$type> for SetOptions {
            fn from(expiry: $type) -> SetOptions {
                SetOptions::new().expiry(expiry)
            }
        }
    )* };
}
expiry_as_options!(Duration SystemTime Expiry);

/// Which keys [`scan`](super::Keyspace::scan) looks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScanOptions {
    pub(crate) pattern: Option<String>,
    pub(crate) count: Option<u64>,
    pub(crate) kind: Option<ValueType>,
}

impl ScanOptions {
    /// Every key.
    pub fn new() -> ScanOptions {
        ScanOptions::default()
    }

    /// Only keys that match this glob.
    pub fn matching(self, pattern: impl Into<String>) -> ScanOptions {
        ScanOptions { pattern: Some(pattern.into()), ..self }
    }

    /// About how many keys a page looks at: a hint, 10 unless given. Zero is `invalid-argument`.
    pub fn count(self, count: u64) -> ScanOptions {
        ScanOptions { count: Some(count), ..self }
    }

    /// Only keys that hold this type of value.
    pub fn of_type(self, kind: ValueType) -> ScanOptions {
        ScanOptions { kind: Some(kind), ..self }
    }
}

/// Which fields or members [`hscan`](super::Hashes::hscan) and [`sscan`](super::Sets::sscan) look for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchOptions {
    pub(crate) pattern: Option<Bytes>,
    pub(crate) count: Option<u64>,
}

impl MatchOptions {
    /// Every one.
    pub fn new() -> MatchOptions {
        MatchOptions::default()
    }

    /// Only those that match this glob.
    pub fn matching(self, pattern: impl Into<Bytes>) -> MatchOptions {
        MatchOptions { pattern: Some(pattern.into()), ..self }
    }

    /// About how many a page looks at: a hint, 10 unless given. Zero is `invalid-argument`.
    pub fn count(self, count: u64) -> MatchOptions {
        MatchOptions { count: Some(count), ..self }
    }
}

/// How [`range`](super::Keyspace::range) is cut and turned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RangeOptions {
    pub(super) after: Option<String>,
    pub(super) limit: Option<u64>,
    pub(super) reverse: bool,
}

impl RangeOptions {
    /// The whole range, from its start.
    pub fn new() -> RangeOptions {
        RangeOptions::default()
    }

    /// Only what comes behind this key on the way: the last key of a page leads to the next one.
    pub fn after(self, key: impl Into<String>) -> RangeOptions {
        RangeOptions { after: Some(key.into()), ..self }
    }

    /// At most so many entries.
    pub fn limit(self, limit: u64) -> RangeOptions {
        RangeOptions { limit: Some(limit), ..self }
    }

    /// From the end of the range to its start.
    pub fn reverse(self) -> RangeOptions {
        RangeOptions { reverse: true, ..self }
    }
}

/// How [`lpos_with`](super::Lists::lpos_with) and [`lpos_all`](super::Lists::lpos_all) look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LposOptions {
    pub(super) rank: Option<i64>,
    pub(super) max_len: Option<u64>,
}

impl LposOptions {
    /// From the first element to the last.
    pub fn new() -> LposOptions {
        LposOptions::default()
    }

    /// Which match to begin with: 1 the first, 2 the second, -1 the first from the right. Zero is `invalid-argument`.
    pub fn rank(self, rank: i64) -> LposOptions {
        LposOptions { rank: Some(rank), ..self }
    }

    /// How many elements to compare at most. Zero: all.
    pub fn max_len(self, max_len: u64) -> LposOptions {
        LposOptions { max_len: Some(max_len), ..self }
    }
}
