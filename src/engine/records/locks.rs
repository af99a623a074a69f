// Locks: a name, who holds it, until when, and the token that tells this hold from every other. It must not know what they
// guard.

use super::map::{self, Map, Thing};

/// What a name is counted with beside its bytes and its owner's.
const OVERHEAD: usize = 128;

pub(super) fn weight(name: &[u8], owner: &str) -> usize {
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
    held: Map,
    /// When there are so many, those that have ended are removed.
    sweep_at: usize,
}

impl Locks {
    /// The lock, if somebody holds it.
    pub fn get(&self, name: &str, now: u64) -> Option<&Lock> {
        self.held.get(name.as_bytes())?.lock().filter(|lock| lock.until > now)
    }

    /// What a lock of this name and owner adds at most.
    pub fn growth(&self, name: &str, owner: &str) -> usize {
        weight(name.as_bytes(), owner).saturating_sub(self.weight_of(name))
    }

    fn weight_of(&self, name: &str) -> usize {
        let lock = self.held.get(name.as_bytes()).and_then(Thing::lock);
        lock.map_or(0, |lock| weight(name.as_bytes(), &lock.owner))
    }

    /// Prolongs one's own lock.
    pub fn extend(&mut self, name: &str, owner: &str, now: u64, until: u64) -> Option<u64> {
        let lock = self.held.get_mut(name.as_bytes())?.lock_mut();
        let lock = lock.filter(|lock| lock.until > now && *lock.owner == *owner)?;
        lock.until = until;
        Some(lock.token)
    }

    /// Takes a lock that nobody holds; what others weighed that had ended.
    pub fn take(&mut self, name: &str, lock: Lock) -> usize {
        let now = lock.acquired;
        let mut freed = self.weight_of(name);
        self.held.insert(name.as_bytes().into(), Thing::Lock(Box::new(lock)));
        if self.held.len() >= self.sweep_at {
            freed = freed.saturating_add(self.remove_if(&|_, lock| lock.until <= now));
            self.sweep_at = self.held.len().saturating_mul(2).max(64);
        }
        freed
    }

    /// Gives a lock up; what it weighed.
    pub fn remove(&mut self, name: &str) -> usize {
        let freed = self.weight_of(name);
        self.held.remove(name.as_bytes());
        freed
    }

    /// Removes the locks whose names begin with the prefix; what they weighed.
    pub fn flush(&mut self, prefix: &str) -> usize {
        self.remove_if(&|name, _| name.starts_with(prefix.as_bytes()))
    }

    fn remove_if(&mut self, is_it: &dyn Fn(&[u8], &Lock) -> bool) -> usize {
        let removed =
            map::take_if(&mut self.held, &|name, thing| thing.lock().is_some_and(|l| is_it(name, l)));
        let weights = removed.iter().map(|(name, thing)| thing.lock().map_or(0, |l| weight(name, &l.owner)));
        weights.fold(0, usize::saturating_add)
    }
}
