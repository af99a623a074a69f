// The store's limits, and the eviction that makes room under them. Operations do not know policies: each asks once for
// all the room it may need, at a point where nothing else can fail, and fails without changes if there is none.

use super::table::Keyed;
use super::{Engine, Eviction, Tick};
use crate::error::{Error, Kind, Result};
#[cfg(target_arch = "wasm32")]
use std::cell::Cell;

impl Eviction {
    /// Parses Redis's name of a policy: `noeviction`, `allkeys-lru` or `volatile-ttl`.
    pub fn from_name(name: &str) -> Option<Eviction> {
        Some(match name {
            "noeviction" => Eviction::NoEviction,
            "allkeys-lru" => Eviction::AllKeysLru,
            "volatile-ttl" => Eviction::VolatileTtl,
            _ => return None,
        })
    }
}

impl Engine {
    /// Ensures that this many more bytes and entries fit under the limits.
    pub(super) fn reserve(&mut self, bytes: usize, entries: usize) -> Result<()> {
        let (needed_bytes, needed_keys) = self.needed(bytes, entries);
        let exceeds = |limit: u64, what| ["needs more than the ", &limit.to_string(), what].concat();
        let message = if needed_bytes > self.limits.max_bytes {
            exceeds(self.limits.max_bytes, " bytes this store may hold (maxBytes)")
        } else if needed_keys > self.limits.max_keys {
            exceeds(self.limits.max_keys, " keys this store may hold (maxKeys)")
        } else if !memory_bears(bytes) || !self.table.try_reserve(entries) {
            "needs more than the memory that is left here".to_owned()
        } else {
            return Ok(());
        };
        self.wanted = (bytes, entries);
        Err(Error::new(Kind::OutOfMemory, message))
    }

    /// Whether writes of so many bytes to so many keys are certain to find room, with plenty of memory left beside.
    pub(crate) fn bears(&self, bytes: usize, entries: usize) -> bool {
        let (needed_bytes, needed_keys) = self.needed(bytes, entries);
        needed_bytes <= self.limits.max_bytes && needed_keys <= self.limits.max_keys && has_plenty()
    }

    fn needed(&self, bytes: usize, entries: usize) -> (u64, u64) {
        (self.used_bytes.saturating_add(bytes) as u64, self.table.len().saturating_add(entries) as u64)
    }

    /// Runs an operation. If it finds no room, evicts keys by the policy and runs it again. This is safe because a
    /// failed operation has changed nothing. `is_named` tells which keys the operation reads or writes; they are not
    /// evicted for it.
    pub(crate) fn with_room<R>(
        &mut self,
        tick: &Tick,
        is_named: &dyn Fn(&[u8]) -> bool,
        mut operation: impl FnMut(&mut Engine) -> Result<R>,
    ) -> Result<R> {
        loop {
            let counted = (self.hits, self.misses);
            match operation(self) {
                Err(error) if error.kind() == Kind::OutOfMemory && self.make_room(is_named, tick)? => {
                    // Both attempts read the same keys: count each read once.
                    (self.hits, self.misses) = counted;
                }
                result => return result,
            }
        }
    }

    /// Evicts until the wanted bytes and entries fit. Returns false, and evicts nothing, if they cannot be made to fit.
    fn make_room(&mut self, is_named: &dyn Fn(&[u8]) -> bool, tick: &Tick) -> Result<bool> {
        let (bytes, entries) = self.wanted;
        if bytes as u64 > self.limits.max_bytes || entries as u64 > self.limits.max_keys {
            return Ok(false);
        }
        let now = self.now_if_needed(tick)?;
        // If the store is within its limits, memory itself is short. How much must be freed is unknown then, but
        // something must.
        let mut must_remove = self.excess() == (0, 0);
        let has_room = |engine: &Engine, must_remove: bool| !must_remove && engine.excess() == (0, 0);
        // Expired keys go first, whatever the policy.
        while !has_room(self, must_remove)
            && let Some(expired) = self.wheel.due(now, &mut { u32::MAX })
        {
            self.remove(expired as usize);
            must_remove = false;
        }
        if !has_room(self, must_remove) && self.can_give_up_enough(is_named) {
            while !has_room(self, must_remove)
                && let Some(victim) = self.victim(is_named)
            {
                self.remove(victim);
                self.evicted = self.evicted.wrapping_add(1);
                must_remove = false;
            }
        }
        Ok(has_room(self, must_remove))
    }

