// Locks: a name, its holder, its expiry, and the token that distinguishes this hold from every other; and consumers, whose
// position only the holder of their lock may move. How the rows are stored does not matter here.

use super::storage::Storage;
use crate::engine::Tick;
use crate::error::{Error, Kind, Result};

/// The overhead of a lock, in addition to the bytes of its name and owner.
const OVERHEAD: usize = 128;

/// What a lock's name names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    /// A lock.
    Lock,
    /// A consumer.
    Consumer,
}

/// A lock. It is held until its time ends. Moments are in milliseconds since 1970.
#[derive(Clone, Debug)]
pub struct Lock {
    /// Who holds it.
    pub owner: Box<str>,
    /// A number of the sequence, which distinguishes this hold from all others.
    pub token: u64,
    /// When this hold began.
    pub acquired: u64,
    /// When it ends.
    pub until: u64,
}

pub(super) fn weight(name: &str, owner: &str) -> usize {
    name.len().saturating_add(owner.len()).saturating_add(OVERHEAD)
}

impl dyn Storage + '_ {
    /// The lock, if somebody holds it.
    pub(super) fn held(&mut self, space: Space, name: &str, now: u64) -> Result<Option<Lock>> {
        Ok(self.lock(space, name)?.filter(|lock| lock.until > now))
    }

    /// Acquires a lock that nobody else holds, or extends the owner's own. Returns its token, or nothing.
    pub(super) fn acquire(
        &mut self,
        space: Space,
        name: &str,
        owner: &str,
        milliseconds: u64,
        tick: &Tick,
    ) -> Result<Option<u64>> {
        let now = tick.now()?;
        let until = now.saturating_add(milliseconds);
        let old = self.lock(space, name)?;
        let lock = match &old {
            Some(lock) if lock.until > now && *lock.owner == *owner => Lock { until, ..lock.clone() },
            Some(lock) if lock.until > now => return Ok(None),
            _ => {
                let weight = weight(name, owner);
                let freed = old.map_or(0, |old| self::weight(name, &old.owner));
                self.reserve(weight, weight.saturating_sub(freed))?;
                Lock { owner: owner.into(), token: self.draw()?, acquired: now, until }
            }
        };
        let token = lock.token;
        self.put_lock(space, name, lock)?;
        Ok(Some(token))
    }

    /// Releases a lock; returns whether this owner held it.
    pub(super) fn release(&mut self, space: Space, name: &str, owner: &str, tick: &Tick) -> Result<bool> {
        let now = tick.now()?;
        let is_own = self.held(space, name, now)?.is_some_and(|lock| *lock.owner == *owner);
        if is_own {
            self.remove_lock(space, name)?;
        }
        Ok(is_own)
    }

    /// Sets a consumer's position, if the token is its holder's or, without a token, if nobody holds it.
    pub(super) fn commit_position(
        &mut self,
        name: &str,
        seq: u64,
        token: Option<u64>,
        tick: &Tick,
    ) -> Result<()> {
        // All reads come first, so that a storage which has not loaded the rows yet learns of all of them.
        let holder = self.held(Space::Consumer, name, tick.now()?)?.map(|lock| lock.token);
        let (latest, position) = (self.latest()?, self.position(name)?);
        if holder != token {
            let message = match token {
                Some(_) => "(token) is not that of who holds the consumer now",
                None => "(token) is missing: somebody holds the consumer",
            };
            return Err(Error::new(Kind::Conflict, message));
        }
        if seq > latest {
            let message =
                ["(seq) expects at most ", &latest.to_string(), ", that of the latest change"].concat();
            return Err(Error::invalid_argument(message));
        }
        if position.is_none() {
            self.reserve(weight(name, ""), weight(name, ""))?;
        }
        self.put_position(name, seq)
    }
}
