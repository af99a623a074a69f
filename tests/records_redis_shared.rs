// Records on a redis-server that others use too: several connections, plain keys, transactions, flushes.

mod support;

use omnikv::backend::redis::Redis;
use omnikv::backend::tcp::{Access, Endpoint, Settings, Tcp};
use omnikv::command::{Command, Ending, Reply};
use omnikv::operations::{ChangeOptions, NewTask, TaskOptions};
use omnikv::{Kind, Mutation, Options, RangeOptions, ScanOptions, Store, TaskStatus, prelude::*};
use pollster::block_on;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;
use support::redis::RedisServer;

const TTL: Duration = Duration::from_secs(60);

/// A store with a connection of its own.
fn open(server: &RedisServer) -> Store {
    open_with(server, Options::default())
}

fn open_with(server: &RedisServer, options: Options) -> Store {
    let place = Endpoint::Server { host: "127.0.0.1".into(), port: server.port(), access: Access::default() };
    let link = Tcp::new(place, Settings { timeout: Duration::from_secs(60), retries: 5 });
    Store::over(Arc::new(Redis::new(Arc::new(link))), &options).unwrap()
}

/// Runs something in four threads, each with a store of its own.
fn four(server: &RedisServer, run: impl Fn(usize, Store) + Sync) {
    thread::scope(|scope| {
        for number in 0..4 {
            let (kv, run) = (open(server), &run);
            scope.spawn(move || run(number, kv));
        }
    });
}

#[test]
fn writers_that_meet_lose_nothing() {
    let server = RedisServer::start();
    let kv = open(&server);
    block_on(kv.records().put("counter", 0, &0)).unwrap();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let kv = open(&server);
            let mut seen = Vec::new();
            loop {
                let was_over = is_over.load(Ordering::SeqCst);
                let from = seen.last().map_or(0, |last: &u64| last + 1);
                let options = ChangeOptions::new().from(from).limit(7);
                let page = block_on(kv.changes().read::<Value>(options)).unwrap();
                if page.is_empty() && was_over {
                    return seen;
                }
                seen.extend(page.iter().map(|change| change.seq));
            }
        });
        four(&server, |number, kv| {
            for round in 0..50 {
                // Compare and swap, by the version.
                while let Err(error) = {
                    let record = block_on(kv.records().get::<u64>("counter")).unwrap().unwrap();
                    block_on(kv.records().put("counter", record.version as i64, &(record.value + 1)))
                } {
                    assert_eq!(error.kind(), Kind::Conflict, "{error:?}");
                }
                // Patches of one record do not conflict.
                let member = format!("{number}-{round}");
                block_on(kv.records().patch("document", -1, &json!({ member: round }))).unwrap();
            }
        });
        is_over.store(true, Ordering::SeqCst);
        // Each change once, in order: nothing is seen before something with a lower number.
        assert_eq!(reader.join().unwrap(), (1..=401).collect::<Vec<u64>>());
    });
    let counter = block_on(kv.records().get::<u64>("counter")).unwrap().unwrap();
    assert_eq!((counter.value, counter.version), (200, 201));
    let document = block_on(kv.records().get::<Value>("document")).unwrap().unwrap();
    assert_eq!((document.value.as_object().unwrap().len(), document.version), (200, 200));
}

#[test]
fn callers_of_one_store_patch_the_same_record() {
    let server = RedisServer::start();
    let kv = open(&server);
    thread::scope(|scope| {
        for caller in 0..60 {
            let kv = &kv;
            scope.spawn(move || {
                for call in 0..50 {
                    let name = format!("{caller}");
                    block_on(kv.records().patch("shared", -1, &json!({ name: call }))).unwrap();
                }
            });
        }
    });
    let record = block_on(kv.records().get::<Value>("shared")).unwrap().unwrap();
    assert_eq!(record.version, 3_000);
    assert!(record.value.as_object().unwrap().values().all(|last| *last == 49));
}

#[test]
fn workers_that_meet_never_get_the_same_task() {
    let server = RedisServer::start();
    let kv = open(&server);
    for number in 0..200 {
        block_on(kv.tasks().create(NewTask::new("work", &number).id(number.to_string()))).unwrap();
    }
    let claimed = std::sync::Mutex::new(Vec::new());
    four(&server, |number, kv| {
        while let Some(task) = block_on(kv.tasks().lock::<u64>(number.to_string(), TTL, ["work"])).unwrap() {
            claimed.lock().unwrap().push((task.payload, task.token.unwrap()));
            let ended = kv.tasks().release(task.id, task.token.unwrap(), Ending::Completed, None);
            assert_eq!(block_on(ended).unwrap(), Some(TaskStatus::Completed));
        }
    });
    let claimed = claimed.into_inner().unwrap();
    assert_eq!(claimed.iter().map(|(task, _)| *task).collect::<BTreeSet<_>>(), (0..200).collect());
    assert_eq!(claimed.iter().map(|(_, token)| *token).collect::<BTreeSet<_>>().len(), 200);
    assert_eq!(claimed.len(), 200);
    let completed = TaskOptions::new().status(TaskStatus::Completed);
    assert_eq!(block_on(kv.tasks().list::<u64>(completed)).unwrap().len(), 200);
}

