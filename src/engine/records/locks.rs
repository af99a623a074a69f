// Locks: a name, its holder, its expiry, and the token that distinguishes this hold from every other. What locks
// protect does not matter here.

use std::collections::BTreeMap;

/// The overhead of a lock, in addition to the bytes of its name and owner.
const OVERHEAD: usize = 128;

pub(super) fn weight(name: &str, owner: &str) -> usize {
    name.len().saturating_add(owner.len()).saturating_add(OVERHEAD)
}

/// A held lock.
pub(super) struct Lock {
    pub owner: Box<str>,
    pub token: u64,
    pub acquired: u64,
    pub until: u64,
}

#[derive(Default)]
pub(super) struct Locks {
    held: BTreeMap<Box<str>, Lock>,
    /// The number of locks at which expired ones are removed.
    sweep_at: usize,
}

impl Locks {
    /// The lock, if it is held.
    pub fn get(&self, name: &str, now: u64) -> Option<&Lock> {
        self.held.get(name).filter(|lock| lock.until > now)
    }

    /// The most that a lock with this name and owner adds.
    pub fn growth(&self, name: &str, owner: &str) -> usize {
        weight(name, owner).saturating_sub(self.weight_of(name))
    }

    fn weight_of(&self, name: &str) -> usize {
        self.held.get(name).map_or(0, |lock| weight(name, &lock.owner))
    }

    /// Extends the owner's lock.
    pub fn extend(&mut self, name: &str, owner: &str, now: u64, until: u64) -> Option<u64> {
        let lock = self.held.get_mut(name).filter(|lock| lock.until > now && *lock.owner == *owner)?;
        lock.until = until;
        Some(lock.token)
    }

    /// Takes a lock that nobody holds; returns the weight of expired locks that were removed.
    pub fn take(&mut self, name: &str, lock: Lock) -> usize {
        let now = lock.acquired;
        let mut freed = self.weight_of(name);
        self.held.insert(name.into(), lock);
        if self.held.len() >= self.sweep_at {
            self.held.retain(|name, lock| {
                let stays = lock.until > now;
                if !stays {
                    freed = freed.saturating_add(weight(name, &lock.owner));
                }
                stays
            });
            self.sweep_at = self.held.len().saturating_mul(2).max(64);
        }
        freed
    }

    /// Removes a lock; returns its weight.
    pub fn remove(&mut self, name: &str) -> usize {
        let freed = self.weight_of(name);
        self.held.remove(name);
        freed
    }

    /// Removes the locks with this prefix; returns their weight.
    pub fn flush(&mut self, prefix: &str) -> usize {
        let mut freed = 0_usize;
        self.held.retain(|name, lock| {
            let stays = !name.starts_with(prefix);
            if !stays {
                freed = freed.saturating_add(weight(name, &lock.owner));
            }
            stays
        });
        freed
    }
}
