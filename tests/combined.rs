// Calls on one handle that share trips to a store: how many trips there are, that each caller has an answer of its own,
// and that a caller who fails or gives up does not disturb the others.

#[path = "support/batches.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod batches;

use batches::Batches;
use futures_util::FutureExt;
use futures_util::future::{join_all, select_all};
use omnikv::backend::Backend;
use omnikv::backend::cells::{Cells, SqlCells};
use omnikv::command::{Command, Reply};
use omnikv::error::Kind;
use omnikv::{Options, Result};
use pollster::block_on;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

fn open() -> (Cells, Batches) {
    on(Batches::open(":memory:"))
}

fn on(database: Batches) -> (Cells, Batches) {
    let cells = Cells::new(Arc::new(SqlCells::new(database.clone())), &Options::default()).unwrap();
    // Creates the tables.
    block_on(cells.execute(&command(&["GET", "none"]))).unwrap();
    database.writes.store(0, Ordering::Relaxed);
    (cells, database)
}

fn command(words: &[&str]) -> Command {
    Command::parse(words).unwrap()
}

/// Runs commands as callers who do not wait for each other.
fn at_once(cells: &Cells, commands: &[Command]) -> Vec<Result<Reply>> {
    block_on(join_all(commands.iter().map(|command| cells.execute(command))))
}

fn numbered(count: usize, words: impl Fn(&str) -> Vec<String>) -> Vec<Command> {
    let command = |number: usize| {
        let words = words(&number.to_string());
        Command::parse(&words.iter().map(String::as_str).collect::<Vec<_>>()).unwrap()
    };
    (0..count).map(command).collect()
}

fn put(number: &str) -> Vec<String> {
    ["RECORDS.PUT", number, "0", number].map(str::to_owned).into()
}

/// The stamp in a reply to a put.
fn stamp(reply: &Result<Reply>) -> u64 {
    let Ok(Reply::List(fields)) = reply else { panic!("{reply:?}") };
    str::from_utf8(fields[2].as_ref().unwrap()).unwrap().parse().unwrap()
}

