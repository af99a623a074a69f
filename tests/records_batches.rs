// Records in a database that takes batches and runs no code between them: what happens between the trip that loads rows
// and the trip that writes, callers that meet, and how many trips there are.

#[path = "support/batches.rs"]
mod batches;

use batches::Batches;
use omnikv::backend::Backend;
use omnikv::backend::cells::{Cells, SqlCells};
use omnikv::command::{Command, Reply};
use omnikv::error::Kind;
use omnikv::{Options, Result};
use pollster::block_on;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use tempfile::TempDir;

struct Opened {
    cells: Cells,
    database: Batches,
}

fn open_at(path: &str) -> Opened {
    let database = Batches::open(path);
    let cells = Cells::new(Arc::new(SqlCells::new(database.clone())), &Options::default()).unwrap();
    let opened = Opened { cells, database };
    // Creates the tables.
    opened.run(&["GET", "none"]);
    opened
}

fn open() -> Opened {
    open_at(":memory:")
}

fn command(words: &[&str]) -> Command {
    Command::parse(words).unwrap()
}

impl Opened {
    fn try_run(&self, words: &[&str]) -> Result<Reply> {
        block_on(self.cells.execute(&command(words)))
    }

    fn run(&self, words: &[&str]) -> Reply {
        self.try_run(words).unwrap_or_else(|error| panic!("{words:?}: {error:?}"))
    }

    /// The fields of the reply.
    fn fields(&self, words: &[&str]) -> Vec<String> {
        let Reply::List(fields) = self.run(words) else { panic!("{words:?} has no fields") };
        fields.into_iter().map(|field| String::from_utf8(field.unwrap_or_default()).unwrap()).collect()
    }

    /// Lets something happen once, before the next batch that writes.
    fn before_next_write(&self, mut work: impl FnMut(&Connection) + Send + 'static) {
        let mut is_done = false;
        *self.database.before_write.lock().unwrap() = Some(Box::new(move |connection| {
            if !std::mem::replace(&mut is_done, true) {
                work(connection);
            }
        }));
    }

    /// Lets others draw numbers before the next batch that writes.
    fn draw_before_next_write(&self) {
        self.before_next_write(|connection| {
            connection.execute("UPDATE omnikv_sequence SET number = number + 100", []).unwrap();
        });
    }

    /// How many trips the command takes: those that only read, and those that may write.
    fn trips(&self, words: &[&str]) -> (u64, u64) {
        let counters = [&self.database.reads, &self.database.writes];
        let before = counters.map(|counter| counter.load(Ordering::Relaxed));
        let _ = self.try_run(words);
        let after = counters.map(|counter| counter.load(Ordering::Relaxed));
        (after[0] - before[0], after[1] - before[1])
    }
}

#[test]
fn a_reply_has_the_numbers_that_the_commit_has_drawn() {
    let kv = open();
    kv.run(&["RECORDS.PUT", "a", "-1", "1"]);
    kv.draw_before_next_write();
    let written = kv.fields(&["RECORDS.PUT", "a", "-1", "2"]);
    assert_eq!(written[..3], ["a", "2", "102"]);
    assert_eq!(kv.fields(&["RECORDS.GET", "a"])[2], "102");
    assert_eq!(kv.run(&["CHANGES.LATEST"]), Reply::Int(102));
    kv.draw_before_next_write();
    assert_eq!(kv.run(&["LOCKS.ACQUIRE", "l", "me", "60000"]), Reply::Int(203));
    assert_eq!(kv.fields(&["LOCKS.STATUS", "l"])[1], "203");
    kv.draw_before_next_write();
    let task = kv.fields(&["TASKS.CREATE", "n", "1", "PREFIX", "p:"]);
    assert_eq!(task[0], "p:304");
    assert_eq!(kv.fields(&["TASKS.GET", "p:304"]), task);
    kv.draw_before_next_write();
    let task = kv.fields(&["TASKS.LOCK", "me", "60000", "n"]);
    assert_eq!((&*task[0], &*task[15]), ("p:304", "405"));
    assert_eq!(kv.fields(&["TASKS.GET", "p:304"]), task);
    // Numbers have no gap but that of the others, also after a failure.
    kv.try_run(&["RECORDS.PUT", "a", "7", "3"]).unwrap_err();
    assert_eq!(kv.fields(&["RECORDS.PUT", "b", "0", "1"])[2], "406");
}

