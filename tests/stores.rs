// What a handle guarantees besides its operations: sharing, lifetimes, and what its errors name.

use omnikv::host::clock::{Clock, NO_TIME};
use omnikv::reply::FromReply;
use omnikv::{
    Error, Json, Kind, MatchOptions, MemoryStore, Missing, Options, Page, ScanIter, ScanOptions, SetOptions,
    Store, prelude::*,
};
use pollster::block_on;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

fn open(url: &str) -> MemoryStore {
    MemoryStore::connect(url, Options::default()).unwrap()
}

fn kind<T>(result: Result<T, Error>) -> Option<Kind> {
    result.err().map(|error| error.kind())
}

#[test]
fn handles_with_the_same_name_share_a_store() {
    let (a, b) = (open("memory:shared"), open("memory:shared"));
    let c = block_on(Store::connect("memory:shared", Options::default())).unwrap();
    a.set("k", "v").unwrap();
    assert_eq!(b.get("k").unwrap().as_deref(), Some("v"));
    assert_eq!(block_on(c.get("k")).unwrap().as_deref(), Some("v"));
    assert_eq!(open("memory:other").get("k").unwrap(), None);
    assert_eq!(open(":memory:").get("k").unwrap(), None);
}

#[test]
fn a_named_store_ends_when_every_handle_is_closed() {
    let (a, b) = (open("memory:lifetime"), open("memory:lifetime"));
    let c = block_on(Store::connect("memory:lifetime", Options::default())).unwrap();
    let d = a.with_prefix("p").unwrap();
    a.set("k", "v").unwrap();
    a.close().unwrap();
    a.close().unwrap();
    drop(a);
    b.close().unwrap();
    block_on(c.close()).unwrap();
    assert_eq!(d.get("k").unwrap(), None);
    let again = open("memory:lifetime");
    assert_eq!(again.get("k").unwrap().as_deref(), Some("v"));
    again.close().unwrap();
    d.close().unwrap();
    assert_eq!(open("memory:lifetime").get("k").unwrap(), None);
}

#[test]
fn dropping_a_handle_does_not_end_a_named_store() {
    open("memory:dropped").set("k", "v").unwrap();
    assert_eq!(open("memory:dropped").get("k").unwrap().as_deref(), Some("v"));
    // A handle that can no longer be closed counts as open.
    let last = open("memory:dropped");
    last.close().unwrap();
    assert_eq!(open("memory:dropped").get("k").unwrap().as_deref(), Some("v"));

    let connect = || block_on(Store::connect("memory:dropped-too", Options::default())).unwrap();
    let (dropped, closed) = (connect(), connect());
    // The future outlives the handle.
    let writing = dropped.set("k", "v");
    drop(dropped);
    block_on(writing).unwrap();
    block_on(closed.close()).unwrap();
    drop(connect().with_prefix("p").unwrap());
    assert_eq!(block_on(connect().get("k")).unwrap().as_deref(), Some("v"));
}

#[test]
fn a_dropped_handle_keeps_the_store_s_options() {
    let clock: Arc<dyn omnikv::host::Clock> = Arc::new(|| 1);
    let first = Options { max_keys: Some(1), clock: Some(Arc::clone(&clock)), ..Options::default() };
    let connect = |options| MemoryStore::connect("memory:dropped-options", options);
    drop(connect(first.clone()));
    assert!(Arc::strong_count(&clock) > 2, "the store keeps its clock");
    let wider = Options { max_keys: Some(2), ..Options::default() };
    assert_eq!(kind(connect(wider)), Some(Kind::InvalidArgument));
    assert_eq!(kind(connect(first)), None);
}

#[test]
fn a_private_store_ends_with_its_last_handle() {
    let clock: Arc<dyn omnikv::host::Clock> = Arc::new(|| 1);
    let options = || Options { clock: Some(Arc::clone(&clock)), ..Options::default() };
    let kv = MemoryStore::with_options(options()).unwrap();
    kv.set("p:k", "v").unwrap();
    let within = kv.with_prefix("p").unwrap();
    drop(kv);
    assert_eq!(within.get("k").unwrap().as_deref(), Some("v"));
    drop(within);
    drop(block_on(Store::connect("memory:", options())).unwrap());
    assert_eq!(Arc::strong_count(&clock), 1, "the stores have given up their clock");
}

