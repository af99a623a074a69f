// Locks: a name, its holder, its expiry, and the token that distinguishes this hold from every other. What locks
// protect does not matter here.

use super::map::{self, Map, Thing};

/// The overhead of a lock, in addition to the bytes of its name and owner.
const OVERHEAD: usize = 128;

pub(super) fn weight(name: &[u8], owner: &str) -> usize {
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
    held: Map,
    /// The number of locks at which expired ones are removed.
    sweep_at: usize,
}

impl Locks {
    /// The lock, if it is held.
    pub fn get(&self, name: &str, now: u64) -> Option<&Lock> {
        self.held.get(name.as_bytes())?.lock().filter(|lock| lock.until > now)
    }

    /// The most that a lock with this name and owner adds.
    pub fn growth(&self, name: &str, owner: &str) -> usize {
        weight(name.as_bytes(), owner).saturating_sub(self.weight_of(name))
    }

    fn weight_of(&self, name: &str) -> usize {
        let lock = self.held.get(name.as_bytes()).and_then(Thing::lock);
        lock.map_or(0, |lock| weight(name.as_bytes(), &lock.owner))
    }

    /// Extends the owner's lock.
    pub fn extend(&mut self, name: &str, owner: &str, now: u64, until: u64) -> Option<u64> {
        let lock = self.held.get_mut(name.as_bytes())?.lock_mut();
        let lock = lock.filter(|lock| lock.until > now && *lock.owner == *owner)?;
        lock.until = until;
        Some(lock.token)
    }

    /// Takes a lock that nobody holds; returns the weight of expired locks that were removed.
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

    /// Removes a lock; returns its weight.
    pub fn remove(&mut self, name: &str) -> usize {
        let freed = self.weight_of(name);
        self.held.remove(name.as_bytes());
        freed
    }

    /// Removes the locks with this prefix; returns their weight.
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
