// The conformance cases on the native stores, through the typed API: synchronous, asynchronous, over stores of entries,
// and over a real redis-server, to verify the expectations themselves.

#[path = "support/args.rs"]
mod args;
#[path = "support/batches.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod batches;
#[path = "support/calls.rs"]
mod calls;
#[path = "support/cases.rs"]
mod cases;
#[path = "support/handles.rs"]
mod handles;
mod support;
#[path = "support/unsupported.rs"]
mod unsupported;

use batches::Batches;
use cases::{Action, Case, Fault, Options, Tally, Value};
use handles::{Handle, Stores};
use omnikv::backend::cells::{Cells, SqlCells};
use omnikv::backend::cloudflare_kv::{self, rest};
use omnikv::backend::memcached;
use omnikv::backend::redis::{Link, Redis};
use omnikv::backend::resp::{self, Hello, Resp};
use omnikv::backend::tcp::{Access, Endpoint, Settings, Tcp};
use omnikv::backend::{Backend, postgres, sqlite, wire};
use omnikv::host::Clock;
use omnikv::host::socket::Address;
use omnikv::{MemoryStore, Result, Store};
use pollster::block_on;
use serde_json::json;
use std::cell::OnceCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;
use support::kv_api::{self, KvApi};
use support::memcached::MemcachedServer;
use support::moments::{Moved, advance_records, real_now_ms, shift_deadlines};
use support::naive_cells::{NaiveCells, Nature, STRONG, WEAK};
use support::naive_kv::NaiveKv;
use support::oracle_store::OracleServer;
use support::postgres::PostgresServer;
use support::redis::RedisServer;
use support::rqlite::Node;
use unsupported::Unsupported;

/// The time at which every case begins, in milliseconds since 1970.
const START_MS: u64 = 1_700_000_000_000;

/// Operations that Redis lacks.
const NOT_IN_REDIS: [&str; 7] =
    ["range", "count", "delete-range", "compare-and-set", "compare-and-delete", "stats", "capabilities"];

#[test]
fn synchronous_memory_store() {
    in_memory("MemoryStore", MemoryStore::connect).record("Rust", "memory, synchronous");
}

#[test]
fn asynchronous_memory_store() {
    in_memory("Store", |url, options| block_on(Store::connect(url, options))).record("Rust", "memory");
}

#[test]
fn a_redis_server_agrees() {
    let server = OracleServer::start();
    cases::report("redis-server", is_asked_of_redis, |case| {
        server.lock().clear();
        let open = |options: &Options| {
            Store::over(Arc::new(server.clone()), &handles::options(options)?).map_err(Fault::from)
        };
        let now_ms = || server.lock().now_ms();
        let advance = |milliseconds| server.lock().advance(milliseconds);
        cases::run(&mut Stores::new(case.options.clone(), open, now_ms, advance), case)
    });
}

/// Runs every case on its own memory store with its own clock.
fn in_memory<H: Handle>(host: &str, connect: fn(&str, omnikv::Options) -> Result<H>) -> Tally {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    cases::report(
        host,
        |_| true,
        |case| {
            let now = Arc::new(AtomicU64::new(START_MS));
            let shown = Arc::clone(&now);
            let clock: Arc<dyn Clock> = Arc::new(move || shown.load(Ordering::Relaxed));
            let url = format!("memory:case-{}", NEXT.fetch_add(1, Ordering::Relaxed));
            let open = |options: &Options| {
                let clock = Some(Arc::clone(&clock));
                connect(&url, omnikv::Options { clock, ..handles::options(options)? }).map_err(Fault::from)
            };
            let now_ms = || now.load(Ordering::Relaxed);
            let advance = |milliseconds| {
                now.fetch_add(milliseconds, Ordering::Relaxed);
            };
            cases::run(&mut Stores::new(case.options.clone(), open, now_ms, advance), case)
        },
    )
}

#[test]
fn redis_over_tcp() {
    over_redis("redis://", |port| {
        let place = Endpoint::Server { host: "127.0.0.1".into(), port, access: Access::default() };
        Arc::new(Tcp::new(place, Settings { timeout: Duration::from_secs(10), retries: 5 }))
    })
    .record("Rust", "redis");
}