#[test]
fn a_failed_open_does_not_keep_a_store() {
    let too_long = || Options { max_keys: Some(1), max_key_bytes: Some(usize::MAX), ..Options::default() };
    let fine = || Options { max_keys: Some(2), ..Options::default() };
    let url = "memory:refused";
    assert_eq!(kind(MemoryStore::connect(url, too_long())), Some(Kind::InvalidArgument));
    MemoryStore::connect(url, fine()).unwrap().close().unwrap();
    assert_eq!(kind(block_on(Store::connect(url, too_long()))), Some(Kind::InvalidArgument));
    block_on(block_on(Store::connect(url, fine())).unwrap().close()).unwrap();
}

#[test]
fn store_options_must_agree() {
    let clock = |ms: u64| Some(Arc::new(move || ms) as Arc<dyn omnikv::host::Clock>);
    let first = Options { max_bytes: Some(1 << 20), clock: clock(1), ..Options::default() };
    let connect = |options| MemoryStore::connect("memory:options", options);
    let _open = connect(first.clone()).unwrap();
    assert_eq!(kind(connect(Options::default())), None);
    assert_eq!(kind(connect(first.clone())), None);
    let larger = Options { max_bytes: Some(2 << 20), ..first.clone() };
    assert_eq!(kind(connect(larger)), Some(Kind::InvalidArgument));
    assert_eq!(kind(connect(Options { clock: clock(1), ..first })), Some(Kind::InvalidArgument));
}

#[test]
fn a_closed_handle_reports_closed() {
    let kv = MemoryStore::new();
    let batch = kv.pipeline();
    let _ = batch.get("k");
    kv.close().unwrap();
    kv.close().unwrap();
    let error = kv.get("k").unwrap_err();
    assert_eq!((error.kind(), error.op(), error.backend()), (Kind::Closed, "get", "memory"));
    assert_eq!(kind(batch.exec()), Some(Kind::Closed));
    assert_eq!(kind(kv.stats()), Some(Kind::Closed));

    let kv = block_on(Store::connect("memory:", Options::default())).unwrap();
    block_on(kv.close()).unwrap();
    block_on(kv.close()).unwrap();
    let error = block_on(kv.incr("k")).unwrap_err();
    assert_eq!((error.kind(), error.op(), error.backend()), (Kind::Closed, "incr", "memory"));
}

#[test]
fn an_unknown_scheme_is_reported_without_secrets() {
    let error =
        MemoryStore::connect("rediz://me:secret@host/0?token=secret", Options::default()).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert_eq!(error.message(), "Unsupported KVS URL: rediz://host/0");
    assert_eq!(kind(block_on(Store::connect("invalid-url", Options::default()))), Some(Kind::Unsupported));
}

