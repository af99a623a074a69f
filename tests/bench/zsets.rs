// Sorted sets of a million members, beside a redis-server's own time per command (from INFO commandstats, so without the
// way there): cargo bench -p omnikv-bench -- zsets.

#[path = "../support/redis.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod redis;

use std::fs;
use std::hint::black_box;
use std::time::Instant;

use ::redis::{Connection, Pipeline, cmd};
use omnikv::{MemoryStore, ZRange, prelude::*};
use redis::RedisServer;

const MEMBERS: usize = 1_000_000;
/// Operations of each row; the fastest run counts, because the machine may have other work.
const TURNS: usize = 100_000;
const RUNS: usize = 9;

const KEY: &str = "board";

fn member(number: usize) -> String {
    format!("player:{number:07}")
}

/// Scores in random order, the same in every run.
fn score(number: usize) -> f64 {
    (number.wrapping_mul(2_654_435_761) % 1_000_003) as f64 / 4.0
}

/// One row: its name, the command's name in Redis, an operation, and its words.
type Row = (&'static str, &'static str, fn(&MemoryStore, usize), fn(usize) -> Vec<String>);

const ROWS: [Row; 5] = [
    (
        "ZADD, another score",
        "zadd",
        |kv, n| {
            kv.zadd(KEY, [(member(n % MEMBERS), score(n + 7))]).expect("room");
        },
        |n| ["ZADD", KEY, &score(n + 7).to_string(), &member(n % MEMBERS)].map(str::to_owned).into(),
    ),
    (
        "ZINCRBY",
        "zincrby",
        |kv, n| {
            kv.zincrby(KEY, 3.5, member(n % MEMBERS)).expect("a sum");
        },
        |n| ["ZINCRBY", KEY, "3.5", &member(n % MEMBERS)].map(str::to_owned).into(),
    ),
    (
        "ZRANK",
        "zrank",
        |kv, n| {
            black_box(kv.zrank(KEY, member(n % MEMBERS)).expect("a rank"));
        },
        |n| ["ZRANK", KEY, &member(n % MEMBERS)].map(str::to_owned).into(),
    ),
    (
        "ZSCORE",
        "zscore",
        |kv, n| {
            black_box(kv.zscore(KEY, member(n % MEMBERS)).expect("a score"));
        },
        |n| ["ZSCORE", KEY, &member(n % MEMBERS)].map(str::to_owned).into(),
    ),
    (
        "ZRANGE BYSCORE LIMIT 100 10",
        "zrange",
        |kv, n| {
            let range = ZRange::scores(score(n)..).limit(100, 10);
            black_box(kv.zrange::<String>(KEY, range).expect("members"));
        },
        |n| {
            let words = ["ZRANGE", KEY, &score(n).to_string(), "inf", "BYSCORE", "LIMIT", "100", "10"];
            words.map(str::to_owned).into()
        },
    ),
];

/// The members that turns are about, in random order: the factor shares none with their number, so that all runs together
/// meet each once at most.
fn turns(run: usize) -> impl Iterator<Item = usize> {
    (0..TURNS).map(move |turn| (run * TURNS + turn).wrapping_mul(1_103_515_247) % MEMBERS)
}

fn fastest(times: impl Iterator<Item = f64>) -> f64 {
    times.fold(f64::INFINITY, f64::min)
}

/// Resident bytes of this process.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").ok();
    let pages = pages.and_then(|text| text.split(' ').nth(1)?.parse::<usize>().ok());
    pages.unwrap_or(0) * 4096
}

fn send(connection: &mut Connection, words: impl Iterator<Item = Vec<String>>) {
    let words: Vec<_> = words.collect();
    for chunk in words.chunks(1000) {
        let mut pipeline = Pipeline::new();
        for argv in chunk {
            let mut command = cmd(&argv[0]);
            command.arg(&argv[1..]);
            pipeline.add_command(command).ignore();
        }
        pipeline.exec(connection).expect("the server answers");
    }
}

/// The server's microseconds for each call of a command since the last reset, as nanoseconds.
fn their_time(connection: &mut Connection, name: &str) -> f64 {
    let info: String = cmd("INFO").arg("commandstats").query(connection).expect("the server answers");
    let line = info.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:"))).expect("a command");
    let (_, rest) = line.split_once("usec_per_call=").expect("a time");
    rest.split(',').next().and_then(|text| text.parse().ok()).map_or(0.0, |time: f64| time * 1000.0)
}

fn main() {
    if !std::env::args().any(|argument| argument == "zsets") {
        return;
    }
    let kv = MemoryStore::new();
    let before = resident();
    let begin = Instant::now();
    for number in 0..MEMBERS {
        kv.zadd(KEY, [(member(number), score(number))]).expect("room");
    }
    let filling = begin.elapsed().as_nanos() as f64 / MEMBERS as f64;
    let bytes = (resident() - before) / MEMBERS;

    let server = RedisServer::start();
    let mut connection = server.connect();
    let add = |n: usize| -> Vec<String> {
        ["ZADD", KEY, &score(n).to_string(), &member(n)].map(str::to_owned).into()
    };
    cmd("CONFIG").arg("RESETSTAT").exec(&mut connection).expect("the server answers");
    send(&mut connection, (0..MEMBERS).map(add));
    let theirs = their_time(&mut connection, "zadd");
    let used: usize = cmd("MEMORY").arg("USAGE").arg(KEY).query(&mut connection).expect("the server answers");

    println!("\n{MEMBERS} members; ns an operation, the fastest of {RUNS} runs of {TURNS}\n");
    println!("| | MemoryStore | redis-server, its own time |\n| --- | ---: | ---: |");
    println!("| ZADD, new members | {filling:.0} | {theirs:.0} |");
    for (name, word, ours, words) in ROWS {
        let time = |run| {
            let begin = Instant::now();
            turns(run).for_each(|number| ours(&kv, number));
            begin.elapsed().as_nanos() as f64 / TURNS as f64
        };
        let our_time = fastest((0..RUNS).map(time));
        let times = (0..RUNS).map(|run| {
            cmd("CONFIG").arg("RESETSTAT").exec(&mut connection).expect("the server answers");
            send(&mut connection, turns(run).map(words));
            their_time(&mut connection, word)
        });
        println!("| {name} | {our_time:.0} | {:.0} |", fastest(times));
    }
    println!("| bytes a member, members of 14 bytes | {bytes} | {} |", used / MEMBERS);
}