#[test]
fn a_generated_id_is_one_that_nobody_has() {
    let kv = open();
    kv.run(&["TASKS.CREATE", "n", "1", "ID", "2"]);
    assert_eq!(kv.fields(&["TASKS.CREATE", "n", "1"])[0], "3");
    // Taken while the command travels.
    kv.before_next_write(|connection| {
        connection.execute("UPDATE omnikv_tasks SET id = '4' WHERE id = '2'", []).unwrap();
    });
    assert_eq!(kv.fields(&["TASKS.CREATE", "n", "1"])[0], "5");
}

#[test]
fn what_others_change_meanwhile_is_read_again() {
    let kv = open();
    kv.run(&["RECORDS.PUT", "a", "-1", "{\"n\": 1}"]);
    kv.before_next_write(|connection| {
        connection
            .execute("UPDATE omnikv_records SET value = '{\"m\": 2}', version = 2, stamp = 50", [])
            .unwrap();
    });
    assert_eq!(kv.fields(&["RECORDS.PATCH", "a", "-1", "{\"o\": 3}"])[1], "3");
    assert_eq!(kv.fields(&["RECORDS.GET", "a"])[7], "{\"m\":2,\"o\":3}");
    // A record that appears in a range that is removed.
    kv.before_next_write(|connection| {
        let insert = "INSERT INTO omnikv_records SELECT key || 'b', 1, 51, type, created, updated, deadline, value \
                      FROM omnikv_records";
        connection.execute(insert, []).unwrap();
    });
    assert_eq!(kv.run(&["RECORDS.DELETEPREFIX", "a"]), Reply::Int(2));
    // A version that does not hold any more.
    kv.run(&["RECORDS.PUT", "a", "-1", "1"]);
    kv.before_next_write(|connection| {
        connection.execute("UPDATE omnikv_records SET version = 2, stamp = 60", []).unwrap();
    });
    assert_eq!(kv.try_run(&["RECORDS.PUT", "a", "1", "2"]).unwrap_err().kind(), Kind::Conflict);
}

#[test]
fn most_commands_load_once_and_commit_once() {
    let kv = open();
    for words in [
        &["RECORDS.PUT", "a", "0", "1"][..],
        &["RECORDS.PATCH", "a", "1", "{}"],
        &["RECORDS.DELETE", "a", "b"],
        &["CHANGES.TRIM", "1"],
        &["LOCKS.ACQUIRE", "l", "me", "60000"],
        &["LOCKS.RELEASE", "l", "me"],
        &["CONSUMERS.CLAIM", "c", "me", "60000"],
        &["TASKS.CREATE", "n", "1"],
        &["TASKS.CREATE", "n", "1", "ID", "id", "UNIQUE", "u"],
        &["TASKS.LOCK", "me", "60000", "m", "n"],
        &["TASKS.CANCEL", "id"],
        &["TASKS.TRIM", "9999999999999"],
    ] {
        assert_eq!(kv.trips(words), (1, 1), "{words:?}");
    }
    let Reply::Int(token) = kv.run(&["CONSUMERS.CLAIM", "c", "me", "60000"]) else { panic!() };
    assert_eq!(kv.trips(&["CONSUMERS.COMMIT", "c", "1", "TOKEN", &token.to_string()]), (1, 1));
    for words in [
        &["RECORDS.GET", "a"][..],
        &["RECORDS.GETMANY", "a", "b", "c"],
        &["RECORDS.LIST", "PREFIX", "a", "LIMIT", "2"],
        &["CHANGES.READ", "LIMIT", "10"],
        &["CONSUMERS.STATUS", "c"],
        &["TASKS.LIST"],
        // What cannot do anything is not committed.
        &["RECORDS.PUT", "a", "9", "1"],
        &["RECORDS.DELETE", "x"],
        &["TASKS.LOCK", "me", "60000", "x"],
        &["LOCKS.RELEASE", "l", "you"],
    ] {
        assert_eq!(kv.trips(words), (1, 0), "{words:?}");
    }
    let write = |key: &str| Command::RecordsPut {
        key: key.into(),
        version: 0,
        value: b"1".to_vec(),
        kind: None,
        expiry: Default::default(),
    };
    let mutations = (0..50).map(|number| write(&number.to_string())).collect();
    let before = kv.database.reads.load(Ordering::Relaxed);
    block_on(kv.cells.execute(&Command::RecordsMutate { mutations })).unwrap();
    assert_eq!(kv.database.reads.load(Ordering::Relaxed), before + 1);
}

