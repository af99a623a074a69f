// Cloudflare KV over its REST API: the requests, and the handling of failures. The API follows its documentation;
// nothing here uses the internet.

mod support;

use omnikv::backend::cloudflare_kv::rest::{Rest, Settings};
use omnikv::backend::cloudflare_kv::{self};
use omnikv::error::Kind;
use omnikv::host::Clock;
use omnikv::{Options, Store, prelude::*};
use pollster::block_on;
use std::sync::Arc;
use std::time::Duration;
use support::kv_api::{ENDPOINT, KvApi, TOKEN, Trouble};
use support::naive_kv::NaiveKv;

const START_MS: u64 = 1_800_000_000_000;

fn settings() -> Settings {
    Settings {
        endpoint: ENDPOINT.into(),
        account: "an account".into(),
        namespace: "names".into(),
        token: TOKEN.into(),
        timeout: Duration::from_secs(5),
        retries: 3,
    }
}

fn open(settings: Settings) -> (Arc<KvApi>, Arc<NaiveKv>, Store) {
    let clock: Arc<dyn Clock> = Arc::new(|| START_MS);
    let kv = Arc::new(NaiveKv::new(Arc::clone(&clock), 1000));
    let api = KvApi::new(Arc::clone(&kv));
    let options = Options { clock: Some(clock), ..Options::default() };
    let rest = Rest::new(settings, api.network());
    let cells = cloudflare_kv::open(Arc::new(rest), &options, true).unwrap();
    (api, kv, Store::over(Arc::new(cells), &options).unwrap())
}

#[test]
fn a_read_and_a_write_take_one_request_each() {
    let (api, _, kv) = open(settings());
    block_on(async {
        kv.set("a", 1).await.unwrap();
        kv.mset([("b", "2"), ("c", "3")]).await.unwrap();
        assert_eq!(api.requests(), ["PUT bulk", "PUT bulk"]);
        let values: Vec<Option<String>> = kv.mget(["a", "b", "none"]).await.unwrap();
        assert_eq!(values, [Some("1".into()), Some("2".into()), None]);
        assert_eq!(api.requests(), ["POST bulk/get"]);
        let all: Vec<String> = (0..150).map(|number| format!("k{number}")).collect();
        let none: Vec<Option<String>> = kv.mget(all).await.unwrap();
        assert_eq!(none.len(), 150);
        assert_eq!(api.requests(), ["POST bulk/get", "POST bulk/get"]);
        kv.del(["a", "b"]).await.unwrap();
        assert_eq!(api.requests(), ["POST bulk/get", "POST bulk/delete"]);
    });
}

#[test]
fn bytes_survive_a_text_api() {
    let (api, namespace, kv) = open(settings());
    block_on(async {
        let odd = "a/b?c=\u{1f600} %&\0";
        kv.set(odd, vec![0xff, 0, b'x']).await.unwrap();
        kv.set("mark", "\u{fffd}").await.unwrap();
        api.requests();
        assert_eq!(kv.get_bytes(odd).await.unwrap(), Some(vec![0xff, 0, b'x']));
        let requests = api.requests();
        assert_eq!(requests.len(), 2);
        assert!(requests[1].starts_with("GET values/a%2Fb%3Fc%3D"), "{requests:?}");
        assert_eq!(kv.get("mark").await.unwrap().as_deref(), Some("\u{fffd}"));
        assert_eq!(kv.keys("*").await.unwrap(), [odd, "mark"]);
        assert_eq!(kv.get("none").await.unwrap(), None);
    });
    // The API reports expirations set by other programs.
    namespace.write("theirs", "x", None, Some(START_MS / 1000 + 90));
    assert_eq!(block_on(kv.ttl("theirs")).unwrap(), 90);
}

#[test]
fn values_too_large_for_a_bulk_read_are_read_one_by_one() {
    let (api, _, kv) = open(settings());
    block_on(async {
        kv.rpush("list", ["a"]).await.unwrap();
        kv.set("text", "b").await.unwrap();
        api.requests();
        api.trouble([Trouble::Status(413)]);
        let batch = kv.pipeline();
        let list = batch.lrange::<String>("list", 0, -1);
        let text = batch.get("text");
        let mut replies = batch.exec().await.unwrap();
        assert_eq!(replies.take(list).unwrap(), ["a"]);
        assert_eq!(replies.take(text).unwrap().as_deref(), Some("b"));
        let asked =
            ["POST bulk/get", "GET values/list", "GET metadata/list", "GET values/text", "GET metadata/text"];
        assert_eq!(api.requests(), asked);
    });
}

#[test]
fn transient_faults_are_retried() {
    let (api, namespace, kv) = open(settings());
    block_on(async {
        api.trouble([Trouble::Status(429), Trouble::Status(500), Trouble::AnswerLost]);
        kv.set("a", 1).await.unwrap();
        api.trouble([Trouble::AnswerLost, Trouble::Status(503)]);
        assert_eq!(kv.get("a").await.unwrap().as_deref(), Some("1"));
        api.trouble([Trouble::OneKeyOnly, Trouble::OneKeyOnly]);
        kv.mset([("a", "1"), ("b", "2"), ("c", "3")]).await.unwrap();
        assert!(["a", "b", "c"].iter().all(|key| namespace.entry(key).is_some()));
        api.trouble([Trouble::OneKeyOnly]);
        kv.delete_range("", None).await.unwrap();
        assert!(["a", "b", "c"].iter().all(|key| namespace.entry(key).is_none()));
    });
}

#[test]
fn permanent_faults_are_reported_without_secrets() {
    let (api, _, kv) = open(settings());
    let told = |trouble: Trouble, write: bool| {
        api.trouble([trouble; 4]);
        let error = match write {
            true => block_on(kv.set("private-key", "private value")).unwrap_err(),
            false => block_on(kv.get("private-key")).unwrap_err(),
        };
        for text in [error.to_string(), format!("{error:?}")] {
            assert!(!text.contains("private") && !text.contains(TOKEN), "{text}");
        }
        assert_eq!(error.backend(), "cloudflare-kv");
        (error.kind(), error.is_maybe_applied())
    };
    assert_eq!(told(Trouble::Status(429), true), (Kind::RateLimited, false));
    assert_eq!(told(Trouble::Status(500), true), (Kind::Unavailable, true));
    assert_eq!(told(Trouble::AnswerLost, true), (Kind::Unavailable, true));
    // A failed read has changed nothing.
    assert_eq!(told(Trouble::AnswerLost, false), (Kind::Unavailable, false));
    let (_, _, kv) = open(Settings { token: "wrong".into(), ..settings() });
    assert_eq!(block_on(kv.get("a")).unwrap_err().kind(), Kind::PermissionDenied);
    assert!(!format!("{:?}", settings()).contains(TOKEN));
}

#[test]
fn a_missing_namespace_is_an_error_in_the_url() {
    let (api, _, kv) = open(settings());
    api.trouble([Trouble::Status(404)]);
    assert_eq!(block_on(kv.get("a")).unwrap_err().kind(), Kind::InvalidArgument);
}