    /// By how many bytes and keys the store would exceed its limits with the wanted ones added.
    fn excess(&self) -> (u64, u64) {
        let (bytes, entries) = self.wanted;
        let (needed_bytes, needed_keys) = self.needed(bytes, entries);
        (needed_bytes.saturating_sub(self.limits.max_bytes), needed_keys.saturating_sub(self.limits.max_keys))
    }

    /// Whether evicting every key that the policy may evict would free enough. Looks at no more keys than necessary.
    fn can_give_up_enough(&self, is_named: &dyn Fn(&[u8]) -> bool) -> bool {
        let (mut bytes, mut keys) = self.excess();
        let mut is_enough = |index: usize| {
            let Some(entry) = self.table.at(index) else { return false };
            if is_named(entry.key()) {
                return false;
            }
            bytes = bytes.saturating_sub(entry.weight() as u64);
            keys = keys.saturating_sub(1);
            (bytes, keys) == (0, 0)
        };
        match (self.limits.eviction, &self.recency) {
            (Eviction::AllKeysLru, Some(recency)) => recency.oldest_first().any(is_enough),
            (Eviction::VolatileTtl, _) => self.wheel.entries().any(|entry| is_enough(entry as usize)),
            _ => false,
        }
    }

    /// The next entry to evict, excluding named keys.
    fn victim(&mut self, is_named: &dyn Fn(&[u8]) -> bool) -> Option<usize> {
        let table = &self.table;
        let may_go = |index: usize| table.at(index).is_some_and(|entry| !is_named(entry.key()));
        match (self.limits.eviction, &mut self.recency) {
            (Eviction::AllKeysLru, Some(recency)) => (0..table.len()).find_map(|_| {
                let oldest = recency.oldest()?;
                if may_go(oldest) {
                    return Some(oldest);
                }
                // The key is in use now, so move it away from the tail: the next search will not see it again.
                recency.touch(oldest);
                None
            }),
            (Eviction::VolatileTtl, _) => {
                self.wheel.soonest(|entry| may_go(entry as usize)).map(|entry| entry as usize)
            }
            _ => None,
        }
    }
}

/// Whether the address space has room for this many more bytes, plus what calls need while they run.
#[cfg(not(target_arch = "wasm32"))]
fn memory_bears(_bytes: usize) -> bool {
    true
}

/// Whether the address space has room for this many more bytes, plus what calls need while they run: arguments,
/// replies, tables that double. All stores of an instance share 4 GiB, and a failed allocation aborts all of them. So
/// once the memory has grown large, this probes the allocator before each write, and again whenever the last probe's
/// reserve is used up.
#[cfg(target_arch = "wasm32")]
fn memory_bears(bytes: usize) -> bool {
    const CHUNK: usize = 128 << 20;
    const WORKING: usize = 10 * CHUNK;
    const AHEAD: usize = CHUNK / 4;
    thread_local! {
        /// The unused part of the last probe's reserve.
        static LEFT: Cell<usize> = const { Cell::new(0) };
    }
    if has_plenty() {
        return true;
    }
    if let Some(left) = LEFT.get().checked_sub(bytes) {
        LEFT.set(left);
        return true;
    }
    // Probe in chunks, so that only the last chunk makes the memory grow. One big allocation would grow it by its full
    // length.
    let mut chunks = Vec::new();
    let has_room = (0..bytes.saturating_add(WORKING).div_ceil(CHUNK)).all(|_| {
        let mut chunk = Vec::<u8>::new();
        let is_there = chunk.try_reserve_exact(CHUNK).is_ok();
        chunks.push(chunk);
        is_there
    });
    // Keeps the compiler from removing the unused allocations.
    core::hint::black_box(chunks);
    LEFT.set(if has_room { AHEAD } else { 0 });
    has_room
}