#[test]
fn a_later_holder_has_a_larger_token() {
    let server = RedisServer::start();
    let (one, other) = (open(&server), open(&server));
    let first = block_on(one.locks().acquire("l", "one", TTL)).unwrap().unwrap();
    assert_eq!(block_on(other.locks().acquire("l", "other", TTL)).unwrap(), None);
    assert!(block_on(one.locks().release("l", "one")).unwrap());
    let second = block_on(other.locks().acquire("l", "other", TTL)).unwrap().unwrap();
    assert!(second > first);

    let token = block_on(one.consumers().claim("c", "one", Duration::from_millis(1))).unwrap().unwrap();
    let claimed = loop {
        if let Some(token) = block_on(other.consumers().claim("c", "other", TTL)).unwrap() {
            break token;
        }
    };
    let late = block_on(one.consumers().commit("c", 0, Some(token))).unwrap_err();
    assert_eq!(late.kind(), Kind::Conflict);
    let seq = block_on(one.records().put("r", 0, &0)).unwrap().stamp;
    block_on(other.consumers().commit("c", seq, Some(claimed))).unwrap();
    assert_eq!(block_on(one.consumers().status("c")).unwrap().position, seq);
}

fn one_of_each(kv: &Store, name: &str) {
    block_on(kv.records().put(name, -1, &json!({ "n": 1 }))).unwrap();
    block_on(kv.locks().acquire(name, "me", TTL)).unwrap();
    block_on(kv.consumers().claim(name, "me", TTL)).unwrap();
    block_on(kv.consumers().delete(name)).unwrap();
    block_on(kv.tasks().create(NewTask::new("work", &1).id(name).unique(name))).unwrap();
}

#[test]
fn keys_of_records_are_not_met() {
    let server = RedisServer::start();
    let kv = open(&server);
    one_of_each(&kv, "a");
    let hidden: usize = redis::cmd("DBSIZE").query(&mut server.connect()).unwrap();
    assert!(hidden >= 10, "{hidden} keys");
    assert_eq!(block_on(kv.randomkey()).unwrap(), None);
    let batch = kv.pipeline();
    let chosen = batch.randomkey();
    assert_eq!(block_on(batch.exec()).unwrap().take(chosen).unwrap(), None);
    block_on(kv.set("k", "v")).unwrap();
    assert_eq!(block_on(kv.keys("*")).unwrap(), ["k"]);
    let scanned = block_on(kv.scan("0", ScanOptions::new().count(1000))).unwrap();
    assert_eq!(scanned.items, ["k"]);
    let range: Vec<(String, Option<String>)> = block_on(kv.range("", None, RangeOptions::new())).unwrap();
    assert_eq!(range.len(), 1);
    assert_eq!((block_on(kv.count("")), block_on(kv.stats()).unwrap().keys), (Ok(1), 1));
    assert_eq!(block_on(kv.randomkey()).unwrap().as_deref(), Some("k"));
    assert_eq!(block_on(kv.delete_range("", None)).unwrap(), 1);

    let refused = |error: omnikv::Error| assert_eq!(error.kind(), Kind::InvalidArgument, "{error:?}");
    refused(block_on(kv.set("{omnikv}:records", 1)).unwrap_err());
    refused(block_on(kv.rename("k", "{omnikv}:x")).unwrap_err());
    refused(block_on(kv.del(["a", "{omnikv}:state"])).unwrap_err());
    let batch = kv.pipeline();
    let (wrong, right) = (batch.del(["{omnikv}:state"]), batch.set("k", 1));
    let mut replies = block_on(batch.exec()).unwrap();
    refused(replies.take(wrong).unwrap_err());
    replies.take(right).unwrap();
    let batch = kv.multi();
    batch.check("{omnikv}:state", None::<&str>);
    batch.set("k", 1);
    refused(block_on(batch.exec()).unwrap_err());
    assert_eq!(block_on(kv.records().count()).unwrap(), 1);
}

