// A real memcached, beyond the conformance cases: other programs' items, concurrent callers, limits, passwords, restarts.

mod support;

use omnikv::error::Kind;
use omnikv::{ChangeOptions, Error, Options, RangeOptions, ScanOptions, Store, prelude::*};
use pollster::block_on;
use std::thread;
use std::time::Duration;
use support::memcached::MemcachedServer;
use support::redis::{RedisServer, free_port};

fn open(url: &str) -> Store {
    block_on(Store::connect(url, Options::default())).unwrap()
}

/// Sends a line to the server as another program does, and returns the answer's first line.
fn ask(server: &MemcachedServer, line: &str) -> String {
    server.connect().ask(line)
}

#[test]
fn other_programs_items_are_strings_and_ours_are_items() {
    let server = MemcachedServer::start();
    let kv = open(&server.url());
    assert_eq!(ask(&server, "set theirs 5 0 3\r\nabc"), "STORED");
    assert_eq!(ask(&server, "set counter 0 0 2\r\n41"), "STORED");
    // Flags and a TTL of another program, whose upper bits are no deadline of ours.
    assert_eq!(ask(&server, "set typed 4194304005 1000 1\r\nx"), "STORED");
    assert_eq!(block_on(kv.get("theirs")).unwrap().as_deref(), Some("abc"));
    assert_eq!(block_on(kv.incr("counter")).unwrap(), 42);
    assert_eq!(block_on(kv.get("typed")).unwrap().as_deref(), Some("x"));
    let left = block_on(kv.ttl("typed")).unwrap();
    assert!((990..=1010).contains(&left), "{left}");
    assert_eq!(block_on(kv.append("theirs", "def")).unwrap(), 6);

    block_on(kv.set("ours", "a b\r\nc")).unwrap();
    let mut client = server.connect();
    let (head, value) = client.get("mg ours v t f").unwrap();
    assert_eq!((head.as_str(), value), ("VA 6 t-1 f0", b"a b\r\nc".to_vec()));
    assert_eq!(client.get("mg theirs v").unwrap().1, b"abcdef");
    // The server keeps what expires a little longer than we show it.
    block_on(kv.set_with("soon", "x", Duration::from_millis(1_500))).unwrap();
    let (head, _) = client.get("mg soon v t").unwrap();
    assert!(head == "VA 1 t3" || head == "VA 1 t2", "{head}");
}

#[test]
fn any_key_of_the_right_length_works() {
    let server = MemcachedServer::start();
    let kv = open(&server.url());
    for key in ["a b", "line\r\nmn", "schlüssel", "\u{1}\u{7f}", &"k".repeat(250), &" ".repeat(186)] {
        assert_eq!(block_on(kv.get(key)).unwrap(), None, "{key:?}");
        block_on(kv.set(key, key)).unwrap();
        assert_eq!(block_on(kv.get(key)).unwrap().as_deref(), Some(key));
        assert_eq!(block_on(kv.mget::<String>([key, "none"])).unwrap(), [Some(key.to_owned()), None]);
        assert_eq!(block_on(kv.del([key, "none"])).unwrap(), 1);
    }
    for key in ["k".repeat(251), " ".repeat(187)] {
        assert_eq!(block_on(kv.set(&*key, "x")).unwrap_err().kind(), Kind::TooLarge);
    }
}

#[test]
fn concurrent_callers_lose_nothing() {
    let server = MemcachedServer::start();
    let stores = [open(&server.url()), open(&server.url())];
    thread::scope(|scope| {
        for caller in 0..4 {
            let kv = &stores[caller % 2];
            scope.spawn(move || {
                for _ in 0..50 {
                    block_on(kv.incr("n")).unwrap();
                    block_on(kv.append("text", "x")).unwrap();
                }
            });
        }
    });
    assert_eq!(block_on(stores[0].get("n")).unwrap().as_deref(), Some("200"));
    assert_eq!(block_on(stores[1].strlen("text")).unwrap(), 200);
}

