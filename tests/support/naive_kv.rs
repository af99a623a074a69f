// A Cloudflare KV namespace as documented, in memory: its rules are assertions here.

use omnikv::backend::BoxFuture;
use omnikv::command::Key;
use omnikv::error::Result;
use omnikv::host::Clock;
use omnikv::host::kv::{KvNamespace, LIST_LIMITS, MOST_GETS, Name, Names, Pair, Stored};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub struct NaiveKv {
    clock: Arc<dyn Clock>,
    /// The values, and when they are removed, in seconds since 1970.
    entries: Mutex<BTreeMap<Key, (Stored, Option<u64>)>>,
    /// The most keys in a page: the platform may return fewer than requested.
    page: usize,
}

impl NaiveKv {
    pub fn new(clock: Arc<dyn Clock>, page: usize) -> NaiveKv {
        NaiveKv { clock, entries: Mutex::default(), page }
    }

    /// A key's value, and when the platform removes it, in seconds since 1970.
    pub fn entry(&self, key: &str) -> Option<(Stored, Option<u64>)> {
        self.entries.lock().unwrap().get(&Key(key.into())).cloned()
    }

    /// Writes like another program.
    pub fn write(&self, key: &str, value: &str, metadata: Option<&str>, expiration: Option<u64>) {
        let stored = Stored { value: value.into(), metadata: metadata.map(str::to_owned), expiration: None };
        self.entries.lock().unwrap().insert(Key(key.into()), (stored, expiration));
    }

    fn is_there(&self, expiration: Option<u64>) -> bool {
        expiration.is_none_or(|seconds| seconds * 1000 > self.clock.now_ms())
    }

    fn check_key(key: &Key) {
        assert!((1..=512).contains(&key.as_bytes().len()) && !matches!(key.as_str(), "." | ".."));
    }
}

impl KvNamespace for NaiveKv {
    fn get<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Stored>>>> {
        assert!((1..=MOST_GETS).contains(&keys.len()));
        keys.iter().for_each(NaiveKv::check_key);
        let entries = self.entries.lock().unwrap();
        let read = |key| {
            let (stored, expiration) = entries.get(key)?;
            self.is_there(*expiration).then(|| stored.clone())
        };
        let found = keys.iter().map(read).collect();
        Box::pin(async { Ok(found) })
    }

    fn put<'a>(&'a self, pairs: &'a [Pair]) -> BoxFuture<'a, Result<()>> {
        let now = self.clock.now_ms() / 1000;
        for pair in pairs {
            NaiveKv::check_key(&pair.key);
            assert!(pair.value.len() <= 25 << 20);
            assert!(pair.metadata.as_ref().is_none_or(|metadata| metadata.len() <= 1024));
            assert!(pair.expiration_ttl.is_none_or(|ttl| ttl >= 60));
            let stored =
                Stored { value: pair.value.clone(), metadata: pair.metadata.clone(), expiration: None };
            let expiration = pair.expiration_ttl.map(|ttl| now + ttl);
            self.entries.lock().unwrap().insert(pair.key.clone(), (stored, expiration));
        }
        Box::pin(async { Ok(()) })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<()>> {
        for key in keys {
            NaiveKv::check_key(key);
            self.entries.lock().unwrap().remove(key);
        }
        Box::pin(async { Ok(()) })
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        cursor: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Names>> {
        assert!((LIST_LIMITS.0..=LIST_LIMITS.1).contains(&limit), "{limit}");
        let entries = self.entries.lock().unwrap();
        let name = |(key, (stored, expiration)): (&Key, &(Stored, Option<u64>))| Name {
            key: key.clone(),
            expiration: *expiration,
            metadata: stored.metadata.clone(),
        };
        let mut names: Vec<Name> = entries
            .iter()
            .filter(|(key, (_, expiration))| key.as_str().starts_with(prefix) && self.is_there(*expiration))
            .filter(|(key, _)| cursor.is_none_or(|last| key.as_str() > last))
            .map(name)
            .collect();
        let limit = limit.min(self.page);
        let has_more = names.len() > limit;
        names.truncate(limit);
        let cursor = names.last().filter(|_| has_more).map(|name| name.key.0.clone());
        Box::pin(async { Ok(Names { names, cursor }) })
    }
}