#[test]
fn a_flush_removes_records_and_numbers_go_on() {
    let server = RedisServer::start();
    let kv = open(&server);
    let app = open_with(&server, Options { prefix: "app".into(), ..Options::default() });
    for kv in [&kv, &app] {
        one_of_each(kv, "a");
        block_on(kv.set("k", "v")).unwrap();
    }
    let latest = block_on(kv.changes().latest()).unwrap();
    block_on(app.flush()).unwrap();
    assert_eq!(block_on(app.records().count()).unwrap(), 0);
    assert_eq!(block_on(app.locks().status("a")).unwrap(), None);
    assert_eq!(block_on(app.tasks().list::<Value>(TaskOptions::new())).unwrap().len(), 0);
    assert_eq!(block_on(app.get("k")).unwrap(), None);
    assert_eq!(block_on(kv.records().count()).unwrap(), 1);
    assert!(block_on(kv.locks().status("a")).unwrap().is_some());
    assert_eq!(block_on(kv.tasks().list::<Value>(TaskOptions::new())).unwrap().len(), 1);
    assert_eq!(block_on(kv.get("k")).unwrap().as_deref(), Some("v"));

    block_on(kv.flush()).unwrap();
    assert_eq!(block_on(kv.records().count()).unwrap(), 0);
    assert_eq!(block_on(kv.changes().read::<Value>(ChangeOptions::new())).unwrap().len(), 0);
    assert_eq!(block_on(kv.changes().latest()).unwrap(), latest);
    assert_eq!(redis::cmd("DBSIZE").query(&mut server.connect()), Ok(1));
    let record = block_on(kv.records().put("a", 0, &1)).unwrap();
    assert!(record.stamp > latest, "{} after {latest}", record.stamp);
}

#[test]
fn records_in_batches_and_transactions() {
    let server = RedisServer::start();
    let kv = open(&server);
    let words = |line: &str| Command::parse(&line.split(' ').collect::<Vec<_>>()).unwrap();
    let run = |line: &str| block_on(kv.execute(words(line))).unwrap();
    run("set k v");

    // As many as anybody wants in a pipeline, in order.
    let many: Vec<Command> = (0..250)
        .map(|number| words(&format!("records.put a {number} {number}")))
        .chain([words("set k w"), words("records.patch a -1 {\"n\":1}"), words("records.get a")])
        .collect();
    let replies = block_on(kv.execute_all(many)).unwrap();
    assert!(replies.iter().all(Result::is_ok), "{replies:?}");
    let Some(Ok(Reply::List(record))) = replies.last() else { panic!("a record") };
    assert_eq!(record[7].as_deref(), Some(&b"{\"n\":1}"[..]));
    let stats = block_on(kv.stats()).unwrap();
    assert_eq!((stats.hits, stats.misses), (Some(1), Some(0)));

    // A transaction, with and without checks.
    let transaction = |checks: &[(&str, &str)], lines: &[&str]| {
        let checks = checks.iter().map(|(key, value)| ((*key).into(), Some(value.as_bytes().to_vec())));
        block_on(kv.transaction(checks.collect(), lines.iter().map(|line| words(line)).collect()))
    };
    for checks in [&[][..], &[("k", "w")]] {
        let replies = transaction(
            checks,
            &["records.put a -1 1", "get k", "records.put a 1 2", "tasks.create n 1", "records.count"],
        );
        let replies = replies.unwrap();
        assert_eq!(replies[1], Ok(Reply::Bytes(b"w".to_vec())));
        let error = replies[2].as_ref().unwrap_err();
        assert_eq!(error.kind(), Kind::Conflict);
        assert!(error.message().starts_with("(version) does not match: the record has version 25"));
        assert_eq!(replies[4], Ok(Reply::Int(1)));
    }
    let error = transaction(&[("k", "other")], &["records.put a -1 1"]).unwrap_err();
    assert_eq!(error.kind(), Kind::Conflict);
    let error = transaction(&[], &["set k x", "records.patch a -1 {}"]).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(error.message().contains("records.mutate"), "{error}");
    assert_eq!(run("get k"), Reply::Bytes(b"w".to_vec()));

    // Patches of what the same transaction has written.
    let rows = block_on(kv.records().mutate([
        Mutation::put("m", 0, &json!({ "a": 1 })),
        Mutation::patch("m", 1, &json!({ "b": 2 })),
        Mutation::delete(["n"]),
        Mutation::patch("n", -1, &json!({ "c": null, "d": 3 })),
        Mutation::patch("m", 2, &json!({ "a": null })),
    ]));
    assert_eq!(rows.unwrap(), [1, 1, 0, 1, 1]);
    let [m, n] = ["m", "n"].map(|key| block_on(kv.records().get::<Value>(key)).unwrap().unwrap().value);
    assert_eq!((m, n), (json!({ "b": 2 }), json!({ "d": 3 })));
}

/// Who may only use the keys of a prefix has no records, and can still flush the prefix.
#[test]
fn a_user_with_keys_of_a_prefix_can_flush_it() {
    let server = RedisServer::start();
    one_of_each(&open(&server), "a");
    let rules = ["SETUSER", "app", "on", ">pass", "~app:*", "+@all"];
    let _: () = redis::cmd("ACL").arg(&rules).query(&mut server.connect()).unwrap();
    let url = format!("redis://app:pass@127.0.0.1:{}", server.port());
    let app = block_on(Store::connect(&url, Options { prefix: "app".into(), ..Options::default() })).unwrap();
    block_on(app.set("k", "v")).unwrap();
    block_on(app.flush()).unwrap();
    assert_eq!(block_on(app.get("k")).unwrap(), None);
    assert_eq!(block_on(app.records().count()).unwrap_err().kind(), Kind::PermissionDenied);
}