#[test]
fn redis_over_host_sockets() {
    over_redis("redis://, sockets", |port| {
        let network = support::sockets::network(None);
        let settings = resp::Settings {
            wire: wire_settings(port),
            hello: Hello { user: String::new(), password: None, db: 0, is_old: false },
            sentinels: None,
        };
        let sockets = network.sockets.expect("a network with sockets");
        Arc::new(Resp::new(settings, sockets, network.timer))
    });
}

fn wire_settings(port: u16) -> wire::Settings {
    wire::Settings {
        address: Address { host: "127.0.0.1".into(), port, ..Address::default() },
        timeout: Duration::from_secs(10),
        retries: 5,
        automatic_pipelining: true,
    }
}

/// Runs every case on a real server; time passes by moving the server's deadlines.
fn over_redis(host: &str, link: impl Fn(u16) -> Arc<dyn Link>) -> Tally {
    let server = RedisServer::start();
    let unsupported = Unsupported::of("redis");
    let url = format!("redis://127.0.0.1:{}", server.port());
    let backend = Redis::new(link(server.port()));
    let ahead = Arc::new(AtomicI64::new(0));
    let tally = cases::report(
        host,
        |_| true,
        |case| {
            let mut aside = server.connect();
            let _: () = redis::cmd("FLUSHALL").query(&mut aside).unwrap();
            let _: () = redis::cmd("SCRIPT").arg("FLUSH").query(&mut aside).unwrap();
            ahead.store(0, Ordering::Relaxed);
            let open = |options: &Options| {
                if options.max_bytes.is_some() || options.max_keys.is_some() || options.eviction.is_some() {
                    let options = handles::options(options)?;
                    return Ok(block_on(Store::connect(&url, options))?);
                }
                let backend = backend.another()?;
                let moved = Moved { backend, ahead: Arc::clone(&ahead) };
                Store::over(Arc::new(moved), &handles::options(options)?).map_err(Fault::from)
            };
            let now_ms = || (real_now_ms() + ahead.load(Ordering::Relaxed)) as u64;
            let advance = |milliseconds: u64| {
                let milliseconds = i64::try_from(milliseconds).unwrap();
                let mut aside = server.connect();
                shift_deadlines(&mut aside, -milliseconds);
                advance_records(&mut aside, milliseconds);
                ahead.fetch_add(milliseconds, Ordering::Relaxed);
            };
            let result = cases::run(&mut Stores::new(case.options.clone(), open, now_ms, advance), case);
            unsupported.judge(case, result)
        },
    );
    unsupported.check_all_met(host);
    tally
}

/// Every case on a real server; time passes by moving the deadlines of its items.
#[test]
fn memcached_over_host_sockets() {
    let server = MemcachedServer::start();
    let unsupported = Unsupported::of("memcached");
    let ahead = Arc::new(AtomicI64::new(0));
    let host = "memcached://";
    let settings = memcached::Settings {
        wire: wire_settings(server.port()),
        hello: memcached::Hello::default(),
        max_value_bytes: (1 << 20) - 1024,
    };
    let network = support::sockets::network(None);
    let sockets = network.sockets.expect("a network with sockets");
    let backend = memcached::open(settings, &omnikv::Options::default(), sockets, network.timer).unwrap();
    let tally = cases::report(
        host,
        |_| true,
        |case| {
            server.clear();
            ahead.store(0, Ordering::Relaxed);
            let open = |options: &Options| {
                let options = handles::options(options)?;
                if options.max_bytes.is_some() || options.max_keys.is_some() || options.eviction.is_some() {
                    return Ok(block_on(Store::connect(&server.url(), options))?);
                }
                let moved = Moved { backend: backend.another()?, ahead: Arc::clone(&ahead) };
                Store::over(Arc::new(moved), &options).map_err(Fault::from)
            };
            let now_ms = || (real_now_ms() + ahead.load(Ordering::Relaxed)) as u64;
            let advance = |milliseconds: u64| {
                server.advance(milliseconds);
                ahead.fetch_add(i64::try_from(milliseconds).unwrap(), Ordering::Relaxed);
            };
            let result = cases::run(&mut Stores::new(case.options.clone(), open, now_ms, advance), case);
            unsupported.judge(case, result)
        },
    );
    unsupported.check_all_met(host);
    tally.record("Rust", "memcached");
}

#[test]
fn cells_over_a_naive_store() {
    over_cells("Cells, naive", "cells", |options| naive(STRONG, options));
}

