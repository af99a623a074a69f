// The interface `connection`, and what a store needs from the host: the time and a seed.

use std::time::Duration;

use super::{Answer, Component, run};
use crate::exports::omnikv::kv::connection::{
    self, Guest, GuestStore, Options, Store, StoreBorrow, StoreCapabilities, StoreStats,
};
use crate::wasi::clocks::wall_clock;
use crate::wasi::random::insecure_seed;
use crate::{Opened, may_flush};
use omnikv::command::Command;
use omnikv::engine::Eviction;
use omnikv::host::{clock, random};

/// A store, as the host's resource.
pub struct Handle(pub Opened);

impl GuestStore for Handle {}

impl Guest for Component {
    type Store = Handle;

    fn connect(url: String, options: Options) -> Answer<Store> {
        clock::install(now_ms);
        random::install(seed);
        let Options { prefix, default_ttl_ms, max_bytes, max_keys, eviction, max_key_bytes } = options;
        let options = omnikv::Options {
            prefix: prefix.unwrap_or_default(),
            default_ttl: default_ttl_ms.map(Duration::from_millis),
            max_bytes,
            max_keys,
            eviction: eviction.map(policy),
            max_key_bytes: max_key_bytes.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
            ..omnikv::Options::default()
        };
        Ok(Store::new(Handle(Opened::connect(&url, options)?)))
    }

    fn close(store: StoreBorrow<'_>) -> Answer<()> {
        Ok(store.get::<Handle>().0.close()?)
    }

    fn capabilities(store: StoreBorrow<'_>) -> Answer<StoreCapabilities> {
        let promised = store.get::<Handle>().0.capabilities();
        Ok(StoreCapabilities {
            atomic: promised.atomic,
            ordered: promised.ordered,
            exact_counts: promised.exact_counts,
            ttl_minimum_ms: promised.ttl_minimum_ms,
            max_key_bytes: promised.max_key_bytes,
            max_value_bytes: promised.max_value_bytes,
            records: promised.records,
            consistency: promised.consistency.to_string(),
        })
    }

    fn stats(store: StoreBorrow<'_>) -> Answer<StoreStats> {
        let stats = store.get::<Handle>().0.stats()?;
        Ok(StoreStats {
            keys: stats.keys,
            expiring_keys: stats.expiring_keys,
            hits: stats.hits,
            misses: stats.misses,
            bytes: stats.bytes,
            evicted: stats.evicted,
            server: stats.server.into_iter().collect(),
        })
    }

    fn flush(store: StoreBorrow<'_>, all: bool) -> Answer<()> {
        may_flush(&store.get::<Handle>().0, all)?;
        run(&store, Command::Flush { prefix: String::new() })
    }
}

fn policy(eviction: connection::Eviction) -> Eviction {
    match eviction {
        connection::Eviction::Noeviction => Eviction::NoEviction,
        connection::Eviction::AllkeysLru => Eviction::AllKeysLru,
        connection::Eviction::VolatileTtl => Eviction::VolatileTtl,
    }
}

fn now_ms() -> u64 {
    let now = wall_clock::now();
    match now.seconds.saturating_mul(1000).saturating_add(u64::from(now.nanoseconds / 1_000_000)) {
        // A component cannot distinguish a clock that begins at 1970 from a host without time.
        0 => clock::NO_TIME,
        now => now,
    }
}

fn seed() -> u64 {
    let (low, high) = insecure_seed::insecure_seed();
    low ^ high
}
