// Deadlines: the semantics of `expire`, `ttl` and related commands, and the sweep of expired entries. Which writes keep
// a deadline is each operation's decision, not made here.

use super::{Engine, Tick};
use crate::command::{ExpireCondition, Expiry};
use crate::error::{Error, Reason, Result};

/// The most expired entries that one command sweeps: far more than a command can add, and too few to notice.
const SWEEP: u32 = 64;

/// What `ttl` answers when there is no deadline or no key.
const NO_DEADLINE: i64 = -1;
const NO_KEY: i64 = -2;

impl Engine {
    /// Removes some expired entries. Every command begins with this. O(1): at most 64 steps.
    pub fn sweep(&mut self, tick: &Tick) -> Result<()> {
        if self.wheel.is_empty() {
            return Ok(());
        }
        let now = self.now(tick)?;
        self.wheel.follow_clock(now);
        let mut budget = SWEEP;
        while let Some(index) = self.wheel.due(now, &mut budget) {
            self.remove(index as usize);
        }
        Ok(())
    }

    pub(super) fn deadline(&self, index: usize) -> Option<u64> {
        let timer = self.table.at(index)?.timer;
        (timer != super::wheel::NONE).then(|| self.wheel.deadline(timer))
    }

    pub(super) fn is_expired(&mut self, index: usize, tick: &Tick) -> Result<bool> {
        match self.deadline(index) {
            Some(deadline) => Ok(deadline <= self.now(tick)?),
            None => Ok(false),
        }
    }

    pub(super) fn set_deadline(&mut self, index: usize, deadline: Option<u64>) {
        let Some(entry) = self.table.at_mut(index) else { return };
        let timer = entry.timer;
        entry.timer = match deadline {
            Some(deadline) if self.wheel.postpone(timer, deadline) => timer,
            Some(deadline) => self.wheel.add(deadline, index as u32),
            None => {
                self.wheel.remove(timer);
                super::wheel::NONE
            }
        };
    }

    /// The deadline that a write with this expiry sets, given the key's current one.
    pub(super) fn deadline_for(&mut self, expiry: Expiry, key: &[u8], tick: &Tick) -> Result<Option<u64>> {
        match expiry {
            Expiry::Keep => Ok(self.find(key, tick)?.and_then(|index| self.deadline(index))),
            expiry => deadline_of(expiry, tick),
        }
    }

    /// Sets the key's deadline relative to now. Returns false if the key is missing or the condition does not hold. A
    /// deadline in the past deletes the key. O(1). <https://redis.io/commands/pexpire>
    pub fn expire_after(
        &mut self,
        key: &[u8],
        ms: Option<i64>,
        condition: Option<ExpireCondition>,
        tick: &Tick,
    ) -> Result<bool> {
        let now = self.now(tick)?;
        let moment = ms.and_then(|ms| i64::try_from(now).ok()?.checked_add(ms));
        self.expireat(key, moment, condition, tick)
    }

    /// Sets the key's deadline in milliseconds since 1970 (`None`: out of range), otherwise like
    /// [`expire_after`](Engine::expire_after). O(1). <https://redis.io/commands/pexpireat>
    pub fn expireat(
        &mut self,
        key: &[u8],
        moment: Option<i64>,
        condition: Option<ExpireCondition>,
        tick: &Tick,
    ) -> Result<bool> {
        let Some(moment) = moment else { return Err(out_of_range()) };
        // A moment before 1970 is simply in the past.
        let moment = u64::try_from(moment).unwrap_or(0);
        let Some(index) = self.find(key, tick)? else { return Ok(false) };
        let current = self.deadline(index);
        let holds = match condition {
            None => true,
            Some(ExpireCondition::None) => current.is_none(),
            Some(ExpireCondition::Some) => current.is_some(),
            Some(ExpireCondition::Later) => current.is_some_and(|current| moment > current),
            Some(ExpireCondition::Earlier) => current.is_none_or(|current| moment < current),
            Some(ExpireCondition::EarlierThanSome) => current.is_some_and(|current| moment < current),
        };
        if !holds {
            return Ok(false);
        }
        if moment <= self.now(tick)? {
            self.remove(index);
        } else {
            self.set_deadline(index, Some(moment));
        }
        Ok(true)
    }

    /// Removes the key's deadline. Returns false if the key is missing or has none. O(1).
    /// <https://redis.io/commands/persist>
    pub fn persist(&mut self, key: &[u8], tick: &Tick) -> Result<bool> {
        let Some(index) = self.find(key, tick)? else { return Ok(false) };
        let had_deadline = self.deadline(index).is_some();
        self.set_deadline(index, None);
        Ok(had_deadline)
    }

    /// Milliseconds until the key expires; -1 without a deadline, -2 without the key. O(1).
    /// <https://redis.io/commands/pttl>
    pub fn pttl(&mut self, key: &[u8], tick: &Tick) -> Result<i64> {
        let deadline = self.pexpiretime(key, tick)?;
        if deadline < 0 {
            return Ok(deadline);
        }
        Ok(deadline.saturating_sub_unsigned(self.now(tick)?))
    }

    /// Seconds until the key expires, rounded to the nearest; -1 without a deadline, -2 without the key. O(1).
    /// <https://redis.io/commands/ttl>
    pub fn ttl(&mut self, key: &[u8], tick: &Tick) -> Result<i64> {
        self.pttl(key, tick).map(to_seconds)
    }

    /// When the key expires, in milliseconds since 1970; -1 without a deadline, -2 without the key. Like the other
    /// deadline queries, this does not count as a use of the key. O(1). <https://redis.io/commands/pexpiretime>
    pub fn pexpiretime(&mut self, key: &[u8], tick: &Tick) -> Result<i64> {
        let Some(index) = self.meet(key, tick)? else { return Ok(NO_KEY) };
        Ok(self.deadline(index).map_or(NO_DEADLINE, |deadline| i64::try_from(deadline).unwrap_or(i64::MAX)))
    }

    /// When the key expires, in seconds since 1970, rounded to the nearest; -1 without a deadline, -2 without the key.
    /// O(1). <https://redis.io/commands/expiretime>
    pub fn expiretime(&mut self, key: &[u8], tick: &Tick) -> Result<i64> {
        self.pexpiretime(key, tick).map(to_seconds)
    }
}

/// The deadline that this expiry sets where there is none to keep.
pub(super) fn deadline_of(expiry: Expiry, tick: &Tick) -> Result<Option<u64>> {
    match expiry {
        Expiry::Unstated | Expiry::Never | Expiry::Keep => Ok(None),
        Expiry::After(ms) => check_deadline(tick.now()?.checked_add(ms)).map(Some),
        Expiry::At(moment) => check_deadline(Some(moment)).map(Some),
    }
}

fn to_seconds(ms: i64) -> i64 {
    if ms < 0 { ms } else { ms.saturating_add(500) / 1000 }
}

fn check_deadline(deadline: Option<u64>) -> Result<u64> {
    deadline.filter(|deadline| i64::try_from(*deadline).is_ok()).ok_or_else(out_of_range)
}

fn out_of_range() -> Error {
    Error::because(Reason::TooLate)
}