#[test]
fn many_expired_records_end_in_several_commits() {
    let kv = open();
    kv.run(&["RECORDS.PUT", "past", "-1", "1", "PXAT", "1"]);
    assert_eq!(kv.run(&["RECORDS.COUNT"]), Reply::Int(0));
    kv.run(&["RECORDS.PUT", "stays", "-1", "1"]);
    kv.before_next_write(|connection| {
        let many = "WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1299) \
                    INSERT INTO omnikv_records SELECT 'x' || i, 1, i, NULL, 0, 0, 1, '1' FROM n";
        connection.execute(many, []).unwrap();
        connection.execute("UPDATE omnikv_sequence SET number = 2000", []).unwrap();
    });
    kv.run(&["RECORDS.PUT", "stays", "-1", "2"]);
    assert_eq!(kv.run(&["RECORDS.COUNT"]), Reply::Int(1));
    assert_eq!(kv.run(&["RECORDS.GET", "x1000"]), Reply::Nil);
    let Reply::List(changes) = kv.run(&["CHANGES.READ", "FROM", "2002"]) else { panic!() };
    assert_eq!(changes.len(), 300 * 11);
}

/// Threads with connections of their own, as programs would have.
fn in_threads(work: impl Fn(usize, &Opened) + Sync) -> Opened {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("kv.db").display().to_string();
    drop(open_at(&path));
    thread::scope(|scope| {
        for number in 0..4 {
            let (work, path) = (&work, &path);
            scope.spawn(move || work(number, &open_at(path)));
        }
    });
    // The folder goes, but the connection keeps the file.
    open_at(&path)
}

/// Runs a command until others do not overtake it on every attempt.
fn at_last(kv: &Opened, words: &[&str]) -> Reply {
    loop {
        match kv.try_run(words) {
            Err(error) if error.kind() == Kind::Conflict => assert!(error.is_retryable(), "{error}"),
            reply => return reply.unwrap(),
        }
    }
}

#[test]
fn no_change_is_lost_or_seen_out_of_order() {
    const WRITES: usize = 60;
    in_threads(|number, kv| {
        if number > 0 {
            for write in 0..WRITES {
                // One record that all write, and one that nobody else does.
                at_last(kv, &["RECORDS.PATCH", "all", "-1", &format!("{{\"{number}-{write}\": 1}}")]);
                at_last(kv, &["RECORDS.PUT", &format!("{number}-{write}"), "0", "1"]);
            }
            return;
        }
        let (mut from, mut seen) = (0_u64, 0);
        while seen < 3 * WRITES * 2 {
            let Reply::List(changes) = kv.run(&["CHANGES.READ", "FROM", &from.to_string()]) else { panic!() };
            for change in changes.chunks(11) {
                let seq: u64 = str::from_utf8(change[0].as_ref().unwrap()).unwrap().parse().unwrap();
                assert!(seq >= from);
                from = seq + 1;
                seen += 1;
            }
        }
        // Had a change come late, it would be among all of them but not among those that were seen.
        assert_eq!(from as usize, 3 * WRITES * 2 + 1);
        let all = kv.fields(&["RECORDS.GET", "all"]);
        assert_eq!(all[7].matches(':').count(), 3 * WRITES);
        assert_eq!(all[1], (3 * WRITES).to_string());
    });
}

#[test]
fn workers_never_share_a_task() {
    const TASKS: usize = 80;
    let kv = in_threads(|number, kv| {
        for task in 0..TASKS / 4 {
            at_last(kv, &["TASKS.CREATE", "n", &format!("\"{number}-{task}\"")]);
        }
        while let Reply::List(task) = at_last(kv, &["TASKS.LOCK", &number.to_string(), "600000", "n"]) {
            let [id, token] = [0, 15].map(|at| str::from_utf8(task[at].as_ref().unwrap()).unwrap());
            let released = at_last(kv, &["TASKS.RELEASE", id, token, "completed"]);
            assert_eq!(released, Reply::Bytes(b"completed".to_vec()));
        }
    });
    let Reply::List(tasks) = kv.run(&["TASKS.LIST", "STATUS", "completed"]) else { panic!() };
    assert_eq!(tasks.len(), TASKS * 17);
    // Each was taken once.
    assert!(tasks.chunks(17).all(|task| task[9].as_deref() == Some(b"1")));
}
