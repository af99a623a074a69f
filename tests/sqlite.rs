// SQLite as a store of entries: what is in the file, what other programs may write to it, and its errors.

#[path = "support/sqlite_file.rs"]
mod sqlite_file;

use omnikv::backend::cells::sql;
use omnikv::backend::sqlite;
use omnikv::command::Command;
use omnikv::error::Kind;
use omnikv::{Options, Store, prelude::*};
use pollster::block_on;
use rusqlite::Connection;
use sqlite_file::File;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn one<T: rusqlite::types::FromSql>(connection: &Connection, query: &str) -> T {
    connection.query_row(query, [], |row| row.get(0)).unwrap()
}

#[test]
fn data_persists_after_reopening() {
    let file = File::new();
    block_on(async {
        let kv = file.open();
        kv.set_with("a", "1", Duration::from_secs(60)).await.unwrap();
        kv.hset("h", "field", vec![255, 0]).await.unwrap();
        kv.set("\0 \u{1f600}%_", "odd").await.unwrap();
        kv.close().await.unwrap();
        let kv = file.open();
        assert_eq!(kv.ttl("a").await.unwrap(), 60);
        assert_eq!(kv.hget::<Vec<u8>>("h", "field").await.unwrap(), Some(vec![255, 0]));
        assert_eq!(kv.get("\0 \u{1f600}%_").await.unwrap().as_deref(), Some("odd"));
        assert_eq!(kv.keys("*").await.unwrap(), ["\0 \u{1f600}%_", "a", "h"]);
    });
}

#[test]
fn other_programs_read_and_write_the_table() {
    let file = File::new();
    let kv = file.open();
    block_on(kv.set("a", "Alice")).unwrap();
    let sql = file.sql();
    assert_eq!(one::<String>(&sql, "SELECT CAST(value AS TEXT) FROM omnikv WHERE key = 'a'"), "Alice");
    sql.execute("INSERT INTO omnikv (key, value) VALUES ('b', 'Bob')", []).unwrap();
    assert_eq!(block_on(kv.get("b")).unwrap().as_deref(), Some("Bob"));
    assert_eq!(block_on(kv.append("b", "by")).unwrap(), 5);
    sql.execute("INSERT INTO omnikv (key, value, type) VALUES ('c', '', 'stream')", []).unwrap();
    let error = block_on(kv.get("c")).unwrap_err();
    assert_eq!((error.kind(), error.backend()), (Kind::InvalidValue, "sqlite"));
}

#[test]
fn versions_are_never_reused() {
    let file = File::new();
    let kv = file.open();
    let sql = file.sql();
    let mut seen = Vec::new();
    for _ in 0..3 {
        block_on(kv.set("a", 1)).unwrap();
        seen.push(one::<i64>(&sql, "SELECT version FROM omnikv WHERE key = 'a'"));
        block_on(kv.del(["a"])).unwrap();
    }
    assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
}

#[test]
fn commits_sweep_expired_entries() {
    let file = File::new();
    let kv = file.open();
    for number in 0..100 {
        block_on(kv.set_with(format!("k{number}"), 1, Duration::from_secs(1))).unwrap();
    }
    file.now.fetch_add(1000, Ordering::Relaxed);
    let sql = file.sql();
    assert_eq!(one::<i64>(&sql, "SELECT COUNT(*) FROM omnikv"), 100);
    block_on(kv.set("a", 1)).unwrap();
    block_on(kv.set("b", 1)).unwrap();
    assert_eq!(one::<i64>(&sql, "SELECT COUNT(*) FROM omnikv"), 2);
    assert_eq!(one::<Option<i64>>(&sql, sql::NEXT_DEADLINE), None);
}

#[test]
fn listings_and_sweeps_use_an_index() {
    let file = File::new();
    drop(file.open());
    let sql = file.sql();
    for statement in
        [sql::LOAD, sql::LIST, sql::LIST_AFTER, sql::LIST_REVERSE, sql::SWEEP, sql::NEXT_DEADLINE]
    {
        let mut plan = sql.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let nothing = vec![rusqlite::types::Null; plan.parameter_count()];
        let steps =
            plan.query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
        for step in steps.map(Result::unwrap) {
            assert!(!step.starts_with("SCAN") && !step.contains("TEMP B-TREE"), "{statement}: {step}");
        }
    }
}

