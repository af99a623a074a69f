// Copies between stores of different kinds: what arrives is what was there, by the lines of an export.

#[path = "support/redis.rs"]
#[allow(dead_code, reason = "other tests use the rest")]
mod redis;

use omnikv::copy::{Content, Entry, Existing, Export, Import, Item, Options, copy_store};
use omnikv::prelude::*;
use omnikv::{ChangeOptions, Ending, Expiry, Kind, NewTask, PutOptions, Store};
use pollster::block_on;
use redis::RedisServer;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;
use tempfile::TempDir;

/// Stores of every kind, empty.
struct Place {
    folder: TempDir,
    server: RedisServer,
}

impl Place {
    fn new() -> Place {
        Place { folder: tempfile::tempdir().expect("a folder"), server: RedisServer::start() }
    }

    fn open(&self, kind: &str, name: &str) -> Store {
        let url = match kind {
            "sqlite" => format!("sqlite:{}", self.folder.path().join(name).display()),
            "redis" => format!("redis://127.0.0.1:{}", self.server.port()),
            _ => "memory:".to_owned(),
        };
        // Names keep stores on one server apart.
        let options = omnikv::Options::new().prefix(if kind == "redis" { name } else { "" });
        block_on(Store::connect(&url, options)).expect(kind)
    }
}

/// Random contents, which a seed repeats.
struct Random(fastrand::Rng);

impl Random {
    fn new() -> Random {
        let seed = std::env::var("OMNIKV_COPY_SEED").ok().and_then(|seed| seed.parse().ok());
        let seed = seed.unwrap_or_else(|| fastrand::u64(..));
        println!("OMNIKV_COPY_SEED={seed}");
        Random(fastrand::Rng::with_seed(seed))
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.0.usize(..12);
        match self.0.u8(..4) {
            0 => (0..length).map(|_| self.0.u8(..)).collect(),
            1 => "ä\n\"\u{1f600}".repeat(length / 4).into_bytes(),
            _ => (0..length).map(|_| self.0.alphanumeric() as u8).collect(),
        }
    }

    fn key(&mut self, number: usize) -> String {
        let tail = ["", ":", "*", "\n", "é", "\u{1f600}"][self.0.usize(..6)];
        format!("{}{number}{tail}", ["user:", "a", "z?", "{x}"][self.0.usize(..4)])
    }

    fn many(&mut self) -> Vec<Vec<u8>> {
        (0..self.0.usize(1..8)).map(|_| self.bytes()).collect()
    }

    fn fill(&mut self, store: &Store) -> omnikv::Result<()> {
        let in_an_hour = std::time::SystemTime::now() + Duration::from_secs(3600);
        for number in 0..230 {
            let key = self.key(number);
            match self.0.u8(..6) {
                5 => {
                    let score = [0.1, -3.0, f64::INFINITY, 1e300][self.0.usize(..4)];
                    let members: Vec<_> = self.many().into_iter().map(|member| (member, score)).collect();
                    block_on(store.zadd(&*key, members)).map(drop)?;
                }
                0 => block_on(store.rpush(&*key, self.many())).map(drop)?,
                1 => block_on(store.sadd(&*key, self.many())).map(drop)?,
                2 => {
                    let (fields, values) = (self.many(), self.many());
                    block_on(store.hset_many(&*key, fields.into_iter().zip(values))).map(drop)?;
                }
                _ => block_on(store.set(&*key, self.bytes()))?,
            }
            if self.0.u8(..4) == 0 {
                block_on(store.expire(&*key, 3600))?;
            }
        }
        for number in 0..130 {
            let value = match self.0.u8(..3) {
                0 => json!(null),
                1 => json!({ "n": number, "text": "ä\n\"", "list": [1.5, -0.0, {}] }),
                _ => json!(self.0.f64()),
            };
            let options = match self.0.u8(..3) {
                0 => PutOptions::new().kind("Thing"),
                1 => PutOptions::new().expiry(in_an_hour),
                _ => PutOptions::new(),
            };
            block_on(store.records().put_with(self.key(number), 0, &value, options))?;
        }
        for number in (0..130).step_by(3) {
            let key = self.key(number);
            if let Some(record) = block_on(store.records().get::<Value>(&*key))? {
                block_on(store.records().patch(&*key, record.version as i64, &json!({ "patched": true })))?;
            }
        }
        for (number, status) in TASKS.into_iter().enumerate() {
            let task = NewTask::new(status, &json!({ "n": number })).id(format!("task-{number}"));
            let task = match status {
                "pending" => task.at(in_an_hour).unique(format!("unique-{number}")),
                _ => task.max_retries(2),
            };
            block_on(store.tasks().create(task.priority(self.0.i64(-2..3))))?;
            if status == "cancelled" {
                block_on(store.tasks().cancel(format!("task-{number}")))?;
            }
            if !["running", "completed", "retried"].contains(&status) {
                continue;
            }
            let lock = store.tasks().lock::<Value>("worker", Duration::from_secs(3600), [status]);
            let token = block_on(lock)?.and_then(|task| task.token).expect("a token");
            let ending = if status == "completed" { Ending::Completed } else { Ending::Failed };
            if status != "running" {
                block_on(store.tasks().release(format!("task-{number}"), token, ending, Some("why")))?;
            }
        }
        let latest = block_on(store.changes().latest())?;
        block_on(store.consumers().commit("caught-up", latest, None))?;
        block_on(store.consumers().commit("behind", self.0.u64(..latest), None))?;
        Ok(())
    }
}

