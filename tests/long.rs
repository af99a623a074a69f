// Long collections: random commands compared with the engine while collections are split and put together again, what is
// in the tables, what a command writes of it, and callers that meet.

#[path = "support/batches.rs"]
mod batches;
#[path = "support/sqlite_file.rs"]
#[allow(dead_code, reason = "the other tests use the rest")]
mod sqlite_file;
mod support;

use batches::Batches;
use fastrand::Rng;
use omnikv::backend::cells::{Cells, SqlCells};
use omnikv::backend::{Backend, postgres, sqlite};
use omnikv::command::{Command, Reply};
use omnikv::engine::{Engine, Limits, Tick};
use omnikv::error::{Kind, Result};
use omnikv::{Options, Store, prelude::*};
use pollster::block_on;
use sqlite_file::File;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use support::agree::agree;
use support::over_store::OverStore;
use support::postgres::PostgresServer;
use support::rqlite::Node;

const START_MS: u64 = 1_800_000_000_000;

/// Commands on collections; `K`, `O` are keys, `N`, `M` names of elements, `I`, `J` indexes.
const COMMANDS: &[&str] = &[
    "HSET K N M",
    "HSET K N M M N",
    "HSET K N M",
    "HSET K N M",
    "HGET K N",
    "HMGET K N M",
    "HDEL K N",
    "HDEL K N M",
    "HEXISTS K N",
    "HSTRLEN K N",
    "HINCRBY K N 3",
    "HINCRBYFLOAT K N 1.5",
    "HSETNX K N M",
    "HLEN K",
    "HGETALL K",
    "HKEYS K",
    "HVALS K",
    "HSCAN K 0 COUNT 3",
    "HSCAN K 0",
    "HSCAN K 0 MATCH *1* COUNT 40",
    "SADD K N M",
    "SADD K N",
    "SADD K N",
    "SREM K N",
    "SREM K N M",
    "SISMEMBER K N",
    "SMISMEMBER K N M",
    "SCARD K",
    "SMEMBERS K",
    "SMOVE K O N",
    "SINTER K O",
    "SUNIONSTORE K K O",
    "SDIFFSTORE O K O",
    "SSCAN K 0 COUNT 2",
    "SSCAN K 0",
    "ZADD K I N J M",
    "ZADD K I N",
    "ZADD K NX CH I N",
    "ZADD K GT CH I N",
    "ZADD K INCR I N",
    "ZINCRBY K I N",
    "ZREM K N",
    "ZREM K N M",
    "ZSCORE K N",
    "ZMSCORE K N M",
    "ZCARD K",
    "ZRANGE K 0 -1 WITHSCORES",
    "ZRANGE K I J",
    "ZRANK K N",
    "ZPOPMIN K",
    "ZPOPMAX K 2",
    "ZRANGEBYSCORE K I J",
    "ZREMRANGEBYRANK K I J",
    "ZUNIONSTORE O 2 K O",
    "ZSCAN K 0 COUNT 4",
    "LPUSH K N",
    "RPUSH K N M",
    "LPUSH K N M N M",
    "RPUSH K M",
    "LPUSHX K N",
    "RPUSHX K N",
    "LPOP K",
    "RPOP K",
    "LPOP K 3",
    "RPOP K 5",
    "LLEN K",
    "LINDEX K I",
    "LSET K I N",
    "LRANGE K I J",
    "LRANGE K 0 -1",
    "LRANGE K 0 J",
    "LPOS K N",
    "LREM K I N",
    "LTRIM K I J",
    "LINSERT K BEFORE N M",
    "LMOVE K O LEFT RIGHT",
    "LMOVE K O RIGHT LEFT",
    "LMOVE K K LEFT RIGHT",
    "LMPOP 2 K O LEFT COUNT 2",
    "DEL K",
    "EXISTS K",
    "TYPE K",
    "COPY K O REPLACE",
    "RENAME K O",
    "RENAMENX K O",
    "GET K",
    "EXPIRE K 15",
    "PERSIST K",
    "TTL K",
    "SET O N",
    "APPEND K N",
    "COUNT k",
];
/// How much more often than others a command comes that makes collections longer.
const GROWTH: usize = 4;

