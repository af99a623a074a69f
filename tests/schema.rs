// The tables' version in SQLite: a file of an earlier version is taken over, a later one is refused, and programs that
// start together create the tables once.

#[path = "support/batches.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod batches;
#[path = "support/sqlite_file.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod sqlite_file;

use batches::Batches;
use omnikv::backend::cells::{Cells, SqlCells, schema};
use omnikv::command::{Command, Reply};
use omnikv::error::Kind;
use omnikv::{Options, Store};
use pollster::block_on;
use sqlite_file::File;
use std::sync::Arc;
use std::thread;

/// A file as the version before wrote it.
fn old_file() -> File {
    let file = File::new();
    file.sql().execute_batch(include_str!("sqlite/without-version.sql")).unwrap();
    file
}

fn number(file: &File, query: &str) -> i64 {
    file.sql().query_row(query, [], |row| row.get(0)).unwrap()
}

fn run(kv: &Store, words: &[&str]) -> Reply {
    block_on(kv.execute(Command::parse(words).unwrap())).unwrap_or_else(|error| panic!("{words:?}: {error}"))
}

fn fields(kv: &Store, words: &[&str]) -> Vec<String> {
    let Reply::List(fields) = run(kv, words) else { panic!("{words:?} has no fields") };
    fields.into_iter().map(|field| String::from_utf8(field.unwrap_or_default()).unwrap()).collect()
}

/// Everything that the old file holds is there, and goes on.
fn has_everything(kv: &Store) {
    assert_eq!(run(kv, &["GET", "text"]), Reply::Bytes("Zoë \0 end".into()));
    assert_eq!(run(kv, &["PEXPIRETIME", "expires"]), Reply::Int(4_102_444_800_000));
    assert_eq!(fields(kv, &["LRANGE", "list", "0", "-1"]), ["a", "b"]);
    assert_eq!(run(kv, &["HGET", "hash", "age"]), Reply::Bytes(b"30".to_vec()));
    assert_eq!(run(kv, &["SISMEMBER", "set", "y"]), Reply::Int(1));
    assert_eq!(run(kv, &["INCR", "counter"]), Reply::Int(2));
    let alice = fields(kv, &["RECORDS.GET", "person:alice"]);
    assert_eq!(alice[1..4], ["2", "2", "Person"]);
    assert_eq!(alice[7], "{\"name\":\"Alice\",\"n\":12345678901234567890,\"age\":31}");
    assert_eq!(fields(kv, &["RECORDS.GET", "person:bob"])[6], "4102444800000");
    assert_eq!(fields(kv, &["CHANGES.READ"]).len(), 5 * 11);
    assert_eq!(run(kv, &["CHANGES.LATEST"]), Reply::Int(5));
    assert_eq!(fields(kv, &["LOCKS.STATUS", "report"])[..2], ["me", "6"]);
    assert_eq!(fields(kv, &["CONSUMERS.STATUS", "mailer"])[..4], ["3", "5", "me", "7"]);
    assert_eq!(fields(kv, &["TASKS.GET", "8"])[4], "running");
    assert_eq!(run(kv, &["TASKS.HEARTBEAT", "8", "10", "60000"]), Reply::Int(1));
    assert_eq!(fields(kv, &["TASKS.GET", "second"])[4], "cancelled");
    assert_eq!(fields(kv, &["RECORDS.PUT", "new", "0", "1"])[2], "11");
}

#[test]
fn a_file_without_a_version_is_taken_over() {
    let file = old_file();
    has_everything(&file.open());
    assert_eq!(number(&file, "SELECT MAX(version) FROM omnikv_schema"), 2);
}

#[test]
fn a_database_of_batches_without_a_version_is_taken_over() {
    let file = old_file();
    let options = Options { clock: Some(Arc::new(|| 1_800_000_000_000_u64)), ..Options::default() };
    let cells = Cells::new(Arc::new(SqlCells::new(Batches::open(&file.path))), &options).unwrap();
    has_everything(&Store::over(Arc::new(cells), &options).unwrap());
    assert_eq!(number(&file, "SELECT MAX(version) FROM omnikv_schema"), 2);
}

#[test]
fn a_later_version_is_refused() {
    let file = old_file();
    drop(file.open());
    file.sql().execute("INSERT INTO omnikv_schema VALUES (99)", []).unwrap();
    let by_store = block_on(Store::connect(&file.url(), Options::new())).unwrap_err();
    let by_batches = block_on(schema::prepare(&Batches::open(&file.path))).unwrap_err();
    for error in [by_store, by_batches] {
        assert_eq!(error.kind(), Kind::Unsupported);
        assert!(error.message().contains("version 99") && error.message().contains("upgrade"), "{error}");
    }
    assert_eq!(number(&file, "SELECT COUNT(*) FROM omnikv_records"), 2);
}

#[test]
fn programs_that_start_together_create_the_tables_once() {
    for file in [File::new(), old_file()] {
        thread::scope(|scope| {
            for number in 0..8 {
                let file = &file;
                scope.spawn(move || match number % 2 {
                    0 => drop(file.open()),
                    _ => block_on(schema::prepare(&Batches::open(&file.path))).unwrap(),
                });
            }
        });
        assert_eq!(number(&file, "SELECT COUNT(*) * MAX(version) FROM omnikv_schema"), 2 * 2);
        run(&file.open(), &["RECORDS.PUT", "a", "-1", "1"]);
    }
}
