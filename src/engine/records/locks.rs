// Locks: a name, who holds it, until when, and the token that tells this hold from every other. It must not know what they
// guard.

use std::collections::BTreeMap;

/// What a name is counted with beside its bytes and its owner's.
const OVERHEAD: usize = 128;

pub(super) fn weight(name: &str, owner: &str) -> usize {
    name.len().saturating_add(owner.len()).saturating_add(OVERHEAD)
}

/// One hold.
pub(super) struct Lock {
    pub owner: Box<str>,
    pub token: u64,
    pub acquired: u64,
    pub until: u64,
}

#[derive(Default)]
pub(super) struct Locks {
    held: BTreeMap<Box<str>, Lock>,
    /// When there are so many, those that have ended are removed.
    sweep_at: usize,
}

impl Locks {
    /// The lock, if somebody holds it.
    pub fn get(&self, name: &str, now: u64) -> Option<&Lock> {
        self.held.get(name).filter(|lock| lock.until > now)
    }

    /// What a lock of this name and owner adds at most.
    pub fn growth(&self, name: &str, owner: &str) -> usize {
        weight(name, owner).saturating_sub(self.weight_of(name))
    }

    fn weight_of(&self, name: &str) -> usize {
        self.held.get(name).map_or(0, |lock| weight(name, &lock.owner))
    }

    /// Prolongs one's own lock.
    pub fn extend(&mut self, name: &str, owner: &str, now: u64, until: u64) -> Option<u64> {
        let lock = self.held.get_mut(name).filter(|lock| lock.until > now && *lock.owner == *owner)?;
        lock.until = until;
        Some(lock.token)
    }

    /// Takes a lock that nobody holds; what others weighed that had ended.
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

    /// Gives a lock up; what it weighed.
    pub fn remove(&mut self, name: &str) -> usize {
        let freed = self.weight_of(name);
        self.held.remove(name);
        freed
    }

    /// Removes the locks whose names begin with the prefix; what they weighed.
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
