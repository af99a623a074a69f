// The operations on locks. Each method names its command and its reply; none has a meaning of its own.

use super::Run;
use super::rows::{self, Fields, Row};
use crate::command::{Command, Key, Reply};
use crate::error::{Error, Result};
use crate::reply::FromReply;
use std::time::Duration;

/// Locks: names that one owner at a time holds, until the owner gives it up or its time ends.
pub struct Locks<'a, R: Run + ?Sized>(pub(super) &'a R);

/// A lock that somebody holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Who.
    pub owner: String,
    /// The number of this hold, larger than that of every one before it: what the lock guards can refuse a smaller one.
    pub token: u64,
    /// Since when, in milliseconds since 1970.
    pub acquired: u64,
    /// Until when.
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
    /// Takes a lock that nobody else holds, or prolongs one's own, for a time from now: its fencing token, or nothing when
    /// another has it. To prolong a lock leaves its token as it is.
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

    /// Gives a lock up; whether this owner held it.
    ///
    /// O(log n).
    pub fn release(&self, name: impl Into<Key>, owner: impl Into<String>) -> R::Output<bool> {
        self.0.run(Ok(Command::LocksRelease { name: name.into(), owner: owner.into() }))
    }

    /// Who holds a lock; nothing when nobody does.
    ///
    /// O(log n).
    pub fn status(&self, name: impl Into<Key>) -> R::Output<Option<Lock>> {
        self.0.read(Ok(Command::LocksStatus { name: name.into() }), rows::one)
    }
}