fn command(rng: &mut Rng, names: usize) -> Command {
    // A key and its companion are of one type mostly.
    let kind = rng.usize(..4);
    let text = loop {
        let text = COMMANDS[rng.usize(..COMMANDS.len())];
        let grows = ["HSET", "SADD", "ZADD", "LPUSH", "RPUSH"].iter().any(|word| text.starts_with(word));
        let is_harsh =
            ["DEL", "SET", "RENAME", "LTRIM", "SDIFFS", "ZREMR"].iter().any(|word| text.starts_with(word));
        if (grows || rng.usize(..GROWTH) == 0) && !(is_harsh && rng.usize(..4) > 0) {
            break text;
        }
    };
    let of_kind = ["H", "S", "Z", "L"];
    let kind = match text.strip_prefix("RPUSH").or_else(|| text.strip_prefix("RPOP")) {
        Some(_) => 3,
        None => of_kind
            .iter()
            .position(|letter| text.starts_with(letter) && !text.starts_with("SET "))
            .unwrap_or(kind),
    };
    let kind = if rng.u8(..40) == 0 { rng.usize(..4) } else { kind };
    let mut letter = |_: ()| format!("k{kind}{}", rng.u8(..2));
    let (key, other) = (letter(()), letter(()));
    let words: Vec<String> = text
        .split(' ')
        .map(|word| match word {
            "K" => key.clone(),
            "O" => other.clone(),
            "N" | "M" if rng.u8(..3) == 0 => rng.usize(..names).to_string(),
            "N" | "M" => format!("{}-\u{e9}\"", rng.usize(..names)),
            "I" | "J" if rng.bool() => rng.i64(-4..4).to_string(),
            "I" | "J" => rng.i64(-(names as i64)..names as i64).to_string(),
            word => word.to_owned(),
        })
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Command::parse(&words).unwrap()
}

fn is_scan(command: &Command) -> bool {
    matches!(command, Command::HScan { .. } | Command::SScan { .. } | Command::ZScan { .. })
}

/// A whole scan as one page.
fn drain(command: &Command, mut apply: impl FnMut(&Command) -> Result<Reply>) -> Result<Reply> {
    let (mut command, mut all) = (command.clone(), Vec::new());
    for _ in 0..10_000 {
        let Reply::Page(next, items) = apply(&command)? else { panic!("{command:?} gives no page") };
        all.extend(items);
        if next == "0" {
            return Ok(Reply::Page(next, all));
        }
        if let Command::HScan { cursor, .. } | Command::SScan { cursor, .. } | Command::ZScan { cursor, .. } =
            &mut command
        {
            *cursor = next;
        }
    }
    panic!("{command:?} has no end")
}

/// Runs random commands on a database and on the engine. A quarter of them are in pipelines and transactions.
fn same_as_the_engine(seed: u64, commands: usize, open: impl Fn(&Options) -> Arc<dyn Backend>) {
    let mut rng = Rng::with_seed(seed);
    let now = Arc::new(AtomicU64::new(START_MS));
    let shown = Arc::clone(&now);
    let clock = Some(Arc::new(move || shown.load(Ordering::Relaxed)) as Arc<_>);
    let long_from = [2, 3, 6, 10, 24][rng.usize(..5)];
    let cells = open(&Options { clock, long_from: Some(long_from), ..Options::default() });
    let mut engine = Engine::new(Limits::default(), 1);
    let names = [8, 40, 200][rng.usize(..3)];
    let mut left = commands;
    while left > 0 {
        if rng.u8(..60) == 0 {
            now.fetch_add(10_000, Ordering::Relaxed);
        }
        let tick = Tick::at(now.load(Ordering::Relaxed));
        if rng.u8(..12) == 0 {
            let batch: Vec<Command> = (0..rng.usize(2..6)).map(|_| command(&mut rng, names)).collect();
            let is_fine = |command: &Command| !is_scan(command) && !matches!(command, Command::Count { .. });
            let batch: Vec<Command> = batch.into_iter().filter(is_fine).collect();
            left = left.saturating_sub(batch.len());
            let ours = match rng.bool() {
                true => block_on(cells.transaction(&[], &batch)).unwrap(),
                false => block_on(cells.execute_all(&batch)).unwrap(),
            };
            let theirs = engine.apply_all(&batch, &tick);
            for ((command, ours), theirs) in batch.iter().zip(ours).zip(theirs) {
                assert!(
                    agree(command, &ours, &theirs),
                    "seed {seed}, {left} left, {batch:?}: {command:?}\n{ours:?}\n{theirs:?}"
                );
            }
            continue;
        }
        left -= 1;
        let command = command(&mut rng, names);
        let (ours, theirs) = if is_scan(&command) {
            let ours = drain(&command, |command| block_on(cells.execute(command)));
            (ours, drain(&command, |command| engine.apply(command, &tick)))
        } else {
            (block_on(cells.execute(&command)), engine.apply(&command, &tick))
        };
        assert!(
            agree(&command, &ours, &theirs),
            "seed {seed}, {left} left: {command:?}\n{ours:?}\n{theirs:?}"
        );
    }
}

