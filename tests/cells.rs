// The cells family beyond the conformance cases: random commands compared with the engine, races, what other programs
// see and write, and what a limited store refuses.

mod support;

use fastrand::Rng;
use omnikv::backend::cells::{Cell, CellStore, Cells};
use omnikv::backend::{Backend, postgres, sqlite};
use omnikv::command::{Access, Bytes, Command, Effect, Expiry, Key, Reply, ValueType};
use omnikv::engine::{Engine, Limits, Tick};
use omnikv::error::{Error, Kind, Result};
use omnikv::{Options, SetOptions, Store, prelude::*};
use pollster::block_on;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use support::agree::{agree, is_a_choice};
use support::commands::{Alphabet, Commands, plain_names};
use support::naive_cells::{NaiveCells, Nature, STRONG, WEAK};
use support::over_store::OverStore;
use support::postgres::PostgresServer;
use support::rqlite::Node;

const START_MS: u64 = 1_800_000_000_000;

/// A clock that the test sets, as an option.
fn clock() -> (Arc<AtomicU64>, Options) {
    let now = Arc::new(AtomicU64::new(START_MS));
    let shown = Arc::clone(&now);
    let clock = Some(Arc::new(move || shown.load(Ordering::Relaxed)) as Arc<_>);
    (now, Options { clock, ..Options::default() })
}

fn over(store: &Arc<NaiveCells>, options: &Options) -> Store {
    let cells = Cells::new(Arc::clone(store) as Arc<dyn CellStore>, options).unwrap();
    Store::over(Arc::new(cells), options).unwrap()
}

/// Runs random commands on cells and on the engine, alone or in pipelines and transactions, while time passes.
fn same_as_the_engine<B: Backend>(commands: usize, open: impl Fn(&Options) -> Result<B>) {
    let rng = Rng::with_seed(support::seed());
    let mut commands = (Commands { rng, alphabet: Alphabet::Small, now_ms: START_MS }, commands);
    while commands.1 > 0 {
        let (now, options) = clock();
        commands.0.now_ms = START_MS;
        // Some collections are kept in parts, where the store has these.
        let long_from = [None, Some(2), Some(4)][commands.0.rng.usize(..3)];
        let cells = open(&Options { long_from, ..options }).unwrap();
        let mut engine = Engine::new(Limits::default(), 1);
        for _ in 0..1000.min(commands.1) {
            commands.1 -= 1;
            let any = &mut commands.0;
            if any.rng.u8(..40) == 0 {
                any.now_ms += any.rng.u64(1..=3) * 10_000;
                now.store(any.now_ms, Ordering::Relaxed);
            }
            let names = plain_names();
            let name = names[any.rng.usize(..names.len())];
            let mut command = any.command(name);
            // The engine keeps the count of a single HyperLogLog with it; to cells this is reading, which writes nothing.
            if let Command::PfCount { keys } = &mut command
                && keys.len() == 1
            {
                keys.push(keys[0].clone());
            }
            // Only commands without random results, and no scans, go into a batch.
            let in_batch = any.rng.u8(..4) == 0 && !is_random(&command) && !is_scan(&command);
            let tick = Tick::at(any.now_ms);
            if in_batch {
                let another = any.command("incr");
                let batch = [command.clone(), another.clone(), command.clone()];
                let ours = match command.access() {
                    Access::Keys(_) if any.rng.bool() => block_on(cells.transaction(&[], &batch)).unwrap(),
                    _ => block_on(cells.execute_all(&batch)).unwrap(),
                };
                let theirs = engine.apply_all(&batch, &tick);
                for ((command, ours), theirs) in batch.iter().zip(ours).zip(theirs) {
                    assert!(agree(command, &ours, &theirs), "{batch:?}: {command:?}\n{ours:?}\n{theirs:?}");
                }
            } else {
                compare(&cells, &mut engine, &command, &tick);
            }
        }
        let stats = block_on(cells.stats("")).unwrap();
        let counts = engine.counts(b"", &Tick::at(now.load(Ordering::Relaxed))).unwrap();
        assert_eq!((stats.keys, stats.expiring_keys), (counts.keys, counts.expiring));
    }
}

fn is_random(command: &Command) -> bool {
    matches!(
        command,
        Command::RandomKey { .. }
            | Command::SPop { .. }
            | Command::SRandMember { .. }
            | Command::HRandField { .. }
            | Command::ZRandMember { .. }
    )
}

