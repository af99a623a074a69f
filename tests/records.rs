// Records, changes, consumers, locks and tasks compared with a naive model, by random commands, in memory, in SQLite, and
// in a SQLite that takes batches alone; also the state after a failed transaction, and that all memory is freed.

#[path = "support/batches.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod batches;
#[path = "support/naive_records.rs"]
mod naive_records;
#[path = "support/random_records.rs"]
mod random_records;
mod support;

use batches::Batches;
use fastrand::Rng;
use naive_records::{Answer, Naive};
use omnikv::Store;
use omnikv::backend::cells::{Cells, SqlCells};
use omnikv::backend::{Backend, postgres, sqlite};
use omnikv::command::{Command, Expiry, Key, Reply};
use omnikv::engine::{Engine, Limits, Tick};
use omnikv::error::{Kind, Result};
use pollster::block_on;
use random_records::Commands;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use support::over_store::OverStore;
use support::postgres::PostgresServer;
use support::rqlite::Node;
use tempfile::TempDir;

/// Commands on one store before a new one begins.
const ROUND: usize = 2_000;

/// The positions of texts in a reply's rows: everything else is a number or JSON.
fn shape(command: &Command) -> (usize, &'static [usize]) {
    match command {
        Command::RecordsPut { .. } | Command::RecordsPatch { .. } | Command::RecordsRestore { .. } => {
            (7, &[0, 3])
        }
        Command::ConsumersList { .. } => (2, &[0]),
        Command::RecordsGet { .. } | Command::RecordsGetMany { .. } | Command::RecordsList { .. } => {
            (8, &[0, 3])
        }
        Command::ChangesRead { .. } => (11, &[1, 3, 6]),
        Command::ConsumersStatus { .. } => (6, &[2]),
        Command::LocksStatus { .. } => (4, &[0]),
        _ => (17, &[0, 1, 2, 4, 13, 14]),
    }
}

fn read(command: &Command, reply: Reply) -> Answer {
    match reply {
        Reply::Nil => Answer::Nothing,
        Reply::Ok => Answer::Done,
        Reply::Int(number) => Answer::Number(number),
        Reply::Bytes(bytes) => Answer::Text(String::from_utf8(bytes).unwrap()),
        Reply::Ints(numbers) => Answer::Numbers(numbers),
        Reply::List(items) => {
            let (width, texts) = shape(command);
            let rows = items.chunks(width).map(|row| {
                let fields = row.iter().enumerate().map(|(at, field)| match field {
                    None => Value::Null,
                    Some(bytes) if texts.contains(&at) => str::from_utf8(bytes).unwrap().into(),
                    Some(bytes) => serde_json::from_slice(bytes).unwrap(),
                });
                fields.collect()
            });
            Answer::Rows(rows.collect())
        }
        other => panic!("{other:?}"),
    }
}

/// What runs the commands.
trait Subject {
    fn apply(&mut self, command: &Command, now: u64) -> Result<Reply>;

    /// Ends a round: everything is removed.
    fn end(&mut self, now: u64) {
        assert_eq!(self.apply(&Command::Flush { prefix: String::new() }, now), Ok(Reply::Ok));
        let all = Command::ChangesRead { from: None, limit: None, kind: None, prefix: None };
        assert_eq!(self.apply(&all, now), Ok(Reply::List(Vec::new())));
    }
}

impl Subject for Engine {
    fn apply(&mut self, command: &Command, now: u64) -> Result<Reply> {
        Engine::apply(self, command, &Tick::at(now))
    }
}

/// A database in a file. Some commands run in a pipeline or a transaction with others.
struct File {
    store: Box<dyn Backend>,
    now: Arc<AtomicU64>,
    rng: Rng,
    _folder: TempDir,
}

impl File {
    fn new(seed: u64) -> File {
        File::over(seed, |path, options| Box::new(block_on(sqlite::open(path, options)).unwrap()))
    }

    fn in_batches(seed: u64) -> File {
        File::over(seed, |path, options| {
            let database = SqlCells::new(Batches::open(path));
            Box::new(Cells::new(Arc::new(database), options).unwrap())
        })
    }

