// Benchmarks of the engine and the memory store beside alternatives, in one process: cargo bench -p omnikv-bench.
// Criterion measures; the table at the end shows the medians and their ratios to the store's.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use criterion::{BatchSize, Criterion};
use dashmap::DashMap;
use omnikv::MemoryStore;
use omnikv::engine::Engine;
use omnikv_bench::Peer;

const KEYS: usize = 10_000;
const MANY: usize = 100_000;
const VALUE: &str = "0123456789abcdef0123456789abcdef";

const ROWS: [&str; 7] =
    ["get", "set", "set with ttl", "incr", "mget of 100", "range of 100 in 100,000", "expiry of 100,000"];
/// The baseline of the comparison.
const OURS: &str = "MemoryStore";

fn keys(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("user:session:{i:06}")).collect()
}

fn filled<P: Peer>(keys: &[String]) -> P {
    let mut peer = P::open();
    for key in keys {
        peer.set(key, VALUE);
    }
    peer
}

/// Runs an operation on one key after the other, repeatedly.
fn each<P: Peer>(criterion: &mut Criterion, row: &str, mut operation: impl FnMut(&mut P, &str)) {
    let keys = keys(KEYS);
    let mut peer: P = if row == "incr" { P::open() } else { filled(&keys) };
    let mut turn = keys.iter().cycle();
    criterion.benchmark_group(row).bench_function(P::NAME, |bencher| {
        bencher.iter(|| operation(&mut peer, turn.next().map_or("", String::as_str)));
    });
}

fn measure<P: Peer>(criterion: &mut Criterion) {
    each(criterion, "get", |peer: &mut P, key| {
        black_box(peer.get(key));
    });
    each(criterion, "set", |peer: &mut P, key| peer.set(key, black_box(VALUE)));
    if let Some(set) = P::SET_WITH_TTL {
        each(criterion, "set with ttl", |peer: &mut P, key| set(peer, key, black_box(VALUE)));
    }
    if let Some(incr) = P::INCR {
        each(criterion, "incr", incr);
    }

    let names = keys(KEYS);
    let mut peer: P = filled(&names);
    let mut batches = names.chunks(100).cycle();
    criterion.benchmark_group("mget of 100").bench_function(P::NAME, |bencher| {
        bencher.iter(|| black_box(peer.mget(batches.next().unwrap_or_default())));
    });

    if let Some(range) = P::RANGE {
        let names: Vec<String> = (0..MANY).map(|i| format!("item:{:03}:{i:06}", i % 1000)).collect();
        let mut peer: P = filled(&names);
        let prefixes: Vec<String> = (0..1000).map(|i| format!("item:{i:03}:")).collect();
        let mut turn = prefixes.iter().cycle();
        criterion.benchmark_group("range of 100 in 100,000").bench_function(P::NAME, |bencher| {
            bencher.iter(|| assert_eq!(range(&mut peer, turn.next().map_or("", String::as_str)), 100));
        });
    }

    if let Some(expired) = P::EXPIRED {
        let names = keys(MANY);
        let mut group = criterion.benchmark_group("expiry of 100,000");
        group.sample_size(10);
        group.bench_function(P::NAME, |bencher| {
            let setup = || expired(&names, VALUE);
            bencher.iter_batched_ref(setup, P::purge, BatchSize::PerIteration);
        });
    }
}

/// The median in nanoseconds, if this run measured it.
fn median(results: &Path, row: &str, name: &str, begin: SystemTime) -> Option<f64> {
    let plain = |text: &str| text.replace(['/', '"', '\\', '?', '*', ':', '<', '>', '|'], "_");
    let file = results.join(plain(row)).join(plain(name)).join("new/estimates.json");
    if fs::metadata(&file).ok()?.modified().ok()? < begin {
        return None;
    }
    let estimates: serde_json::Value = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}

fn print_table(results: &Path, names: &[&str], begin: SystemTime) {
    let is_measured = |row: &&str| names.iter().any(|name| median(results, row, name, begin).is_some());
    let rows: Vec<&str> = ROWS.into_iter().filter(is_measured).collect();
    if rows.is_empty() {
        return;
    }
    println!("\nmedians in ns; in brackets, how many times {OURS}'s\n");
    println!("| | {} |", names.join(" | "));
    println!("| --- |{}", " ---: |".repeat(names.len()));
    for row in rows {
        let ours = median(results, row, OURS, begin);
        let cells = names.iter().map(|name| match (median(results, row, name, begin), ours) {
            (Some(time), Some(ours)) if *name != OURS => format!("{time:.0} ({:.1}×)", time / ours),
            (Some(time), _) => format!("{time:.0}"),
            (None, _) => "–".to_owned(),
        });
        println!("| {row} | {} |", cells.collect::<Vec<_>>().join(" | "));
    }
}

/// Measures these peers and lists them in this order.
macro_rules! measure_all {
    ($criterion:expr, $($peer:ty),+ $(,)?) => {{
        $(measure::<$peer>($criterion);)+
        [$(<$peer as Peer>::NAME),+]
    }};
}

fn main() {
    let results = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/criterion"));
    let begin = SystemTime::now();
    let mut criterion = Criterion::default()
        .output_directory(&results)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .sample_size(40)
        .without_plots()
        .configure_from_args();
    let names = measure_all!(
        &mut criterion,
        (MemoryStore, std::sync::Arc<std::sync::atomic::AtomicU64>),
        (Engine, u64),
        HashMap<String, (String, u64)>,
        BTreeMap<String, String>,
        DashMap<String, String>,
        moka::sync::Cache<String, std::sync::Arc<str>>,
        quick_cache::sync::Cache<String, std::sync::Arc<str>>,
    );
    criterion.final_summary();
    print_table(&results, &names, begin);
}
