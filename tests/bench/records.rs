// Records on every store that has them, by the workloads of a-h/kv's own benchmark: cargo bench -p omnikv-bench -- records,
// or "records put", or "records put sqlite". Counts operations a second, all workers on one handle.

#[path = "../support/postgres.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod postgres;
#[path = "../support/redis.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod redis;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ::redis::cmd;
use omnikv::{Options, Result, Store, prelude::*};
use postgres::PostgresServer;
use redis::RedisServer;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Each workload is repeated at least so often and at least for so long; the median counts.
const RUNS: usize = 3;
const TIME: Duration = Duration::from_secs(2);

/// a-h/kv on SQLite and on PostgreSQL 15 as its own benchmark counts, on another machine with two cores; not measured in this
/// run. Its `patch` divides the patches of one of its four workers by the time of all, and its `mixed` counts a put and a get
/// as one.
const OTHERS: [(&str, [f64; 2], f64); 4] = [
    ("put", [4_554.0, 5_374.0], 1.0),
    ("get", [125_552.0, 47_842.0], 1.0),
    ("patch", [1_042.0, 782.0], 4.0),
    ("mixed", [3_288.0, 4_382.0], 2.0),
];

const STORES: [&str; 5] = ["memory", "sqlite", "sqlite full", "redis", "postgres"];

/// Where the stores of one run are.
struct Place {
    folder: TempDir,
    server: RedisServer,
    postgres: PostgresServer,
    opened: AtomicU64,
}

impl Place {
    /// An empty store.
    async fn open(&self, store: &str) -> Result<Store> {
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        let url = match store {
            "sqlite" => format!("sqlite:{}", self.folder.path().join(format!("{number}.db")).display()),
            "sqlite full" => {
                let path = self.folder.path().join(format!("{number}.db"));
                format!("sqlite:{}?synchronous=full", path.display())
            }
            "redis" => {
                cmd("FLUSHALL").exec(&mut self.server.connect()).expect("the server answers");
                format!("redis://127.0.0.1:{}", self.server.port())
            }
            "postgres" => self.postgres.url(),
            _ => "memory:".to_owned(),
        };
        Store::connect(&url, Options::new()).await
    }
}

/// Shares this many turns between workers, and waits for all.
async fn share<F: Future<Output = Result<()>> + Send + 'static>(
    kv: &Store,
    turns: u64,
    workers: u64,
    work: impl Fn(Store, u64, u64) -> F + Copy + Send + 'static,
) -> Result<()> {
    let next = Arc::new(AtomicU64::new(0));
    let workers = (0..workers).map(|worker| {
        let (kv, next) = (kv.clone(), Arc::clone(&next));
        tokio::spawn(async move {
            loop {
                let turn = next.fetch_add(1, Ordering::Relaxed);
                if turn >= turns {
                    return Ok(());
                }
                work(kv.clone(), worker, turn).await?;
            }
        })
    });
    for worker in workers.collect::<Vec<_>>() {
        worker.await.expect("a worker does not panic")?;
    }
    Ok(())
}

fn person(key: &str) -> Value {
    json!({
        "key": key, "name": "Alice-30000", "age": 42, "address1": "1 The Street", "address2": "The Town",
        "address3": "The County", "address4": "The Country", "postcode": "AB1 2CD",
    })
}