/// What becomes of the tasks, which is their names, too.
const TASKS: [&str; 5] = ["pending", "running", "completed", "retried", "cancelled"];

/// Everything in a store as sorted lines, without the numbers of its changes.
fn lines(store: &Store) -> Vec<String> {
    let mut export = Export::of(store, 100);
    let mut lines = Vec::new();
    while let Some(items) = block_on(export.next()).expect("it is read") {
        lines.extend(items.iter().map(plain).filter(|line| !line.is_empty()));
    }
    lines.sort_unstable();
    lines
}

fn plain(item: &Item) -> String {
    match item {
        Item::Latest(_) => String::new(),
        Item::Consumer(consumer) => {
            format!("{} {}", consumer.name, consumer.position == consumer.latest)
        }
        item => item.to_line(),
    }
}

#[test]
fn an_export_of_a_copy_has_the_same_lines() {
    let place = Place::new();
    let mut random = Random::new();
    let origin = place.open("memory", "origin");
    random.fill(&origin).expect("it is filled");
    let expected = lines(&origin);
    assert_eq!(expected.len(), 367);
    // Each kind is read and written, and the last one by lines.
    let mut from = origin;
    for (round, kind) in ["sqlite", "redis", "memory", "redis", "sqlite"].into_iter().enumerate() {
        let to = place.open(kind, &round.to_string());
        let page = [1, 7, 100, 1000][random.0.usize(..4)];
        let options = Options { page, ..Options::default() };
        let copied = block_on(copy_store(&from, &to, options, |_| {})).expect(kind);
        assert_eq!((copied.keys, copied.records, copied.tasks, copied.kept), (230, 130, 5, 0), "{kind}");
        assert_eq!(copied.consumers, 2, "{kind}");
        assert_eq!(lines(&to), expected, "to {kind}");
        // To resume a copy that is whole writes nothing.
        let again = block_on(copy_store(&from, &to, options, |_| {})).expect(kind);
        assert_eq!((again.kept, again.done()), (367, 367), "{kind}");
        numbers_go_on(&from, &to);
        from = to;
    }
    let to = place.open("memory", "lines");
    let mut export = Export::of(&from, 50);
    let mut import = Import::to(&to, Options::default());
    while let Some(items) = block_on(export.next()).expect("it is read") {
        let read = items.iter().map(|item| Item::from_line(&item.to_line()).expect("a line")).collect();
        block_on(import.write(read)).expect("it is written");
    }
    assert_eq!(lines(&to), expected, "by lines");
}

/// What stood in `from` has numbers that come before all of those in `to`, and each record is one creation there.
fn numbers_go_on(from: &Store, to: &Store) {
    let latest = block_on(from.changes().latest()).expect("from");
    let changes = block_on(to.changes().read::<Value>(ChangeOptions::new())).expect("to");
    assert!(changes.iter().all(|change| change.seq > latest && change.record.stamp == change.seq));
    let keys: BTreeSet<&str> = changes.iter().map(|change| &*change.record.key).collect();
    assert_eq!((keys.len(), changes.len()), (130, 130));
    let behind = block_on(to.consumers().status("behind")).expect("to").position;
    assert!(changes.iter().all(|change| change.seq > behind), "it reads all of them");
}

fn entry(key: &str, value: &str) -> Item {
    let content = Content::String(value.as_bytes().to_vec());
    Item::Entry(Entry { key: key.to_owned(), expire_at: None, content })
}