#[test]
fn a_failed_check_rolls_a_batch_back() {
    let file = File::new();
    drop(file.open());
    let mut sql = file.sql();
    let transaction = sql.transaction().unwrap();
    transaction.execute(sql::COUNT_COMMIT, []).unwrap();
    transaction.execute(sql::PUT, rusqlite::params!["a", b"1", "string", None::<i64>]).unwrap();
    assert_eq!(transaction.execute(sql::CHECK, rusqlite::params!["a", 1]), Ok(0));
    assert_eq!(transaction.execute(sql::CHECK, rusqlite::params!["none", None::<i64>]), Ok(0));
    for (key, version) in [("a", Some(2)), ("a", None), ("none", Some(1))] {
        let error = transaction.execute(sql::CHECK, rusqlite::params![key, version]).unwrap_err();
        assert!(error.to_string().contains(sql::CONFLICT), "{error}");
    }
}

#[test]
fn failures_have_the_right_kind() {
    let file = File::new();
    let open =
        |path: &Path| block_on(sqlite::open(path.to_str().unwrap(), &Options::default())).err().unwrap();
    std::fs::write(&file.path, [b'x'; 4096]).unwrap();
    assert_eq!(open(&file.path).kind(), Kind::Unavailable);
    let nowhere = open(Path::new("/nowhere/secret.db"));
    assert_eq!(nowhere.kind(), Kind::Unavailable);
    assert!(!nowhere.message().contains("secret"));
    assert_eq!(open(Path::new("")).kind(), Kind::InvalidArgument);
}

#[test]
fn a_memory_database_is_private() {
    let options = Options::default();
    let [first, second] = [(); 2].map(|()| {
        Store::over(Arc::new(block_on(sqlite::open(":memory:", &options)).unwrap()), &options).unwrap()
    });
    block_on(first.set("a", 1)).unwrap();
    assert_eq!(block_on(second.get("a")).unwrap(), None);
    assert!(block_on(second.execute(Command::Flush { prefix: String::new() })).is_ok());
    assert_eq!(block_on(first.get("a")).unwrap().as_deref(), Some("1"));
}

/// Runs an ignored test of this file in its own process, on this database file.
fn in_another_process(test: &str, file: &File) -> Child {
    let mut process = Process::new(env::current_exe().unwrap());
    process.args(["--exact", test, "--ignored", "--nocapture"]).env("OMNIKV_TEST_URL", file.url());
    process.stdout(Stdio::piped()).spawn().unwrap()
}

