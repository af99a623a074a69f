// The options that operations take, as builders. They must not decide what an option means.

use crate::command::{Bytes, Expiry, SetCondition, ValueType};
use std::time::{Duration, SystemTime};

/// Options for [`set_with`](super::Strings::set_with). A `Duration`, a `SystemTime` or an [`Expiry`] alone works as
/// options too.
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
    /// No condition; the value expires after the handle's default TTL, if there is one.
    pub fn new() -> SetOptions {
        SetOptions::default()
    }

    /// Expires after this time, to the millisecond. Zero means never.
    pub fn ttl(self, ttl: Duration) -> SetOptions {
        self.expiry(ttl)
    }

    /// Expires at this moment. A moment in the past deletes the key.
    pub fn expireat(self, moment: SystemTime) -> SetOptions {
        self.expiry(moment)
    }

    /// Expires at this moment, in milliseconds since 1970. A moment in the past deletes the key.
    pub fn expireat_ms(self, moment: u64) -> SetOptions {
        self.expiry(Expiry::At(moment))
    }

    /// Never expires, even with a default TTL.
    pub fn never(self) -> SetOptions {
        self.expiry(Expiry::Never)
    }

    /// Expires when the replaced value would have expired.
    pub fn keep_ttl(self) -> SetOptions {
        self.expiry(Expiry::Keep)
    }

    /// Sets the expiry.
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

/// Options for [`scan`](super::Keyspace::scan).
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

    /// About how many keys a page looks at. A hint; the default is 10. Zero is `invalid-argument`.
    pub fn count(self, count: u64) -> ScanOptions {
        ScanOptions { count: Some(count), ..self }
    }

    /// Only keys that hold this type of value.
    pub fn of_type(self, kind: ValueType) -> ScanOptions {
        ScanOptions { kind: Some(kind), ..self }
    }
}

/// Options for [`hscan`](super::Hashes::hscan), [`sscan`](super::Sets::sscan) and [`zscan`](super::SortedSets::zscan).
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

    /// About how many a page looks at. A hint; the default is 10. Zero is `invalid-argument`.
    pub fn count(self, count: u64) -> MatchOptions {
        MatchOptions { count: Some(count), ..self }
    }
}

/// Options for [`range`](super::Keyspace::range).
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

    /// At most this many entries.
    pub fn limit(self, limit: u64) -> RangeOptions {
        RangeOptions { limit: Some(limit), ..self }
    }

    /// Whether to go from the end of the range to its start.
    pub fn reverse(self) -> RangeOptions {
        RangeOptions { reverse: true, ..self }
    }
}

/// Options for [`lpos_with`](super::Lists::lpos_with) and [`lpos_all`](super::Lists::lpos_all).
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

    /// Which match to start with: 1 is the first, 2 the second, -1 the first from the right. 0 is `invalid-argument`.
    pub fn rank(self, rank: i64) -> LposOptions {
        LposOptions { rank: Some(rank), ..self }
    }

    /// The most elements to compare. 0 means all.
    pub fn max_len(self, max_len: u64) -> LposOptions {
        LposOptions { max_len: Some(max_len), ..self }
    }
}