#[test]
fn a_pipeline_answers_in_order_and_a_transaction_keeps_to_one_key() {
    let server = MemcachedServer::start();
    let kv = open(&server.url());
    let batch = kv.pipeline();
    let set = batch.set("a", "1");
    let first = batch.incr("a");
    let other = batch.incr("b");
    let wrong = batch.lpush("c", ["x"]);
    let second = batch.incr("a");
    let both = batch.mget::<i64>(["a", "b"]);
    let mut replies = block_on(batch.exec()).unwrap();
    replies.take(set).unwrap();
    assert_eq!((replies.take(first).unwrap(), replies.take(second).unwrap()), (2, 3));
    assert_eq!(replies.take(other).unwrap(), 1);
    assert_eq!(replies.take(wrong).unwrap_err().kind(), Kind::Unsupported);
    assert_eq!(replies.take(both).unwrap(), [Some(3), Some(1)]);

    let checked = |expected: &'static str| {
        let batch = kv.multi();
        batch.check("a", expected);
        let (sum, text) = (batch.incr("a"), batch.get("a"));
        block_on(batch.exec()).map(|mut replies| (replies.take(sum).unwrap(), replies.take(text).unwrap()))
    };
    assert_eq!(checked("3").unwrap(), (4, Some("4".to_owned())));
    assert_eq!(checked("3").unwrap_err().kind(), Kind::Conflict);
    assert!(block_on(kv.compare_and_set("a", "4", "x")).unwrap());
    assert!(!block_on(kv.compare_and_set("a", "4", "y")).unwrap());
    assert!(block_on(kv.compare_and_delete("a", "x")).unwrap());
    let batch = kv.multi();
    let _ = (batch.incr("a"), batch.incr("b"));
    let refused = block_on(batch.exec()).unwrap_err();
    assert_eq!(refused.kind(), Kind::Unsupported);
    assert!(refused.message().contains("keep in one key what changes together"), "{refused}");
}

#[test]
fn what_it_cannot_is_said_with_a_way_out() {
    let server = MemcachedServer::start();
    let kv = open(&server.url());
    let refused = |name: &str, error: Error| {
        assert_eq!((error.kind(), error.backend()), (Kind::Unsupported, "memcached"), "{name}: {error}");
        assert!(error.message().contains("use ") || error.message().contains("needs "), "{error}");
    };
    refused("keys", block_on(kv.keys("*")).unwrap_err());
    refused("scan", block_on(kv.scan("0", ScanOptions::new())).unwrap_err());
    refused("range", block_on(kv.range("a", None, RangeOptions::new())).unwrap_err());
    refused("count", block_on(kv.count("a")).unwrap_err());
    refused("delete-range", block_on(kv.delete_range("a", None)).unwrap_err());
    refused("randomkey", block_on(kv.randomkey()).unwrap_err());
    refused("hset", block_on(kv.hset("h", "f", "v")).unwrap_err());
    refused("records.put", block_on(kv.records().put("a", -1, &1)).unwrap_err());
    assert_eq!(block_on(kv.records().get::<u8>("a")).unwrap(), None);
    let mut changes = kv.changes().watch::<u8>(ChangeOptions::new());
    let error = block_on(changes.next()).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.backend()), (Kind::Unsupported, "memcached"), "{error}");
    refused("locks.acquire", block_on(kv.locks().acquire("a", "me", Duration::from_secs(1))).unwrap_err());
    refused("stats", block_on(kv.stats()).unwrap_err());
    refused("flush of a prefix", block_on(kv.with_prefix("p").unwrap().flush()).unwrap_err());
    block_on(kv.set("a", "1")).unwrap();
    block_on(kv.flush()).unwrap();
    assert_eq!(block_on(kv.get("a")).unwrap(), None);
    let capabilities = kv.capabilities();
    assert!(!capabilities.records && !capabilities.ordered && !capabilities.exact_counts);
    assert_eq!((capabilities.max_key_bytes, capabilities.max_value_bytes), (250, 1_047_552));
}

#[test]
fn values_are_limited_by_the_url_and_the_server() {
    let text = |length: usize| "x".repeat(length);
    let server = MemcachedServer::start();
    let kv = open(&server.url());
    block_on(kv.set("a", text(1_047_552))).unwrap();
    assert_eq!(block_on(kv.strlen("a")).unwrap(), 1_047_552);
    assert_eq!(block_on(kv.append("a", "x")).unwrap_err().kind(), Kind::TooLarge);
    assert_eq!(block_on(kv.strlen("a")).unwrap(), 1_047_552);
    // The URL promises more than the server takes.
    let kv = open(&format!("{}?max_value_bytes=4000000", server.url()));
    assert_eq!(block_on(kv.set("b", text(2_000_000))).unwrap_err().kind(), Kind::TooLarge);
    let server = MemcachedServer::start_with(&["-I", "8m"]);
    let kv = open(&format!("{}?max_value_bytes=4000000", server.url()));
    block_on(kv.set("b", text(2_000_000))).unwrap();
    assert_eq!(block_on(kv.get("b")).unwrap().unwrap().len(), 2_000_000);
}

