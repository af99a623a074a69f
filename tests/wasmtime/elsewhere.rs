// Remote stores from the component, beyond the conformance cases: what it may reach, servers that stop and restart,
// missing answers, secrets.

#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../support/http_server.rs"]
mod http_server;
#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../support/kv_api.rs"]
mod kv_api;
#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../support/naive_kv.rs"]
mod naive_kv;
#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../support/redis.rs"]
mod redis_server;
#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../support/rqlite.rs"]
mod rqlite;

#[allow(dead_code, reason = "not all of it is used here")]
#[path = "../support/silent.rs"]
mod silent;

use http_server::{HttpServer, Reaction};
use kv_api::KvApi;
use naive_kv::NaiveKv;
use omnikv::command::{Command, Reply};
use omnikv::error::Error;
use omnikv::gateway::{self, Gateway, Response, Token};
use omnikv::host::network;
use omnikv::{Kind, Options, Store};
use omnikv_wasmtime::{Handle, Instance};
use redis_server::{RedisServer, free_port};
use rqlite::Node;
use silent::SilentServer;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const TOKEN: &str = "t0p-s3cret";

fn url(server: &RedisServer) -> String {
    format!("redis://127.0.0.1:{}", server.port())
}

fn open(instance: &mut Instance, url: &str) -> Handle {
    instance.connect(url, &Options::default()).unwrap()
}

fn command(words: &str) -> Command {
    Command::parse(&words.split(' ').collect::<Vec<_>>()).unwrap()
}

fn run(instance: &mut Instance, handle: Handle, words: &str) -> Result<Reply, Error> {
    instance.execute(handle, &command(words))
}

/// The server's number of connections, except this one.
fn connections(server: &RedisServer) -> usize {
    let list: String = redis::cmd("CLIENT").arg("LIST").query(&mut server.connect()).unwrap();
    list.lines().count() - 1
}

/// A gateway over a memory store.
fn memory_gateway() -> HttpServer {
    let behind = pollster::block_on(Store::connect("memory:", Options::default())).unwrap();
    let options = gateway::Options { tokens: vec![Token::new(TOKEN)], ..gateway::Options::default() };
    HttpServer::of(Gateway::new(behind, options).unwrap())
}

#[test]
fn handles_on_the_same_url_share_a_connection() {
    let server = RedisServer::start();
    let mut instance = Instance::with_network();
    let one = open(&mut instance, &url(&server));
    let other =
        instance.connect(&url(&server), &Options { prefix: "other".into(), ..Options::default() }).unwrap();
    assert_eq!(connections(&server), 0, "nothing is connected before it is needed");
    run(&mut instance, one, "SET k v").unwrap();
    assert_eq!(run(&mut instance, other, "GET k"), Ok(Reply::Nil));
    assert_eq!(connections(&server), 1);
    let elsewhere = open(&mut instance, &format!("{}/3", url(&server)));
    assert_eq!(run(&mut instance, elsewhere, "GET k"), Ok(Reply::Nil));
    assert_eq!(connections(&server), 2);

    instance.close(one).unwrap();
    assert_eq!(run(&mut instance, one, "GET k").unwrap_err().kind(), Kind::Closed);
    assert_eq!(run(&mut instance, other, "EXISTS k"), Ok(Reply::Int(0)));
    instance.close(other).unwrap();
    // A handle dropped without being closed is closed.
    instance.drop_handle(elsewhere);
    // The server notices it a little later.
    while connections(&server) != 0 {
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_batch_is_sent_as_one() {
    let server = RedisServer::start();
    let mut instance = Instance::with_network();
    let kv = open(&mut instance, &url(&server));
    run(&mut instance, kv, "GET warm").unwrap();
    let commands: Vec<_> = (0..1000).map(|number| command(&format!("RPUSH list {number}"))).collect();
    let replies = instance.pipeline(kv, &commands).unwrap();
    assert_eq!(replies.last(), Some(&Ok(Reply::Int(1000))));
    let read = |server: &RedisServer| -> u64 {
        let info: String = redis::cmd("INFO").arg("stats").query(&mut server.connect()).unwrap();
        let line = info.lines().find_map(|line| line.strip_prefix("total_reads_processed:"));
        line.unwrap().trim().parse().unwrap()
    };
    // Measuring takes some reads itself, but far fewer than the commands.
    let before = read(&server);
    instance.pipeline(kv, &commands).unwrap();
    assert!(read(&server) - before < 100, "{} reads", read(&server) - before);
}

#[test]
fn values_larger_than_any_buffer() {
    let server = RedisServer::start();
    let gateway = memory_gateway();
    let mut instance = Instance::with_network();
    let value: Vec<u8> = (0..5_000_000_u32).map(|number| (number % 251) as u8).collect();
    for url in [url(&server), gateway.url(TOKEN)] {
        let kv = open(&mut instance, &url);
        let set = Command::parse(&[b"SET".as_slice(), b"large", &value]).unwrap();
        assert_eq!(instance.execute(kv, &set), Ok(Reply::Ok));
        assert_eq!(run(&mut instance, kv, "GET large"), Ok(Reply::Bytes(value.clone())));
    }
}

#[test]
fn a_restarted_server_is_reconnected() {
    let mut server = RedisServer::start_with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let bystander = RedisServer::start();
    let mut instance = Instance::with_network();
    let kv = open(&mut instance, &url(&server));
    let aside = open(&mut instance, &url(&bystander));
    // A client that writes before it has noticed the end cannot know whether the write was applied. The system reports
    // socket events in order: after an answer that arrived later than the end, the component's host knows about the end
    // too.
    let end = |server: &mut RedisServer, instance: &mut Instance| {
        server.kill();
        assert_eq!(run(instance, aside, "GET k"), Ok(Reply::Nil));
    };
    for round in 1..=3 {
        assert_eq!(run(&mut instance, kv, "INCR n"), Ok(Reply::Int(round)));
        end(&mut server, &mut instance);
        server.restart();
    }
    // While the server is down, calls fail with `unavailable` and nothing is done.
    let quick = open(&mut instance, &format!("{}?retries=1", url(&server)));
    assert_eq!(run(&mut instance, quick, "INCR n"), Ok(Reply::Int(4)));
    end(&mut server, &mut instance);
    let error = run(&mut instance, quick, "INCR n").unwrap_err();
    assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Unavailable, false), "{error:?}");
    server.restart();
    assert_eq!(run(&mut instance, quick, "INCR n"), Ok(Reply::Int(5)));
    assert_eq!(run(&mut instance, kv, "INCR n"), Ok(Reply::Int(6)));
}