#[test]
fn calls_that_arrive_during_a_trip_share_the_next_one() {
    let (cells, database) = open();
    let replies = at_once(&cells, &numbered(100, put));
    // The first goes alone at once.
    assert_eq!(database.writes.load(Ordering::Relaxed), 2);
    let stamps: BTreeSet<u64> = replies.iter().map(stamp).collect();
    assert_eq!(stamps, (1..=100).collect());
    let reads = database.reads.load(Ordering::Relaxed);
    let gets = numbered(100, |number| vec!["RECORDS.GET".into(), number.into()]);
    for (number, reply) in at_once(&cells, &gets).into_iter().enumerate() {
        let Ok(Reply::List(fields)) = reply else { panic!("{reply:?}") };
        assert_eq!(fields[7], Some(number.to_string().into_bytes()));
    }
    assert_eq!(database.reads.load(Ordering::Relaxed), reads + 2);
    // Records and plain keys, also the same one for all.
    let mixed: Vec<Command> = (0..60)
        .map(|number| match number % 3 {
            0 => command(&["INCR", "n"]),
            1 => command(&["RECORDS.PATCH", "all", "-1", &format!("{{\"{number}\":1}}")]),
            _ => command(&["LOCKS.ACQUIRE", "l", &number.to_string(), "60000"]),
        })
        .collect();
    let writes = database.writes.load(Ordering::Relaxed);
    let replies = at_once(&cells, &mixed);
    assert_eq!(database.writes.load(Ordering::Relaxed), writes + 2);
    let counts: BTreeSet<i64> = replies
        .iter()
        .step_by(3)
        .map(|reply| match reply {
            Ok(Reply::Int(count)) => *count,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(counts, (1..=20).collect());
    let holders = replies[2..].iter().step_by(3).filter(|reply| matches!(reply, Ok(Reply::Int(_))));
    assert_eq!(holders.count(), 1);
    // More than a trip takes.
    let writes = database.writes.load(Ordering::Relaxed);
    at_once(&cells, &numbered(300, |number| vec!["SET".into(), number.into(), "1".into()]));
    assert_eq!(database.writes.load(Ordering::Relaxed), writes + 4);
}

#[test]
fn a_call_that_fails_does_not_fail_others() {
    let mut database = Batches::open(":memory:");
    database.max_value_bytes = 1000;
    let (cells, _) = on(database);
    let mut commands = numbered(20, put);
    let long = format!("\"{}\"", "x".repeat(5000));
    commands.insert(4, command(&["RECORDS.PUT", "long", "-1", &long]));
    commands.insert(9, command(&["SET", "long", &long]));
    commands.insert(11, command(&["RECORDS.PUT", "none", "7", "1"]));
    commands.insert(13, command(&["RECORDS.PUT", "none", "0", "{"]));
    let replies = at_once(&cells, &commands);
    let kinds = [4, 9, 11, 13].map(|at| replies[at].as_ref().unwrap_err().kind());
    assert_eq!(kinds, [Kind::TooLarge, Kind::TooLarge, Kind::Conflict, Kind::InvalidArgument]);
    assert_eq!(replies.iter().filter(|reply| reply.is_ok()).count(), 20);
    let count = block_on(cells.execute(&command(&["RECORDS.COUNT"])));
    assert_eq!(count, Ok(Reply::Int(20)));
}

#[test]
fn a_key_that_others_change_each_time_does_not_fail_others() {
    let (cells, database) = open();
    block_on(cells.execute(&command(&["SET", "hot", "0"]))).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let over = Arc::clone(&is_over);
    *database.before_write.lock().unwrap() = Some(Box::new(move |connection| {
        if !over.load(Ordering::Relaxed) {
            connection.execute("UPDATE omnikv SET version = version + 1000 WHERE key = 'hot'", []).unwrap();
        }
    }));
    let mut commands = numbered(20, put);
    commands.insert(5, command(&["INCR", "hot"]));
    let replies = at_once(&cells, &commands);
    assert_eq!(replies[5].as_ref().unwrap_err().kind(), Kind::Conflict);
    assert_eq!(replies.iter().filter(|reply| reply.is_ok()).count(), 20);
    is_over.store(true, Ordering::Relaxed);
    assert_eq!(block_on(cells.execute(&command(&["INCR", "hot"]))), Ok(Reply::Int(1)));
}

#[test]
fn callers_who_give_up_do_not_stop_others() {
    let (cells, _) = open();
    for give_up in 0..6 {
        let commands = numbered(12, |number| vec!["INCR".into(), number.into()]);
        let mut calls: Vec<_> = commands.iter().map(|command| cells.execute(command)).collect();
        // Let them all begin, and perhaps go on a little.
        for _ in 0..give_up {
            calls.retain_mut(|call| call.now_or_never().is_none());
        }
        // The first ones give up, among them the one that is under way alone, or the one that drives the trip.
        calls.drain(..calls.len().min(2 * give_up));
        while !calls.is_empty() {
            calls = block_on(select_all(calls).map(|(reply, _, rest)| reply.map(|_| rest))).unwrap();
        }
    }
    // One drives the trip of all and gives up; later all give up.
    for all_give_up in [false, true] {
        let commands = numbered(12, |number| vec!["INCR".into(), number.into()]);
        let mut calls: Vec<_> = commands.iter().map(|command| cells.execute(command)).collect();
        calls.iter_mut().for_each(|call| assert!(call.now_or_never().is_none()));
        // The one that is under way alone.
        drop(calls.remove(0));
        assert!(calls[0].as_mut().now_or_never().is_none());
        drop(calls.remove(0));
        if !all_give_up {
            assert!(block_on(join_all(calls)).iter().all(Result::is_ok));
        }
    }
    let last = block_on(cells.execute(&command(&["INCR", "after"])));
    assert_eq!(last, Ok(Reply::Int(1)));
}

#[test]
fn each_handle_counts_its_own_reads() {
    let (cells, _) = open();
    let other = cells.another().unwrap();
    at_once(&cells, &numbered(10, |number| vec!["SET".into(), number.into(), "1".into()]));
    at_once(&cells, &numbered(15, |number| vec!["GET".into(), number.into()]));
    let stats = block_on(cells.stats("")).unwrap();
    assert_eq!((stats.hits, stats.misses), (Some(10), Some(6)));
    let stats = block_on(other.stats("")).unwrap();
    assert_eq!((stats.hits, stats.misses), (Some(0), Some(0)));
}
