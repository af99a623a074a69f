// Error texts: the gateway reports a wrong command word for word as a real redis-server does.

mod support;

use fastrand::Rng;
use omnikv::Store;
use omnikv::command::{Bytes, Command};
use omnikv::gateway::{Gateway, Options, Request};
use pollster::block_on;
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use support::commands::{Alphabet, Commands};
use support::redis::{RedisServer, cmd};

/// The entries that every command runs against.
const ENTRIES: [&str; 13] = [
    "FLUSHALL",
    "SET s0 1",
    "SET s1 text",
    "SET s2 9223372036854775807",
    "SET s3 1.5",
    "RPUSH l0 a",
    "RPUSH l1 a b",
    "HSET h0 f 1",
    "HSET h1 f text g 9223372036854775807",
    "HSET h2 g 1",
    "SADD t0 a",
    "SADD t1 a b",
    "SADD t2 b",
];

/// Words that are valid somewhere, to be used where they may be invalid.
const WORDS: &str = "NX XX GET EX PX EXAT PXAT KEEPTTL GT LT MATCH COUNT TYPE string REPLACE BEFORE AFTER LEFT RIGHT \
                     RANK MAXLEN LIMIT WITHVALUES 0 1 -1 2 01 +1 1.0 9223372036854775807 -9223372036854775808 \
                     9223372036854776 x s0 s1 l0 h0 t0";

struct Ours(Gateway);

impl Ours {
    fn start() -> Ours {
        let store = block_on(Store::connect("memory:", omnikv::Options::default())).unwrap();
        Ours(Gateway::new(store, Options { open: true, ..Options::default() }).unwrap())
    }

    /// The answers to commands, or their errors.
    fn say(&self, lines: &[Vec<Bytes>]) -> Vec<Json> {
        let words = |argv: &Vec<Bytes>| -> Vec<String> {
            argv.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect()
        };
        let body = json!(lines.iter().map(words).collect::<Vec<_>>()).to_string().into_bytes();
        let request = Request { method: "POST".into(), path: "/pipeline".into(), body, ..Request::default() };
        serde_json::from_slice(&block_on(self.0.handle(request)).body).unwrap()
    }

    fn error(&self, line: &[Bytes]) -> Option<String> {
        let mut lines: Vec<_> = ENTRIES.into_iter().map(words).collect();
        lines.push(line.to_vec());
        self.say(&lines).pop().unwrap()["error"].as_str().map(str::to_owned)
    }
}

fn words(line: &str) -> Vec<Bytes> {
    line.split_whitespace().map(|word| word.as_bytes().to_vec()).collect()
}

fn theirs(connection: &mut redis::Connection, line: &[Bytes]) -> Option<String> {
    let mut pipeline = redis::Pipeline::new();
    for entry in ENTRIES {
        pipeline.add_command(cmd(&words(entry)));
    }
    pipeline.add_command(cmd(line));
    let mut answers: Vec<redis::RedisResult<redis::Value>> =
        pipeline.ignore_errors().query(connection).unwrap();
    let error = answers.pop().unwrap().err()?;
    let text = format!("{} {}", error.code().unwrap_or("ERR"), error.detail().unwrap_or_default());
    // Redis quotes the option; we quote nothing that a user wrote.
    let end = text.find("Unsupported option ").map(|at| at + "Unsupported option".len());
    Some(text[..end.unwrap_or(text.len())].to_owned())
}

