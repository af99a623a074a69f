// Cloudflare KV beyond the conformance cases: what other programs see and write, deadlines within the platform's rules,
// listings with cursors. The namespace enforces these rules only; tests in workerd use the real one.

mod support;

use omnikv::backend::cloudflare_kv;
use omnikv::error::Kind;
use omnikv::host::Clock;
use omnikv::host::kv::Stored;
use omnikv::{Options, RangeOptions, ScanOptions, Store, prelude::*};
use pollster::block_on;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use support::naive_kv::NaiveKv;

const START_MS: u64 = 1_800_000_000_000;

struct Kv {
    now: Arc<AtomicU64>,
    namespace: Arc<NaiveKv>,
    store: Store,
}

/// A store with `nonatomic`, over a namespace with pages of at most this length.
fn open(page: usize) -> Kv {
    let now = Arc::new(AtomicU64::new(START_MS));
    let shown = Arc::clone(&now);
    let clock: Arc<dyn Clock> = Arc::new(move || shown.load(Ordering::Relaxed));
    let namespace = Arc::new(NaiveKv::new(Arc::clone(&clock), page));
    let options = Options { clock: Some(clock), ..Options::default() };
    let cells = cloudflare_kv::open(Arc::clone(&namespace) as Arc<_>, &options, true).unwrap();
    Kv { now, namespace, store: Store::over(Arc::new(cells), &options).unwrap() }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn strings_are_plain_values_in_both_directions() {
    let kv = open(1000);
    block_on(async {
        kv.store.set("ours", "Alice").await.unwrap();
        kv.store.rpush("list", ["a"]).await.unwrap();
        kv.namespace.write("theirs", "Bob", Some(r#"{"type":"image/png"}"#), Some(START_MS / 1000 + 90));
        assert_eq!(kv.store.get("theirs").await.unwrap().as_deref(), Some("Bob"));
        assert_eq!(kv.store.append("theirs", "by").await.unwrap(), 5);
    });
    let plain = Stored { value: b"Alice".to_vec(), metadata: None, expiration: None };
    assert_eq!(kv.namespace.entry("ours"), Some((plain, None)));
    let list = Stored {
        value: br#"["a"]"#.to_vec(),
        metadata: Some(r#"{"omnikv":{"type":"list"}}"#.into()),
        expiration: None,
    };
    assert_eq!(kv.namespace.entry("list"), Some((list, None)));
}

#[test]
fn deadlines_shorter_than_the_platform_allows_are_exact() {
    let kv = open(1000);
    block_on(async {
        kv.store.set_with("a", 1, Duration::from_millis(1500)).await.unwrap();
        kv.store.set_with("long", 1, Duration::from_millis(90_001)).await.unwrap();
        kv.store.set("never", 1).await.unwrap();
        let removal = |key: &str| kv.namespace.entry(key).unwrap().1;
        assert_eq!(removal("a"), Some(START_MS / 1000 + 60));
        assert_eq!(removal("long"), Some(START_MS / 1000 + 91));
        assert_eq!(removal("never"), None);
        assert_eq!(kv.store.pttl("a").await.unwrap(), 1500);
        kv.now.fetch_add(1500, Ordering::Relaxed);
        // The platform still has it, but for us it has expired.
        assert!(kv.namespace.entry("a").is_some());
        assert_eq!(kv.store.get("a").await.unwrap(), None);
        assert_eq!(kv.store.keys("*").await.unwrap(), ["long", "never"]);
        assert_eq!(kv.store.stats().await.unwrap().keys, 2);
        assert_eq!(kv.store.incr("a").await.unwrap(), 1);
        assert_eq!(kv.store.ttl("a").await.unwrap(), -1);
    });
}

#[test]
fn keys_that_the_platform_rejects_are_refused_before_writing() {
    let kv = open(1000);
    for name in [".", ".."] {
        assert_eq!(block_on(kv.store.set(name, 1)).unwrap_err().kind(), Kind::InvalidArgument);
        assert_eq!(block_on(kv.store.get(name)).unwrap_err().kind(), Kind::InvalidArgument);
        let error = block_on(kv.store.mset([("a", 1), (name, 1)])).unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
    }
    assert_eq!(kv.namespace.entry("a"), None);
    assert_eq!(block_on(kv.store.set("a", vec![0; (25 << 20) + 1])).unwrap_err().kind(), Kind::TooLarge);
    let longer = Options { max_key_bytes: Some(513), ..Options::default() };
    let cells = cloudflare_kv::open(Arc::clone(&kv.namespace) as Arc<_>, &longer, true).unwrap();
    assert!(Store::over(Arc::new(cells), &longer).is_err());
}

#[test]
fn listings_find_every_key_with_any_page_size() {
    for page in [3, 10, 64, 1000] {
        let kv = open(page);
        let names: Vec<String> = (0..250).map(|number| format!("user:{number:03}")).collect();
        for name in &names {
            kv.namespace.write(name, name, None, None);
        }
        kv.namespace.write("other", "", None, None);
        kv.namespace.write("users", "", None, None);
        block_on(async {
            assert_eq!(kv.store.keys("user:*").await.unwrap(), names);
            for count in [1, 7, 100] {
                let mut found = Vec::new();
                let mut cursor = "0".to_owned();
                loop {
                    let options = ScanOptions::new().matching("user:*").count(count);
                    let page = kv.store.scan(&cursor, options).await.unwrap();
                    assert!(page.items.len() as u64 <= count);
                    found.extend(page.items);
                    cursor = page.cursor;
                    if cursor == "0" {
                        break;
                    }
                }
                assert_eq!(found, names, "page {page}, count {count}");
            }
            let options = RangeOptions::new().limit(110);
            let range = kv.store.range("user:005", Some("user:130"), options).await.unwrap();
            assert!(range.iter().map(|(key, _)| key).eq(&names[5..115]));
            assert!(range.iter().all(|(key, value)| value.as_ref() == Some(key)));
            let backwards = RangeOptions::new().reverse();
            let options = backwards.clone().limit(3);
            let range = kv.store.range("user:005", Some("user:130"), options).await.unwrap();
            assert!(range.iter().map(|(key, _)| key).eq([&names[129], &names[128], &names[127]]));
            assert_eq!(kv.store.range("user:", None, backwards).await.unwrap().len(), 250);
            assert_eq!(kv.store.delete_range("user:010", Some("user:020")).await.unwrap(), 10);
            assert_eq!(kv.store.count("user:").await.unwrap(), 240);
        });
    }
}

#[test]
fn expirations_of_other_programs_appear_in_listings() {
    let kv = open(1000);
    kv.namespace.write("theirs", "x", None, Some(START_MS / 1000 + 90));
    assert_eq!(block_on(kv.store.stats()).unwrap().expiring_keys, 1);
    kv.now.fetch_add(seconds(91).as_millis() as u64, Ordering::Relaxed);
    assert_eq!(block_on(kv.store.stats()).unwrap().keys, 0);
}