#[test]
fn cells_over_a_store_with_its_own_clock() {
    over_cells("Cells, naive with a clock", "cells", |options| {
        let shown = Arc::clone(options.clock.as_ref().expect("the clock of the case"));
        let store = NaiveCells::with_clock(STRONG, move || shown.now_ms());
        let an_hour_behind: Arc<dyn Clock> = Arc::new(|| START_MS - 3_600_000);
        Cells::new(Arc::new(store), &omnikv::Options { clock: Some(an_hour_behind), ..options.clone() })
    });
}

#[test]
fn cells_over_a_store_without_versions() {
    over_cells("Cells, not atomic", "cells without versions", |options| naive(WEAK, options));
}

#[test]
fn nonatomic_cells_over_a_store_without_versions() {
    let may_race = |options: &_| naive(WEAK, options).map(Cells::allow_nonatomic);
    over_cells("Cells, nonatomic=allow", "cells that may race", may_race);
}

#[test]
fn cells_over_sqlite() {
    over_cells("sqlite", "sqlite", |options| block_on(sqlite::open(":memory:", options)))
        .record("Rust", "sqlite");
}

#[test]
fn cells_over_postgres() {
    let server = PostgresServer::shared();
    let schema = server.schema();
    let pool = Arc::new(postgres::Pool::native(server.settings(&schema)).unwrap());
    over_cells("postgres", "postgres", |options| {
        server.clear(&schema);
        postgres::open(Arc::clone(&pool), options)
    })
    .record("Rust", "postgres");
}

#[test]
fn cells_over_sqlite_that_takes_batches() {
    over_cells("sqlite, in batches", "sqlite", |options| {
        Cells::new(Arc::new(SqlCells::new(Batches::open(":memory:"))), options)
    });
}

#[test]
fn cells_over_rqlite() {
    let node = Node::start();
    let (unsupported, host) = (Unsupported::of("rqlite"), "rqlite");
    let tally = cases::report(
        host,
        |_| true,
        |case| {
            node.clear();
            let now = Arc::new(AtomicU64::new(START_MS));
            let shown = Arc::clone(&now);
            let clock: Arc<dyn Clock> = Arc::new(move || shown.load(Ordering::Relaxed));
            let open = |options: &Options| {
                let clock = Some(Arc::clone(&clock));
                let options = omnikv::Options { clock, ..handles::options(options)? };
                block_on(Store::connect(&node.url(), options)).map_err(Fault::from)
            };
            let now_ms = || now.load(Ordering::Relaxed);
            let advance = |milliseconds| {
                now.fetch_add(milliseconds, Ordering::Relaxed);
            };
            let result = cases::run(&mut Stores::new(case.options.clone(), open, now_ms, advance), case);
            unsupported.judge(case, result)
        },
    );
    unsupported.check_all_met(host);
    tally.record("Rust", "rqlite");
}

#[test]
fn cells_over_cloudflare_kv() {
    over_cells("cloudflare-kv", "cloudflare-kv", |options| on_kv(options, false));
}

#[test]
fn nonatomic_cells_over_cloudflare_kv() {
    over_cells("cloudflare-kv, nonatomic=allow", "cloudflare-kv that may race", |options| {
        on_kv(options, true)
    });
}

#[test]
fn cells_over_cloudflare_kv_rest() {
    over_cells("cloudflare-kv, REST, nonatomic=allow", "cloudflare-kv that may race", |options| {
        let clock = options.clock.clone().expect("the clock of the case");
        let api = KvApi::new(Arc::new(NaiveKv::new(clock, 1000)));
        let settings = rest::Settings {
            endpoint: kv_api::ENDPOINT.into(),
            account: "an account".into(),
            namespace: "names".into(),
            token: kv_api::TOKEN.into(),
            timeout: Duration::from_secs(10),
            retries: 0,
        };
        let rest = rest::Rest::new(settings, api.network());
        cloudflare_kv::open(Arc::new(rest), options, true)
    });
}

fn on_kv(options: &omnikv::Options, nonatomic: bool) -> Result<Cells> {
    let clock = options.clock.clone().expect("the clock of the case");
    // Use shorter pages than requested, as the platform may.
    cloudflare_kv::open(Arc::new(NaiveKv::new(clock, 7)), options, nonatomic)
}