    fn in_postgres(seed: u64, server: &PostgresServer, pool: &Arc<postgres::Pool>, schema: &str) -> File {
        server.clear(schema);
        File::over(seed, |_, options| Box::new(postgres::open(Arc::clone(pool), options).unwrap()))
    }

    fn in_rqlite(seed: u64, node: &Node) -> File {
        node.clear();
        File::over(seed, |_, options| {
            Box::new(OverStore(block_on(Store::connect(&node.url(), options.clone())).unwrap()))
        })
    }

    fn over(seed: u64, open: impl Fn(&str, &omnikv::Options) -> Box<dyn Backend>) -> File {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kv.db").display().to_string();
        let now = Arc::new(AtomicU64::new(1));
        let shown = Arc::clone(&now);
        let clock = Some(Arc::new(move || shown.load(Ordering::Relaxed)) as Arc<_>);
        let options = omnikv::Options { clock, ..omnikv::Options::default() };
        File { store: open(&path, &options), now, rng: Rng::with_seed(seed), _folder: folder }
    }
}

impl Subject for File {
    fn apply(&mut self, command: &Command, now: u64) -> Result<Reply> {
        self.now.store(now, Ordering::Relaxed);
        let plain = Command::parse(&["INCR", "plain"]).unwrap();
        let wrong = Command::parse(&["LPOP", "plain"]).unwrap();
        let among = [plain, command.clone(), wrong];
        let replies = match self.rng.u8(..4) {
            0 if command.row().is_on_records() => self.store.transaction(&[], &among),
            1 => self.store.execute_all(&among),
            _ => return block_on(self.store.execute(command)),
        };
        let [plain, reply, wrong] = block_on(replies)?.try_into().unwrap();
        assert!(matches!(plain, Ok(Reply::Int(_))), "{plain:?}");
        let is_flush = matches!(command, Command::Flush { .. });
        assert_eq!(wrong.map_err(|error| error.kind()).is_err(), !is_flush);
        reply
    }
}

#[test]
fn random_commands_in_memory() {
    random_commands(
        100_000,
        |seed| Engine::new(Limits::default(), seed),
        |engine| {
            // All memory is freed when everything is removed.
            assert_eq!(engine.used_bytes(), 0);
        },
    );
}

#[test]
fn random_commands_in_sqlite() {
    random_commands(10_000, File::new, |_| {});
}

#[test]
fn random_commands_in_sqlite_that_takes_batches() {
    random_commands(10_000, File::in_batches, |_| {});
}

#[test]
fn random_commands_in_postgres() {
    let server = PostgresServer::shared();
    let schema = server.schema();
    let pool = Arc::new(postgres::Pool::native(server.settings(&schema)).unwrap());
    random_commands(5_000, |seed| File::in_postgres(seed, &server, &pool, &schema), |_| {});
}

#[test]
fn random_commands_in_rqlite() {
    let node = Node::start();
    random_commands(2_000, |seed| File::in_rqlite(seed, &node), |_| {});
}

fn random_commands<S: Subject>(count: usize, open: impl Fn(u64) -> S, see_the_end: impl Fn(&S)) {
    let seed = support::seed();
    let mut commands = Commands { rng: Rng::with_seed(seed), now: 1, drawn: 0 };
    let (mut subject, mut naive) = (open(seed), Naive::default());
    let mut held: Vec<(Key, u64)> = Vec::new();
    for number in 0..count {
        if number % ROUND == 0 {
            subject.end(commands.now);
            see_the_end(&subject);
            subject = open(seed + number as u64);
            commands.now = 1_000_000;
            naive = Naive::default();
            held.clear();
        }
        if commands.rng.u8(..5) == 0 {
            // Sometimes an hour and a quarter, the longest wait before a retry.
            commands.now += if commands.rng.u8(..200) == 0 { 4_500_000 } else { commands.rng.u64(..60) };
        }
        naive.now = commands.now;
        commands.drawn = naive.drawn;
        let mut command = commands.command();
        // Few guessed tokens would be valid.
        if let Some((held_id, held_token)) = held.pop().filter(|_| commands.rng.u8(..4) > 0)
            && let Command::TasksRelease { id, token, .. } | Command::TasksHeartbeat { id, token, .. } =
                &mut command
        {
            (*id, *token) = (held_id, held_token);
        }
        let ours = subject.apply(&command, commands.now).map(|reply| read(&command, reply));
        let ours = ours.map_err(|error| error.kind());
        let theirs = naive.apply(&command);
        assert_eq!(ours, theirs, "command {number}: {command:?}");
        if let (Command::TasksLock { .. }, Some(task)) =
            (&command, naive.tasks.iter().max_by_key(|task| task.token))
            && let Some(token) = task.token
        {
            held.push((Key(task.id.clone()), token));
        }
        if let Command::TasksRelease { id, .. } = &command {
            see_when_it_is_due(&mut subject, &mut naive, id);
        }
    }
}