/// The store in a process that [`in_another_process`] has started.
fn of_the_parent() -> Store {
    block_on(Store::connect(&env::var("OMNIKV_TEST_URL").unwrap(), Options::default())).unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn waiting_for_a_lock_does_not_block_the_executor() {
    let file = File::new();
    let kv = file.open();
    let sql = file.sql();
    // Only another task of the same thread ends the wait: blocking the thread would wait forever.
    sql.execute_batch("BEGIN IMMEDIATE").unwrap();
    let release = async {
        assert_eq!(kv.get("a").await.unwrap(), None, "reading needs no lock");
        sql.execute_batch("COMMIT").unwrap();
    };
    let (sum, ()) = tokio::join!(kv.incr("a"), release);
    assert_eq!(sum.unwrap(), 1);
    // The same applies to opening.
    sql.execute_batch("BEGIN IMMEDIATE").unwrap();
    let release = async { sql.execute_batch("COMMIT").unwrap() };
    let url = file.url();
    let (opened, ()) = tokio::join!(Store::connect(&url, Options::default()), release);
    assert_eq!(opened.unwrap().get("a").await.unwrap().as_deref(), Some("1"));
}

#[test]
fn a_lock_held_too_long_is_a_timeout() {
    let file = File::new();
    let url = format!("{}?timeout=0.05", file.url());
    let open = || block_on(Store::connect(&url, Options::default()));
    let kv = open().unwrap();
    let sql = file.sql();
    sql.execute_batch("BEGIN IMMEDIATE").unwrap();
    for error in [block_on(kv.incr("a")).unwrap_err(), open().err().unwrap()] {
        assert_eq!((error.kind(), error.backend()), (Kind::Timeout, "sqlite"));
        assert!(error.is_retryable() && error.message().contains("?timeout=SECONDS"), "{error}");
    }
    assert_eq!(block_on(kv.get("a")).unwrap(), None);
    sql.execute_batch("COMMIT").unwrap();
    assert_eq!(block_on(kv.incr("a")).unwrap(), 1);
}

#[test]
fn options_in_the_url_are_checked() {
    for option in ["timeout=0", "timeout=soon", "timeout", "mode=ro", "synchronous=off"] {
        let opened = block_on(Store::connect(&format!("sqlite::memory:?{option}"), Options::default()));
        assert_eq!(opened.err().map(|error| error.kind()), Some(Kind::InvalidArgument), "{option}");
    }
}

#[test]
fn a_command_that_fails_half_way_is_rolled_back() {
    let file = File::new();
    let kv = file.open();
    let pairs: Vec<_> = (0..2500).map(|number| (format!("k{number:04}"), "1")).collect();
    block_on(kv.mset(pairs)).unwrap();
    let sql = file.sql();
    // It fails on the third page of removals, where SQLite undoes only that statement.
    sql.execute_batch(
        "CREATE TRIGGER keeps BEFORE DELETE ON omnikv WHEN old.key = 'k2400' BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    .unwrap();
    assert!(block_on(kv.execute(Command::Flush { prefix: String::new() })).is_err());
    assert_eq!(one::<i64>(&sql, "SELECT COUNT(*) FROM omnikv"), 2500);
    sql.execute_batch("DROP TRIGGER keeps").unwrap();
    block_on(kv.execute(Command::Flush { prefix: String::new() })).unwrap();
    assert_eq!(one::<i64>(&sql, "SELECT COUNT(*) FROM omnikv"), 0);
}

#[tokio::test(flavor = "current_thread")]
async fn a_failure_in_a_shared_transaction_is_isolated() {
    let file = File::new();
    let kv = file.open();
    let sql = file.sql();
    // SQLite undoes either the statement or, as with a full disk, the whole transaction.
    for (round, harm) in ["ABORT", "ROLLBACK"].into_iter().enumerate() {
        sql.execute_batch(&format!(
            "CREATE TRIGGER harm BEFORE INSERT ON omnikv WHEN new.key = 'bad' BEGIN SELECT RAISE({harm}, 'no'); END; \
             BEGIN IMMEDIATE"
        ))
        .unwrap();
        let release = async { sql.execute_batch("COMMIT").unwrap() };
        let (before, bad, after, ()) =
            tokio::join!(kv.incr("before"), kv.set("bad", 1), kv.incr("after"), release);
        assert_eq!((before.unwrap(), after.unwrap()), (round as i64 + 1, round as i64 + 1));
        assert_eq!(bad.unwrap_err().kind(), Kind::Internal);
        assert!(!kv.exists("bad").await.unwrap());
        sql.execute_batch("DROP TRIGGER harm").unwrap();
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_call_dropped_while_waiting_does_nothing() {
    let file = File::new();
    let kv = file.open();
    let sql = file.sql();
    sql.execute_batch("BEGIN IMMEDIATE").unwrap();
    {
        let call = kv.incr("a");
        // The call has started.
        tokio::select! {
            biased;
            _ = call => panic!("the file is locked"),
            read = kv.get("a") => assert_eq!(read.unwrap(), None),
        }
    }
    sql.execute_batch("COMMIT").unwrap();
    assert_eq!(kv.incr("a").await.unwrap(), 1);
}

#[test]
fn a_closed_store_releases_its_file() {
    let file = File::new();
    let kv = file.open();
    block_on(kv.set("a", 1)).unwrap();
    let log = file.path.with_extension("db-wal");
    assert!(log.exists());
    block_on(kv.close()).unwrap();
    assert!(!log.exists(), "the last connection takes the log along");
    assert_eq!(block_on(kv.get("a")).unwrap_err().kind(), Kind::Closed);
}

const TASKS: i64 = 8;
const TIMES: i64 = 50;

async fn add(kv: Store) {
    let kv = Arc::new(kv);
    let tasks = (0..TASKS).map(|_| {
        let kv = Arc::clone(&kv);
        tokio::spawn(async move {
            for _ in 0..TIMES {
                kv.incr("counter").await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn tasks_connections_and_processes_add_up() {
    let file = File::new();
    let first = file.open();
    let mut process = in_another_process("adds_in_its_own_process", &file);
    tokio::join!(add(first.with_prefix("").unwrap()), add(file.open()));
    assert!(process.wait().unwrap().success());
    assert_eq!(first.get("counter").await.unwrap(), Some((3 * TASKS * TIMES).to_string()));
}

#[tokio::test]
#[ignore = "tasks_connections_and_processes_add_up starts it"]
async fn adds_in_its_own_process() {
    add(of_the_parent()).await;
}

#[test]
fn a_killed_process_loses_no_acknowledged_write() {
    let file = File::new();
    let mut process = in_another_process("counts_until_it_is_killed", &file);
    let lines = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut answers = lines.filter_map(|line| line.parse::<i64>().ok());
    answers.by_ref().take(200).for_each(drop);
    process.kill().unwrap();
    process.wait().unwrap();
    // The last value written before it was killed.
    let last = answers.last().unwrap_or(200);
    let kept: i64 = block_on(file.open().get("counter")).unwrap().unwrap().parse().unwrap();
    assert!(kept >= last, "{kept} are kept of {last}");
}

#[test]
#[ignore = "a_killed_process_loses_no_acknowledged_write starts it"]
fn counts_until_it_is_killed() {
    let kv = of_the_parent();
    // It must end in any case.
    for _ in 0..1_000_000 {
        println!("{}", block_on(kv.incr("counter")).unwrap());
    }
}

#[test]
fn a_file_is_shared_with_javascript() {
    let file = File::new();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let node = tests.join("nodes/24/node_modules/.bin/node");
    let mut process = Process::new(node)
        .arg(tests.join("sqlite/answer.js"))
        .arg(file.url())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node 24 of setup.sh test");
    let mut input = process.stdin.take().unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut javascript = |line: &str| {
        writeln!(input, "{line}").unwrap();
        output.next().expect("an answer of the npm package, which must have been built")
    };
    let kv = block_on(Store::connect(&file.url(), Options::default())).unwrap();
    for round in 0..20 {
        assert_eq!(block_on(kv.incr("n")).unwrap(), 2 * round + 1);
        assert_eq!(javascript(r#"["incr", "n"]"#), (2 * round + 2).to_string());
    }
    block_on(kv.set_with("\0 \u{1f600}", "text", Duration::from_secs(60))).unwrap();
    assert_eq!(javascript(r#"["ttl", "\u0000 \ud83d\ude00"]"#), "60");
    assert_eq!(javascript(r#"["get", "\u0000 \ud83d\ude00"]"#), r#""text""#);
    block_on(kv.rpush("list", ["a"])).unwrap();
    assert_eq!(javascript(r#"["rpush", "list", "b", ""]"#), "3");
    assert_eq!(block_on(kv.lrange::<String>("list", 0, -1)).unwrap(), ["a", "b", ""]);
    block_on(kv.hset("hash", "bytes", vec![255, 0])).unwrap();
    assert_eq!(javascript(r#"["hset", "hash", "text", "c"]"#), "true");
    assert_eq!(block_on(kv.hget::<Vec<u8>>("hash", "bytes")).unwrap(), Some(vec![255, 0]));
    assert_eq!(javascript(r#"["hget", "hash", "text"]"#), r#""c""#);
    drop(input);
    assert!(process.wait().unwrap().success());
}