fn is_scan(command: &Command) -> bool {
    matches!(
        command,
        Command::Scan { .. } | Command::HScan { .. } | Command::SScan { .. } | Command::ZScan { .. }
    )
}

fn compare(cells: &dyn Backend, engine: &mut Engine, command: &Command, tick: &Tick) {
    if is_scan(command) {
        // The engine's cursors mean nothing to cells, so both scan from start to end.
        let ours = drain(command, |command| block_on(cells.execute(command)));
        let theirs = drain(command, |command| engine.apply(command, tick));
        assert!(agree(command, &ours, &theirs), "{command:?}\n{ours:?}\n{theirs:?}");
        return;
    }
    let all = choices(command, |command| engine.apply(command, tick));
    let ours = block_on(cells.execute(command));
    let theirs = engine.apply(command, tick);
    let fine = match &all {
        Some(Ok(all)) => is_a_choice(command, all, &ours) && is_a_choice(command, all, &theirs),
        _ => agree(command, &ours, &theirs),
    };
    assert!(fine, "{command:?}\n{ours:?}\n{theirs:?}");
    if let (Command::SPop { key, .. }, Some(Ok(all))) = (command, all) {
        let (back, out) = (items(&theirs), items(&ours));
        // If it removed everything, the key is gone and there is nothing to restore.
        if back.len() < all.len() {
            let _ = engine.apply(&Command::SAdd { key: key.clone(), members: back }, tick);
            let _ = engine.apply(&Command::SRem { key: key.clone(), members: out }, tick);
        }
    }
}

/// The items that the command chooses from at random, if it does.
fn choices(
    command: &Command,
    mut apply: impl FnMut(&Command) -> Result<Reply>,
) -> Option<Result<Vec<Vec<Bytes>>>> {
    let (all, width) = match command {
        Command::RandomKey { prefix } => {
            let span = Command::Range {
                start: prefix.clone(),
                end: None,
                after: None,
                limit: None,
                reverse: false,
                keys_only: false,
            };
            let Ok(Reply::List(pairs)) = apply(&span) else { panic!("{span:?}") };
            return Some(Ok(pairs.into_iter().step_by(2).map(|key| vec![key.unwrap()]).collect()));
        }
        Command::SPop { key, .. } | Command::SRandMember { key, .. } => {
            (Command::SMembers { key: key.clone() }, 1)
        }
        Command::HRandField { key, .. } => (Command::HGetAll { key: key.clone() }, 2),
        Command::ZRandMember { key, .. } => {
            let (start, stop) = (b"0".to_vec(), b"-1".to_vec());
            let (by, reverse, limit, with_scores) = (None, false, None, true);
            (Command::ZRange { key: key.clone(), start, stop, by, reverse, limit, with_scores }, 2)
        }
        _ => return None,
    };
    let all = apply(&all);
    Some(all.map(|all| items(&Ok(all)).chunks(width).map(<[Bytes]>::to_vec).collect()))
}

/// A whole scan as one page.
fn drain(command: &Command, mut apply: impl FnMut(&Command) -> Result<Reply>) -> Result<Reply> {
    let mut command = command.clone();
    let mut all = Vec::new();
    for _ in 0..10_000 {
        let Reply::Page(next, items) = apply(&command)? else { panic!("{command:?} gives no page") };
        all.extend(items);
        if next == "0" {
            return Ok(Reply::Page(next, all));
        }
        match &mut command {
            Command::Scan { cursor, .. }
            | Command::HScan { cursor, .. }
            | Command::SScan { cursor, .. }
            | Command::ZScan { cursor, .. } => {
                *cursor = next;
            }
            _ => unreachable!("only scans have pages"),
        }
    }
    panic!("{command:?} has no end")
}

fn items(reply: &Result<Reply>) -> Vec<Bytes> {
    match reply {
        Ok(Reply::Bytes(item)) => vec![item.clone()],
        Ok(Reply::List(items)) => items.iter().flatten().cloned().collect(),
        _ => Vec::new(),
    }
}

#[test]
fn random_commands_match_the_engine() {
    same_as_the_engine(40_000, |options| Cells::new(Arc::new(NaiveCells::new(STRONG)), options));
}

#[test]
fn random_commands_on_postgres_match_the_engine() {
    let server = PostgresServer::shared();
    let schema = server.schema();
    let pool = Arc::new(postgres::Pool::native(server.settings(&schema)).unwrap());
    same_as_the_engine(2_000, |options| {
        server.clear(&schema);
        postgres::open(Arc::clone(&pool), options)
    });
}