/// Runs a workload once; returns operations a second.
async fn run(row: &str, kv: &Store) -> Result<f64> {
    const PATCHED: &str = "kv-benchmark-patch-key";
    let of_get = |number| format!("kv-benchmark-get-key-{number}");
    match row {
        "get" => {
            for key in (0..100).map(of_get) {
                kv.records().put(&*key, -1, &person(&key)).await?;
            }
        }
        "patch" => {
            kv.records().put(PATCHED, -1, &json!({ "count": 0 })).await?;
        }
        _ => {}
    }
    let begin = Instant::now();
    let operations = match row {
        "put" => {
            share(kv, 30_000, 100, |kv, _, turn| async move {
                let key = format!("kv-benchmark-put-key-{turn}");
                kv.records().put(&*key, -1, &person(&key)).await.map(drop)
            })
            .await?;
            30_000
        }
        "get" => {
            share(kv, 10_000, 100, move |kv, _, _| async move {
                let found = kv.records().get::<Value>(of_get(fastrand::u64(..100))).await?;
                assert!(found.is_some());
                Ok(())
            })
            .await?;
            10_000
        }
        "patch" => {
            share(kv, 1_000, 4, |kv, worker, turn| async move {
                let patch = json!({ format!("worker_{worker}"): turn });
                kv.records().patch(PATCHED, -1, &patch).await.map(drop)
            })
            .await?;
            1_000
        }
        _ => {
            share(kv, 10_000, 15, |kv, worker, turn| async move {
                let key = format!("worker/{worker}/op/{turn}/random/{:064x}", fastrand::u128(..));
                let data = format!("some data for worker {worker} operation {turn}");
                let value = json!({ "worker_id": worker, "operation": turn, "data": data });
                kv.records().put(&*key, -1, &value).await?;
                let found = kv.records().get::<Value>(key).await?;
                assert!(found.is_some());
                Ok(())
            })
            .await?;
            20_000
        }
    };
    Ok(f64::from(operations) / begin.elapsed().as_secs_f64())
}

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let is_wanted = |row: &str, store: &str| {
        filter.is_empty()
            || filter.starts_with("records") && format!("records {row} {store}").contains(&filter)
    };
    if !OTHERS.iter().any(|(row, ..)| STORES.iter().any(|store| is_wanted(row, store))) {
        return;
    }
    let place = Place {
        folder: tempfile::tempdir().expect("a folder for files"),
        server: RedisServer::start(),
        postgres: PostgresServer::start(),
        opened: AtomicU64::new(0),
    };
    let runtime = Runtime::new().expect("threads");
    println!("\nrecords: operations a second, the median of at least {RUNS} runs; * is not from this run\n");
    println!(
        "| | {} | a-h/kv on SQLite * | sqlite full / a-h/kv | a-h/kv on PostgreSQL * | postgres / a-h/kv |",
        STORES.join(" | ")
    );
    println!("| --- |{}", " ---: |".repeat(STORES.len() + 4));
    for (row, others, each) in OTHERS {
        let measure = |store: &&str| {
            is_wanted(row, store).then(|| {
                let once = || {
                    runtime.block_on(async {
                        let kv = place.open(store).await?;
                        let rate = run(row, &kv).await;
                        kv.close().await?;
                        rate
                    })
                };
                let begin = Instant::now();
                let mut rates = Vec::new();
                while rates.len() < RUNS || begin.elapsed() < TIME {
                    rates.push(once()?);
                }
                rates.sort_by(f64::total_cmp);
                Ok(rates[rates.len() / 2])
            })
        };
        let rates: Vec<Option<Result<f64>>> = STORES.iter().map(measure).collect();
        let cell = |rate: &Option<Result<f64>>| match rate {
            Some(Ok(rate)) => format!("{rate:.0}"),
            Some(Err(error)) => error.kind().to_string(),
            None => "–".to_owned(),
        };
        let cells: Vec<String> = rates.iter().map(cell).collect();
        let compared = [2, 4].into_iter().zip(others).map(|(store, other)| {
            let ratio = match &rates[store] {
                Some(Ok(rate)) => format!("{:.1}×", rate / (other * each)),
                _ => "–".to_owned(),
            };
            format!("{:.0} | {ratio}", other * each)
        });
        println!("| {row} | {} | {} |", cells.join(" | "), compared.collect::<Vec<_>>().join(" | "));
    }
    println!(
        "\nput: 30,000 by 100 workers; get: 10,000 of 100 records by 100; patch: 250 of one record by each of 4; mixed: \
         10,000 times a put and a get by 15.\nsqlite commits with `synchronous = NORMAL`: a commit survives a crash of \
         the program, and after a loss of power the last ones may be missing. sqlite full waits for the disk, as \
         a-h/kv does, and so does postgres (`fsync` and `synchronous_commit` are on).\nThe ratio compares two machines. Other work on this one lowers all figures."
    );
}