fn seeds(count: u64) -> impl Iterator<Item = u64> {
    let from_environment = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let count = from_environment("OMNIKV_LONG_SEEDS").unwrap_or(count);
    let first = from_environment("OMNIKV_MODEL_SEED").unwrap_or_else(|| fastrand::u64(..1 << 32));
    first..first + count
}

#[test]
fn random_commands_on_sqlite_match_the_engine() {
    for seed in seeds(12) {
        same_as_the_engine(seed, 500, |options| {
            Arc::new(block_on(sqlite::open(":memory:", options)).unwrap())
        });
    }
}

#[test]
fn random_commands_on_batches_match_the_engine() {
    for seed in seeds(12) {
        same_as_the_engine(seed, 500, |options| {
            Arc::new(Cells::new(Arc::new(SqlCells::new(Batches::open(":memory:"))), options).unwrap())
        });
    }
}

#[test]
fn random_commands_on_postgres_match_the_engine() {
    let server = PostgresServer::shared();
    let schema = server.schema();
    let pool = Arc::new(postgres::Pool::native(server.settings(&schema)).unwrap());
    for seed in seeds(6) {
        server.clear(&schema);
        same_as_the_engine(seed, 300, |options| {
            Arc::new(postgres::open(Arc::clone(&pool), options).unwrap())
        });
    }
}

#[test]
fn random_commands_on_rqlite_match_the_engine() {
    let node = Node::start();
    for seed in seeds(2) {
        node.clear();
        same_as_the_engine(seed, 300, |options| {
            Arc::new(OverStore(block_on(Store::connect(&node.url(), options.clone())).unwrap()))
        });
    }
}

fn run(kv: &Store, words: &[&str]) -> Reply {
    block_on(kv.execute(Command::parse(words).unwrap())).unwrap_or_else(|error| panic!("{words:?}: {error}"))
}

fn number(file: &File, query: &str) -> i64 {
    file.sql().query_row(query, [], |row| row.get(0)).unwrap()
}