#[test]
fn random_commands_on_sqlite_match_the_engine() {
    same_as_the_engine(8_000, |options| block_on(sqlite::open(":memory:", options)));
}

#[test]
fn random_commands_on_rqlite_match_the_engine() {
    let node = Node::start();
    same_as_the_engine(1_500, |options| {
        node.clear();
        block_on(Store::connect(&node.url(), options.clone())).map(OverStore)
    });
}

/// Increments a counter, pushes to a list and adds to a set from many threads; nothing may be lost or done twice.
fn nothing_is_lost(open: impl Fn() -> Store + Sync) {
    const THREADS: usize = 6;
    const TIMES: usize = 40;
    thread::scope(|scope| {
        for number in 0..THREADS {
            let open = &open;
            scope.spawn(move || {
                let kv = open();
                for time in 0..TIMES {
                    let name = format!("{number}-{time}");
                    block_on(async {
                        again_while_conflict(async || kv.incr("counter").await.map(drop)).await;
                        again_while_conflict(async || kv.rpush("list", [&name]).await.map(drop)).await;
                        again_while_conflict(async || {
                            let transfer = kv.multi();
                            transfer.decr("from");
                            transfer.incr("to");
                            transfer.sadd("set", [&name]);
                            transfer.exec().await?.all_ok()
                        })
                        .await;
                    });
                }
            });
        }
    });
    let kv = open();
    let times = THREADS * TIMES;
    block_on(async {
        assert_eq!(kv.get("counter").await.unwrap(), Some(times.to_string()));
        assert_eq!(kv.get("from").await.unwrap(), Some(format!("-{times}")));
        assert_eq!(kv.get("to").await.unwrap(), Some(times.to_string()));
        let mut list: Vec<String> = kv.lrange("list", 0, -1).await.unwrap();
        let mut set: Vec<String> = kv.smembers("set").await.unwrap();
        list.sort();
        set.sort();
        assert_eq!(list, set);
        list.dedup();
        assert_eq!(list.len(), times);
    });
}

/// A conflict after all attempts is legitimate: nothing has happened, and the caller may try again.
async fn again_while_conflict(mut run: impl AsyncFnMut() -> Result<()>) {
    loop {
        match run().await {
            Err(error) if error.kind() == Kind::Conflict => assert!(error.is_retryable()),
            result => return result.unwrap(),
        }
    }
}

#[test]
fn concurrent_writers_lose_nothing() {
    let store = Arc::new(NaiveCells::new(STRONG));
    nothing_is_lost(|| over(&store, &Options::default()));
}

#[test]
fn concurrent_writers_of_a_file_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kv.db");
    // Each thread has its own connection, as separate processes would.
    let open = || {
        let cells = block_on(sqlite::open(path.to_str().unwrap(), &Options::default())).unwrap();
        Store::over(Arc::new(cells), &Options::default()).unwrap()
    };
    drop(open());
    nothing_is_lost(open);
}

#[test]
fn concurrent_writers_of_postgres_lose_nothing() {
    let server = PostgresServer::shared();
    let settings = server.settings(&server.schema());
    nothing_is_lost(|| {
        let pool = Arc::new(postgres::Pool::native(settings.clone()).unwrap());
        let cells = postgres::open(pool, &Options::default()).unwrap();
        Store::over(Arc::new(cells), &Options::default()).unwrap()
    });
}

#[test]
fn repeated_conflicts_end_in_an_error() {
    let store = Arc::new(NaiveCells::new(Nature { one_conflict_in: 1, ..STRONG }));
    let kv = over(&store, &Options::default());
    let error = block_on(kv.incr("counter")).unwrap_err();
    assert_eq!((error.kind(), error.op(), error.backend()), (Kind::Conflict, "incr", "naive"));
    assert_eq!(store.cell("counter"), None);
    // A blind write cannot conflict.
    block_on(kv.set("blind", 1)).unwrap();
}

#[test]
fn commands_without_changes_do_not_commit() {
    let store = Arc::new(NaiveCells::new(STRONG));
    let kv = over(&store, &Options::default());
    block_on(async {
        kv.set("a", "1").await.unwrap();
        kv.sadd("s", ["x"]).await.unwrap();
        let before = store.commits();
        kv.set_with("a", "2", SetOptions::new().nx()).await.unwrap();
        kv.sadd("s", ["x"]).await.unwrap();
        kv.sadd("a", ["x"]).await.unwrap_err();
        kv.del(["none"]).await.unwrap();
        kv.persist("a").await.unwrap();
        kv.get("a").await.unwrap();
        assert_eq!(store.commits(), before);
        // A pipeline is one commit.
        let batch = kv.pipeline();
        batch.incr("a");
        batch.rpush("l", ["x"]);
        batch.set("b", 1);
        batch.exec().await.unwrap().all_ok().unwrap();
        assert_eq!(store.commits(), before + 1);
    });
}

