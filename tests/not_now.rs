// Servers that respond but cannot run commands: replicas, servers that are loading, that cannot save, or that lack
// replicas, slots or their master. Their answers are `unavailable` and may be retried.

mod support;

use omnikv::error::{Error, Kind};
use omnikv::{Options, Remote, Store, prelude::*};
use pollster::block_on;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::Duration;
use support::redis::{RedisServer, free_port};

/// Opens the store natively, or over sockets of the host.
fn open(is_lent: bool, port: u16, retries: u32) -> Store {
    let network = is_lent.then(|| support::sockets::network(None));
    let remote = Remote { network, retries: Some(retries), ..Remote::default() };
    let url = format!("redis://127.0.0.1:{port}");
    block_on(Store::connect(&url, Options { remote, ..Options::default() })).unwrap()
}

fn say(server: &RedisServer, line: &str) -> redis::RedisResult<redis::Value> {
    let mut cmd = redis::Cmd::new();
    cmd.arg(line.split(' ').collect::<Vec<_>>());
    cmd.query(&mut server.connect())
}

fn assert_says(error: &Error, code: &str) {
    assert_eq!(error.kind(), Kind::Unavailable, "{code}: {error:?}");
    assert!(error.is_retryable() && error.message().contains(code), "{code}: {error:?}");
}

/// Checks each server's answer to a write, and to the write in a transaction.
fn refuses(server: &RedisServer, code: &str) {
    for is_lent in [false, true] {
        let kv = open(is_lent, server.port(), 0);
        assert_says(&block_on(kv.set("k", "v")).unwrap_err(), code);
        assert_says(&block_on(kv.compare_and_set("k", None::<&str>, "b")).unwrap_err(), code);
        let batch = kv.multi();
        batch.set("k", "v");
        assert_says(&block_on(batch.exec()).unwrap_err(), code);
    }
}

#[test]
fn a_replica() {
    let server = RedisServer::start();
    say(&server, &format!("REPLICAOF 127.0.0.1 {}", free_port())).unwrap();
    refuses(&server, "READONLY");
}

#[test]
fn a_replica_without_its_master() {
    let server = RedisServer::start_with(&["--replica-serve-stale-data", "no"]);
    say(&server, &format!("REPLICAOF 127.0.0.1 {}", free_port())).unwrap();
    for is_lent in [false, true] {
        assert_says(&block_on(open(is_lent, server.port(), 0).get("k")).unwrap_err(), "MASTERDOWN");
    }
}

#[test]
fn a_master_that_misses_replicas() {
    let server = RedisServer::start();
    say(&server, "CONFIG SET min-replicas-to-write 1").unwrap();
    refuses(&server, "NOREPLICAS");
}

#[test]
fn a_server_that_cannot_save() {
    let server = RedisServer::start_with(&["--save", "3600 1"]);
    // Its file cannot replace a folder.
    std::fs::create_dir(server.folder().join("dump.rdb")).unwrap();
    say(&server, "BGSAVE").unwrap();
    while !format!("{:?}", say(&server, "INFO persistence").unwrap()).contains("rdb_last_bgsave_status:err") {
        thread::sleep(Duration::from_millis(5));
    }
    refuses(&server, "MISCONF");
}

#[test]
fn a_cluster_without_slots() {
    let server = RedisServer::start_with(&["--cluster-enabled", "yes"]);
    refuses(&server, "CLUSTERDOWN");
}

#[test]
fn a_server_that_loads() {
    let server = RedisServer::start_with(&[
        "--enable-debug-command",
        "yes",
        "--loading-process-events-interval-bytes",
        "1024",
    ]);
    say(&server, "DEBUG POPULATE 10000 key 1000").unwrap();
    // In microseconds: it would load for minutes.
    say(&server, "CONFIG SET key-load-delay 50000").unwrap();
    let mut reloading = server.connect();
    thread::spawn(move || redis::cmd("DEBUG").arg("RELOAD").query::<()>(&mut reloading));
    while say(&server, "GET k").is_ok() {
        thread::sleep(Duration::from_millis(5));
    }
    refuses(&server, "LOADING");
}

/// Forwards connections to a port, which can be changed.
struct Road {
    port: u16,
    to: Arc<AtomicU16>,
}

impl Road {
    fn to(port: u16) -> Road {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let road = Road { port: listener.local_addr().unwrap().port(), to: Arc::new(AtomicU16::new(port)) };
        let to = Arc::clone(&road.to);
        thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(("127.0.0.1", to.load(Ordering::SeqCst))) else { return };
                for (mut from, mut to) in [
                    (near.try_clone().unwrap(), far.try_clone().unwrap()),
                    (far.try_clone().unwrap(), near.try_clone().unwrap()),
                ] {
                    thread::spawn(move || {
                        let mut bytes = [0; 4096];
                        while let Ok(count @ 1..) = from.read(&mut bytes) {
                            if to.write_all(&bytes[..count]).is_err() {
                                break;
                            }
                        }
                        let _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        road
    }
}

#[test]
fn after_a_failover_a_new_connection_leads_to_the_new_master() {
    for is_lent in [false, true] {
        let (old, new) = (RedisServer::start(), RedisServer::start());
        let road = Road::to(old.port());
        let kv = open(is_lent, road.port, 2);
        block_on(kv.set("k", "old")).unwrap();
        say(&old, &format!("REPLICAOF 127.0.0.1 {}", new.port())).unwrap();
        road.to.store(new.port(), Ordering::SeqCst);
        // The old connection still exists, and leads to the old master.
        block_on(kv.set("k", "new")).unwrap();
        assert_eq!(block_on(kv.incr("n")).unwrap(), 1);
        assert_eq!(block_on(kv.get("k")).unwrap().as_deref(), Some("new"));
        let held: String = redis::cmd("GET").arg("k").query(&mut new.connect()).unwrap();
        assert_eq!(held, "new");
    }
}