#[test]
fn errors_name_the_operation_and_never_the_value() {
    let kv = MemoryStore::new();
    kv.set("k", "a secret").unwrap();
    let errors = [
        kv.incr("k").unwrap_err(),
        kv.get_as::<u32>("k").unwrap_err(),
        kv.getset::<i64>("k", "a secret").unwrap_err(),
        kv.lpush("k", "a secret").unwrap_err(),
        kv.set("k", f64::NAN).unwrap_err(),
        kv.set_json("k", &BTreeMap::from([((1, 2), "a secret")])).unwrap_err(),
        kv.rpush("q", [""; 0]).unwrap_err(),
    ];
    for (error, op) in errors.iter().zip(["incr", "get", "getset", "lpush", "set", "set", "rpush"]) {
        assert_eq!(error.op(), op);
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    assert_eq!(errors[0].backend(), "memory");
}

#[test]
fn a_panic_poisons_only_its_store() {
    let clock = Arc::new(|| -> u64 { panic!("no time") });
    let kv = MemoryStore::with_options(Options { clock: Some(clock), ..Options::default() }).unwrap();
    let ttl = Duration::from_secs(1);
    assert!(catch_unwind(AssertUnwindSafe(|| kv.set_with("k", "v", ttl))).is_err());
    assert_eq!(kind(kv.get("k")), Some(Kind::Internal));
    kv.close().unwrap();
}

#[test]
fn a_clock_that_reads_zero_works_and_one_without_time_is_refused() {
    let open = |now: u64| {
        let clock = Some(Arc::new(move || now) as Arc<dyn Clock>);
        MemoryStore::with_options(Options { clock, ..Options::default() }).unwrap()
    };
    let ttl = Duration::from_secs(1);
    let kv = open(0);
    assert!(kv.set_with("k", "v", ttl).unwrap());
    assert_eq!(kv.pttl("k").unwrap(), 1000);

    let kv = open(NO_TIME);
    assert_eq!(kv.set_with("k", "v", ttl).unwrap_err().kind(), Kind::InvalidArgument);
    assert_eq!(kv.get("k").unwrap(), None);
}

#[test]
fn a_batch_returns_each_operations_result() {
    let kv = MemoryStore::new();
    let batch = kv.pipeline();
    let set = batch.set("k", "text");
    let malformed = batch.set("k", f64::INFINITY);
    let empty = batch.get("");
    let failing = batch.incr("k");
    let got = batch.get("k");
    let mut replies = batch.exec().unwrap();
    assert_eq!(kind(replies.take(malformed)), Some(Kind::InvalidArgument));
    assert_eq!(kind(replies.take(empty)), Some(Kind::InvalidArgument));
    assert_eq!(kind(replies.take(failing)), Some(Kind::InvalidValue));
    assert_eq!(replies.take(got).unwrap().as_deref(), Some("text"));
    replies.take(set).unwrap();

    let refused = kv.multi();
    let _ = refused.del("k");
    let _ = refused.set("k", f64::INFINITY);
    assert_eq!(kind(refused.exec()), Some(Kind::InvalidArgument));
    assert!(kv.exists("k").unwrap());

    let other = kv.pipeline();
    let _ = other.get("k");
    let stranger = other.get("k");
    assert_eq!(kind(kv.pipeline().exec().unwrap().take(stranger)), Some(Kind::InvalidArgument));
}

#[test]
fn a_transaction_requires_its_checks_on_any_store() {
    block_on(async {
        let kv = Store::connect("memory:", Options { prefix: "app".into(), ..Options::default() }).await?;
        let begin = kv.multi();
        begin.check("n", Missing);
        let n = begin.incr("n");
        assert_eq!(begin.exec().await?.take(n)?, 1);
        let stale = kv.multi();
        stale.check("n", Missing);
        let _ = stale.incr("n");
        assert_eq!(kind(stale.exec().await), Some(Kind::Conflict));
        let list = kv.multi();
        let _ = list.rpush("q", ["a", "b"]);
        let keys = list.keys("*");
        let mut keys = list.exec().await?.take(keys)?;
        keys.sort();
        assert_eq!(keys, ["n", "q"]);
        Ok::<(), Error>(())
    })
    .unwrap();
}

#[test]
fn a_store_is_shared_between_threads() {
    let memory = open("memory:threads");
    let store = block_on(Store::connect("memory:threads", Options::default())).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..100).for_each(|_| assert!(memory.incr("n").unwrap() > 0)));
            // The future itself moves to another thread.
            let last = store.incrby("n", 100);
            scope.spawn(|| block_on(last).unwrap());
        }
    });
    assert_eq!(memory.get_as::<i64>("n").unwrap(), Some(800));
}

#[test]
fn expiry_options_have_one_meaning() {
    let clock = Arc::new(|| 1_000_000);
    let options =
        Options { clock: Some(clock), default_ttl: Some(Duration::from_secs(60)), ..Options::default() };
    let kv = MemoryStore::with_options(options).unwrap();
    let later = SystemTime::UNIX_EPOCH + Duration::from_millis(1_002_500);
    for (options, left) in [
        (SetOptions::new(), 60_000),
        (SetOptions::new().ttl(Duration::ZERO), -1),
        (SetOptions::new().never(), -1),
        (SetOptions::new().keep_ttl(), -1),
        (SetOptions::new().ttl(Duration::from_nanos(1)), 1),
        (SetOptions::new().ttl(Duration::from_millis(1500)).xx(), 1500),
        (SetOptions::new().keep_ttl(), 1500),
        (SetOptions::new().expireat(later), 2500),
        (SetOptions::new().expireat_ms(1_000_010), 10),
        (Duration::from_secs(1).into(), 1000),
    ] {
        assert!(kv.set_with("k", "v", options).unwrap());
        assert_eq!(kv.pttl("k").unwrap(), left, "{options:?}");
    }
}

