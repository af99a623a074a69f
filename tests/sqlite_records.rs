// Records in a SQLite file: files of earlier versions, what other programs read, reads that meet expired records, and what
// a failure leaves behind.

#[path = "support/sqlite_file.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod sqlite_file;

use omnikv::Store;
use omnikv::command::{Command, Expiry, Reply};
use omnikv::error::Kind;
use pollster::block_on;
use rusqlite::Connection;
use sqlite_file::File;
use std::sync::atomic::Ordering;

/// A store that does not wait long for another program.
fn open(file: &File) -> Store {
    file.open_at(&format!("{}?timeout=0.2", file.url()))
}

fn one<T: rusqlite::types::FromSql>(connection: &Connection, query: &str) -> T {
    connection.query_row(query, [], |row| row.get(0)).unwrap()
}

fn put(key: &str, value: &str, expiry: Expiry) -> Command {
    Command::RecordsPut { key: key.into(), version: -1, value: value.into(), kind: None, expiry }
}

fn run(kv: &Store, command: Command) -> omnikv::Result<Reply> {
    block_on(kv.execute(command))
}

fn value(kv: &Store, key: &str) -> Option<String> {
    match run(kv, Command::RecordsGet { key: key.into() }).unwrap() {
        Reply::List(fields) => Some(String::from_utf8(fields[7].clone().unwrap()).unwrap()),
        _ => None,
    }
}

/// The tables of version 0.1, which had no records.
const OLD: [&str; 6] = [
    "PRAGMA journal_mode = WAL",
    "CREATE TABLE omnikv (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL, type TEXT NOT NULL DEFAULT 'string', \
     deadline INTEGER, version INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
    "CREATE INDEX omnikv_deadline ON omnikv (deadline) WHERE deadline IS NOT NULL",
    "CREATE TABLE omnikv_commits (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL)",
    "INSERT INTO omnikv_commits VALUES (1, 41)",
    "CREATE TABLE omnikv_checks (holds INTEGER NOT NULL CONSTRAINT omnikv_conflict CHECK (holds))",
];

#[test]
fn a_file_without_these_tables_gets_them() {
    let file = File::new();
    let sql = file.sql();
    for statement in OLD {
        sql.prepare(statement).unwrap().query([]).unwrap().next().unwrap();
    }
    sql.execute("INSERT INTO omnikv VALUES ('plain', 'old', 'string', NULL, 41)", []).unwrap();
    drop(sql);
    let kv = open(&file);
    run(&kv, put("a", "1", Expiry::Unstated)).unwrap();
    assert_eq!(value(&kv, "a").as_deref(), Some("1"));
    let get = Command::parse(&["GET", "plain"]).unwrap();
    assert_eq!(run(&kv, get), Ok(Reply::Bytes(b"old".to_vec())));
    assert!(kv.capabilities().records);
}

#[test]
fn data_persists_and_other_programs_read_it() {
    let file = File::new();
    let text = "{ \"name\": \"Zoë\", \"n\": 12345678901234567890, \"s\": \"\\u0041\" }";
    let kv = open(&file);
    run(&kv, put("\0 \u{1f600}%_", text, Expiry::Unstated)).unwrap();
    block_on(kv.close()).unwrap();
    let kv = open(&file);
    assert_eq!(value(&kv, "\0 \u{1f600}%_").as_deref(), Some(text));
    let sql = file.sql();
    assert_eq!(one::<String>(&sql, "SELECT value ->> 'name' FROM omnikv_records"), "Zoë");
    // What another program adds to the sequence is not drawn again.
    sql.execute("UPDATE omnikv_sequence SET number = number + 1000", []).unwrap();
    run(&kv, put("b", "1", Expiry::Unstated)).unwrap();
    assert_eq!(one::<i64>(&sql, "SELECT stamp FROM omnikv_records WHERE key = 'b'"), 1002);
}

