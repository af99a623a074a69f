// Concurrent calls on one key take effect one after the other, each between its beginning and its end. Processes call the
// same keys of one store while some of them are killed and connections break; a checker reads the history of each key.

#[path = "../support/batches.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod batches;
mod callers;
mod checker;
mod histories;
#[path = "../support/members.rs"]
mod members;
#[path = "../support/mod.rs"]
mod support;

use callers::{CALLS, COUNTER, KEYS, Keys, open, play};
use fastrand::Rng;
use histories::{Answer, Line};
use members::{Journal, Member, Part};
use omnikv::{Store, prelude::*};
use pollster::block_on;
use std::cell::RefCell;
use std::thread;
use std::time::Duration;
use support::postgres::PostgresServer;
use support::redis::RedisServer;
use support::rqlite::Cluster;
use tempfile::TempDir;

/// Members beside each other.
const MEMBERS: u64 = 3;
/// Members that are killed, and replaced.
const DEATHS: i64 = 4;

/// Lets members call keys of the store while some are killed; returns the lines of the journal. `disturb` is called
/// each time before one is killed.
fn record(url: &str, keys: Keys, disturb: impl Fn()) -> Vec<Line> {
    let mut rng = Rng::with_seed(support::seed());
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::open(folder.path().join("journal"));
    let mut seeds = rng.fork();
    let mut number = 0;
    let mut start = || {
        number += 1;
        let part = Part {
            url: url.to_owned(),
            journal: folder.path().join("journal"),
            name: number.to_string(),
            seed: seeds.u64(..1 << 40),
        };
        match url.starts_with("memory:") || url.starts_with("batches:") {
            true => Member::thread(part, move |part, journal| play(part, journal, keys)),
            false => Member::process(keys.process(), &part),
        }
    };
    let kv = block_on(open(url, keys));
    let mut members: Vec<Member> = (0..MEMBERS).map(|_| start()).collect();
    for death in 0..DEATHS {
        // Sometime during these calls; replacements then join.
        let at = (death * KEYS + rng.i64(0..KEYS)) * CALLS / DEATHS;
        while calls(&kv) < at {
            thread::sleep(Duration::from_micros(100));
        }
        disturb();
        let victim = rng.usize(..members.len());
        members[victim].kill();
        members[victim] = start();
    }
    for member in &mut members {
        member.wait();
    }
    block_on(kv.close()).unwrap();
    journal.read()
}

/// How many calls were begun.
fn calls(kv: &Store) -> i64 {
    loop {
        // It may fail when connections break.
        if let Ok(calls) = block_on(kv.get_as::<i64>(COUNTER)) {
            return calls.unwrap_or(0);
        }
    }
}

fn assert_linearizable(lines: &[Line]) {
    let histories = histories::by_key(lines);
    let events: usize = histories.values().map(Vec::len).sum();
    let open = histories::open_calls(lines);
    println!("{} keys, {} calls, {open} of them open", histories.len(), events / 2);
    assert!(histories.len() > 20, "the members have called {} keys", histories.len());
    let wrong = histories::wrong_keys(lines);
    for key in &wrong {
        for event in &histories[key] {
            println!("{key} {event:?}");
        }
    }
    assert_eq!(wrong, [""; 0], "not linearizable");
}

fn file() -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("kv.db").display());
    (folder, url)
}

fn in_memory(name: &str, keys: Keys) -> Vec<Line> {
    record(&format!("memory:linearizability-{name}"), keys, || ())
}

fn in_redis(keys: Keys) -> Vec<Line> {
    let server = RedisServer::start();
    let break_connections = || {
        let mut command = redis::cmd("CLIENT");
        let _: u64 = command.arg("KILL").arg("TYPE").arg("normal").query(&mut server.connect()).unwrap();
    };
    record(&format!("redis://127.0.0.1:{}", server.port()), keys, break_connections)
}

/// The server crashes under load, and comes back.
fn in_postgres(keys: Keys) -> Vec<Line> {
    let server = RefCell::new(PostgresServer::start());
    let url = server.borrow().url();
    let crash = || {
        server.borrow_mut().kill();
        server.borrow_mut().restart();
    };
    record(&url, keys, crash)
}

#[test]
fn strings_in_memory() {
    assert_linearizable(&in_memory("strings", Keys::Strings));
}

#[test]
fn strings_in_sqlite() {
    let (_folder, url) = file();
    assert_linearizable(&record(&url, Keys::Strings, || ()));
}

/// A file that each member has a connection of its own to.
fn in_batches(keys: Keys) -> Vec<Line> {
    let folder = tempfile::tempdir().unwrap();
    record(&format!("batches:{}", folder.path().join("kv.db").display()), keys, || ())
}

#[test]
fn strings_in_sqlite_that_takes_batches() {
    assert_linearizable(&in_batches(Keys::Strings));
}

#[test]
fn records_in_sqlite_that_takes_batches() {
    assert_linearizable(&in_batches(Keys::Records));
}

#[test]
fn strings_in_redis() {
    assert_linearizable(&in_redis(Keys::Strings));
}

/// The leader of the cluster is killed each time, and comes back.
fn in_rqlite(keys: Keys) -> Vec<Line> {
    let cluster = RefCell::new(Cluster::start());
    let url = format!("{}?level=linearizable", cluster.borrow().url());
    record(&url, keys, || {
        let mut cluster = cluster.borrow_mut();
        let leader = cluster.leader();
        cluster.0[leader].kill();
        cluster.leader();
        cluster.0[leader].restart();
    })
}

#[test]
fn strings_in_rqlite() {
    assert_linearizable(&in_rqlite(Keys::Strings));
}

#[test]
fn records_in_rqlite() {
    assert_linearizable(&in_rqlite(Keys::Records));
}

#[test]
fn strings_in_postgres() {
    assert_linearizable(&in_postgres(Keys::Strings));
}

#[test]
fn records_in_postgres() {
    assert_linearizable(&in_postgres(Keys::Records));
}

#[test]
fn records_in_memory() {
    assert_linearizable(&in_memory("records", Keys::Records));
}

#[test]
fn records_in_sqlite() {
    let (_folder, url) = file();
    assert_linearizable(&record(&url, Keys::Records, || ()));
}

#[test]
fn records_in_redis() {
    assert_linearizable(&in_redis(Keys::Records));
}

#[test]
#[ignore = "a process of the other tests"]
fn a_process_that_calls_strings() {
    if let Some(part) = Part::of_this_process() {
        let journal = Journal::open(part.journal.clone());
        play(part, journal, Keys::Strings);
    }
}

#[test]
#[ignore = "a process of the other tests"]
fn a_process_that_calls_records() {
    if let Some(part) = Part::of_this_process() {
        let journal = Journal::open(part.journal.clone());
        play(part, journal, Keys::Records);
    }
}

#[test]
fn the_checker_finds_one_wrong_answer_in_a_real_history() {
    let mut lines = in_memory("wrong", Keys::Records);
    assert_linearizable(&lines);
    let mut wrong = None;
    for line in &mut lines {
        if let Line::Answered { name, answer: Answer::Written { version, .. } } = line {
            *version += 1;
            wrong = Some(name.clone());
        }
    }
    assert!(wrong.is_some());
    assert!(!histories::wrong_keys(&lines).is_empty());
}
