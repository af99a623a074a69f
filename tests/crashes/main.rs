// Workers, consumers, holders of locks, writers and readers are killed at random moments, as processes of their own. Others
// go on in their place. In the end nothing is lost, nothing was done by two holders, and the stream is in order.

mod events;
#[path = "../support/members.rs"]
mod members;
mod proof;
mod rejected;
mod roles;
#[path = "../support/mod.rs"]
mod support;

use events::{CONSUMER, Event, FINISHED, Line, Outcome};
use fastrand::Rng;
use members::{Journal, Member, Part};
use omnikv::{Ending, Kind, ListOptions, Options, Store, TaskOptions, TaskStatus, prelude::*};
use pollster::block_on;
use serde::de::IgnoredAny;
use std::thread;
use std::time::{Duration, Instant};
use support::postgres::PostgresServer;
use support::redis::RedisServer;

/// Members beside each other.
const MEMBERS: usize = 3;
/// Members that are killed in each test, if OMNIKV_CRASH_ROUNDS says nothing else.
const ROUNDS: u64 = 10;
/// How much the members write into the journal between two deaths, at most.
const LARGEST_GAP: u64 = 12_000;
/// If the work is not done by then, it never will be.
const PATIENCE: Duration = Duration::from_secs(120);

/// Kills members on this store, lets the last ones do what is left, and checks everything.
fn crash(url: &str) {
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
        let name = part.name.clone();
        match url.starts_with("memory:") {
            true => (name, Member::thread(part, roles::play)),
            false => (name, Member::process("a_process", &part)),
        }
    };
    let kv = block_on(Store::connect(url, Options::new())).unwrap();
    let mut members: Vec<(String, Member)> = (0..MEMBERS).map(|_| start()).collect();
    for _ in 0..support::number("OMNIKV_CRASH_ROUNDS").unwrap_or(ROUNDS) {
        let enough = journal.len() + rng.u64(..LARGEST_GAP);
        wait_for("progress", || journal.len() >= enough);
        thread::sleep(Duration::from_micros(rng.u64(..2_000)));
        let victim = rng.usize(..MEMBERS);
        kill(&mut members[victim].1);
        members[victim] = start();
    }
    let names: Vec<String> = members.iter().map(|(name, _)| name.clone()).collect();
    wait_for("the end of the work", || block_on(is_done(&kv, &names)));
    members.iter_mut().for_each(|(_, member)| kill(member));

    let lines: Vec<Line> = journal.read();
    let outcome = block_on(Outcome::read(&kv)).unwrap();
    let (changes, tasks) = (outcome.stream.len(), outcome.tasks.len());
    let refused = lines.iter().filter(|line| matches!(line.event, Event::Refused)).count();
    let retried = outcome.tasks.iter().filter(|task| task.tries > 1).count();
    println!("{} lines, {changes} changes, {refused} calls refused", lines.len());
    println!("{tasks} tasks, {retried} of them taken over");
    assert!(changes > 30 && tasks > 3, "too little has happened");
    assert_eq!(proof::faults(&lines, &outcome), [""; 0]);
    block_on(former_holders_are_refused(&kv, &lines));
    block_on(kv.close()).unwrap();
}

fn kill(member: &mut Member) {
    assert!(member.is_running(), "a member has ended by itself");
    member.kill();
}

fn wait_for(what: &str, is_there: impl Fn() -> bool) {
    let begin = Instant::now();
    while !is_there() {
        assert!(begin.elapsed() < PATIENCE, "no sign of {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Whether these members have written all they will, every change is consumed and every task completed.
async fn is_done(kv: &Store, members: &[String]) -> bool {
    let finished: Vec<String> = kv.smembers(FINISHED).await.unwrap();
    if !members.iter().all(|name| finished.contains(name)) {
        return false;
    }
    for status in [TaskStatus::Pending, TaskStatus::Running] {
        let left = TaskOptions::new().status(status).limit(1);
        if !kv.tasks().list::<IgnoredAny>(left).await.unwrap().is_empty() {
            return false;
        }
    }
    // The end of a record's time is a change, too.
    let records = kv.records().list::<IgnoredAny>(ListOptions::new()).await.unwrap();
    let status = kv.consumers().status(CONSUMER).await.unwrap();
    records.iter().all(|record| record.expires_at.is_none()) && status.position == status.latest
}

/// Who comes back after a successor has taken over can do nothing with an old token.
async fn former_holders_are_refused(kv: &Store, lines: &[Line]) {
    let grants = lines.iter().filter_map(|line| match &line.event {
        Event::Granted { thing, token, .. } => Some((thing.split_once(':').unwrap(), *token)),
        _ => None,
    });
    let last = grants.clone().filter(|((kind, _), _)| *kind == "consumer").map(|(_, token)| token).max();
    for ((kind, name), token) in grants.filter(|(_, token)| Some(*token) != last) {
        match kind {
            "consumer" => {
                let error = kv.consumers().commit(name, 1, Some(token)).await.unwrap_err();
                assert_eq!(error.kind(), Kind::Conflict);
            }
            "task" => {
                assert!(!kv.tasks().heartbeat(name, token, PATIENCE).await.unwrap());
                let ended = kv.tasks().release(name, token, Ending::Failed, None).await.unwrap();
                assert_eq!(ended, None);
            }
            _ => {}
        }
    }
}

#[test]
fn in_memory() {
    crash("memory:crashes");
}

#[test]
fn in_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    crash(&format!("sqlite:{}", folder.path().join("kv.db").display()));
}

#[test]
fn in_postgres() {
    crash(&PostgresServer::shared().url());
}

#[test]
fn in_redis() {
    let server = RedisServer::start();
    crash(&format!("redis://127.0.0.1:{}", server.port()));
}

#[test]
#[ignore = "a process of the other tests"]
fn a_process() {
    if let Some(part) = Part::of_this_process() {
        let journal = Journal::open(part.journal.clone());
        roles::play(part, journal);
    }
}
