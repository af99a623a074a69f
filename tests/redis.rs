// Redis over TCP: the conformance cases, callers at once, servers that end and begin again, passwords, TLS.

#[path = "support/args.rs"]
mod args;
#[path = "support/calls.rs"]
mod calls;
#[path = "support/cases.rs"]
mod cases;
#[path = "support/handles.rs"]
mod handles;
mod support;
#[path = "support/unsupported.rs"]
mod unsupported;

use cases::{Fault, Options as CaseOptions};
use handles::Stores;
use omnikv::backend::redis::{Link, Redis};
use omnikv::backend::tcp::{Access, Place, Settings, Tcp};
use omnikv::error::Kind;
use omnikv::{Options, Remote, Store, prelude::*};
use pollster::block_on;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
use support::moments::{Moved, real_now_ms, shift_deadlines};
use support::redis::RedisServer;
use unsupported::Unsupported;

fn settings() -> Settings {
    let clock = Arc::new(|| real_now_ms() as u64);
    Settings { timeout: Duration::from_secs(10), retries: 5, clock }
}

fn link(server: &RedisServer) -> Arc<dyn Link> {
    let place =
        Place::Server { host: "127.0.0.1".into(), port: server.port(), access: Access::default() };
    Arc::new(Tcp::new(place, settings()))
}

fn url(server: &RedisServer) -> String {
    format!("redis://127.0.0.1:{}", server.port())
}

fn open(url: &str) -> Store {
    block_on(Store::connect(url, Options::default())).unwrap()
}

#[test]
fn every_conformance_case() {
    let server = RedisServer::start();
    let unsupported = Unsupported::of("redis");
    let backend = Redis::new(link(&server));
    let ahead = Arc::new(AtomicI64::new(0));
    cases::report(
        "redis://",
        |_| true,
        |case| {
            let mut aside = server.connect();
            let _: () = redis::cmd("FLUSHALL").query(&mut aside).unwrap();
            let _: () = redis::cmd("SCRIPT").arg("FLUSH").query(&mut aside).unwrap();
            let open = |options: &CaseOptions| {
                if options.max_bytes.is_some() || options.max_keys.is_some() || options.eviction.is_some() {
                    let options = handles::options(options)?;
                    return Ok(block_on(Store::connect(&url(&server), options))?);
                }
                let backend = omnikv::backend::Backend::again(&backend)?;
                let moved = Moved { backend, ahead: Arc::clone(&ahead) };
                Store::over(Arc::new(moved), &handles::options(options)?).map_err(Fault::from)
            };
            let now_ms = || (real_now_ms() + ahead.load(Ordering::Relaxed)) as u64;
            let advance = |milliseconds: u64| {
                let milliseconds = i64::try_from(milliseconds).unwrap();
                shift_deadlines(&mut server.connect(), -milliseconds);
                ahead.fetch_add(milliseconds, Ordering::Relaxed);
            };
            let result = cases::run(&mut Stores::new(case.options.clone(), open, now_ms, advance), case);
            unsupported.judge(case, result)
        },
    );
    unsupported.check_all_met("redis://");
}
