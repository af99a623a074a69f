// Watchers on Redis wait in the server: for changes by others, for expiry, through a restart, and without reading blocked.

mod support;

use futures_util::future::join;
use omnikv::{
    Change, ChangeOptions, ConsumerOptions, Feed, Kind, Options, PutOptions, Remote, Store, prelude::*,
};
use pollster::block_on;
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use support::redis::RedisServer;

/// A test that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Longer than the longest pause between looks of those who ask again and again.
const QUIET: Duration = Duration::from_millis(1_500);

static RUNTIME: LazyLock<tokio::runtime::Runtime> = LazyLock::new(|| tokio::runtime::Runtime::new().unwrap());

/// How the server is reached.
#[derive(Clone, Copy, PartialEq)]
enum Way {
    /// With the redis crate.
    Native,
    /// Over sockets of the host.
    Lent,
}

impl Way {
    fn open(self, server: &RedisServer, parameters: &str) -> Store {
        let url = format!("redis://127.0.0.1:{}{parameters}", server.port());
        let network = (self == Way::Lent).then(|| support::sockets::network(Some(1)));
        let remote = Remote { network, ..Remote::default() };
        block_on(Store::connect(&url, Options { remote, ..Options::default() })).unwrap()
    }
}

/// Defines each test in both variants.
macro_rules! by_both_ways {
    ($($name:ident)*) => {
        mod native {
            $(#[test]
            fn $name() {
                super::RUNTIME.block_on(super::$name(super::Way::Native));
            })*
        }
        mod lent_sockets {
            $(#[test]
            fn $name() {
                super::RUNTIME.block_on(super::$name(super::Way::Lent));
            })*
        }
    };
}

by_both_ways! {
    watchers_share_one_blocked_read_and_poll_nothing
    an_expired_record_is_reported_without_a_question
    a_consumer_waits_in_the_server
    a_restart_of_the_server_is_survived
    who_may_not_block_polls
    closing_the_handle_ends_the_wait
}

fn watch(kv: &Store, prefix: &str) -> Feed<Change<u64>> {
    kv.changes().watch(ChangeOptions::new().from(1).prefix(prefix))
}

async fn put(kv: &Store, key: &str, value: u64) {
    kv.records().put(key, -1, &value).await.unwrap();
}

async fn next<T: 'static>(feed: &mut Feed<T>) -> T {
    tokio::time::timeout(PATIENCE, feed.next()).await.expect("an end").unwrap().unwrap()
}