#[test]
fn a_write_that_keeps_the_deadline_reads_it_first() {
    let store = Arc::new(NaiveCells::new(STRONG));
    let (_, options) = clock();
    let kv = over(&store, &options);
    block_on(async {
        kv.set_with("a", 1, std::time::Duration::from_secs(60)).await.unwrap();
        kv.mset_with([("a", "2"), ("b", "2")], Expiry::Keep).await.unwrap();
        assert_eq!(kv.ttl("a").await.unwrap(), 60);
        kv.set_with("a", 3, SetOptions::new().keep_ttl()).await.unwrap();
        assert_eq!(kv.ttl("a").await.unwrap(), 60);
        kv.mset([("a", "4"), ("b", "4")]).await.unwrap();
        assert_eq!(kv.ttl("a").await.unwrap(), -1);
    });
}

#[test]
fn other_programs_see_plain_strings_and_readable_collections() {
    let store = Arc::new(NaiveCells::new(STRONG));
    let (_, options) = clock();
    let kv = over(&store, &options);
    block_on(async {
        kv.set("text", "Alice").await.unwrap();
        kv.rpush("list", [b"a".to_vec(), vec![255]]).await.unwrap();
        kv.hset("hash", "name", "Alice").await.unwrap();
        kv.sadd("set", ["b", "a"]).await.unwrap();
        kv.expire("set", 60).await.unwrap();
    });
    let seen = |key: &str| {
        let cell = store.cell(key).unwrap();
        (cell.kind, String::from_utf8(cell.value).unwrap(), cell.deadline)
    };
    assert_eq!(seen("text"), (ValueType::String, "Alice".into(), None));
    assert_eq!(seen("list"), (ValueType::List, r#"["a",{"base64":"/w=="}]"#.into(), None));
    assert_eq!(seen("hash"), (ValueType::Hash, r#"{"name":"Alice"}"#.into(), None));
    assert_eq!(seen("set"), (ValueType::Set, r#"["b","a"]"#.into(), Some(START_MS + 60_000)));
}

#[test]
fn corrupted_values_are_reported_and_can_be_overwritten() {
    let store = Arc::new(NaiveCells::new(STRONG));
    let kv = over(&store, &Options::default());
    let broken = Cell {
        value: b"no json".to_vec(),
        kind: ValueType::List,
        is_long: false,
        deadline: None,
        version: 7,
    };
    store.put("broken", broken);
    block_on(async {
        assert_eq!(kv.llen("broken").await.unwrap_err().kind(), Kind::InvalidValue);
        assert_eq!(kv.rpush("broken", ["x"]).await.unwrap_err().kind(), Kind::InvalidValue);
        let check = kv.multi();
        check.check("broken", omnikv::Missing);
        check.set("a", 1);
        assert_eq!(check.exec().await.unwrap_err().kind(), Kind::Conflict);
        // Other commands of the pipeline still run.
        let batch = kv.pipeline();
        let length = batch.llen("broken");
        let one = batch.incr("one");
        batch.set("broken", "whole");
        let whole = batch.get("broken");
        let mut replies = batch.exec().await.unwrap();
        assert_eq!(replies.take(length).unwrap_err().kind(), Kind::InvalidValue);
        assert_eq!(replies.take(one).unwrap(), 1);
        assert_eq!(replies.take(whole).unwrap().as_deref(), Some("whole"));
        assert_eq!(kv.get("broken").await.unwrap().as_deref(), Some("whole"));
    });
}

#[test]
fn listings_remove_expired_entries() {
    let store = Arc::new(NaiveCells::new(Nature { one_conflict_in: 0, ..STRONG }));
    let (now, options) = clock();
    let kv = over(&store, &options);
    block_on(async {
        for name in ["a", "b", "c", "d"] {
            kv.set_with(name, 1, std::time::Duration::from_secs(1)).await.unwrap();
        }
        kv.set("stays", 1).await.unwrap();
        now.fetch_add(1000, Ordering::Relaxed);
        assert_eq!(kv.get("a").await.unwrap(), None);
        assert_eq!(kv.keys("*").await.unwrap(), ["stays"]);
        for name in ["a", "b", "c", "d"] {
            assert_eq!(store.cell(name), None);
        }
    });
}

#[test]
fn a_value_too_large_for_the_store_changes_nothing() {
    let store = Arc::new(NaiveCells::new(Nature { max_value_bytes: 20, ..STRONG }));
    let kv = over(&store, &Options::default());
    block_on(async {
        assert_eq!(kv.set("a", "x".repeat(21)).await.unwrap_err().kind(), Kind::TooLarge);
        kv.rpush("l", ["0123456789"]).await.unwrap();
        assert_eq!(kv.rpush("l", ["0123456789"]).await.unwrap_err().kind(), Kind::TooLarge);
        assert_eq!(kv.llen("l").await.unwrap(), 1);
        let transaction = kv.multi();
        transaction.set("b", 1);
        transaction.set("a", "x".repeat(21));
        assert_eq!(transaction.exec().await.unwrap_err().kind(), Kind::TooLarge);
        assert!(!kv.exists("b").await.unwrap());
        // In a pipeline, each command succeeds or fails on its own.
        let batch = kv.pipeline();
        batch.set("b", 1);
        let long = batch.set("a", "x".repeat(21));
        let sum = batch.incr("b");
        let mut replies = batch.exec().await.unwrap();
        assert_eq!(replies.take(long).unwrap_err().kind(), Kind::TooLarge);
        assert_eq!(replies.take(sum).unwrap(), 2);
    });
}

#[test]
fn a_store_without_versions_only_refuses_updates() {
    let any =
        &mut Commands { rng: Rng::with_seed(support::seed()), alphabet: Alphabet::Small, now_ms: START_MS };
    let (_, options) = clock();
    let refused = Cells::new(Arc::new(NaiveCells::new(WEAK)), &options).unwrap();
    let allowed = Cells::new(Arc::new(NaiveCells::new(WEAK)), &options).unwrap().allow_nonatomic();
    let mut refusals = 0;
    for name in plain_names().into_iter().flat_map(|name| [name; 20]) {
        let command = any.command(name);
        let is_unsupported = |cells: &Cells, command| match block_on(cells.execute(command)) {
            Err(error) if error.kind() == Kind::Unsupported => {
                let message = error.message();
                assert!(
                    message.contains("Durable Object") && message.contains("nonatomic=allow"),
                    "{message}"
                );
                true
            }
            _ => false,
        };
        let writes_many = matches!(&command, Command::MSet { pairs, .. } if pairs.len() > 1);
        let depends = command.effect() == Effect::Update || writes_many;
        assert_eq!(is_unsupported(&refused, &command), depends, "{command:?}");
        assert!(!is_unsupported(&allowed, &command), "{command:?}");
        refusals += usize::from(depends);
    }
    assert!(refusals > 400, "{refusals}");
    let set =
        Command::Set { key: "a".into(), value: vec![], expiry: Expiry::Never, condition: None, get: false };
    let error = block_on(refused.transaction(&[], std::slice::from_ref(&set))).unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    // In a pipeline, only the refused commands fail.
    let batch = [set, Command::Incr { key: "a".into() }, Command::Get { key: "a".into() }];
    let replies = block_on(refused.execute_all(&batch)).unwrap();
    assert_eq!(replies[0], Ok(Reply::Ok));
    assert_eq!(replies[1].as_ref().map_err(Error::kind), Err(Kind::Unsupported));
    assert_eq!(replies[2], Ok(Reply::Bytes(vec![])));
}

#[test]
fn the_last_handle_closes_the_store() {
    let first = block_on(sqlite::open(":memory:", &Options::default())).unwrap();
    let second = first.another().unwrap();
    let get = Command::Get { key: Key("a".into()) };
    block_on(first.close()).unwrap();
    assert_eq!(block_on(first.execute(&get)).unwrap_err().kind(), Kind::Closed);
    assert!(first.another().is_err());
    assert_eq!(block_on(second.execute(&get)), Ok(Reply::Nil));
    block_on(second.close()).unwrap();
    assert_eq!(block_on(second.execute(&get)).unwrap_err().kind(), Kind::Closed);
}

#[test]
fn memory_limits_are_refused() {
    let options = Options { max_bytes: Some(1 << 20), ..Options::default() };
    assert_eq!(
        block_on(sqlite::open(":memory:", &options)).err().map(|error| error.kind()),
        Some(Kind::Unsupported)
    );
}
