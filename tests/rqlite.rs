// rqlite beyond the conformance cases: what its JSON does to values, credentials, lost tables and answers, and a cluster
// whose nodes name the leader. Concurrent calls while leaders are killed are in `linearizability`.

mod support;

use omnikv::gateway::Response;
use omnikv::{Kind, Options, Store, prelude::*};
use pollster::block_on;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::Duration;
use support::http_server::{HttpServer, Reaction};
use support::rqlite::{Cluster, Node};

fn open(url: &str) -> Store {
    block_on(Store::connect(url, Options::new())).unwrap()
}

#[test]
fn keys_and_values_survive_the_json() {
    let node = Node::start();
    let kv = open(&node.url());
    let texts = [
        "X'41'",
        " x'00' ",
        "x''",
        "X'4",
        "\u{0}a\u{0}",
        "\u{feff}",
        "'",
        "\u{1f600}",
        "?1",
        "9007199254740993",
    ];
    block_on(async {
        for text in texts {
            kv.set(text, text).await.unwrap();
            kv.hset("hash", text, text).await.unwrap();
        }
        kv.set("bytes", (0..=255).collect::<Vec<u8>>()).await.unwrap();
        kv.set("number", i64::MIN).await.unwrap();
        assert_eq!(kv.mget::<String>(texts).await.unwrap(), texts.map(|text| Some(text.to_owned())));
        assert_eq!(
            kv.hgetall("hash").await.unwrap(),
            HashMap::from(texts.map(|text| (text.to_owned(), text.to_owned())))
        );
        assert_eq!(kv.get_bytes("bytes").await.unwrap(), Some((0..=255).collect()));
        assert_eq!(kv.get_as("number").await.unwrap(), Some(i64::MIN));
        let mut keys = kv.keys("*").await.unwrap();
        keys.sort();
        let mut expected: Vec<_> =
            texts.into_iter().chain(["bytes", "hash", "number"]).map(str::to_owned).collect();
        expected.sort();
        assert_eq!(keys, expected);
        // What looks like bytes is no blob in the table either, or it would not be found.
        assert_eq!(kv.del(texts).await.unwrap(), texts.len() as u64);
        assert_eq!(kv.keys("*").await.unwrap().len(), 3);
    });
}

