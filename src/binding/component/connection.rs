// The interface `connection`, and what a store asks of the host: the time and one seed.

use std::time::Duration;

use super::exports::omnikv::kv::connection::{
    self, Guest, GuestStore, Options, Store, StoreBorrow, StoreCapabilities, StoreStats,
};
use super::wasi::clocks::wall_clock;
use super::wasi::random::insecure_seed;
use super::{Answer, Component, Opened, run};
use crate::command::Command;
use crate::engine::Eviction;
use crate::host::{clock, random};
use crate::options;

/// A store as the host holds it.
pub struct Handle(pub(super) Opened);

impl GuestStore for Handle {}

impl Guest for Component {
    type Store = Handle;

    fn connect(url: String, options: Options) -> Answer<Store> {
        clock::install(now_ms);
        random::install(seed);
        let Options { prefix, default_ttl_ms, max_bytes, max_keys, eviction, max_key_bytes } = options;
        let options = options::Options {
            prefix: prefix.unwrap_or_default(),
            default_ttl: default_ttl_ms.map(Duration::from_millis),
            max_bytes,
            max_keys,
            eviction: eviction.map(policy),
            max_key_bytes: max_key_bytes.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
            clock: None,
            seed: None,
            #[cfg(feature = "net")]
            remote: options::Remote::default(),
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

    #[cfg_attr(
        not(feature = "component-net"),
        allow(unused_variables, reason = "a store in memory does not ask")
    )]
    fn flush(store: StoreBorrow<'_>, all: bool) -> Answer<()> {
        #[cfg(feature = "component-net")]
        store.get::<Handle>().0.may_flush(all)?;
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
        // A component cannot tell a host whose clock begins at 1970 from one that has no time.
        0 => clock::NO_TIME,
        now => now,
    }
}

fn seed() -> u64 {
    let (low, high) = insecure_seed::insecure_seed();
    low ^ high
}
