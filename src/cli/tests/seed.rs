// Every command line in the README of a-h/kv: over SQLite, and those on records over rqlite and PostgreSQL too.

#[path = "../../../tests/support/postgres.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod postgres;
#[path = "../../../tests/support/redis.rs"]
#[allow(dead_code, reason = "the PostgreSQL server takes a free port")]
mod redis;
#[path = "../../../tests/support/rqlite.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod rqlite;
mod support;

use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use support::Place;

fn head(key: &str, version: u64, stamp: u64, kind: Value) -> Value {
    json!({
        "key": key, "version": version, "stamp": stamp, "type": kind,
        "created": "T", "updated": "T", "expiresAt": null,
    })
}

fn record(key: &str, version: u64, stamp: u64, value: Value) -> Value {
    let mut record = head(key, version, stamp, Value::Null);
    record["value"] = value;
    record
}

fn records(kv: &Place) {
    kv.expect(r#"echo '{"hello": "world"}' | kv put a"#, 0, head("a", 1, 1, Value::Null));
    kv.expect(
        r#"echo '{"n": 1.50}' | kv put b --of-type Number --if-version 0"#,
        0,
        head("b", 1, 2, json!("Number")),
    );
    kv.expect(r#"echo '[]' | kv put c"#, 0, head("c", 1, 3, Value::Null));
    kv.expect("kv get key a", 0, record("a", 1, 1, json!({ "hello": "world" })));
    kv.expect("kv get key missing", 1, Value::Null);
    let keys = |line: &str| -> Vec<String> {
        let found = kv.ok(line).json();
        let keys =
            found.as_array().expect("a list").iter().map(|record| record["key"].as_str().expect("a key"));
        keys.map(str::to_owned).collect()
    };
    assert_eq!(keys("kv get prefix b"), ["b"]);
    assert_eq!(keys("kv get prefix '' 1 1"), ["b"]);
    assert_eq!(keys("kv get range a c"), ["a", "b"]);
    assert_eq!(keys("kv get range a z 1"), ["b", "c"]);
    assert_eq!(keys("kv get range a z 1 1"), ["b"]);
    assert_eq!(keys("kv get type Number"), ["b"]);
    assert_eq!(keys("kv list"), ["a", "b", "c"]);
    assert_eq!(keys("kv list 1"), ["b", "c"]);
    assert_eq!(keys("kv list 0 -1"), ["a", "b", "c"]);
    assert_eq!(keys("kv list 1 1"), ["b"]);
    kv.expect("kv count all", 0, json!(3));
    kv.expect("kv count prefix b", 0, json!(1));
    kv.expect("kv count range b d", 0, json!(2));
    kv.expect(r#"echo '{"field": "value"}' | kv patch a"#, 0, head("a", 2, 4, Value::Null));
    kv.expect("kv get key a", 0, record("a", 2, 4, json!({ "hello": "world", "field": "value" })));
    // Text of numbers stays.
    assert_eq!(kv.ok("kv --raw get key b").text(), r#"{"n": 1.50}"#);
    let conflict = kv.run(r#"echo 1 | kv put a --if-version 1"#);
    assert_eq!((conflict.code, conflict.out.len()), (3, 0));
    assert!(conflict.err.contains("version 2") && conflict.err.contains("get key"), "{}", conflict.err);
    kv.expect("kv delete c", 0, json!(1));
    kv.expect("kv delete c", 1, json!(0));
    kv.expect("kv count all", 0, json!(2));
}

fn changes_and_consumers(kv: &Place) {
    kv.expect("kv stream seq", 0, json!(0));
    kv.ok(r#"echo '{"a": 1}' | kv put a --of-type A"#);
    kv.ok(r#"echo '{"b": 1}' | kv put b"#);
    kv.ok("kv delete a");
    kv.expect("kv stream seq", 0, json!(3));
    let seqs = |line: &str| -> Vec<u64> {
        let found = kv.ok(line).json();
        found
            .as_array()
            .expect("a list")
            .iter()
            .map(|change| change["seq"].as_u64().expect("a seq"))
            .collect()
    };
    assert_eq!(seqs("kv stream get"), [1, 2, 3]);
    assert_eq!(seqs("kv stream get 2"), [2, 3]);
    assert_eq!(seqs("kv stream get 2 1"), [2]);
    assert_eq!(seqs("kv stream get --of-type=A"), [1, 3]);
    assert_eq!(seqs("kv stream get 2 10 --of-type=A"), [3]);
    let mut a = head("a", 1, 1, json!("A"));
    a["value"] = json!({ "a": 1 });
    let change = json!({ "seq": 1, "action": "create", "at": "T", "record": a });
    kv.expect("kv stream get 1 1", 0, json!([change]));

    let status =
        |position: u64| json!({ "position": position, "latest": 3, "lag": 3 - position, "holder": null });
    kv.expect("kv consumer status mailer", 0, status(0));
    assert_eq!(seqs("kv consumer get mailer --of-type=A --limit=1"), [1]);
    assert_eq!(seqs("kv consumer get mailer"), [1, 2, 3]);
    kv.expect("kv consumer commit mailer 2", 0, json!("OK"));
    kv.expect("kv consumer status mailer", 0, status(2));
    assert_eq!(seqs("kv consumer get mailer"), [3]);
    assert_eq!(kv.run("kv consumer commit mailer 99").code, 2);
    kv.expect("kv consumer delete mailer", 0, json!(true));
    kv.expect("kv consumer delete mailer", 1, json!(false));

    kv.expect("kv stream trim 3", 0, json!(2));
    assert_eq!(seqs("kv stream get"), [3]);
}

/// The process of a running command line gets a signal; its output until then.
fn until_interrupted(kv: &Place, line: &str, lines: usize) -> (i32, Vec<String>) {
    let mut shell = kv.shell(&format!("exec {line}"));
    let mut running = shell.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it starts");
    let mut out = BufReader::new(running.stdout.take().expect("it is piped")).lines();
    let mut printed: Vec<String> = out.by_ref().take(lines).map(|line| line.expect("text")).collect();
    // What was printed is committed then, or will be before it ends.
    std::thread::sleep(std::time::Duration::from_millis(300));
    let pid = running.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill").success());
    printed.extend(out.map(|line| line.expect("text")));
    (running.wait().expect("it ends").code().unwrap_or(-1), printed)
}

#[test]
fn a_consumer_streams_until_a_signal() {
    let kv = Place::new();
    kv.ok("echo 1 | kv put a --of-type A");
    kv.ok("echo 2 | kv put b");
    kv.ok("echo 3 | kv put c --of-type A");
    let line = "kv consumer stream mailer worker --of-type=A --commit-mode=batch --limit=10";
    let (code, printed) = until_interrupted(&kv, line, 2);
    let keys: Vec<Value> =
        printed.iter().map(|line| serde_json::from_str::<Value>(line).expect("JSON")).collect();
    assert_eq!((code, keys.len()), (0, 2));
    assert_eq!([&keys[0]["record"]["key"], &keys[1]["record"]["key"]], ["a", "c"]);
    // Committed, and given back.
    let status = json!({ "position": 3, "latest": 3, "lag": 0, "holder": null });
    kv.expect("kv consumer status mailer", 0, status);
    // Not committed.
    let uncommitted = kv.ok("kv consumer stream other worker --commit-mode=none --end-after 2");
    assert_eq!(uncommitted.text().lines().count(), 2);
    assert_eq!(kv.ok("kv consumer status other").json()["position"], 0);
    // As far as was printed.
    kv.ok("kv consumer stream other worker --commit-mode=all --end-after 2");
    assert_eq!(kv.ok("kv consumer status other").json()["position"], 2);
}

fn locks(kv: &Place) {
    kv.expect("kv lock acquire report me --duration=1m", 0, json!({ "acquired": true, "token": 1 }));
    kv.expect("kv lock acquire report me --duration=1h30m", 0, json!({ "acquired": true, "token": 1 }));
    kv.expect("kv lock acquire report you", 3, json!({ "acquired": false, "token": null }));
    kv.expect(
        "kv lock status report",
        0,
        json!({ "owner": "me", "token": 1, "acquired": "T", "until": "T" }),
    );
    kv.expect("kv lock release report you", 1, json!({ "released": false }));
    kv.expect("kv lock release report me", 0, json!({ "released": true }));
    kv.expect("kv lock status report", 1, Value::Null);
}

fn tasks(kv: &Place) {
    let task = kv.ok(r#"echo '{"message": "Hello World"}' | kv task new log"#).json();
    assert_eq!((&task["name"], &task["status"]), (&json!("log"), &json!("pending")));
    assert_eq!(task["payload"], json!({ "message": "Hello World" }));
    let id = task["id"].as_str().expect("an ID").to_owned();
    kv.ok(
        "echo 1 | kv task new echo --id t2 --after 1h --max-retries 0 --timeout 5s --priority -3 --unique u",
    );
    let ids = |line: &str| -> Vec<String> {
        let found = kv.ok(line).json();
        let ids = found.as_array().expect("a list").iter().map(|task| task["id"].as_str().expect("an ID"));
        ids.map(str::to_owned).collect()
    };
    assert_eq!(ids("kv task list"), [&*id, "t2"]);
    assert_eq!(ids("kv task list --status=pending"), [&*id, "t2"]);
    assert_eq!(ids("kv task list --name=log"), [&*id]);
    assert_eq!(ids("kv task list 1 1"), ["t2"]);
    for status in ["running", "completed", "failed", "cancelled"] {
        assert!(ids(&format!("kv task list --status={status}")).is_empty());
    }
    assert_eq!(kv.ok("kv task get t2").json()["maxRetries"], 0);
    kv.expect("kv task get missing", 1, Value::Null);
    kv.expect("kv task cancel t2", 0, json!(true));
    kv.expect("kv task cancel t2", 1, json!(false));

    let line = "kv task run --runner-id=me --poll-interval=5s --lock-duration=2m";
    let (code, printed) = until_interrupted(kv, line, 3);
    assert_eq!((code, printed.join("\n").as_str()), (0, "{\n  \"message\": \"Hello World\"\n}"));
    let done = kv.ok(&format!("kv task get {id}")).json();
    assert_eq!((&done["status"], &done["worker"]), (&json!("completed"), &json!("me")));
    kv.ok("echo '{\"a\":  1}' | kv task new echo");
    assert_eq!(kv.ok("kv task run --end-after 1").text(), "{\"a\":  1}\n");
}

fn benchmarks(kv: &Place) {
    for (line, operations, workers) in [
        ("kv benchmark get 5 20 4", 20, 4),
        ("kv benchmark put 20 4", 20, 4),
        ("kv benchmark patch 20 4", 20, 4),
        ("kv benchmark mixed 20 4", 40, 4),
    ] {
        let measured = kv.ok(line).json();
        assert_eq!((&measured["operations"], &measured["workers"]), (&json!(operations), &json!(workers)));
        for name in ["seconds", "perSecond", "p50Us", "p99Us"] {
            assert!(measured[name].is_number(), "{line} {name}");
        }
    }
    kv.expect("kv count all", 0, json!(0));
}

type Part = fn(&Place);

/// The parts of the README; each needs a store of its own.
const PARTS: [(&str, Part); 5] = [
    ("records", records),
    ("changes", changes_and_consumers),
    ("locks", locks),
    ("tasks", tasks),
    ("benchmarks", benchmarks),
];

#[test]
fn over_sqlite() {
    let kv = Place::new();
    kv.expect("kv init", 0, json!({ "store": "sqlite:data.db", "backend": "sqlite", "records": true }));
    assert!(kv.path().join("data.db").exists());
    for (_, part) in PARTS {
        part(&Place::new());
    }
}

#[test]
fn over_postgres() {
    let server = postgres::PostgresServer::shared();
    for (name, part) in PARTS {
        println!("{name}");
        part(&Place::on(server.url()));
    }
    let flags = "--type postgres --connection";
    let kv = Place::new();
    let url = server.url();
    kv.ok(&format!("echo 1 | kv put a {flags} '{url}&sslmode=disable'"));
    kv.expect(&format!("kv count all {flags} '{url}&sslmode=disable'"), 0, json!(1));
}

#[test]
fn over_rqlite() {
    let node = rqlite::Node::start();
    for (name, part) in PARTS {
        println!("{name}");
        node.clear();
        part(&Place::on(node.url()));
    }
    let flags = format!("--type rqlite --connection 'http://127.0.0.1:{}'", node.port());
    let kv = Place::new();
    kv.ok(&format!("echo 1 | kv put a {flags}"));
    kv.expect(&format!("kv get prefix a {flags} | wc -l"), 0, json!(1));
}

#[test]
fn connections() {
    let kv = Place::new();
    kv.ok("echo 1 | kv put a --type sqlite --connection 'file:other.db?mode=rwc'");
    kv.expect("kv --connection file:other.db count all", 0, json!(1));
    kv.expect("kv --url sqlite:other.db count all", 0, json!(1));
    kv.expect("OMNIKV_URL=sqlite:other.db kv count all", 0, json!(1));
    kv.expect("kv count all", 0, json!(0));
    // Who may do what is the server's to say: nothing listens there.
    for line in [
        "kv count all --type rqlite --connection 'http://127.0.0.1:1?user=admin&password=secret'",
        "kv count all --type postgres --connection 'postgres://u:secret@127.0.0.1:1/db?sslmode=disable&retries=0'",
    ] {
        let ran = kv.run(line);
        assert!(ran.code == 4 && !ran.err.contains("secret"), "{ran:?}");
    }
    assert_eq!(kv.run("kv --type postgres count all").code, 2);
    assert_eq!(kv.run("kv --url sqlite:a --type sqlite count all").code, 2);
}
