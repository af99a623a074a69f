// Records, changes, consumers, locks and tasks compared with a naive model, by random commands; also the state after a
// failed transaction, and that all memory is freed.

#[path = "support/naive_records.rs"]
mod naive_records;
#[path = "support/random_records.rs"]
mod random_records;
mod support;

use fastrand::Rng;
use naive_records::{Answer, Naive};
use omnikv::command::{Command, Expiry, Key, Reply};
use omnikv::engine::{Engine, Limits, Tick};
use omnikv::error::Kind;
use random_records::Commands;
use serde_json::Value;

const COMMANDS: usize = 100_000;
/// Commands on one store before a new one begins.
const ROUND: usize = 2_000;

/// The positions of texts in a reply's rows: everything else is a number or JSON.
fn shape(command: &Command) -> (usize, &'static [usize]) {
    match command {
        Command::RecordsPut { .. } | Command::RecordsPatch { .. } => (7, &[0, 3]),
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

#[test]
fn random_commands() {
    let seed = support::seed();
    let mut commands = Commands { rng: Rng::with_seed(seed), now: 0, drawn: 0 };
    let (mut engine, mut naive) = (Engine::new(Limits::default(), seed), Naive::default());
    let mut held: Vec<(Key, u64)> = Vec::new();
    for number in 0..COMMANDS {
        if number % ROUND == 0 {
            // All memory is freed when everything is removed.
            flush(&mut engine, commands.now.max(1));
            assert_eq!(engine.used_bytes(), 0);
            engine = Engine::new(Limits::default(), seed);
            commands.now = 1_000_000;
            naive = Naive::default();
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
        let tick = Tick::at(commands.now);
        let ours = engine.apply(&command, &tick).map(|reply| read(&command, reply));
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
            see_when_it_is_due(&mut engine, &mut naive, id);
        }
    }
}

/// A retry waits at least the defined time, and at most a quarter longer.
fn see_when_it_is_due(engine: &mut Engine, naive: &mut Naive, id: &Key) {
    let now = naive.now;
    let Some(task) = naive.task(id).filter(|task| task.due == u64::MAX) else { return };
    let get = Command::TasksGet { id: id.clone() };
    let Reply::List(fields) = engine.apply(&get, &Tick::at(now)).unwrap() else { panic!("a task") };
    let due: u64 = str::from_utf8(fields[6].as_ref().unwrap()).unwrap().parse().unwrap();
    let wait = (60_000 << (task.tries - 1).min(10)).min(3_600_000);
    assert!((wait..=wait * 5 / 4).contains(&(due - now)), "{} after {} tries", due - now, task.tries);
    task.due = due;
}

fn flush(engine: &mut Engine, now: u64) {
    engine.apply(&Command::Flush { prefix: String::new() }, &Tick::at(now)).unwrap();
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