#[test]
fn common_errors() {
    let (server, ours) = (RedisServer::start(), Ours::start());
    let (mut connection, mut differing) = (server.connect(), Vec::new());
    for line in [
        "LPUSH s0 a",
        "GET l0",
        "INCR l0",
        "INCR s1",
        "INCR s2",
        "INCRBY s0 x",
        "DECRBY s0 -9223372036854775808",
        "INCRBYFLOAT s1 1",
        "INCRBYFLOAT s0 x",
        "HINCRBY h1 f 1",
        "HINCRBY h1 g 1",
        "HINCRBYFLOAT h1 f 1",
        "HINCRBYFLOAT h0 f x",
        "RENAME none a",
        "LSET none 0 a",
        "LSET l0 5 a",
        "LSET l0 x a",
        "SET k",
        "SET k v EX",
        "SET k v EX 0",
        "SET k v EX x",
        "SET k v PX -1",
        "SET k v EX 9223372036854775807",
        "SET k v NX XX",
        "SET k v WHAT",
        "SETEX k 0 v",
        "PSETEX k -1 v",
        "SETEX k x v",
        "SETNX k",
        "GETEX s0 EX 0",
        "GETEX s0 WHAT",
        "GET",
        "GET a b",
        "DEL",
        "EXISTS",
        "MGET",
        "MSET a",
        "MSET a 1 b",
        "MSETNX a",
        "HSET h0 f",
        "HSET h0",
        "HMSET h0 f",
        "HDEL h0",
        "HMGET h0",
        "SREM t0",
        "SMISMEMBER t0",
        "SADD t0",
        "LPUSH l0",
        "EXPIRE s0",
        "EXPIRE s0 x",
        "EXPIRE s0 9223372036854775807",
        "EXPIRE s0 1 WHAT",
        "EXPIRE s0 1 NX XX",
        "EXPIRE s0 1 GT LT",
        "EXPIRE s0 1 NX LT",
        "SETRANGE s0 -1 a",
        "SETRANGE s0 536870912 a",
        "GETRANGE s0 a b",
        "LPOP l0 -1",
        "LPOP l0 x",
        "LPOP l0 1 2",
        "SPOP t0 -1",
        "SPOP t0 1 2",
        "SRANDMEMBER t0 x",
        "SRANDMEMBER t0 1 2",
        "HRANDFIELD h0 1 x",
        "HRANDFIELD h0 x",
        "LPOS l0 a RANK 0",
        "LPOS l0 a COUNT -1",
        "LPOS l0 a MAXLEN -1",
        "LPOS l0 a RANK",
        "LPOS l0 a WHAT 1",
        "SINTERCARD 0 a",
        "SINTERCARD x a",
        "SINTERCARD 3 a b",
        "SINTERCARD 1 t0 LIMIT -1",
        "SINTERCARD 1 t0 WHAT",
        "SCAN x",
        "SCAN 0 COUNT 0",
        "SCAN 0 COUNT x",
        "SCAN 0 WHAT",
        "HSCAN h0 x",
        "SSCAN t0 0 COUNT 0",
        "COPY s0 s0",
        "COPY s0 k WHAT",
        "LINSERT l0 BETWEEN a b",
        "LMOVE l0 l1 UP LEFT",
        "PING a b",
        "ECHO",
        "DBSIZE x",
        "UNLINK",
        "RPOPLPUSH l0",
        "RPOPLPUSH s0 l0",
        "SUBSTR s0",
        "FLUSHDB WHAT",
        "TIME x",
        "TYPE",
        "TTL",
        "PERSIST a b",
        "OBJECT ENCODING",
        "NOSUCHCOMMAND",
    ] {
        let argv = words(line);
        let (theirs, ours) = (theirs(&mut connection, &argv), ours.error(&argv));
        assert!(theirs.is_some(), "{line} is not wrong");
        if ours != theirs {
            differing.push(format!("{line}\n  we: {ours:?}\n  Redis: {theirs:?}\n"));
        }
    }
    assert!(differing.is_empty(), "{} texts differ\n{}", differing.len(), differing.concat());
}

#[test]
fn random_errors() {
    let (server, ours) = (RedisServer::start(), Ours::start());
    let mut connection = server.connect();
    let mut commands =
        Commands { rng: Rng::with_seed(support::seed()), alphabet: Alphabet::Small, now_ms: 1 << 40 };
    let mut differing: BTreeMap<(String, String), String> = BTreeMap::new();
    for _ in 0..40 {
        for name in Command::NAMES {
            let Some(mut argv) = commands.command(name).to_redis() else { continue };
            change(&mut argv, &mut commands.rng);
            let (Some(ours), Some(theirs)) = (ours.error(&argv), theirs(&mut connection, &argv)) else {
                continue;
            };
            if ours != theirs && !is_on_purpose(&ours) && !is_another_fault(&ours, &theirs) {
                differing.insert((ours, theirs), line(&argv));
            }
        }
    }
    let shown: Vec<_> =
        differing.iter().map(|((o, t), line)| format!("{line}\n  we: {o}\n  Redis: {t}\n")).collect();
    assert!(shown.is_empty(), "{} texts differ\n{}", shown.len(), shown.concat());
}

/// Removes, duplicates or replaces an argument.
fn change(argv: &mut Vec<Bytes>, rng: &mut Rng) {
    let at = rng.usize(..argv.len()).max(1);
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let word = words[rng.usize(..words.len())].as_bytes().to_vec();
    match rng.usize(..3) {
        0 if at < argv.len() => drop(argv.remove(at)),
        1 if at < argv.len() => argv[at] = word,
        _ => argv.insert(at, word),
    }
}

/// What we refuse for our own reasons.
fn is_on_purpose(ours: &str) -> bool {
    ours.starts_with("UNSUPPORTED ") || ours.starts_with("INVALIDARGUMENT ") || ours.starts_with("TOOLARGE ")
}

/// Which of two errors is reported first is not defined: Redis reads all options before it parses their numbers, and
/// may look up the key before either.
fn is_another_fault(ours: &str, theirs: &str) -> bool {
    let of_a_number = ours.contains("not an integer") || ours.contains("invalid expire time");
    (of_a_number && theirs == "ERR syntax error")
        || ours.starts_with("WRONGTYPE")
        || [" can't be ", "must between"].iter().any(|text| theirs.contains(text))
        || ["WRONGTYPE", "ERR no such key", "ERR invalid cursor", "ERR Unsupported option"]
            .iter()
            .any(|text| theirs.starts_with(text))
}

fn line(argv: &[Bytes]) -> String {
    argv.iter().map(|word| word.escape_ascii().to_string()).collect::<Vec<_>>().join(" ")
}