#[test]
fn a_silent_server_times_out() {
    let server = RedisServer::start();
    let mut instance = Instance::with_network();
    let kv = open(&mut instance, &format!("{}?timeout=1", url(&server)));
    run(&mut instance, kv, "SET k before").unwrap();
    server.freeze();
    let error = run(&mut instance, kv, "INCR n").unwrap_err();
    assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Timeout, true), "{error:?}");
    let error = run(&mut instance, kv, "GET k").unwrap_err();
    assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Timeout, false), "{error:?}");
    server.wake();
    let mut again = run(&mut instance, kv, "GET k");
    while again.is_err() {
        again = run(&mut instance, kv, "GET k");
    }
    // The late answer is not given to another command.
    assert_eq!(again, Ok(Reply::Bytes(b"before".to_vec())));
    assert_eq!(run(&mut instance, kv, "STRLEN k"), Ok(Reply::Int(6)));

    let silent = HttpServer::start(|_| {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Reaction::Cut
        })
    });
    let kv = open(&mut instance, &format!("{}?timeout=1", silent.url(TOKEN)));
    let error = run(&mut instance, kv, "INCR n").unwrap_err();
    assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Timeout, true), "{error:?}");
}

#[test]
fn a_silent_server_keeps_no_connection() {
    for answer in [b"".as_slice(), b"garb\0age\r\n"] {
        let server = SilentServer::start(answer);
        let at = format!("127.0.0.1:{}", server.port);
        let mut instance = Instance::with_network();
        for url in [
            format!("redis://{at}?timeout=0.3"),
            format!("upstash+http://:{TOKEN}@{at}?timeout=0.3"),
            format!("upstash://:{TOKEN}@{at}?timeout=0.3"),
            format!(
                "cloudflare-kv://:{TOKEN}@account/names?nonatomic=allow&timeout=0.3&endpoint=http://{at}"
            ),
        ] {
            let kv = open(&mut instance, &url);
            let error = run(&mut instance, kv, "GET k").unwrap_err();
            assert!(matches!(error.kind(), Kind::Timeout | Kind::Unavailable), "{url}: {error:?}");
            assert!(!error.is_maybe_applied(), "{url}: {error:?}");
            // The store is still open, and the component is not called meanwhile.
            server.wait_for_none();
            run(&mut instance, kv, "GET k").unwrap_err();
            instance.close(kv).unwrap();
            server.wait_for_none();
        }
    }
}