/// Makes collections of 2000 elements: `hash`, `set`, `zset`, `list`.
fn fill(kv: &Store) {
    let names: Vec<String> = (0..2000).map(|number| format!("name {number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let with = |key: &str, command: &str, each: &dyn Fn(&str) -> Vec<String>| {
        let words: Vec<String> = names.iter().flat_map(|name| each(name)).collect();
        let words: Vec<&str> = [command, key].into_iter().chain(words.iter().map(String::as_str)).collect();
        assert_eq!(run(kv, &words), Reply::Int(2000));
    };
    with("hash", "HSET", &|name| vec![name.to_owned(), "value".to_owned()]);
    with("set", "SADD", &|name| vec![name.to_owned()]);
    with("zset", "ZADD", &|name| vec![name.len().to_string(), name.to_owned()]);
    with("list", "RPUSH", &|name| vec![name.to_owned()]);
}

const CHANGED: &str = "SELECT COUNT(*) FROM (SELECT key, name, value FROM omnikv_parts EXCEPT SELECT key, name, value FROM before)";

#[test]
fn a_command_writes_the_parts_that_it_touches() {
    let file = File::new();
    let kv = file.open();
    fill(&kv);
    assert!(number(&file, "SELECT COUNT(*) FROM omnikv_parts") > 4 * 2000 / 64);
    assert!(number(&file, "SELECT MAX(LENGTH(value)) FROM omnikv") < 100);
    assert!(number(&file, "SELECT MAX(LENGTH(value)) FROM omnikv_parts") < 3000);
    for (words, most) in [
        (vec!["HSET", "hash", "new", "value"], 2),
        (vec!["HSET", "hash", "name 7", "other"], 1),
        (vec!["HDEL", "hash", "name 8"], 1),
        (vec!["SADD", "set", "new"], 2),
        (vec!["ZADD", "zset", "3", "new"], 2),
        (vec!["LPUSH", "list", "new"], 1),
        (vec!["RPUSH", "list", "new"], 1),
        (vec!["LPOP", "list"], 1),
        (vec!["LSET", "list", "-3", "new"], 1),
        (vec!["EXPIRE", "hash", "100"], 0),
        (vec!["PERSIST", "hash"], 0),
    ] {
        file.sql()
            .execute_batch("DROP TABLE IF EXISTS before; CREATE TABLE before AS SELECT * FROM omnikv_parts")
            .unwrap();
        run(&kv, &words);
        let changed = number(&file, CHANGED);
        assert!(changed <= most, "{words:?} wrote {changed} parts");
    }
}

#[test]
fn parts_go_with_their_entry() {
    let file = File::new();
    let kv = file.open();
    for words in
        [vec!["DEL", "hash"], vec!["SET", "hash", "text"], vec!["FLUSH", ""], vec!["DELETE-RANGE", "hash"]]
    {
        fill(&kv);
        run(&kv, &["DEL", "set", "zset", "list"]);
        assert!(number(&file, "SELECT COUNT(*) FROM omnikv_parts") > 10);
        run(&kv, &words);
        assert_eq!(number(&file, "SELECT COUNT(*) FROM omnikv_parts"), 0, "{words:?}");
        run(&kv, &["FLUSH", ""]);
    }
    fill(&kv);
    for key in ["hash", "set", "zset", "list"] {
        run(&kv, &["EXPIRE", key, "10"]);
    }
    file.now.fetch_add(11_000, Ordering::Relaxed);
    run(&kv, &["SET", "other", "sweeps"]);
    assert_eq!(number(&file, "SELECT COUNT(*) FROM omnikv_parts"), 0);
    fill(&kv);
    file.sql().execute("DELETE FROM omnikv WHERE key <> 'list'", []).unwrap();
    assert_eq!(number(&file, "SELECT COUNT(DISTINCT key) FROM omnikv_parts"), 1);
    // Another program writes a list.
    file.sql().execute("UPDATE omnikv SET type = 'list', value = '[\"a\"]'", []).unwrap();
    assert_eq!(run(&kv, &["LLEN", "list"]), Reply::Int(1));
    assert_eq!(number(&file, "SELECT COUNT(*) FROM omnikv_parts"), 0);
}

#[test]
fn one_value_of_an_earlier_version_is_split_when_it_is_written() {
    let file = File::new();
    let kv = file.open();
    run(&kv, &["SADD", "set", "a"]);
    let members: Vec<String> = (0..1000).map(|number| format!("\"m{number}\"")).collect();
    let value = format!("[{}]", members.join(","));
    file.sql().execute("UPDATE omnikv SET value = CAST(?1 AS BLOB)", [&value]).unwrap();
    assert_eq!(run(&kv, &["SISMEMBER", "set", "m7"]), Reply::Int(1));
    assert_eq!(number(&file, "SELECT COUNT(*) FROM omnikv_parts"), 0);
    run(&kv, &["SADD", "set", "new"]);
    assert!(number(&file, "SELECT COUNT(*) FROM omnikv_parts") > 1000 / 64);
    assert_eq!(run(&kv, &["SCARD", "set"]), Reply::Int(1001));
    // And it becomes one value again.
    let most: Vec<&str> = members.iter().skip(10).map(|member| member.trim_matches('"')).collect();
    run(&kv, &[&["SREM", "set"], most.as_slice()].concat());
    assert_eq!(number(&file, "SELECT COUNT(*) FROM omnikv_parts"), 0);
    assert_eq!(run(&kv, &["SCARD", "set"]), Reply::Int(11));
}

#[test]
fn a_collection_is_longer_than_a_row() {
    let mut database = Batches::open(":memory:");
    database.max_value_bytes = 20_000;
    let cells = Cells::new(Arc::new(SqlCells::new(database)), &Options::default()).unwrap();
    let kv = Store::over(Arc::new(cells), &Options::default()).unwrap();
    fill(&kv);
    // Elements of another size than those from which the list's parts were measured.
    for _ in 0..200 {
        block_on(kv.lpush("list", ["x".repeat(1000)])).unwrap();
    }
    assert_eq!(run(&kv, &["LLEN", "list"]), Reply::Int(2200));
    assert_eq!(block_on(kv.lindex("list", 199)).unwrap(), Some("x".repeat(1000)));
    assert_eq!(block_on(kv.lindex("list", 200)).unwrap(), Some("name 0".to_owned()));
    let error = block_on(kv.lpush("list", ["x".repeat(30_000)])).unwrap_err();
    assert_eq!(error.kind(), Kind::TooLarge);
}

/// Many callers change the same long collections; nothing is lost or done twice.
fn nothing_is_lost(open: impl Fn() -> Store + Sync) {
    const CALLERS: usize = 4;
    const TIMES: usize = 60;
    thread::scope(|scope| {
        for caller in 0..CALLERS {
            let open = &open;
            scope.spawn(move || {
                let kv = open();
                for time in 0..TIMES {
                    let name = format!("{caller}-{time}");
                    for words in [
                        ["HSET", "hash", &name, "1"].as_slice(),
                        &["LPUSH", "list", &name],
                        &["RPUSH", "list", &name],
                    ] {
                        loop {
                            match block_on(kv.execute(Command::parse(words).unwrap())) {
                                Err(error) if error.kind() == Kind::Conflict => {}
                                reply => break drop(reply.unwrap()),
                            }
                        }
                    }
                }
            });
        }
    });
    let kv = open();
    let fields: BTreeSet<String> = block_on(kv.hkeys("hash")).unwrap().into_iter().collect();
    let list: Vec<String> = block_on(kv.lrange("list", 0, -1)).unwrap();
    assert_eq!(fields.len(), CALLERS * TIMES);
    assert_eq!(run(&kv, &["HLEN", "hash"]), Reply::Int(fields.len() as i64));
    assert_eq!(list.len(), 2 * fields.len());
    assert_eq!(list.into_iter().collect::<BTreeSet<_>>(), fields);
}

#[test]
fn nothing_is_lost_in_a_file() {
    let file = File::new();
    let options = Options { long_from: Some(8), ..Options::default() };
    nothing_is_lost(|| block_on(Store::connect(&file.url(), options.clone())).unwrap());
}

#[test]
fn nothing_is_lost_in_a_database_of_batches() {
    let file = File::new();
    let options = Options { long_from: Some(8), ..Options::default() };
    drop(file.open());
    nothing_is_lost(|| {
        let cells = Cells::new(Arc::new(SqlCells::new(Batches::open(&file.path))), &options).unwrap();
        Store::over(Arc::new(cells), &options).unwrap()
    });
}

#[test]
fn nothing_is_lost_on_postgres() {
    let server = PostgresServer::shared();
    let url = server.url();
    let options = Options { long_from: Some(8), ..Options::default() };
    nothing_is_lost(|| block_on(Store::connect(&url, options.clone())).unwrap());
    let kv = block_on(Store::connect(&url, Options::default())).unwrap();
    let count = || -> i64 {
        let parts = format!("SELECT COUNT(*) FROM {}.omnikv_parts", url.split_once("schema=").unwrap().1);
        server.connect().query_one(&parts, &[]).unwrap().get(0)
    };
    assert!(count() > 60);
    run(&kv, &["SET", "hash", "text"]);
    run(&kv, &["DEL", "list"]);
    assert_eq!(count(), 0);
}

#[test]
fn a_scan_finds_what_is_there_throughout() {
    let mut rng = Rng::with_seed(7);
    let file = File::new();
    let options = Options { long_from: Some(6), ..Options::default() };
    let kv = block_on(Store::connect(&file.url(), options)).unwrap();
    for number in 0..300 {
        run(&kv, &["SADD", "set", &format!("stays {number}")]);
    }
    let (mut cursor, mut found) = ("0".to_owned(), BTreeSet::new());
    for round in 0.. {
        let Reply::Page(next, items) = run(&kv, &["SSCAN", "set", &cursor, "COUNT", "5"]) else { panic!() };
        found.extend(items.into_iter().map(|item| String::from_utf8(item).unwrap()));
        for _ in 0..5 {
            run(&kv, &["SADD", "set", &format!("new {}", rng.u32(..1000))]);
            run(&kv, &["SREM", "set", &format!("new {}", rng.u32(..1000))]);
        }
        assert!(round < 10_000);
        cursor = next;
        if cursor == "0" {
            break;
        }
    }
    assert!((0..300).all(|number| found.contains(&format!("stays {number}"))));
    // The cursor of a collection that has become one value begins again.
    let Reply::Page(next, _) = run(&kv, &["SSCAN", "set", "0", "COUNT", "5"]) else { panic!() };
    run(&kv, &["DEL", "set"]);
    run(&kv, &["SADD", "set", "a", "b"]);
    assert!(
        matches!(run(&kv, &["SSCAN", "set", &next]), Reply::Page(end, items) if end == "0" && items.len() == 2)
    );
}
