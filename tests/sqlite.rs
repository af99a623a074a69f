// SQLite as a store of entries: what stays in the file, what others may write into it, and what it says when it cannot.

use omnikv::backend::sqlite;
use omnikv::cells::sql;
use omnikv::command::Command;
use omnikv::error::Kind;
use omnikv::{Options, Store, prelude::*};
use pollster::block_on;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tempfile::TempDir;

const START_MS: u64 = 1_800_000_000_000;

struct File {
    _folder: TempDir,
    path: PathBuf,
    now: Arc<AtomicU64>,
}

impl File {
    fn new() -> File {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kv.db");
        File { _folder: folder, path, now: Arc::new(AtomicU64::new(START_MS)) }
    }

    fn open(&self) -> Store {
        let shown = Arc::clone(&self.now);
        let clock = Some(Arc::new(move || shown.load(Ordering::Relaxed)) as Arc<_>);
        let options = Options { clock, ..Options::default() };
        block_on(Store::connect(&format!("sqlite:{}", self.path.display()), options)).unwrap()
    }

    /// As another program.
    fn sql(&self) -> Connection {
        Connection::open(&self.path).unwrap()
    }
}

fn one<T: rusqlite::types::FromSql>(connection: &Connection, query: &str) -> T {
    connection.query_row(query, [], |row| row.get(0)).unwrap()
}

#[test]
fn what_was_written_is_there_after_opening_again() {
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
fn a_version_never_comes_back() {
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
fn commits_sweep_what_has_expired() {
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
fn listings_and_sweeps_are_searches_of_an_index() {
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
fn a_check_that_does_not_hold_undoes_a_batch() {
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
fn faults_have_their_kinds() {
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