/// The cases that the JavaScript package is held to as well.
#[test]
fn cases() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("copy/cases.json")).expect("JSON");
    for case in cases {
        let name = case["name"].as_str().expect("a name");
        let existing = match case["existing"].as_str() {
            Some("keep") => Existing::Keep,
            Some("replace") => Existing::Replace,
            _ => Existing::Refuse,
        };
        let dry_run = case["dryRun"] == true;
        let (from, to) = (filled(&case["from"]), filled(&case["to"]));
        let options = Options { existing, dry_run, page: 2 };
        match (block_on(copy_store(&from, &to, options, |_| {})), case["error"].as_str()) {
            (Ok(copied), None) => {
                let counts = json!({
                    "keys": copied.keys,
                    "records": copied.records,
                    "tasks": copied.tasks,
                    "consumers": copied.consumers,
                    "kept": copied.kept,
                });
                assert_eq!(counts, case["counts"], "{name}");
            }
            (copied, error) => assert_eq!(copied.map_err(|e| e.kind().code()).err(), error, "{name}"),
        }
        let then = filled(&case[case["then"].as_str().expect("from or to")]);
        assert_eq!(lines(&to), lines(&then), "{name}");
        if let Some(latest) = case["latestIsBeyond"].as_u64() {
            assert!(block_on(to.changes().latest()).expect(name) > latest, "{name}");
        }
        for (consumer, unread) in case["unread"].as_object().into_iter().flatten() {
            let position = block_on(to.consumers().status(&**consumer)).expect(name).position;
            let changes = block_on(to.changes().read::<Value>(ChangeOptions::new().from(position + 1)));
            assert_eq!(Some(changes.expect(name).len() as u64), unread.as_u64(), "{name}: {consumer}");
        }
    }
}

/// A store in memory with what these lines say.
fn filled(lines: &Value) -> Store {
    let store = block_on(Store::connect("memory:", omnikv::Options::new())).expect("memory");
    let mut import = Import::to(&store, Options::default());
    for line in lines.as_array().into_iter().flatten() {
        let item = Item::from_line(&line.to_string()).expect("a line");
        block_on(import.write(vec![item])).expect("it is written");
    }
    store
}

#[test]
fn what_is_there_is_only_replaced_when_told() {
    let place = Place::new();
    for kind in ["memory", "sqlite", "redis"] {
        let (from, to) = (place.open(kind, "from"), place.open(kind, "to"));
        for (store, value) in [(&from, "new"), (&to, "old")] {
            block_on(store.set("string", value)).expect(kind);
            block_on(store.rpush("list", [value])).expect(kind);
            block_on(store.records().put("record", -1, &value)).expect(kind);
            block_on(store.set("same", "same")).expect(kind);
        }
        block_on(to.expire("string", 100)).expect(kind);
        let copy = |existing, dry_run| {
            let options = Options { existing, dry_run, ..Options::default() };
            block_on(copy_store(&from, &to, options, |_| {}))
        };
        let before = lines(&to);
        for dry_run in [true, false] {
            let error = copy(Existing::Refuse, dry_run).expect_err(kind);
            assert_eq!((error.kind(), error.op()), (Kind::Conflict, "copy"), "{error}");
            assert_eq!(lines(&to), before, "{kind}");
        }
        let kept = copy(Existing::Keep, false).expect(kind);
        assert_eq!((kept.kept, kept.done(), lines(&to)), (4, 4, before.clone()), "{kind}");
        let dry = copy(Existing::Replace, true).expect(kind);
        assert_eq!((dry.keys, dry.records, lines(&to)), (3, 1, before), "{kind}");
        let replaced = copy(Existing::Replace, false).expect(kind);
        assert_eq!((replaced.keys, replaced.records), (3, 1), "{kind}");
        // With the deadlines of the source, of which there are none.
        assert_eq!(lines(&to), lines(&from), "{kind}");
    }
}

#[test]
fn a_prefix_is_left_behind() {
    let from = block_on(Store::connect("memory:", omnikv::Options::new())).expect("memory");
    let to = block_on(Store::connect("memory:", omnikv::Options::new().prefix("saved"))).expect("memory");
    block_on(from.mset([("app:a", "1"), ("other", "2")])).expect("memory");
    let part = from.with_prefix("app").expect("memory");
    let copied = block_on(copy_store(&part, &to, Options::default(), |_| {})).expect("memory");
    assert_eq!(copied.keys, 1);
    assert_eq!(block_on(to.keys("*")).expect("memory"), ["a"]);
}

#[test]
fn an_expired_or_missing_key_is_no_entry() {
    let store = block_on(Store::connect("memory:", omnikv::Options::new())).expect("memory");
    block_on(store.set("a", "1")).expect("memory");
    let found = block_on(omnikv::copy::entries(&store, vec!["a".into(), "b".into()])).expect("memory");
    assert_eq!(found.len(), 1);
    // A deadline that has passed is no error: the key is gone at once.
    let past = Item::Entry(Entry {
        key: "c".into(),
        expire_at: Some(1),
        content: Content::List(vec![b"x".to_vec()]),
    });
    let mut import = Import::to(&store, Options::default());
    block_on(import.write(vec![past, entry("d", "4")])).expect("memory");
    assert!(!block_on(store.exists("c")).expect("memory"));
    assert_eq!(block_on(store.getex::<String>("d", Expiry::Unstated)).expect("memory"), Some("4".to_owned()));
}
