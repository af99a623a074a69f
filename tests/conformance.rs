// The conformance cases on the native stores: the synchronous one, and the asynchronous one through the same typed API.

#[path = "support/args.rs"]
mod args;
#[path = "support/calls.rs"]
mod calls;
#[path = "support/cases.rs"]
mod cases;
#[path = "support/handles.rs"]
mod handles;

use cases::Options;
use handles::{Handle, Stores};
use omnikv::{MemoryStore, Result, Store};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// When every case begins, in milliseconds since 1970.
const START_MS: u64 = 1_700_000_000_000;

#[test]
fn the_synchronous_memory_store() {
    run_all("MemoryStore", MemoryStore::connect);
}

#[test]
fn the_asynchronous_store_in_memory() {
    run_all("Store", |url, options| pollster::block_on(Store::connect(url, options)));
}

/// Runs every case on a store in memory of its own, with a clock of its own.
fn run_all<H: Handle>(host: &str, connect: fn(&str, omnikv::Options) -> Result<H>) {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    cases::report(
        host,
        |_| true,
        |case| {
            let now = Arc::new(AtomicU64::new(START_MS));
            let clock: Arc<dyn omnikv::host::Clock> = {
                let now = Arc::clone(&now);
                Arc::new(move || now.load(Ordering::Relaxed))
            };
            let url = format!("memory:case-{}", NEXT.fetch_add(1, Ordering::Relaxed));
            let open = move |options: &Options| {
                let clock = Some(Arc::clone(&clock));
                connect(&url, omnikv::Options { clock, ..handles::options(options)? }).map_err(Into::into)
            };
            let read = Arc::clone(&now);
            let mut stores = Stores::new(
                case.options.clone(),
                open,
                move || read.load(Ordering::Relaxed),
                move |milliseconds| {
                    now.fetch_add(milliseconds, Ordering::Relaxed);
                },
            );
            cases::run(&mut stores, case)
        },
    );
}