#[test]
fn other_programs_write_text() {
    let node = Node::start();
    let kv = open(&node.url());
    block_on(kv.set("mine", "x")).unwrap();
    node.sql(r#"["INSERT INTO omnikv (key, value) VALUES ('theirs', 'grüße')"]"#);
    assert_eq!(block_on(kv.get("theirs")).unwrap().as_deref(), Some("grüße"));
    let seen = node.sql(r#"["SELECT CAST(value AS TEXT) FROM omnikv WHERE key = 'mine'"]"#);
    assert!(seen.contains(r#"[["x"]]"#), "{seen}");
}

#[test]
fn tables_are_created_when_they_are_missed() {
    let node = Node::start();
    let kv = open(&node.url());
    block_on(async {
        assert_eq!(kv.get("a").await.unwrap(), None);
        assert_eq!(kv.incr("a").await.unwrap(), 1);
        node.clear();
        assert_eq!(kv.incr("a").await.unwrap(), 1);
    });
}

#[test]
fn credentials_are_sent_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    std::fs::write(&file, r#"[{"username": "ada", "password": "s3cret!", "perms": ["all"]}, {"username": "*", "perms": ["ready", "status"]}]"#).unwrap();
    let node = Node::start_with(&["-auth", file.to_str().unwrap()]);
    let place = format!("127.0.0.1:{}", node.port());
    block_on(open(&format!("rqlite://ada:s3cret!@{place}")).set("a", 1)).unwrap();
    for user in ["", "ada:wr0ng@", "eve:wr0ng@"] {
        let error = block_on(open(&format!("rqlite://{user}{place}")).set("a", 1)).unwrap_err();
        assert_eq!((error.kind(), error.backend()), (Kind::PermissionDenied, "rqlite"), "{error}");
        assert!(!format!("{error} {error:?}").contains("wr0ng"), "{error:?}");
    }
}

#[test]
fn a_large_value_is_whole_or_refused() {
    let node = Node::start();
    let kv = open(&node.url());
    let large = vec![0xff; 4 << 20];
    block_on(async {
        kv.set("large", large.clone()).await.unwrap();
        assert_eq!(kv.get_bytes("large").await.unwrap(), Some(large));
        let error = kv.set("larger", vec![0; (16 << 20) + 1]).await.unwrap_err();
        assert_eq!(error.kind(), Kind::TooLarge);
    });
}

/// A node behind a proxy that passes requests on, and once cuts the connection instead of answering.
struct Proxy {
    server: HttpServer,
    /// How many answers pass until one is lost, if any.
    answers: Arc<AtomicI64>,
}

impl Proxy {
    fn before(node: &Node) -> Proxy {
        let answers = Arc::new(AtomicI64::new(-1));
        let (left, port) = (Arc::clone(&answers), node.port());
        let server = HttpServer::start(move |request| {
            let left = Arc::clone(&left);
            Box::pin(async move {
                let path = format!("{}?{}", request.path, request.query);
                let body = String::from_utf8(request.body).unwrap();
                let asked = move || support::rqlite::request(port, &request.method, &path, &body);
                let (status, body) = tokio::task::spawn_blocking(asked).await.unwrap().unwrap();
                match left.fetch_sub(1, Ordering::Relaxed) {
                    0 => Reaction::Cut,
                    _ => Reaction::Answer(Response { status, headers: Vec::new(), body: body.into_bytes() }),
                }
            })
        });
        Proxy { server, answers }
    }

    /// Loses the next answer.
    fn cut(&self) {
        self.cut_after(0);
    }

    /// Loses the answer after this many.
    fn cut_after(&self, answers: i64) {
        self.answers.store(answers, Ordering::Relaxed);
    }
}

#[test]
fn a_write_whose_answer_is_lost_is_not_repeated() {
    let node = Node::start();
    let proxy = Proxy::before(&node);
    let kv = open(&format!("rqlite://127.0.0.1:{}", proxy.server.port));
    let direct = open(&node.url());
    block_on(async {
        kv.set("text", 0).await.unwrap();
        // A read, and a write that does not depend on what was there, are repeated.
        proxy.cut();
        assert_eq!(kv.get("text").await.unwrap().as_deref(), Some("0"));
        proxy.cut();
        kv.set("text", 1).await.unwrap();
        assert_eq!(direct.get("text").await.unwrap().as_deref(), Some("1"));
        kv.rpush("list", ["a"]).await.unwrap();
        // The first answer is that of the load.
        proxy.cut_after(1);
        let error = kv.rpush("list", ["b"]).await.unwrap_err();
        assert!(error.is_maybe_applied() && error.kind() == Kind::Unavailable, "{error}");
        assert_eq!(direct.lrange::<String>("list", 0, -1).await.unwrap(), ["a", "b"]);
    });
}

#[test]
fn any_node_passes_writes_to_the_leader_or_names_it() {
    let cluster = Cluster::start();
    let leader = cluster.leader();
    let follower = &cluster.0[(leader + 1) % 3];
    let passed_on = || follower.count("remote_executions");
    let before = passed_on();
    block_on(open(&follower.url()).set("a", 1)).unwrap();
    assert!(passed_on() > before);
    let before = passed_on();
    let kv = open(&format!("{}?redirect=true", follower.url()));
    block_on(async {
        kv.set("b", 2).await.unwrap();
        assert_eq!(kv.mget::<String>(["a", "b"]).await.unwrap(), [Some("1".into()), Some("2".into())]);
    });
    assert_eq!(passed_on(), before);
}

#[test]
fn a_linearizable_read_sees_what_was_written_elsewhere() {
    let cluster = Cluster::start();
    let kv = open(&cluster.url());
    let readers: Vec<_> =
        cluster.0.iter().map(|node| open(&format!("{}?level=linearizable", node.url()))).collect();
    assert_eq!(readers[0].capabilities().consistency, "strong");
    let local = open(&format!("{}?level=none", cluster.0[0].url()));
    assert_eq!(local.capabilities().consistency, "eventual");
    block_on(async {
        for number in 0..30 {
            kv.set("a", number).await.unwrap();
            for reader in &readers {
                assert_eq!(reader.get_as("a").await.unwrap(), Some(number));
            }
        }
        while local.get_as("a").await.unwrap() != Some(29) {
            thread::sleep(Duration::from_millis(1));
        }
        // Updates succeed even where reads may be old.
        for _ in 0..10 {
            local.incr("a").await.unwrap();
            kv.incr("a").await.unwrap();
        }
        assert_eq!(kv.get_as("a").await.unwrap(), Some(49));
    });
}

#[test]
fn without_a_majority_there_is_an_error_in_time() {
    let mut cluster = Cluster::start();
    let kv = open(&format!("{}?timeout=3", cluster.url()));
    block_on(kv.set("a", 1)).unwrap();
    let leader = cluster.leader();
    let others = [(leader + 1) % 3, (leader + 2) % 3];
    others.into_iter().for_each(|other| cluster.0[other].kill());
    let error = block_on(kv.incr("a")).unwrap_err();
    assert!(matches!(error.kind(), Kind::Unavailable | Kind::Timeout), "{error}");
    assert!(error.is_retryable() || error.is_maybe_applied(), "{error}");
    let retry = thread::spawn(move || {
        loop {
            match block_on(kv.get_as::<i64>("a")) {
                Ok(sum) => return sum,
                Err(error) => assert!(!error.is_maybe_applied(), "{error}"),
            }
        }
    });
    others.into_iter().for_each(|other| cluster.0[other].begin_again());
    let sum = retry.join().unwrap();
    assert!(matches!(sum, Some(1 | 2)), "{sum:?}");
}