/// A retry waits at least the defined time, and at most a quarter longer.
fn see_when_it_is_due(subject: &mut impl Subject, naive: &mut Naive, id: &Key) {
    let now = naive.now;
    let Some(task) = naive.task(id).filter(|task| task.due == u64::MAX) else { return };
    let get = Command::TasksGet { id: id.clone() };
    let Reply::List(fields) = subject.apply(&get, now).unwrap() else { panic!("a task") };
    let due: u64 = str::from_utf8(fields[6].as_ref().unwrap()).unwrap().parse().unwrap();
    let wait = (60_000 << (task.tries - 1).min(10)).min(3_600_000);
    assert!((wait..=wait * 5 / 4).contains(&(due - now)), "{} after {} tries", due - now, task.tries);
    task.due = due;
}

fn put(key: &str, version: i64, value: &str) -> Command {
    Command::RecordsPut {
        key: key.into(),
        version,
        value: value.into(),
        kind: None,
        expiry: Expiry::Unstated,
    }
}

#[test]
fn flushing_a_prefix_frees_its_memory() {
    let mut commands = Commands { rng: Rng::with_seed(support::seed()), now: 1_000_000, drawn: 0 };
    let mut engine = Engine::new(Limits::default(), 1);
    for _ in 0..20_000 {
        commands.now += commands.rng.u64(..20);
        commands.drawn = commands.drawn.max(20);
        let _ = engine.apply(&commands.command(), &Tick::at(commands.now));
    }
    let tick = Tick::at(commands.now);
    assert!(engine.used_bytes() > 0);
    for first in (0..=255_u8).filter(u8::is_ascii).map(char::from).chain(['\u{ff5e}', '\u{10ffff}']) {
        engine.apply(&Command::Flush { prefix: first.to_string() }, &tick).unwrap();
    }
    assert_eq!(engine.used_bytes(), 0);
}

#[test]
fn a_full_store_rolls_back_and_only_evicts_plain_keys() {
    let tick = Tick::at(1_000);
    let limits = |eviction| Limits { max_bytes: 4_000, eviction, ..Limits::default() };
    let large = format!("\"{}\"", "x".repeat(1_000));
    let both = Command::RecordsMutate { mutations: vec![put("a", 0, "1"), put("b", 0, &large)] };

    let mut engine = Engine::new(limits(omnikv::Eviction::NoEviction), 1);
    engine.apply(&Command::parse(&["SET", "plain", &large]).unwrap(), &tick).unwrap();
    engine.apply(&put("kept", 0, "1"), &tick).unwrap();
    let used = engine.used_bytes();
    assert_eq!(engine.apply(&both, &tick).unwrap_err().kind(), Kind::OutOfMemory);
    assert_eq!(engine.used_bytes(), used);
    let count = Command::RecordsCount { prefix: None, start: None, end: None, kind: None };
    assert_eq!(engine.apply(&count, &tick), Ok(Reply::Int(1)));

    let mut engine = Engine::new(limits(omnikv::Eviction::AllKeysLru), 1);
    engine.apply(&Command::parse(&["SET", "plain", &large]).unwrap(), &tick).unwrap();
    engine.apply(&put("kept", 0, "1"), &tick).unwrap();
    engine.apply(&both, &tick).unwrap();
    assert_eq!((engine.evicted(), engine.apply(&count, &tick)), (1, Ok(Reply::Int(3))));
    // Records are never evicted.
    assert_eq!(engine.apply(&put("c", 0, &large), &tick).unwrap_err().kind(), Kind::OutOfMemory);
}