fn naive(nature: Nature, options: &omnikv::Options) -> Result<Cells> {
    Cells::new(Arc::new(NaiveCells::new(nature)), options)
}

/// Runs every case on its own store of entries with its own clock.
fn over_cells<B: Backend>(
    host: &str,
    table: &str,
    open_store: impl Fn(&omnikv::Options) -> Result<B>,
) -> Tally {
    let unsupported = Unsupported::of(table);
    let tally = cases::report(
        host,
        |_| true,
        |case| {
            let now = Arc::new(AtomicU64::new(START_MS));
            let shown = Arc::clone(&now);
            let clock: Arc<dyn Clock> = Arc::new(move || shown.load(Ordering::Relaxed));
            let of_case = |options: &Options| {
                let clock = Some(Arc::clone(&clock));
                Ok::<_, Fault>(omnikv::Options { clock, ..handles::options(options)? })
            };
            let backend = OnceCell::new();
            let open = |options: &Options| {
                let options = of_case(options)?;
                if backend.get().is_none() {
                    let _ = backend.set(open_store(&options)?);
                }
                let handle = backend.get().expect("it has just been opened").another()?;
                Store::over(handle, &options).map_err(Fault::from)
            };
            let now_ms = || now.load(Ordering::Relaxed);
            let advance = |milliseconds| {
                now.fetch_add(milliseconds, Ordering::Relaxed);
            };
            let result = cases::run(&mut Stores::new(case.options.clone(), open, now_ms, advance), case);
            unsupported.judge(case, result)
        },
    );
    unsupported.check_all_met(host);
    tally
}

/// Excluded from Redis are cases that state a difference, use operations Redis lacks, or limit their store.
fn is_asked_of_redis(case: &Case) -> bool {
    let mut calls = case.steps.iter().flat_map(|step| match &step.action {
        Action::Call(call) | Action::Drain(call) => std::slice::from_ref(call),
        Action::Pipeline(calls) | Action::Multi { calls, .. } => calls,
        Action::Advance(_) => &[],
    });
    case.differs_from_redis.is_none()
        && case.options.max_bytes.is_none()
        && case.options.max_keys.is_none()
        && !calls.any(|call| NOT_IN_REDIS.contains(&call.op.as_str()) || call.op.contains('.'))
}

#[test]
fn a_wrong_reply_is_noticed() {
    let list = |items: &[i128]| Value::List(items.iter().map(|item| Value::Int(*item)).collect());
    let text = |text: &str| Value::Text(text.into());
    for (expected, right, wrong) in [
        (json!(null), Value::Null, Value::Bool(false)),
        (json!(1), Value::Int(1), text("1")),
        (json!([1, 2]), list(&[1, 2]), list(&[2, 1])),
        (json!({"a": 1}), Value::Map(vec![("a".into(), Value::Int(1))]), Value::Map(vec![])),
        (json!({"$hex": "ff"}), Value::Bytes(vec![255]), text("ff")),
        (json!({"$int": "9223372036854775807"}), Value::Int(i64::MAX.into()), Value::Int(0)),
        (json!({"$repeat": ["ab", 2]}), text("abab"), text("ab")),
        (json!({"$unordered": [1, 2]}), list(&[2, 1]), list(&[1, 1])),
        (json!({"$unordered": [1, 2]}), list(&[1, 2]), list(&[1])),
        (json!({"$oneOf": [1, null]}), Value::Null, Value::Int(2)),
        (json!({"$some": [2, [1, 2, 3]]}), list(&[3, 1]), list(&[3, 3])),
        (json!({"$many": [2, [1, 2, 3]]}), list(&[3, 3]), list(&[3, 4])),
        (json!({"$approx": 1.5}), text("1.5"), text("1.6")),
        (json!({"$approx": 60, "within": 1}), Value::Int(59), Value::Int(58)),
        (json!({"$unixSeconds": 5}), Value::Int(7), Value::Int(8)),
        (json!({"$error": "closed"}), Value::Error("closed".into()), Value::Error("internal".into())),
        (json!({"$has": {"a": 1}}), Value::Map(vec![("a".into(), Value::Int(1))]), Value::Map(vec![])),
    ] {
        assert!(cases::is_expected(&expected, &right, 1000), "{expected} {right:?}");
        assert!(!cases::is_expected(&expected, &wrong, 1000), "{expected} {wrong:?}");
    }
}