#[test]
fn values_convert_to_the_requested_type() {
    let kv = MemoryStore::new();
    kv.mset([("i", "42"), ("f", "2.5"), ("b", "true"), ("j", "[1,2]")]).unwrap();
    assert_eq!(kv.get_as::<i64>("i").unwrap(), Some(42));
    assert_eq!(kv.getex::<f64>("f", Duration::from_secs(9)).unwrap(), Some(2.5));
    assert_eq!(kv.getdel::<bool>("b").unwrap(), Some(true));
    assert_eq!(kv.mget::<Json<Vec<u8>>>(["j", "b"]).unwrap(), [Some(Json(vec![1, 2])), None]);
    kv.hset_many("h", [("a", 1), ("b", 2)]).unwrap();
    let map: BTreeMap<String, u64> = kv.hgetall_as("h").unwrap();
    assert_eq!(map, BTreeMap::from([("a".into(), 1), ("b".into(), 2)]));
    assert_eq!(kv.smismember("none", ["x", "y"]).unwrap(), [false, false]);
}

#[test]
fn with_prefix_opens_another_handle() {
    let options =
        Options { prefix: "app".into(), default_ttl: Some(Duration::from_secs(60)), ..Options::default() };
    let kv = MemoryStore::with_options(options).unwrap();
    let users = kv.with_prefix("users:").unwrap();
    users.set("1", "Alice").unwrap();
    assert_eq!(kv.get("users:1").unwrap().as_deref(), Some("Alice"));
    assert_eq!(users.ttl("1").unwrap(), 60, "the default TTL is taken over");
    assert_eq!(users.keys("*").unwrap(), ["1"]);
    assert_eq!((kv.stats().unwrap().hits, users.stats().unwrap().hits), (Some(1), Some(0)));
    assert_eq!(kind(users.get("k".repeat(512 - "app:users:".len() + 1))), Some(Kind::TooLarge));

    kv.close().unwrap();
    assert_eq!(users.get("1").unwrap().as_deref(), Some("Alice"), "the other handle is open");
    let error = kv.with_prefix("users").unwrap_err();
    assert_eq!((error.kind(), error.op()), (Kind::Closed, "with-prefix"));
}

#[test]
fn get_or_set_only_creates_missing_values() {
    let kv = MemoryStore::new();
    let minute = Duration::from_secs(60);
    let make = |n: u32| move || Ok::<_, Error>(n);
    assert_eq!(kv.get_or_set("n", minute, make(1)).unwrap(), 1);
    assert_eq!(kv.get_or_set("n", minute, make(2)).unwrap(), 1, "it is made once");
    assert_eq!(kv.ttl("n").unwrap(), 60);
    assert_eq!(kv.get_or_set("stays", omnikv::Expiry::Unstated, make(3)).unwrap(), 3);
    assert_eq!(kv.ttl("stays").unwrap(), -1);

    let raced = kv.get_or_set("raced", minute, || {
        kv.set("raced", 7).unwrap();
        Ok::<_, Error>(8)
    });
    assert_eq!(raced.unwrap(), 7, "what others have written meanwhile is given");

    #[derive(Debug, PartialEq)]
    struct DatabaseDown;
    impl From<Error> for DatabaseDown {
        fn from(error: Error) -> DatabaseDown {
            panic!("{error}")
        }
    }
    assert_eq!(kv.get_or_set("none", minute, || Err::<String, _>(DatabaseDown)), Err(DatabaseDown));
    assert_eq!(kv.get("none").unwrap(), None, "after an error nothing is written");

    kv.set("text", "abc").unwrap();
    let error = kv.get_or_set("text", minute, make(1)).unwrap_err();
    assert_eq!((error.kind(), error.op()), (Kind::InvalidValue, "get-or-set"));

    let kv = block_on(Store::connect("memory:", Options::default())).unwrap();
    let made = |n: u32| block_on(kv.get_or_set("n", minute, async || Ok::<_, Error>(n)));
    assert_eq!((made(1).unwrap(), made(2).unwrap()), (1, 1));
}