#[test]
fn a_reader_removes_what_has_expired_and_waits_for_nobody_otherwise() {
    let file = File::new();
    let kv = open(&file);
    run(&kv, put("a", "1", Expiry::After(1000))).unwrap();
    run(&kv, put("b", "2", Expiry::Unstated)).unwrap();
    let other = file.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    // Another program writes: readers go on.
    assert_eq!(value(&kv, "a").as_deref(), Some("1"));
    file.now.fetch_add(1000, Ordering::Relaxed);
    let get = Command::RecordsGet { key: "b".into() };
    assert_eq!(run(&kv, get).map_err(|error| error.kind()), Err(Kind::Timeout));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(value(&kv, "b").as_deref(), Some("2"));
    assert_eq!(
        one::<String>(&other, "SELECT action FROM omnikv_changes ORDER BY seq DESC LIMIT 1"),
        "delete"
    );
    assert_eq!(value(&kv, "a"), None);
}

#[test]
fn a_failure_half_way_leaves_nothing() {
    let file = File::new();
    let kv = open(&file);
    run(&kv, put("a", "1", Expiry::Unstated)).unwrap();
    let sql = file.sql();
    // The change is written before the record.
    sql.execute_batch(
        "CREATE TRIGGER no_more BEFORE INSERT ON omnikv_records WHEN new.key = 'b' \
         BEGIN SELECT RAISE(ABORT, 'no more'); END",
    )
    .unwrap();
    let plain = Command::parse(&["SET", "plain", "1"]).unwrap();
    let batch = || vec![plain.clone(), put("c", "1", Expiry::Unstated), put("b", "1", Expiry::Unstated)];
    assert!(run(&kv, put("b", "1", Expiry::Unstated)).is_err());
    assert!(block_on(kv.transaction(Vec::new(), batch())).is_err());
    let replies = block_on(kv.execute_all(batch()));
    assert!(replies.is_ok_and(|replies| replies.iter().all(Result::is_err)));
    for count in [
        "SELECT COUNT(*) - 1 FROM omnikv_changes",
        "SELECT COUNT(*) - 1 FROM omnikv_records",
        "SELECT COUNT(*) FROM omnikv",
        "SELECT number - 1 FROM omnikv_sequence",
    ] {
        assert_eq!(one::<i64>(&sql, count), 0, "{count}");
    }
}

#[test]
fn much_that_has_expired_is_removed_by_several_transactions() {
    let file = File::new();
    let kv = open(&file);
    let mutations = (0..2_500).map(|n| put(&format!("{n:04}"), "1", Expiry::After(1000))).collect();
    run(&kv, Command::RecordsMutate { mutations }).unwrap();
    file.now.fetch_add(1000, Ordering::Relaxed);
    let sql = file.sql();
    // What follows one transaction does not undo it.
    sql.execute_batch(
        "CREATE TRIGGER stays BEFORE DELETE ON omnikv_records WHEN old.key = '2100' \
         BEGIN SELECT RAISE(ABORT, 'stays'); END",
    )
    .unwrap();
    let get = || Command::RecordsGet { key: "2400".into() };
    assert!(run(&kv, get()).is_err());
    let counts =
        "SELECT (SELECT COUNT(*) FROM omnikv_records) || ' ' || (SELECT COUNT(*) FROM omnikv_changes)";
    assert_eq!(one::<String>(&sql, counts), "500 4500");
    sql.execute_batch("DROP TRIGGER stays").unwrap();
    // Commands run when all of it is removed, and what they change comes after it.
    assert_eq!(value(&kv, "2400"), None);
    assert_eq!(one::<String>(&sql, counts), "0 5000");
    file.now.fetch_sub(1000, Ordering::Relaxed);
    let mutations = (0..1_500).map(|n| put(&format!("{n:04}"), "1", Expiry::After(1000))).collect();
    run(&kv, Command::RecordsMutate { mutations }).unwrap();
    file.now.fetch_add(1000, Ordering::Relaxed);
    run(&kv, put("1400", "2", Expiry::Unstated)).unwrap();
    let last = "SELECT action || ' ' || version FROM omnikv_changes ORDER BY seq DESC LIMIT 1";
    assert_eq!(one::<String>(&sql, last), "create 1");
    assert_eq!(one::<String>(&sql, counts), "1 8001");
}
