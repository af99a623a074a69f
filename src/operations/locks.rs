// The operations on locks. Each method names its command and its reply; none has a meaning of its own.

use super::Run;
use super::rows::{self, Fields, Row};
use crate::command::{Command, Key, Reply};
use crate::error::{Error, Result};
use crate::reply::FromReply;
use std::time::Duration;

/// Locks. One owner at a time holds a lock, until it is released or expires.
pub struct Locks<'a, R: Run + ?Sized>(pub(crate) &'a R);

/// A lock that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// The owner.
    pub owner: String,
    /// The fencing token. It is larger than every earlier one, so the resource that the lock guards can reject smaller
    /// tokens.
    pub token: u64,
    /// Since when, in milliseconds since 1970.
    pub acquired: u64,
    /// When it expires.
    pub until: u64,
}

impl Row for Lock {
    fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Lock {
            owner: fields.text()?,
            token: fields.number()?,
            acquired: fields.number()?,
            until: fields.number()?,
        })
    }
}

/// A time in milliseconds, of which there is at least one.
pub(super) fn milliseconds(ttl: Duration) -> Result<u64> {
    match u64::try_from(ttl.as_millis()) {
        Ok(milliseconds @ 1..) => Ok(milliseconds),
        _ => Err(Error::invalid_argument("(ttl) expects at least a millisecond")),
    }
}

/// A token, or nothing.
pub(super) fn token(reply: Reply) -> Result<Option<u64>> {
    match reply {
        Reply::Nil => Ok(None),
        reply => u64::from_reply(reply).map(Some),
    }
}

impl<R: Run + ?Sized> Locks<'_, R> {
    /// Acquires a lock for a time, or extends your own. Returns the fencing token, or nothing if another owner holds
    /// the lock. Extending a lock keeps its token.
    ///
    /// O(log n).
    ///
    /// ```
    /// # use omnikv::{MemoryStore, prelude::*};
    /// # use std::time::Duration;
    /// let kv = MemoryStore::new();
    /// let (locks, ttl) = (kv.locks(), Duration::from_secs(30));
    /// let token = locks.acquire("report", "me", ttl)?;
    /// assert!(token.is_some());
    /// assert_eq!(locks.acquire("report", "me", ttl)?, token);
    /// assert_eq!(locks.acquire("report", "you", ttl)?, None);
    /// assert!(locks.release("report", "me")?);
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    pub fn acquire(
        &self,
        name: impl Into<Key>,
        owner: impl Into<String>,
        ttl: Duration,
    ) -> R::Output<Option<u64>> {
        let command = milliseconds(ttl).map_err(|error| error.in_op("locks.acquire")).map(|milliseconds| {
            Command::LocksAcquire { name: name.into(), owner: owner.into(), milliseconds }
        });
        self.0.read(command, token)
    }

    /// Releases a lock. Returns whether this owner held it.
    ///
    /// O(log n).
    pub fn release(&self, name: impl Into<Key>, owner: impl Into<String>) -> R::Output<bool> {
        self.0.run(Ok(Command::LocksRelease { name: name.into(), owner: owner.into() }))
    }

    /// Returns the holder of a lock; nothing if nobody holds it.
    ///
    /// O(log n).
    pub fn status(&self, name: impl Into<Key>) -> R::Output<Option<Lock>> {
        self.0.read(Ok(Command::LocksStatus { name: name.into() }), rows::one)
    }
}