#[test]
fn an_update_writes_the_changed_value() {
    let now = Arc::new(std::sync::atomic::AtomicU64::new(1_700_000_000_000));
    let clock = Arc::clone(&now);
    let options = Options {
        default_ttl: Some(Duration::from_secs(60)),
        clock: Some(Arc::new(move || clock.load(std::sync::atomic::Ordering::Relaxed))),
        ..Options::default()
    };
    let kv = MemoryStore::with_options(options).unwrap();
    let next = |n: Option<u32>| n.unwrap_or(0) + 1;
    assert_eq!(kv.update("n", next).unwrap(), 1);
    assert_eq!(kv.ttl("n").unwrap(), 60, "a new key gets the default TTL");
    kv.expire("n", 5).unwrap();
    assert_eq!(kv.update("n", next).unwrap(), 2);
    assert_eq!(kv.ttl("n").unwrap(), 5, "the deadline stays");

    kv.set("n", "text").unwrap();
    let error = kv.update("n", next).unwrap_err();
    assert_eq!((error.kind(), error.op()), (Kind::InvalidValue, "update"));
    kv.rpush("list", ["a"]).unwrap();
    assert_eq!(kind(kv.update("list", next)), Some(Kind::WrongType));
    assert_eq!(kind(kv.update("x", |_: Option<f64>| f64::NAN)), Some(Kind::InvalidArgument));
    assert_eq!(kv.get("x").unwrap(), None);
}

#[test]
fn an_update_retries_on_conflict() {
    let kv = MemoryStore::new();
    let mut seen = Vec::new();
    let written = kv.update("n", |n: Option<u32>| {
        seen.push(n);
        if seen.len() < 3 {
            kv.incr("n").unwrap();
        }
        n.unwrap_or(0) + 10
    });
    assert_eq!(written.unwrap(), 12);
    assert_eq!(seen, [None, Some(1), Some(2)]);

    let restless = kv.update("n", |n: Option<u32>| {
        kv.incr("n").unwrap();
        n.unwrap_or(0)
    });
    assert_eq!(kind(restless), Some(Kind::Conflict));

    let kv = block_on(Store::connect("memory:", Options::default())).unwrap();
    let mut tries = 0;
    let written = block_on(kv.update("n", |n: Option<u32>| {
        tries += 1;
        if tries == 1 {
            block_on(kv.incr("n")).unwrap();
        }
        n.unwrap_or(0) + 10
    }));
    assert_eq!((written.unwrap(), tries), (11, 2));
}

#[test]
fn concurrent_updates_all_count() {
    let kv = MemoryStore::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    while kind(kv.update("n", |n: Option<u32>| n.unwrap_or(0) + 1)) == Some(Kind::Conflict) {}
                }
            });
        }
    });
    assert_eq!(kv.get("n").unwrap().as_deref(), Some("400"));
}

#[test]
fn with_prefix_opens_another_asynchronous_handle() {
    block_on(async {
        let options = Options {
            prefix: "app".into(),
            default_ttl: Some(Duration::from_secs(60)),
            ..Options::default()
        };
        let kv = Store::connect("memory:", options).await?;
        let users = kv.with_prefix("users:")?;
        users.set("1", "Alice").await?;
        assert_eq!(kv.get("users:1").await?.as_deref(), Some("Alice"));
        assert_eq!(users.ttl("1").await?, 60, "the default TTL is taken over");
        assert_eq!(users.with_prefix("1")?.keys("*").await?, [""; 0]);
        assert_eq!((kv.stats().await?.hits, users.stats().await?.hits), (Some(1), Some(0)));

        kv.close().await?;
        assert_eq!(users.get("1").await?.as_deref(), Some("Alice"), "the other handle is open");
        let error = kv.with_prefix("users").unwrap_err();
        assert_eq!((error.kind(), error.op(), error.backend()), (Kind::Closed, "with-prefix", "memory"));
        Ok::<(), Error>(())
    })
    .unwrap();
}

