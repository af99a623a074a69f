// Servers that accept connections and never answer, natively: an operation fails in time and closes its connection,
// however it ends. The servers count their connections.

mod support;

use omnikv::gateway;
use omnikv::{Error, Kind, Options, Remote, Store, prelude::*};
use pollster::block_on;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;
use support::http_server::HttpServer;
use support::silent::SilentServer;
use support::sockets;

/// The timeout of an operation.
const TIMEOUT: Duration = Duration::from_millis(300);

/// Longer than any test runs.
const FOR_EVER: Duration = Duration::from_secs(3600);

/// The answer of a server with another protocol.
const GARBAGE: &[u8] = b"garb\0age\r\n";

fn urls(port: u16) -> Vec<String> {
    let at = format!("127.0.0.1:{port}");
    vec![
        format!("redis://{at}"),
        format!("rediss://{at}"),
        format!("redis+cluster://{at}"),
        format!("rediss+cluster://{at}"),
        format!("redis+sentinel://{at}/service"),
        format!("rediss+sentinel://{at}/service"),
        format!("upstash+http://:t@{at}"),
        format!("upstash://:t@{at}"),
        format!("cloudflare-kv://:t@account/names?nonatomic=allow&endpoint=http://{at}"),
    ]
}

fn connect(url: &str, remote: Remote) -> Store {
    block_on(Store::connect(url, Options { remote, ..Options::default() })).unwrap()
}

fn assert_late(url: &str, error: &Error) {
    assert!(matches!(error.kind(), Kind::Timeout | Kind::Unavailable), "{url}: {error:?}");
    assert!(!error.is_maybe_applied(), "{url}: {error:?}");
}

/// Starts an operation and polls it as far as it gets.
fn begun<'a, T>(work: impl Future<Output = T> + 'a) -> Pin<Box<dyn Future<Output = T> + 'a>> {
    let mut work = Box::pin(work);
    assert!(work.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    work
}

#[test]
fn a_failed_operation_keeps_no_connection() {
    let server = SilentServer::start(b"");
    for url in urls(server.port) {
        let kv = connect(&url, Remote { timeout: Some(TIMEOUT), ..Remote::default() });
        assert_late(&url, &block_on(kv.get("k")).unwrap_err());
        // The store is still open.
        server.wait_for_none();
        assert_late(&url, &block_on(kv.get("k")).unwrap_err());
        block_on(kv.close()).unwrap();
        server.wait_for_none();
    }
}

#[test]
fn a_dropped_operation_keeps_no_connection() {
    let server = SilentServer::start(b"");
    for (index, url) in urls(server.port).iter().enumerate() {
        let kv = connect(url, Remote { timeout: Some(FOR_EVER), retries: Some(0), ..Remote::default() });
        let get = begun(kv.get("k"));
        let reached = server.wait_for("reached", |connections| connections.made > index);
        assert_eq!((reached.made, reached.open), (index + 1, 1), "{url}");
        drop(get);
        // The store is still open.
        server.wait_for_none();
    }
}

#[test]
fn a_server_with_another_protocol_keeps_no_connection() {
    let server = SilentServer::start(GARBAGE);
    for url in urls(server.port) {
        let kv = connect(&url, Remote { timeout: Some(TIMEOUT), retries: Some(1), ..Remote::default() });
        block_on(kv.get("k")).unwrap_err();
        block_on(kv.close()).unwrap();
        server.wait_for_none();
    }
}

#[test]
fn host_sockets_keep_no_connection() {
    let server = SilentServer::start(b"");
    let url = format!("redis://127.0.0.1:{}", server.port);
    let network = || Some(sockets::network(None));
    let kv = connect(&url, Remote { timeout: Some(TIMEOUT), network: network(), ..Remote::default() });
    assert_late(&url, &block_on(kv.get("k")).unwrap_err());
    server.wait_for_none();

    let kv = connect(&url, Remote { timeout: Some(FOR_EVER), network: network(), ..Remote::default() });
    let made = server.wait_for_none().made;
    let get = begun(kv.get("k"));
    server.wait_for("reached", |connections| connections.made > made);
    drop(get);
    server.wait_for_none();
    block_on(kv.close()).unwrap();
}

#[test]
fn a_jumping_clock_causes_no_timeout() {
    let store = block_on(Store::connect("memory:", Options::default())).unwrap();
    let tokens = vec![gateway::Token::new("t")];
    let options = gateway::Options { tokens, ..gateway::Options::default() };
    let behind = HttpServer::of(gateway::Gateway::new(store, options).unwrap());
    let now = Arc::new(AtomicU64::new(1_000_000_000_000));
    // Each read of this clock is an hour later.
    let clock = Arc::new(move || now.fetch_add(3_600_000, Ordering::Relaxed));
    let options = Options { clock: Some(clock), ..Options::default() };
    let kv = block_on(Store::connect(&behind.url("t"), options)).unwrap();
    block_on(kv.set("k", "v")).unwrap();
    assert_eq!(block_on(kv.get("k")).unwrap().as_deref(), Some("v"));
}
