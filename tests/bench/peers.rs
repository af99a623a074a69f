// What is compared: the engine, the store around it, and what Rust programs would use instead. Each implements a row as
// its documentation recommends, and omits what it cannot do.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dashmap::DashMap;
use omnikv::command::{Command, Reply};
use omnikv::engine::{Engine, Limits, Tick};
use omnikv::{Expiry, MemoryStore, Options, RangeOptions, SetOptions, prelude::*};

const START: u64 = 1_700_000_000_000;
const HOUR: u64 = 3_600_000;
const SEED: u64 = 1;

pub trait Peer: Sized {
    const NAME: &'static str;
    const SET_WITH_TTL: Option<fn(&mut Self, &str, &str)> = None;
    const INCR: Option<fn(&mut Self, &str)> = None;
    /// The number of entries whose keys have this prefix, read in order.
    const RANGE: Option<fn(&mut Self, &str) -> usize> = None;
    /// Creates a peer that holds expired entries; `purge` removes them.
    const EXPIRED: Option<fn(&[String], &str) -> Self> = None;
    fn purge(&mut self) {}

    fn open() -> Self;
    fn set(&mut self, key: &str, value: &str);
    /// The length of the key's value.
    fn get(&mut self, key: &str) -> usize;
    fn mget(&mut self, keys: &[String]) -> usize {
        keys.iter().map(|key| self.get(key)).sum()
    }
}

/// The engine alone, at a given time.
impl Peer for (Engine, u64) {
    const NAME: &'static str = "engine";
    const SET_WITH_TTL: Option<fn(&mut Self, &str, &str)> = Some(|(engine, now), key, value| {
        engine.set(key.as_bytes(), value.as_bytes(), Expiry::After(HOUR), &Tick::at(*now)).unwrap();
    });
    const INCR: Option<fn(&mut Self, &str)> = Some(|(engine, now), key| {
        engine.incrby(key.as_bytes(), 1, &Tick::at(*now)).unwrap();
    });
    const RANGE: Option<fn(&mut Self, &str) -> usize> = Some(|(engine, now), prefix| {
        let start = prefix.to_owned();
        let (end, after, limit, reverse, keys_only) = (None, None, None, false, false);
        let command = Command::Range { start, end, after, limit, reverse, keys_only };
        let Reply::List(items) = engine.apply(&command, &Tick::at(*now)).unwrap() else { return 0 };
        items.len() / 2
    });
    const EXPIRED: Option<fn(&[String], &str) -> Self> = Some(|keys, value| {
        let mut peer = Self::open();
        for key in keys {
            Self::SET_WITH_TTL.unwrap()(&mut peer, key, value);
        }
        peer.1 += 2 * HOUR;
        peer
    });

    fn purge(&mut self) {
        while self.0.used_bytes() > 0 {
            self.0.sweep(&Tick::at(self.1)).unwrap();
        }
    }

    fn open() -> Self {
        (Engine::new(Limits::default(), SEED), START)
    }

    fn set(&mut self, key: &str, value: &str) {
        self.0.set(key.as_bytes(), value.as_bytes(), Expiry::Never, &Tick::at(self.1)).unwrap();
    }

    fn get(&mut self, key: &str) -> usize {
        self.0.get(key.as_bytes(), &Tick::at(self.1)).unwrap().map_or(0, <[u8]>::len)
    }
}

/// The store: checks, lock and clock around the engine, values as owned strings.
impl Peer for (MemoryStore, Arc<AtomicU64>) {
    const NAME: &'static str = "MemoryStore";
    const SET_WITH_TTL: Option<fn(&mut Self, &str, &str)> = Some(|(store, _), key, value| {
        store.set_with(key, value, SetOptions::new().ttl(Duration::from_millis(HOUR))).unwrap();
    });
    const INCR: Option<fn(&mut Self, &str)> = Some(|(store, _), key| {
        store.incr(key).unwrap();
    });
    const RANGE: Option<fn(&mut Self, &str) -> usize> =
        Some(|(store, _), prefix| store.range(prefix, None, RangeOptions::new()).unwrap().len());
    const EXPIRED: Option<fn(&[String], &str) -> Self> = Some(|keys, value| {
        let mut peer = Self::open();
        for key in keys {
            Self::SET_WITH_TTL.unwrap()(&mut peer, key, value);
        }
        peer.1.fetch_add(2 * HOUR, Ordering::Relaxed);
        peer
    });

    fn purge(&mut self) {
        // Each command sweeps a limited number of entries, while counting keys would look at all of them.
        while self.0.stats().unwrap().bytes > Some(0) {
            for _ in 0..2_000 {
                self.0.exists("nobody").unwrap();
            }
        }
    }

    fn open() -> Self {
        let now = Arc::new(AtomicU64::new(START));
        let read = Arc::clone(&now);
        let options = Options {
            clock: Some(Arc::new(move || read.load(Ordering::Relaxed))),
            seed: Some(SEED),
            ..Options::default()
        };
        (MemoryStore::connect("memory:", options).unwrap(), now)
    }

    fn set(&mut self, key: &str, value: &str) {
        self.0.set(key, value).unwrap();
    }

    fn get(&mut self, key: &str) -> usize {
        self.0.get(key).unwrap().map_or(0, |value| value.len())
    }

