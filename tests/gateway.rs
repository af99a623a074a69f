// The gateway: its protocol, request by request, and every conformance case with our own client through a real HTTP
// server, over a memory store and over a real redis-server.

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

use cases::{Action, Case, Fault};
use handles::Stores;
use omnikv::backend::Backend;
use omnikv::dialect::Value;
use omnikv::dialect::json::{Answer, Encoding, read_command, read_commands};
use omnikv::gateway::{Gateway, Options, Request, Response, Token};
use omnikv::host::Clock;
use omnikv::{Kind, NewTask, Remote, Store, prelude::*};
use pollster::block_on;
use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use support::http_server::{HttpServer, Reaction};
use support::oracle_store::OracleServer;
use support::redis::{RedisServer, cmd};
use unsupported::Unsupported;

/// The time at which every case begins, in milliseconds since 1970.
const START_MS: u64 = 1_700_000_000_000;

const TOKEN: &str = "t0p-s3cret";
const READER: &str = "reader-s3cret";

fn gateway_with(options: Options) -> Gateway {
    let store = block_on(Store::connect("memory:", omnikv::Options::default())).unwrap();
    let tokens = vec![Token::new(TOKEN), Token::read_only(READER)];
    Gateway::new(store, Options { tokens, ..options }).unwrap()
}

fn gateway() -> Gateway {
    gateway_with(Options::default())
}

/// A request from one line, with the token.
fn request(line: &str, body: &[u8]) -> Request {
    let (method, target) = line.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: method.into(),
        path: path.into(),
        query: query.into(),
        headers: vec![("Authorization".into(), format!("Bearer {TOKEN}"))],
        body: body.to_vec(),
    }
}

fn with(mut request: Request, name: &str, value: &str) -> Request {
    request.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    request.headers.push((name.into(), value.into()));
    request
}

fn ask(gateway: &Gateway, request: Request) -> Response {
    block_on(gateway.handle(request))
}

fn body(response: &Response) -> Json {
    serde_json::from_slice(&response.body).unwrap()
}

fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

/// The status and body of the response to a line.
fn answer(gateway: &Gateway, line: &str, sent: &[u8]) -> (u16, Json) {
    let response = ask(gateway, request(line, sent));
    (response.status, body(&response))
}

/// The answer to a command as JSON words.
fn say(gateway: &Gateway, words: Json) -> Json {
    body(&ask(gateway, request("POST /", words.to_string().as_bytes())))
}