#[test]
fn iterators_visit_all_pages_of_a_scan() {
    let kv = MemoryStore::with_options(Options { prefix: "app".into(), ..Options::default() }).unwrap();
    let names = || (0..300).map(|n| format!("{n:03}"));
    let all: Vec<String> = names().collect();
    for name in names() {
        kv.set(format!("k:{name}"), "v").unwrap();
    }
    kv.hset_many("hash", names().map(|name| (name.clone(), name.parse::<u32>().unwrap()))).unwrap();
    kv.sadd("set", names().collect::<Vec<_>>()).unwrap();

    let few = || MatchOptions::new().count(7);
    let mut keys: Vec<String> =
        kv.scan_iter(ScanOptions::new().matching("k:*").count(7)).collect::<Result<_, _>>().unwrap();
    keys.sort();
    assert_eq!(keys, names().map(|name| format!("k:{name}")).collect::<Vec<_>>());
    let fields: BTreeMap<String, u32> = kv.hscan_iter("hash", few()).collect::<Result<_, _>>().unwrap();
    assert_eq!(fields, names().map(|name| (name.clone(), name.parse().unwrap())).collect());
    let mut members: Vec<String> = kv.sscan_iter("set", few()).collect::<Result<_, _>>().unwrap();
    members.sort();
    assert_eq!(members, all);
    let rare = kv.sscan_iter::<String>("set", few().matching("299")).map(Result::unwrap);
    assert_eq!(rare.collect::<Vec<_>>(), ["299"], "pages that find nothing do not end it");
    assert!(kv.scan_iter(ScanOptions::new().of_type(omnikv::ValueType::List)).next().is_none());
    assert!(kv.hscan_iter::<String, String>("missing", few()).next().is_none());

    let mut wrong = kv.sscan_iter::<String>("hash", few());
    let error = wrong.next().unwrap().unwrap_err();
    assert_eq!((error.kind(), error.op()), (Kind::WrongType, "sscan"));
    assert!(wrong.next().is_none(), "an error ends it");
    kv.set("secret", "value").unwrap();
    assert!(!format!("{:?}", kv.scan_iter(ScanOptions::new())).contains("secret"));
}

#[test]
fn asynchronous_scans_await_each_item() {
    async fn every<T: 'static>(mut scan: ScanIter<'_, Store, T>) -> Result<Vec<T>, Error>
    where
        Page<T>: FromReply,
    {
        let mut found = Vec::new();
        while let Some(item) = scan.next().await? {
            found.push(item);
        }
        assert!(scan.next().await?.is_none());
        Ok(found)
    }
    block_on(async {
        let kv = Store::connect("memory:", Options::default()).await?;
        let members: Vec<u32> = (0..300).collect();
        kv.sadd("set", members.clone()).await?;
        let mut found: Vec<u32> = every(kv.sscan_iter("set", MatchOptions::new())).await?;
        found.sort_unstable();
        assert_eq!(found, members);
        kv.hset("hash", "f", "v").await?;
        let fields = every(kv.hscan_iter("hash", MatchOptions::new())).await?;
        assert_eq!(fields, [("f".to_owned(), "v".to_owned())]);
        let mut keys = every(kv.scan_iter(ScanOptions::new())).await?;
        keys.sort();
        assert_eq!(keys, ["hash", "set"]);

        let mut scan = kv.sscan_iter::<u32>("set", MatchOptions::new());
        assert!(scan.next().await?.is_some());
        kv.del("set").await?;
        kv.close().await?;
        let mut rest = 0;
        let error = loop {
            match scan.next().await {
                Ok(item) => rest += usize::from(item.is_some()),
                Err(error) => break error,
            }
        };
        assert!(rest < 299 && error.kind() == Kind::Closed, "{error}");
        Ok::<(), Error>(())
    })
    .unwrap();
}