/// The number behind a name in the server's own statistics.
fn stat(server: &RedisServer, section: &str, name: &str) -> u64 {
    let info: String = redis::cmd("INFO").arg(section).query(&mut server.connect()).unwrap();
    let line = info.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
    line.trim_start_matches(|letter: char| !letter.is_ascii_digit())
        .split(|letter: char| !letter.is_ascii_digit())
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

/// How many scripts by hash it has run: every look at records is one.
fn looks(server: &RedisServer) -> u64 {
    stat(server, "commandstats", "cmdstat_evalsha:calls=")
}

/// Waits until this many clients are blocked in it.
async fn until_blocked(server: &RedisServer, count: u64) {
    let begin = Instant::now();
    while stat(server, "clients", "blocked_clients:") != count {
        assert!(begin.elapsed() < PATIENCE, "never {count} blocked");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Waits for a feed's next item, and runs work once this many clients are blocked.
async fn next_after<T: 'static>(
    feed: &mut Feed<T>,
    server: &RedisServer,
    blocked: u64,
    work: impl Future<Output = ()>,
) -> T {
    let work = async {
        until_blocked(server, blocked).await;
        work.await;
    };
    join(next(feed), work).await.0
}

async fn watchers_share_one_blocked_read_and_poll_nothing(way: Way) {
    let server = RedisServer::start();
    let (kv, other) = (way.open(&server, ""), way.open(&server, "?retries=1"));
    put(&other, "a", 0).await;
    let (mut first, mut second) = (watch(&kv, "a"), watch(&kv, "b"));
    assert_eq!(next(&mut first).await.record.value, 0);
    let (a, b) = {
        let writing = async {
            until_blocked(&server, 1).await;
            // Their first looks may be under way.
            tokio::time::sleep(QUIET).await;
            let before = looks(&server);
            tokio::time::sleep(QUIET).await;
            assert_eq!(looks(&server), before, "somebody polls");
            put(&other, "a", 1).await;
            put(&other, "b", 2).await;
        };
        let both = join(next(&mut first), next(&mut second));
        join(both, writing).await.0
    };
    assert_eq!((a.record.value, b.record.value, b.seq), (1, 2, 3));
    until_blocked(&server, 1).await;
    drop(first);
    for value in 3..13 {
        let change = next_after(&mut second, &server, 1, put(&other, "b", value)).await;
        assert_eq!(change.record.value, value);
    }
    drop(second);
    until_blocked(&server, 0).await;
    assert_eq!(stat(&server, "clients", "connected_clients:"), 3, "two stores and this test");
    let mut third = watch(&kv, "c");
    let change = next_after(&mut third, &server, 1, put(&other, "c", 1)).await;
    assert_eq!(change.seq, 14);
}

async fn an_expired_record_is_reported_without_a_question(way: Way) {
    let server = RedisServer::start();
    let (kv, other) = (way.open(&server, ""), way.open(&server, "?retries=1"));
    let mut changes = watch(&kv, "");
    let soon = PutOptions::new().expiry(Duration::from_millis(150));
    let writing = async {
        other.records().put_with("a", -1, &1, soon).await.unwrap();
    };
    let created = next_after(&mut changes, &server, 1, writing).await;
    let removed = next(&mut changes).await;
    assert_eq!((created.seq, removed.seq, removed.record.key), (1, 2, created.record.key));
}

async fn a_consumer_waits_in_the_server(way: Way) {
    let server = RedisServer::start();
    let (kv, other) = (way.open(&server, ""), way.open(&server, "?retries=1"));
    let consumer = kv.consumer("c", ConsumerOptions::new().prefix("a"));
    let mut batches = consumer.stream::<u64>();
    for value in 0..3 {
        let writing = async {
            put(&other, "b", value).await;
            put(&other, "a", value).await;
        };
        let batch = next_after(&mut batches, &server, 1, writing).await;
        assert_eq!(batch.iter().map(|change| change.record.value).collect::<Vec<_>>(), [value]);
    }
    drop(batches);
    until_blocked(&server, 0).await;
}

async fn a_restart_of_the_server_is_survived(way: Way) {
    let mut server = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let [kv, other] = ["?retries=1000&timeout=60", "?retries=1000&timeout=61"].map(|p| way.open(&server, p));
    let mut changes = watch(&kv, "");
    for value in 0..2 {
        let waiting = async {
            until_blocked(&server, 1).await;
            server.kill();
            server.restart();
            put(&other, "a", value).await;
        };
        let change = join(next(&mut changes), waiting).await.0;
        assert_eq!((change.seq, change.record.value), (2 * value + 1, value));
        let change = next_after(&mut changes, &server, 1, put(&other, "b", value)).await;
        assert_eq!((change.seq, change.record.value), (2 * value + 2, value));
    }
}

async fn who_may_not_block_polls(way: Way) {
    let server = RedisServer::start();
    let _: () =
        redis::cmd("ACL").arg(&["SETUSER", "default", "-xread"]).query(&mut server.connect()).unwrap();
    let (kv, other) = (way.open(&server, ""), way.open(&server, "?retries=1"));
    let mut changes = watch(&kv, "");
    let writing = async {
        // It has been refused before.
        let begin = Instant::now();
        while stat(&server, "commandstats", "cmdstat_xread:") == 0 && looks(&server) < 8 {
            assert!(begin.elapsed() < PATIENCE, "nobody polls");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        put(&other, "a", 1).await;
    };
    assert_eq!(join(next(&mut changes), writing).await.0.seq, 1);
}

async fn closing_the_handle_ends_the_wait(way: Way) {
    let server = RedisServer::start();
    let kv = way.open(&server, "");
    let mut changes = watch(&kv, "");
    let closing = async {
        until_blocked(&server, 1).await;
        kv.close().await.unwrap();
    };
    let (end, ()) = join(tokio::time::timeout(PATIENCE, changes.next()), closing).await;
    assert_eq!(end.expect("an end").unwrap().unwrap_err().kind(), Kind::Closed);
    assert!(changes.next().await.is_none());
    until_blocked(&server, 0).await;
}