    fn mget(&mut self, keys: &[String]) -> usize {
        let values: Vec<Option<String>> = self.0.mget(keys).unwrap();
        values.iter().flatten().map(String::len).sum()
    }
}

/// Values with deadlines, swept by looking at all of them.
impl Peer for HashMap<String, (String, u64)> {
    const NAME: &'static str = "HashMap";
    const SET_WITH_TTL: Option<fn(&mut Self, &str, &str)> = Some(|map, key, value| {
        map.insert(key.to_owned(), (value.to_owned(), START + HOUR));
    });
    const INCR: Option<fn(&mut Self, &str)> = Some(|map, key| {
        let (text, _) = map.entry(key.to_owned()).or_insert_with(|| ("0".to_owned(), u64::MAX));
        *text = (text.parse::<i64>().unwrap() + 1).to_string();
    });
    const RANGE: Option<fn(&mut Self, &str) -> usize> = Some(|map, prefix| {
        let mut found: Vec<_> = map.iter().filter(|(key, _)| key.starts_with(prefix)).collect();
        found.sort();
        found.iter().map(|(key, (value, _))| ((*key).clone(), value.clone())).collect::<Vec<_>>().len()
    });
    const EXPIRED: Option<fn(&[String], &str) -> Self> =
        Some(|keys, value| keys.iter().map(|key| (key.clone(), (value.to_owned(), START + HOUR))).collect());

    fn purge(&mut self) {
        self.retain(|_, (_, deadline)| *deadline > START + 2 * HOUR);
    }

    fn open() -> Self {
        HashMap::new()
    }

    fn set(&mut self, key: &str, value: &str) {
        self.insert(key.to_owned(), (value.to_owned(), u64::MAX));
    }

    fn get(&mut self, key: &str) -> usize {
        HashMap::get(self, key).filter(|(_, deadline)| *deadline > START).map_or(0, |(value, _)| value.len())
    }
}

impl Peer for BTreeMap<String, String> {
    const NAME: &'static str = "BTreeMap";
    const INCR: Option<fn(&mut Self, &str)> = Some(|map, key| {
        let text = map.entry(key.to_owned()).or_insert_with(|| "0".to_owned());
        *text = (text.parse::<i64>().unwrap() + 1).to_string();
    });
    const RANGE: Option<fn(&mut Self, &str) -> usize> = Some(|map, prefix| {
        let span = map.range(prefix.to_owned()..).take_while(|(key, _)| key.starts_with(prefix));
        span.map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>().len()
    });

    fn open() -> Self {
        BTreeMap::new()
    }

    fn set(&mut self, key: &str, value: &str) {
        self.insert(key.to_owned(), value.to_owned());
    }

    fn get(&mut self, key: &str) -> usize {
        BTreeMap::get(self, key).map_or(0, String::len)
    }
}

impl Peer for DashMap<String, String> {
    const NAME: &'static str = "dashmap";
    const INCR: Option<fn(&mut Self, &str)> = Some(|map, key| {
        let mut text = map.entry(key.to_owned()).or_insert_with(|| "0".to_owned());
        *text = (text.parse::<i64>().unwrap() + 1).to_string();
    });

    fn open() -> Self {
        DashMap::new()
    }

    fn set(&mut self, key: &str, value: &str) {
        self.insert(key.to_owned(), value.to_owned());
    }

    fn get(&mut self, key: &str) -> usize {
        DashMap::get(self, key).map_or(0, |value| value.len())
    }
}

type Moka = moka::sync::Cache<String, Arc<str>>;

impl Peer for Moka {
    const NAME: &'static str = "moka (ttl)";
    /// The TTL belongs to the cache, not to the entry.
    const SET_WITH_TTL: Option<fn(&mut Self, &str, &str)> = Some(|cache, key, value| {
        cache.insert(key.to_owned(), Arc::from(value));
    });
    const EXPIRED: Option<fn(&[String], &str) -> Self> = Some(|keys, value| {
        let cache = Moka::builder().time_to_live(Duration::from_millis(300)).build();
        for key in keys {
            cache.insert(key.clone(), Arc::from(value));
        }
        cache.run_pending_tasks();
        std::thread::sleep(Duration::from_millis(400));
        cache
    });

    fn purge(&mut self) {
        while self.entry_count() > 0 {
            self.run_pending_tasks();
        }
    }

    fn open() -> Self {
        Moka::builder().time_to_live(Duration::from_millis(HOUR)).build()
    }

    fn set(&mut self, key: &str, value: &str) {
        self.insert(key.to_owned(), Arc::from(value));
    }

    fn get(&mut self, key: &str) -> usize {
        Moka::get(self, key).map_or(0, |value| value.len())
    }
}

type Quick = quick_cache::sync::Cache<String, Arc<str>>;

impl Peer for Quick {
    const NAME: &'static str = "quick_cache";

    fn open() -> Self {
        Quick::new(1_000_000)
    }

    fn set(&mut self, key: &str, value: &str) {
        self.insert(key.to_owned(), Arc::from(value));
    }

    fn get(&mut self, key: &str) -> usize {
        Quick::get(self, key).map_or(0, |value| value.len())
    }
}