#[test]
fn what_expires_is_gone_at_its_millisecond() {
    let server = MemcachedServer::start();
    let kv = open(&server.url());
    block_on(kv.set_with("a", "1", Duration::from_millis(200))).unwrap();
    let left = block_on(kv.pttl("a")).unwrap();
    assert!(left <= 200, "{left}");
    while block_on(kv.get("a")).unwrap().is_some() {
        thread::sleep(Duration::from_millis(5));
    }
    // The server has it for a second more, which nobody sees.
    assert!(server.connect().get("mg a v").is_some());
    assert!(!block_on(kv.exists("a")).unwrap());
    assert_eq!(block_on(kv.incr("a")).unwrap(), 1);
    assert_eq!(block_on(kv.ttl("a")).unwrap(), -1);
}

#[test]
fn a_server_with_passwords() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users");
    std::fs::write(&file, "ada:s3cret\n").unwrap();
    // The server reads the file as the user that it runs as.
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let server = MemcachedServer::start_with(&["-Y", file.to_str().unwrap()]);
    let at = |user: &str| open(&format!("memcached://{user}127.0.0.1:{}", server.port()));
    block_on(at("ada:s3cret@").set("a", "1")).unwrap();
    for user in ["", "ada:wr0ng@", "eve:s3cret@"] {
        let refused = block_on(at(user).get("a")).unwrap_err();
        assert_eq!(refused.kind(), Kind::PermissionDenied, "{user} {refused}");
        assert!(!refused.to_string().contains("s3cret") && !refused.to_string().contains("wr0ng"));
    }
}

#[test]
fn a_restart_is_survived_and_doubt_is_said() {
    let mut server = MemcachedServer::start();
    let kv = open(&format!("{}?retries=100&timeout=30", server.url()));
    block_on(kv.set("a", "1")).unwrap();
    server.kill();
    server.restart();
    assert_eq!(block_on(kv.get("a")).unwrap(), None);
    block_on(kv.set("a", "1")).unwrap();
    server.kill();
    let hasty = open(&format!("{}?retries=0", server.url()));
    let refused = block_on(hasty.incr("a")).unwrap_err();
    assert_eq!((refused.kind(), refused.is_maybe_applied()), (Kind::Unavailable, false));
    server.restart();
    assert_eq!(block_on(kv.incr("a")).unwrap(), 1);

    // A server that says nothing any more.
    let kv = open(&format!("{}?timeout=0.3", server.url()));
    block_on(kv.set("b", "1")).unwrap();
    server.signal("STOP");
    let late = block_on(kv.get("b")).unwrap_err();
    assert_eq!((late.kind(), late.is_maybe_applied()), (Kind::Timeout, false));
    let late = block_on(kv.set("b", "2")).unwrap_err();
    assert_eq!(late.kind(), Kind::Timeout);
    server.signal("CONT");
    assert!(block_on(kv.get("b")).unwrap().is_some());
}

#[test]
fn a_url_names_one_server_that_speaks_the_protocol() {
    let refused = |url: &str| block_on(Store::connect(url, Options::default())).unwrap_err();
    for url in ["memcached://a,b", "memcached://h/1", "memcached://h?db=1", "memcached://h?max_value_bytes=x"]
    {
        assert_eq!(refused(url).kind(), Kind::InvalidArgument, "{url}");
    }
    let options = Options::new().max_bytes(1);
    assert_eq!(block_on(Store::connect("memcached://h", options)).unwrap_err().kind(), Kind::Unsupported);
    let redis = RedisServer::start();
    let kv = open(&format!("memcached://127.0.0.1:{}?retries=0", redis.port()));
    let wrong = block_on(kv.get("a")).unwrap_err();
    assert_eq!(
        (wrong.kind(), wrong.message()),
        (Kind::Unavailable, "(server) does not speak memcached's protocol")
    );
    let kv = open(&format!("memcached://127.0.0.1:{}?retries=0", free_port()));
    assert_eq!(block_on(kv.get("a")).unwrap_err().kind(), Kind::Unavailable);
}