#[test]
fn commands_in_bodies_and_paths() {
    let gateway = gateway();
    for (line, sent, answered) in [
        ("POST /", r#"["SET", "k", "v", "EX", 100]"#, json!({ "result": "OK" })),
        ("GET /get/k", "", json!({ "result": "v" })),
        ("GET /ttl/k", "", json!({ "result": 100 })),
        ("GET /set/a%2Fb/x%20y+z/ex/10", "", json!({ "result": "OK" })),
        ("GET /get/a%2Fb", "", json!({ "result": "x y+z" })),
        ("POST /set/body", "line\nand [json]", json!({ "result": "OK" })),
        ("GET /get/body", "", json!({ "result": "line\nand [json]" })),
        ("PUT /set/query?EX=50&NX", "first", json!({ "result": "OK" })),
        ("POST /set/query?NX", "second", json!({ "result": null })),
        ("GET /ttl/query", "", json!({ "result": 50 })),
        ("GET /get/query", "", json!({ "result": "first" })),
        ("POST /incr/n", "", json!({ "result": 1 })),
        ("POST /", r#"["set", "n", 5]"#, json!({ "result": "OK" })),
        ("GET /get/n", "", json!({ "result": "5" })),
        ("GET /mget/k/none/n", "", json!({ "result": ["v", null, "5"] })),
        ("GET /hset/h/f/1/g/2", "", json!({ "result": 2 })),
        ("GET /hgetall/h", "", json!({ "result": ["f", "1", "g", "2"] })),
    ] {
        assert_eq!(answer(&gateway, line, sent.as_bytes()), (200, answered), "{line}");
    }
}

#[test]
fn raw_bytes_in_bodies_and_base64_in_answers() {
    let gateway = gateway();
    let bytes = [0xff, 0x00, b'O', b'K'];
    assert_eq!(answer(&gateway, "POST /set/k", &bytes), (200, json!({ "result": "OK" })));
    let in_base64 = |line| with(request(line, b""), "upstash-encoding", "base64");
    assert_eq!(body(&ask(&gateway, in_base64("GET /get/k"))), json!({ "result": "/wBPSw==" }));
    // A stored `OK` is encoded, unlike a status.
    say(&gateway, json!(["RPUSH", "l", "OK", "a"]));
    assert_eq!(body(&ask(&gateway, in_base64("GET /lrange/l/0/-1"))), json!({ "result": ["T0s=", "YQ=="] }));
    assert_eq!(body(&ask(&gateway, in_base64("GET /ping"))), json!({ "result": "UE9ORw==" }));
    assert_eq!(body(&ask(&gateway, in_base64("GET /set/a/b"))), json!({ "result": "OK" }));
    let pipeline = with(request("POST /pipeline", br#"[["GET","a"],["GET"]]"#), "upstash-encoding", "base64");
    assert_eq!(
        body(&ask(&gateway, pipeline)),
        json!([{ "result": "Yg==" }, { "error": "ERR wrong number of arguments for 'get' command" }])
    );
}

#[test]
fn pipelines_answer_each_command() {
    let gateway = gateway();
    let sent = json!([
        ["SET", "k", "text"],
        ["INCR", "k"],
        ["NOSUCH", 1],
        ["GET", "k"],
        ["PING"],
        ["TIME"],
        ["INFO"]
    ]);
    let (status, answers) = answer(&gateway, "POST /pipeline", sent.to_string().as_bytes());
    assert_eq!((status, answers.as_array().map(Vec::len)), (200, Some(7)));
    assert_eq!(answers[0], json!({ "result": "OK" }));
    assert_eq!(answers[1], json!({ "error": "ERR value is not an integer or out of range" }));
    assert_eq!(
        answers[2],
        json!({ "error": "ERR unknown command 'NOSUCH', with args beginning with: '1' " })
    );
    assert_eq!(answers[3], json!({ "result": "text" }));
    assert_eq!(answers[4], json!({ "result": "PONG" }));
    assert!(answers[5]["result"][0].as_str().is_some_and(|seconds| seconds.len() >= 10));
    assert!(answers[6]["result"].as_str().is_some_and(|facts| facts.contains("db0:keys=1,expires=0")));
    assert_eq!(answer(&gateway, "POST /pipeline", b"[]"), (200, json!([])));
}

#[test]
fn a_malformed_command_rejects_the_transaction() {
    let gateway = gateway();
    let multi = |commands: Json| answer(&gateway, "POST /multi-exec", commands.to_string().as_bytes());
    let because =
        "EXECABORT Transaction discarded because of: ERR wrong number of arguments for 'get' command";
    assert_eq!(multi(json!([["SET", "k", "1"], ["GET"]])), (400, json!({ "error": because })));
    assert_eq!(say(&gateway, json!(["EXISTS", "k"])), json!({ "result": 0 }));
    // A command that fails while it runs has its error in its position, and the others' effects remain.
    let (status, answers) = multi(json!([["SET", "k", "a"], ["LPUSH", "k", "x"], ["GET", "k"], ["PING"]]));
    let wrong_type = "WRONGTYPE Operation against a key holding the wrong kind of value";
    assert_eq!(status, 200);
    assert_eq!(
        answers,
        json!([{"result": "OK"}, {"error": wrong_type}, {"result": "a"}, {"result": "PONG"}])
    );
}

#[test]
fn checks_begin_a_transaction() {
    let gateway = gateway();
    let multi = |commands: Json| answer(&gateway, "POST /multi-exec", commands.to_string().as_bytes());
    let done = json!([{ "result": "OK" }, { "result": "OK" }]);
    assert_eq!(multi(json!([["CHECK", "k"], ["SET", "k", "1"]])), (200, done.clone()));
    assert_eq!(multi(json!([["CHECK", "k", "1"], ["SET", "k", "2"]])), (200, done));
    let (status, refused) = multi(json!([["CHECK", "k", { "base64": "MQ==" }], ["SET", "k", "3"]]));
    assert_eq!(status, 400);
    assert!(refused["error"].as_str().unwrap().starts_with("ERR conflict: "), "{refused}");
    assert_eq!(say(&gateway, json!(["GET", "k"])), json!({ "result": "2" }));
    assert_eq!(multi(json!([["SET", "k", "3"], ["CHECK", "k", "3"]])).0, 400);
    assert_eq!(multi(json!([["CHECK", "k", "2"]])), (200, json!([{ "result": "OK" }])));
    assert!(say(&gateway, json!(["CHECK", "k"]))["error"].is_string());
}

#[test]
fn commands_that_clients_send_routinely() {
    let gateway = gateway();
    for (words, result) in [
        (json!(["PING"]), json!("PONG")),
        (json!(["PING", "hello"]), json!("hello")),
        (json!(["ECHO", "hello"]), json!("hello")),
        (json!(["SETEX", "a", 100, "1"]), json!("OK")),
        (json!(["PSETEX", "b", 100000, "1"]), json!("OK")),
        (json!(["TTL", "b"]), json!(100)),
        (json!(["SETNX", "a", "2"]), json!(0)),
        (json!(["SETNX", "c", "2"]), json!(1)),
        (json!(["GETSET", "c", "3"]), json!("2")),
        (json!(["SUBSTR", "c", 0, -1]), json!("3")),
        (json!(["HMSET", "h", "f", "1", "g", "2"]), json!("OK")),
        (json!(["RPUSH", "l", "x", "y"]), json!(2)),
        (json!(["RPOPLPUSH", "l", "m"]), json!("y")),
        (json!(["EXISTS", "a", "a", "none"]), json!(2)),
        (json!(["TOUCH", "a", "none"]), json!(1)),
        (json!(["TYPE", "h"]), json!("hash")),
        (json!(["OBJECT", "ENCODING", "h"]), json!("listpack")),
        (json!(["OBJECT", "ENCODING", "none"]), json!(null)),
        (json!(["DBSIZE"]), json!(6)),
        (json!(["UNLINK", "a", "none"]), json!(1)),
        (json!(["EXPIRE", "b", 5, "GT"]), json!(0)),
        (json!(["FLUSHDB", "ASYNC"]), json!("OK")),
        (json!(["DBSIZE"]), json!(0)),
        (json!(["FLUSHALL"]), json!("OK")),
    ] {
        assert_eq!(say(&gateway, words.clone()), json!({ "result": result }), "{words}");
    }
}

#[test]
fn malformed_requests() {
    let gateway = gateway();
    for (line, sent) in [
        ("POST /", ""),
        ("POST /", "{}"),
        ("POST /", "[]"),
        ("POST /", r#"["SET", "k", null]"#),
        ("POST /", r#"["SET", "k", ["v"]]"#),
        ("POST /", r#"[["GET", "k"]]"#),
        ("POST /pipeline", r#"["GET", "k"]"#),
        ("POST /pipeline", "[["),
        ("POST /multi-exec", "7"),
        ("GET /", ""),
        ("GET /nosuch/k", ""),
        ("GET /set/k", ""),
        ("GET /get/%ff", ""),
    ] {
        let (status, answered) = answer(&gateway, line, sent.as_bytes());
        assert_eq!(status, 400, "{line} {sent}");
        assert!(answered["error"].is_string(), "{answered}");
    }
    for line in ["DELETE /", "PATCH /get/k", "GET /pipeline", "GET /multi-exec", "OPTIONS /"] {
        let response = ask(&gateway, request(line, b""));
        assert_eq!(response.status, 405, "{line}");
        assert!(header(&response, "allow").is_some());
    }
}

#[test]
fn a_token_is_required() {
    let gateway = gateway();
    let get = |authorization: &str, line: &str| {
        ask(&gateway, with(request(line, b""), "authorization", authorization)).status
    };
    for (authorization, status) in [
        ("Bearer t0p-s3cret", 200),
        ("bearer t0p-s3cret", 200),
        ("Bearer reader-s3cret", 200),
        ("Bearer t0p-s3cre", 401),
        ("Bearer t0p-s3crets", 401),
        ("Bearer ", 401),
        ("t0p-s3cret", 401),
        ("Basic t0p-s3cret", 401),
        ("", 401),
    ] {
        assert_eq!(get(authorization, "GET /ping"), status, "{authorization}");
    }
    assert_eq!(get("", "GET /ping?_token=t0p-s3cret"), 200);
    assert_eq!(get("", "GET /ping?_token=t0p-s3cre"), 401);
    // The token is not an argument.
    let mut in_query = request("GET /echo/a?_token=t0p-s3cret", b"");
    in_query.headers.clear();
    assert_eq!(body(&ask(&gateway, in_query)), json!({ "result": "a" }));
    let refused = ask(&gateway, with(request("GET /ping", b""), "authorization", "Bearer wr0ng"));
    assert!(!String::from_utf8_lossy(&refused.body).contains("wr0ng"));
    assert!(!format!("{:?} {:?}", gateway, Token::new(TOKEN)).contains(TOKEN));
}

#[test]
fn a_read_only_token_cannot_write() {
    let gateway = gateway();
    let read = |line: &str, sent: &str| {
        let request = with(request(line, sent.as_bytes()), "authorization", &format!("Bearer {READER}"));
        body(&ask(&gateway, request))
    };
    say(&gateway, json!(["SET", "k", "v"]));
    assert_eq!(read("GET /get/k", ""), json!({ "result": "v" }));
    assert_eq!(read("GET /dbsize", ""), json!({ "result": 1 }));
    let no = |name: &str| json!({ "error": format!("NOPERM this user has no permissions to run the '{name}' command") });
    assert_eq!(read("GET /set/k/w", ""), no("set"));
    assert_eq!(read("GET /getex/k", ""), no("getex"));
    assert_eq!(read("GET /flushdb", ""), no("flush"));
    assert_eq!(read("POST /pipeline", r#"[["DEL","k"],["GET","k"]]"#), json!([no("del"), { "result": "v" }]));
    let refused = read("POST /multi-exec", r#"[["GET","k"],["DEL","k"]]"#);
    assert!(refused["error"].as_str().unwrap().contains("NOPERM"), "{refused}");
    assert_eq!(say(&gateway, json!(["GET", "k"])), json!({ "result": "v" }));
}

#[test]
fn records_behind_a_gateway_with_a_prefix() {
    let store = block_on(Store::connect("memory:", omnikv::Options::default())).unwrap();
    let tokens = vec![Token::new(TOKEN), Token::read_only(READER)];
    let gateway =
        Gateway::new(store.with_prefix("app").unwrap(), Options { tokens, ..Options::default() }).unwrap();
    let server = HttpServer::of(gateway);
    let connect = |token: &str| {
        block_on(Store::connect(&server.url(token), omnikv::Options::default()))
            .unwrap()
            .with_prefix("mine")
            .unwrap()
    };
    let (kv, reader) = (connect(TOKEN), connect(READER));
    block_on(kv.records().put("a", 0, &json!({ "n": 1 }))).unwrap();
    block_on(kv.records().patch("a", 1, &json!({ "m": 2 }))).unwrap();
    let task = block_on(kv.tasks().create(NewTask::new("work", &1).unique("u"))).unwrap();
    assert_eq!((task.id.as_str(), task.name.as_str(), task.unique.as_deref()), ("3", "work", Some("u")));
    assert!(block_on(store.tasks().get::<Json>("app:mine:3")).unwrap().is_some());
    let record = block_on(store.records().get::<Json>("app:mine:a")).unwrap().unwrap();
    assert_eq!((record.version, record.value), (2, json!({ "n": 1, "m": 2 })));

    // An error says what it would say without a gateway in between.
    let error = block_on(kv.records().put("a", 1, &1)).unwrap_err();
    let direct = block_on(store.records().put("app:mine:a", 1, &1)).unwrap_err();
    assert_eq!((error.kind(), error.message()), (direct.kind(), direct.message()));

    let record = block_on(reader.records().get::<Json>("a")).unwrap().unwrap();
    assert_eq!((record.key.as_str(), record.version), ("a", 2));
    assert_eq!(block_on(reader.changes().latest()), Ok(2));
    for error in [
        block_on(reader.records().put("b", -1, &1)).unwrap_err(),
        block_on(reader.locks().acquire("l", "me", Duration::from_secs(1))).unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::PermissionDenied, "{error:?}");
    }
    assert_eq!(block_on(store.records().count()), Ok(1));
    block_on(kv.flush()).unwrap();
    assert_eq!(block_on(store.records().count()), Ok(0));
}

#[test]
fn an_open_gateway_is_opt_in() {
    let open = |options: Options| {
        let store = block_on(Store::connect("memory:", omnikv::Options::default())).unwrap();
        Gateway::new(store, options)
    };
    assert_eq!(open(Options::default()).unwrap_err().kind(), Kind::InvalidArgument);
    assert!(open(Options { tokens: vec![Token::new("")], ..Options::default() }).is_err());
    assert!(open(Options { tokens: vec![Token::new("t")], open: true, ..Options::default() }).is_err());
    let gateway = open(Options { open: true, ..Options::default() }).unwrap();
    let mut bare = request("GET /ping", b"");
    bare.headers.clear();
    assert_eq!(ask(&gateway, bare).status, 200);
}

#[test]
fn too_large_requests_are_refused() {
    let gateway = gateway_with(Options { max_request_bytes: 64, max_commands: 2, ..Options::default() });
    let (status, refused) = answer(&gateway, "POST /set/k", &[b'x'; 65]);
    let text = "ERR max request size exceeded. Limit: 64 bytes, Actual: 65 bytes";
    assert_eq!((status, refused), (413, json!({ "error": text })));
    assert_eq!(answer(&gateway, &format!("GET /set/k/{}", "x".repeat(65)), b"").0, 413);
    assert_eq!(answer(&gateway, "POST /pipeline", br#"[["PING"],["PING"],["PING"]]"#).0, 413);
    assert_eq!(answer(&gateway, "POST /pipeline", br#"[["PING"],["PING"]]"#).0, 200);
}

#[test]
fn pages_of_other_origins() {
    let page = |line: &str, origin: &str| with(request(line, b""), "origin", origin);
    let closed = gateway();
    assert_eq!(ask(&closed, page("GET /ping", "https://a.example")).status, 403);
    assert_eq!(ask(&closed, page("OPTIONS /", "https://a.example")).status, 403);
    assert_eq!(ask(&closed, with(request("GET /ping", b""), "sec-fetch-site", "cross-site")).status, 403);
    assert_eq!(ask(&closed, with(request("GET /ping", b""), "sec-fetch-site", "none")).status, 200);

    let allowed_origins = vec!["https://a.example".to_owned()];
    let gateway = gateway_with(Options { allowed_origins, ..Options::default() });
    let mut preflight =
        with(page("OPTIONS /", "https://a.example"), "access-control-request-headers", "authorization, x-a");
    preflight.headers.retain(|(name, _)| name != "Authorization");
    let response = ask(&gateway, preflight);
    assert_eq!((response.status, response.body.as_slice()), (204, &b""[..]));
    assert_eq!(header(&response, "access-control-allow-origin"), Some("https://a.example"));
    assert_eq!(header(&response, "access-control-allow-headers"), Some("authorization, x-a"));
    let response = ask(&gateway, page("GET /ping", "https://a.example"));
    assert_eq!(response.status, 200);
    let exposed = header(&response, "access-control-expose-headers").unwrap();
    assert!(exposed.contains("omnikv-dialect") && exposed.contains("upstash-sync-token"));
    assert_eq!(header(&response, "vary"), Some("origin"));
    let response = ask(&gateway, page("GET /ping", "https://a.example.evil"));
    assert_eq!((response.status, header(&response, "access-control-allow-origin")), (403, None));
    let any = gateway_with(Options { allowed_origins: vec!["*".into()], ..Options::default() });
    assert_eq!(ask(&any, page("GET /ping", "null")).status, 200);
}

#[test]
fn every_response_has_the_dialect_header() {
    let gateway = gateway();
    for (line, status) in [("GET /ping", 200), ("GET /nosuch", 400), ("DELETE /", 405), ("HEAD /get/k", 200)]
    {
        let response = ask(&gateway, with(request(line, b""), "upstash-sync-token", "abc"));
        assert_eq!(response.status, status);
        assert_eq!(header(&response, "omnikv-dialect"), Some("1"));
        assert_eq!(header(&response, "upstash-sync-token"), Some("0"));
        assert_eq!(header(&response, "cache-control"), Some("no-store"));
    }
    assert!(ask(&gateway, request("HEAD /ping", b"")).body.is_empty());
}

#[test]
fn the_sync_token_counts_writes() {
    let gateway = gateway();
    let token = |line, body: &[u8]| {
        let response = ask(&gateway, with(request(line, body), "upstash-sync-token", "a\r\nx: y"));
        header(&response, "upstash-sync-token").unwrap().to_owned()
    };
    let mut last = token("GET /ping", b"");
    for (line, body, moves) in [
        ("POST /set/k", &b"1"[..], true),
        ("GET /get/k", b"", false),
        ("GET /incr/k", b"", true),
        ("POST /pipeline", br#"[["GET","k"],["SET","k","2"]]"#, true),
        ("POST /multi-exec", br#"[["SET","k","2"]]"#, true),
        ("POST /pipeline", br#"[["GET","k"],["PING"]]"#, false),
    ] {
        let next = token(line, body);
        assert_eq!(next != last, moves, "{line}");
        last = next;
    }
}

/// A gateway that cases share, each with its own store.
struct Cases {
    server: HttpServer,
    store: Arc<Mutex<Option<Arc<Gateway>>>>,
}

impl Cases {
    fn start() -> Cases {
        let store: Arc<Mutex<Option<Arc<Gateway>>>> = Arc::default();
        let current = Arc::clone(&store);
        let server = HttpServer::start(move |request| {
            let gateway = current.lock().unwrap().clone().expect("a gateway");
            Box::pin(async move { Reaction::Answer(gateway.handle(request).await) })
        });
        Cases { server, store }
    }

    /// Sets the store behind the gateway.
    fn put(&self, store: Store) {
        let tokens = vec![Token::new(TOKEN)];
        let options = Options { tokens, max_request_bytes: 64 << 20, ..Options::default() };
        *self.store.lock().unwrap() = Some(Arc::new(Gateway::new(store, options).unwrap()));
    }

    fn connect(&self, options: &cases::Options) -> Result<Store, Fault> {
        let remote = Remote { timeout: Some(Duration::from_secs(60)), ..Remote::default() };
        // Limits go to the store, not to the handle.
        let handle = cases::Options { max_bytes: None, max_keys: None, eviction: None, ..options.clone() };
        let options = omnikv::Options { remote, ..handles::options(&handle)? };
        block_on(Store::connect(&self.server.url(TOKEN), options)).map_err(Fault::from)
    }
}

/// Only the case's handle limits the key length, not the gateway's.
fn wide(options: omnikv::Options) -> omnikv::Options {
    omnikv::Options { max_key_bytes: Some(1 << 20), prefix: String::new(), default_ttl: None, ..options }
}

#[test]
fn every_case_through_a_gateway_over_memory() {
    let server = Cases::start();
    let unsupported = Unsupported::of("upstash");
    let tally = cases::report(
        "upstash, gateway over memory",
        |case| !asks_of_itself(case),
        |case| {
            let now = Arc::new(AtomicU64::new(START_MS));
            let shown = Arc::clone(&now);
            let clock: Arc<dyn Clock> = Arc::new(move || shown.load(Ordering::Relaxed));
            let options = omnikv::Options { clock: Some(clock), ..handles::options(&case.options).unwrap() };
            server.put(block_on(Store::connect("memory:", wide(options))).unwrap());
            let now_ms = || now.load(Ordering::Relaxed);
            let advance = |milliseconds| {
                now.fetch_add(milliseconds, Ordering::Relaxed);
            };
            let open = |options: &_| server.connect(options);
            let result = cases::run(&mut Stores::new(case.options.clone(), open, now_ms, advance), case);
            unsupported.judge(case, result)
        },
    );
    unsupported.check_all_met("gateway over memory");
    tally.record("Rust", "gateway over memory");
}

#[test]
fn every_case_through_a_gateway_over_a_redis_server() {
    let redis = OracleServer::start();
    let server = Cases::start();
    let backend: Arc<dyn Backend> = Arc::new(redis.clone());
    server.put(Store::over(backend, &wide(omnikv::Options::default())).unwrap());
    let unsupported = Unsupported::of("upstash");
    let tally = cases::report("upstash, gateway over redis-server", is_asked_of_redis, |case| {
        redis.lock().clear();
        let open = |options: &_| server.connect(options);
        let now_ms = || redis.lock().now_ms();
        let advance = |milliseconds| redis.lock().advance(milliseconds);
        let result = cases::run(&mut Stores::new(case.options.clone(), open, now_ms, advance), case);
        unsupported.judge(case, result)
    });
    unsupported.check_all_met("gateway over redis-server");
    tally.record("Rust", "gateway over redis");
}

/// A server with Upstash's protocol that does not understand our own words: each command goes unchanged to a
/// redis-server. What Redis has no command for, and bytes that are not text, must arrive as scripts.
#[test]
fn every_case_on_a_foreign_server() {
    let redis = RedisServer::start();
    let connection = Arc::new(Mutex::new(redis.connect()));
    let behind = Arc::clone(&connection);
    let server = HttpServer::start(move |request| {
        let response = pass_on(&mut behind.lock().unwrap(), &request);
        Box::pin(async move { Reaction::Answer(response) })
    });
    let own_time = |case: &Case| !case.steps.iter().any(|step| matches!(step.action, Action::Advance(_)));
    let is_asked = |case: &Case| {
        let is_of_redis =
            case.differs_from_redis.is_none() || calls(case).any(|call| NOT_IN_REDIS.contains(&call));
        let is_bounded = case.options.max_bytes.is_some() || case.options.max_keys.is_some();
        own_time(case)
            && is_of_redis
            && !is_bounded
            && !calls(case).any(|call| matches!(call, "stats" | "capabilities"))
    };
    let unsupported = Unsupported::of("upstash");
    cases::report("upstash, foreign server", is_asked, |case| {
        let _: () = redis::cmd("FLUSHALL").query(&mut *connection.lock().unwrap()).unwrap();
        let open = |options: &cases::Options| {
            block_on(Store::connect(&server.url(TOKEN), handles::options(options)?)).map_err(Fault::from)
        };
        let now_ms = || {
            let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
            since_1970.as_millis() as u64
        };
        let result = cases::run(&mut Stores::new(case.options.clone(), open, now_ms, |_| {}), case);
        unsupported.judge(case, result)
    });
    unsupported.check_all_met("a server that is not ours");
}

fn pass_on(connection: &mut redis::Connection, request: &Request) -> Response {
    let commands = match request.path.as_str() {
        "/" => vec![read_command(&request.body).unwrap()],
        _ => read_commands(&request.body).unwrap(),
    };
    let mut pipeline = redis::Pipeline::new();
    if request.path == "/multi-exec" {
        pipeline.atomic();
    }
    for command in commands {
        pipeline.add_command(cmd(&command));
    }
    let answers: Vec<redis::RedisResult<redis::Value>> = pipeline.ignore_errors().query(connection).unwrap();
    let values: Vec<Value> = answers.into_iter().map(shown).collect();
    let answers: Vec<_> = values.iter().map(|value| Answer { value, encoding: Encoding::Base64 }).collect();
    let (status, body) = match request.path.as_str() {
        "/" => {
            let is_error = matches!(values[0], Value::Error(_));
            (if is_error { 400 } else { 200 }, serde_json::to_vec(&answers[0]))
        }
        _ => (200, serde_json::to_vec(&answers)),
    };
    Response { status, headers: Vec::new(), body: body.unwrap() }
}

fn shown(answer: redis::RedisResult<redis::Value>) -> Value {
    match answer {
        Ok(redis::Value::Nil) => Value::Nil,
        Ok(redis::Value::Okay) => Value::Status("OK".into()),
        Ok(redis::Value::SimpleString(text)) => Value::Status(text),
        Ok(redis::Value::Int(number)) => Value::Int(number),
        Ok(redis::Value::BulkString(bytes)) => Value::Bytes(bytes),
        Ok(redis::Value::Array(values)) => {
            Value::Array(values.into_iter().map(|value| shown(Ok(value))).collect())
        }
        Ok(other) => panic!("{other:?}"),
        Err(error) => {
            Value::Error(format!("{} {}", error.code().unwrap_or("ERR"), error.detail().unwrap_or_default()))
        }
    }
}

/// Whether the case asks the client about itself: its answer differs from that of the store behind the gateway.
fn asks_of_itself(case: &Case) -> bool {
    calls(case).any(|call| call == "capabilities")
}

/// Operations that Redis lacks.
const NOT_IN_REDIS: [&str; 7] =
    ["range", "count", "delete-range", "compare-and-set", "compare-and-delete", "stats", "capabilities"];

fn is_asked_of_redis(case: &Case) -> bool {
    case.differs_from_redis.is_none()
        && case.options.max_bytes.is_none()
        && case.options.max_keys.is_none()
        && !calls(case).any(|call| NOT_IN_REDIS.contains(&call) || call.contains('.'))
}

fn calls(case: &Case) -> impl Iterator<Item = &str> {
    case.steps
        .iter()
        .flat_map(|step| match &step.action {
            Action::Call(call) | Action::Drain(call) => std::slice::from_ref(call),
            Action::Pipeline(calls) | Action::Multi { calls, .. } => calls,
            Action::Advance(_) => &[],
        })
        .map(|call| call.op.as_str())
}