/// Whether the memory has grown so little that it need not be asked for more.
#[cfg(not(target_arch = "wasm32"))]
fn has_plenty() -> bool {
    true
}

/// Whether the memory has grown so little that it need not be asked for more.
#[cfg(target_arch = "wasm32")]
fn has_plenty() -> bool {
    /// In pages of 64 KiB.
    const LARGE: usize = 1 << 14;
    core::arch::wasm32::memory_size(0) < LARGE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Expiry;
    use crate::engine::Limits;

    fn engine(max_keys: u64, eviction: Eviction) -> Engine {
        Engine::new(Limits { max_keys, eviction, ..Limits::default() }, 1)
    }

    fn set(engine: &mut Engine, key: &str, expiry: Expiry) -> Result<()> {
        let tick = Tick::at(1_000);
        engine.with_room(&tick, &|other| other == key.as_bytes(), |engine| {
            engine.set(key.as_bytes(), b"v", expiry, &tick)
        })
    }

    fn has(engine: &mut Engine, key: &str) -> bool {
        engine.table.find(key.as_bytes()).is_some()
    }

    #[test]
    fn without_eviction_a_full_store_refuses() {
        let mut engine = engine(1, Eviction::NoEviction);
        set(&mut engine, "a", Expiry::Never).unwrap();
        set(&mut engine, "a", Expiry::Never).unwrap();
        assert_eq!(set(&mut engine, "b", Expiry::Never).unwrap_err().kind(), Kind::OutOfMemory);
        assert!(has(&mut engine, "a") && !has(&mut engine, "b"));
    }

    #[test]
    fn expired_entries_take_no_room() {
        let mut engine = engine(500, Eviction::NoEviction);
        for n in 0..500 {
            set(&mut engine, &format!("old:{n}"), Expiry::After(10)).unwrap();
        }
        let later = Tick::at(2_000);
        for n in 0..500 {
            let key = format!("new:{n}");
            let set = |engine: &mut Engine| engine.set(key.as_bytes(), b"v", Expiry::Never, &later);
            engine.with_room(&later, &|other| other == key.as_bytes(), set).unwrap();
        }
        assert_eq!((engine.table.len(), engine.evicted()), (500, 0));
    }

    #[test]
    fn the_least_recently_used_key_goes_first() {
        let mut engine = engine(3, Eviction::AllKeysLru);
        for key in ["a", "b", "c"] {
            set(&mut engine, key, Expiry::Never).unwrap();
        }
        engine.get(b"a", &Tick::at(1_000)).unwrap();
        set(&mut engine, "d", Expiry::Never).unwrap();
        assert!(!has(&mut engine, "b") && has(&mut engine, "a") && has(&mut engine, "d"));
        assert_eq!(engine.evicted(), 1);
    }

    #[test]
    fn only_keys_that_expire_are_volatile() {
        let mut engine = engine(2, Eviction::VolatileTtl);
        set(&mut engine, "stays", Expiry::Never).unwrap();
        set(&mut engine, "goes", Expiry::After(500)).unwrap();
        set(&mut engine, "new", Expiry::Never).unwrap();
        assert!(has(&mut engine, "stays") && !has(&mut engine, "goes"));
        assert_eq!(set(&mut engine, "more", Expiry::Never).unwrap_err().kind(), Kind::OutOfMemory);
    }

    #[test]
    fn a_value_that_can_never_fit_evicts_nothing() {
        let limits = Limits { max_bytes: 1_000, eviction: Eviction::AllKeysLru, ..Limits::default() };
        let mut engine = Engine::new(limits, 1);
        set(&mut engine, "a", Expiry::Never).unwrap();
        let tick = Tick::at(1_000);
        let set = |engine: &mut Engine| engine.set(b"b", &[0; 2_000], Expiry::Never, &tick);
        let big = engine.with_room(&tick, &|key| key == b"b", set);
        assert_eq!(big.unwrap_err().kind(), Kind::OutOfMemory);
        assert!(has(&mut engine, "a"));
    }
}