#[test]
fn a_broken_request_is_not_run_twice() {
    let gateway = memory_gateway();
    let mut instance = Instance::with_network();
    let kv = open(&mut instance, &gateway.url(TOKEN));
    assert_eq!(run(&mut instance, kv, "INCR n"), Ok(Reply::Int(1)));

    let answer = Response { status: 200, headers: Vec::new(), body: br#"{"result":2}"#.to_vec() };
    for cut in [true, false] {
        let answer = answer.clone();
        let server = HttpServer::start(move |_| {
            let answer = answer.clone();
            Box::pin(async move { if cut { Reaction::Cut } else { Reaction::Truncate(answer) } })
        });
        let kv = open(&mut instance, &server.url(TOKEN));
        let error = run(&mut instance, kv, "INCR n").unwrap_err();
        assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Unavailable, true), "{error:?}");
    }

    let away = format!("upstash+http://:{TOKEN}@127.0.0.1:{}?retries=1", free_port());
    let kv = open(&mut instance, &away);
    let error = run(&mut instance, kv, "INCR n").unwrap_err();
    assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Unavailable, false), "{error:?}");
    assert!(!format!("{error:?}").contains(TOKEN));
}

#[test]
fn wrong_passwords_and_tokens_are_not_shown() {
    let server = RedisServer::start_with(&["--requirepass", "s3cret/@:", "--databases", "4"]);
    let at = format!("127.0.0.1:{}", server.port());
    let mut instance = Instance::with_network();
    let kv = open(&mut instance, &format!("redis://:s3cret%2F%40%3A@{at}/2"));
    assert_eq!(run(&mut instance, kv, "SET k v"), Ok(Reply::Ok));
    for user_info in ["", ":wrong-s3cret@", "nobody:s3cret%2F%40%3A@"] {
        let kv = open(&mut instance, &format!("redis://{user_info}{at}"));
        let error = run(&mut instance, kv, "GET k").unwrap_err();
        assert_eq!(error.kind(), Kind::PermissionDenied, "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }

    let gateway = memory_gateway();
    let kv = open(&mut instance, &gateway.url("wrong-s3cret"));
    let error = run(&mut instance, kv, "GET k").unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied, "{error:?}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    let kv = open(&mut instance, &gateway.url("no%0Aheader-s3cret"));
    let error = run(&mut instance, kv, "GET k").unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidArgument, "{error:?}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

/// Cloudflare's REST API, served locally.
fn kv_server() -> HttpServer {
    let system = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let api = KvApi::new(Arc::new(NaiveKv::new(Arc::new(system), 7)));
    HttpServer::start(move |request| {
        let authorization = request.headers.into_iter().find(|(name, _)| name == "authorization");
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let asked = network::Request {
            method: ["GET", "POST", "PUT"].into_iter().find(|method| request.method == *method).unwrap(),
            url: format!("https://api.test{}{query}", request.path),
            headers: authorization.map(|(_, value)| ("authorization", value)).into_iter().collect(),
            body: request.body,
            looks_at: &[],
            timeout: None,
        };
        let network::Response { status, body, .. } = api.answer(&asked).unwrap();
        Box::pin(async move { Reaction::Answer(Response { status, headers: Vec::new(), body }) })
    })
}

#[test]
fn cloudflare_kv_over_rest() {
    let server = kv_server();
    let url = |token: &str| {
        format!(
            "cloudflare-kv://:{token}@an account/names?nonatomic=allow&endpoint=http://127.0.0.1:{}/client/v4",
            server.port
        )
    };
    let mut instance = Instance::with_network();
    let kv = open(&mut instance, &url(kv_api::TOKEN));
    for number in 0..20 {
        run(&mut instance, kv, &format!("SET key:{number} {number}")).unwrap();
    }
    assert_eq!(run(&mut instance, kv, "INCR key:7"), Ok(Reply::Int(8)));
    assert_eq!(run(&mut instance, kv, "DEL key:3 key:4"), Ok(Reply::Int(2)));
    assert_eq!(run(&mut instance, kv, "EXPIRE key:5 100"), Ok(Reply::Int(1)));
    assert_eq!(run(&mut instance, kv, "TTL key:5"), Ok(Reply::Int(100)));
    assert_eq!(run(&mut instance, kv, "COUNT key:"), Ok(Reply::Int(18)));
    let bytes = vec![0, 255, 128];
    let set = Command::parse(&[b"SET".as_slice(), b"bytes", &bytes]).unwrap();
    assert_eq!(instance.execute(kv, &set), Ok(Reply::Ok));
    assert_eq!(run(&mut instance, kv, "GET bytes"), Ok(Reply::Bytes(bytes)));

    let kv = open(&mut instance, &url("wrong-s3cret"));
    let error = run(&mut instance, kv, "GET key:1").unwrap_err();
    assert_eq!(error.kind(), Kind::PermissionDenied, "{error:?}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[test]
fn rqlite_over_http() {
    let node = Node::start();
    let mut instance = Instance::with_network();
    let kv = open(&mut instance, &node.url());
    assert_eq!(run(&mut instance, kv, "INCR sum"), Ok(Reply::Int(1)));
    assert_eq!(run(&mut instance, kv, "RPUSH list a b"), Ok(Reply::Int(2)));
    let bytes = vec![0, 255, 128];
    let set = Command::parse(&[b"SET".as_slice(), b"X'41'", &bytes]).unwrap();
    assert_eq!(instance.execute(kv, &set), Ok(Reply::Ok));
    assert_eq!(run(&mut instance, kv, "GET X'41'"), Ok(Reply::Bytes(bytes)));
    assert_eq!(run(&mut instance, kv, "COUNT l END m"), Ok(Reply::Int(1)));

    let nobody = open(&mut instance, &format!("rqlite://eve:s3cret@127.0.0.1:{}?retries=0", free_port()));
    let error = run(&mut instance, nobody, "INCR sum").unwrap_err();
    assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Unavailable, false), "{error:?}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[test]
fn host_names_are_resolved() {
    let server = RedisServer::start();
    let mut instance = Instance::with_network();
    let kv = open(&mut instance, &format!("redis://localhost:{}", server.port()));
    assert_eq!(run(&mut instance, kv, "SET k v"), Ok(Reply::Ok));
    let kv = open(&mut instance, &format!("redis://no-such-name.invalid:{}?retries=0", server.port()));
    let error = run(&mut instance, kv, "GET k").unwrap_err();
    assert_eq!((error.kind(), error.is_maybe_applied()), (Kind::Unavailable, false), "{error:?}");
}

#[test]
fn unsupported_urls_name_an_alternative() {
    let mut instance = Instance::with_network();
    for (url, way_out) in [
        ("rediss://:s3cret@127.0.0.1:6380", "Upstash REST over https://"),
        ("rediss+cluster://:s3cret@127.0.0.1:6379", "Upstash REST over https://"),
        ("cloudflare-kv:NAMES", "only a Worker has"),
        ("d1:DB", "only a Worker has"),
        ("sqlite:file.db", "Unsupported KVS URL"),
    ] {
        let error = instance.connect(url, &Options::default()).err().expect(url);
        assert_eq!(error.kind(), Kind::Unsupported, "{error:?}");
        assert!(error.message().contains(way_out), "{error:?}");
        assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    }
    let limited = Options { max_keys: Some(1), ..Options::default() };
    for url in ["redis://127.0.0.1", "upstash://127.0.0.1"] {
        let error = instance.connect(url, &limited).err().expect(url);
        assert_eq!(error.kind(), Kind::Unsupported, "{error:?}");
    }
    for url in ["redis://127.0.0.1?timeout=never", "redis://127.0.0.1?retries=-1"] {
        let error = instance.connect(url, &Options::default()).err().expect(url);
        assert_eq!(error.kind(), Kind::InvalidArgument, "{error:?}");
    }

    // A host may provide no sockets.
    let mut instance = Instance::without_sockets();
    let kv = open(&mut instance, "redis://127.0.0.1:6379");
    let error = run(&mut instance, kv, "GET k").unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported, "{error:?}");
    assert!(error.message().contains("host"), "{error:?}");
}

#[test]
fn a_server_is_not_emptied_by_mistake() {
    let server = RedisServer::start();
    let mut instance = Instance::with_network();
    let kv = open(&mut instance, &url(&server));
    run(&mut instance, kv, "SET mine v").unwrap();
    let error = instance.flush(kv, false).unwrap_err();
    assert_eq!(error.kind(), Kind::InvalidArgument, "{error:?}");
    let mine =
        instance.connect(&url(&server), &Options { prefix: "my".into(), ..Options::default() }).unwrap();
    run(&mut instance, mine, "SET own v").unwrap();
    instance.flush(mine, false).unwrap();
    assert_eq!(run(&mut instance, kv, "EXISTS mine my:own"), Ok(Reply::Int(1)));
    instance.flush(kv, true).unwrap();
    assert_eq!(run(&mut instance, kv, "EXISTS mine"), Ok(Reply::Int(0)));
}

#[test]
fn memory_stores_work_too() {
    let mut instance = Instance::with_network();
    let one = open(&mut instance, "memory:shared");
    let other = open(&mut instance, "memory:shared");
    run(&mut instance, one, "SET k v").unwrap();
    assert_eq!(run(&mut instance, other, "GET k"), Ok(Reply::Bytes(b"v".to_vec())));
    instance.flush(other, false).unwrap();
    assert_eq!(run(&mut instance, one, "EXISTS k"), Ok(Reply::Int(0)));
}
