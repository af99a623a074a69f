// The text form of commands: printed commands parse back to themselves, and the parser accepts what a real redis-server
// accepts.

mod support;

use fastrand::Rng;
use omnikv::command::{Bytes, Command, Expiry};
use omnikv::error::{Kind, Result};
use support::commands::{Alphabet, Commands};
use support::redis::{RedisServer, cmd};

#[test]
fn printed_commands_parse_back() {
    let mut commands = Commands { rng: Rng::with_seed(support::seed()), alphabet: Alphabet::Wide, now_ms: 0 };
    for _ in 0..500 {
        for name in Command::NAMES {
            let command = commands.command(name);
            let argv = command.to_argv();
            assert_eq!(Command::parse(&argv), Ok(command), "{}", line(&argv));
        }
    }
}

#[test]
fn a_getset_with_a_deadline_prints_as_set_get() {
    let getset = Command::GetSet { key: "k".into(), value: b"v".to_vec(), expiry: Expiry::After(1500) };
    assert_eq!(getset.to_argv(), [&b"SET"[..], b"k", b"v", b"GET", b"PX", b"1500"]);
}

#[test]
fn commands_that_redis_lacks_have_no_redis_words() {
    for (words, redis) in [
        ("SET k v PERSIST", Some("SET k v")),
        ("MSETEX 1 k v PERSIST", Some("MSET k v")),
        ("MSETEX 1 k v NX PX 5", None),
        ("RANDOMKEY", Some("RANDOMKEY")),
        ("RANDOMKEY PREFIX user:", None),
        ("DEL", None),
        ("RANGE a END b", None),
        ("COMPAREANDDELETE k v", None),
    ] {
        let command = Command::parse(&words.split(' ').collect::<Vec<_>>()).unwrap();
        assert_eq!(command.to_redis().as_deref().map(line).as_deref(), redis);
        assert_eq!(command.in_redis(), redis.is_some());
    }
}

/// Words that are valid somewhere, to be used where they may be invalid.
const WORDS: &str = "NX XX GET EX PX EXAT PXAT KEEPTTL PERSIST GT LT MATCH COUNT TYPE string zset REPLACE BEFORE AFTER \
                     LEFT RIGHT RANK MAXLEN LIMIT WITHVALUES CH INCR BYSCORE BYLEX WITHSCORES WEIGHTS AGGREGATE SUM MIN BYTE BIT AND NOT u8 i65 #1 OVERFLOW SAT INCRBY inf nan 0 1 -1 2 01 +1 1.0 9223372036854775807 \
                     -9223372036854775808 9223372036854776 x";

/// Redis answers some commands on a missing key without checking their options.
const FILL: &str = "
    redis.call('FLUSHALL')
    for i = 0, 3 do
        redis.call('SET', 's' .. i, '1')
        redis.call('RPUSH', 'l' .. i, 'a')
        redis.call('HSET', 'h' .. i, 'f', '1')
        redis.call('PFADD', 'p' .. i, 'a')
        redis.call('SADD', 't' .. i, 'a')
        redis.call('ZADD', 'z' .. i, 1, 'a')
        redis.call('ZADD', 'y' .. i, 0, 'a')
    end";

#[test]
fn the_parser_accepts_what_redis_accepts() {
    let server = RedisServer::start();
    let mut connection = server.connect();
    let mut commands =
        Commands { rng: Rng::with_seed(support::seed()), alphabet: Alphabet::Small, now_ms: 1 << 40 };
    for _ in 0..150 {
        let mut lines = Vec::new();
        for name in Command::NAMES {
            let Some(mut argv) = commands.command(name).to_redis() else { continue };
            for _ in 0..commands.rng.usize(..3) {
                change(&mut argv, &mut commands.rng);
            }
            lines.push(argv);
        }
        let mut pipeline = redis::Pipeline::new();
        for argv in &lines {
            pipeline.cmd("EVAL").arg(FILL).arg(0).ignore();
            pipeline.add_command(cmd(argv));
        }
        let replies: Vec<redis::RedisResult<redis::Value>> =
            pipeline.ignore_errors().query(&mut connection).unwrap();
        for (argv, reply) in lines.iter().zip(replies) {
            let parsed = Command::parse(argv);
            let refusal = reply.err().map(|error| error.to_string());
            if refusal.as_deref().is_some_and(at_run_time) {
                continue;
            }
            if parsed.is_err() != refusal.is_some() && !is_on_purpose(argv, &parsed) {
                panic!("{}\n  we: {parsed:?}\n  Redis: {refusal:?}", line(argv));
            }
        }
    }
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

/// Errors of the engine rather than the parser; Redis may report them before those in the words.
fn at_run_time(message: &str) -> bool {
    [
        "WRONGTYPE",
        "no such key",
        "could not decode requested zset member",
        "index out of range",
        "not a valid float",
        "overflow",
        "invalid cursor",
        "invalid expire time",
        "exceeds maximum allowed size",
        "can't be zero",
        "must between",
        ": value is out of range",
        "are the same",
        // The engine reads the bounds of ranges.
        "min or max",
        "LIMIT is only supported",
        "WITHSCORES not supported",
        "resulting score",
        "NaN or Infinity",
        "bit offset is not",
        "bit is not",
        // Checked for every caller, not only for words.
        "bit argument must be",
        "must be called with",
    ]
    .iter()
    .any(|words| message.contains(words) && !message.ends_with("must be positive"))
}

/// Intended differences. We accept empty lists to read or remove, and our own words. We do not accept XX with LT, types
/// we lack, keys that are not UTF-8, and what Redis does not check: a repeated option, any option on a missing key.
fn is_on_purpose(argv: &[Bytes], parsed: &Result<Command>) -> bool {
    let count =
        |word: &str| argv.iter().filter(|argument| argument.eq_ignore_ascii_case(word.as_bytes())).count();
    let error = match parsed {
        Ok(command) => {
            // The gateway refuses these, as Redis does (dialect/aliases.rs).
            let is_twice = (command.name() == "lmpop" && count("COUNT") > 1)
                || (command.name() == "hrandfield" && count("WITHVALUES") > 1);
            let is_twice = is_twice
                || (command.name() == "zmpop" && count("COUNT") > 1)
                || (command.name() == "zrandmember" && count("WITHSCORES") > 1);
            // The engine reads ranks too, because they may be other bounds.
            let is_range = matches!(command, Command::ZRange { .. } | Command::ZRangeStore { .. });
            return !command.in_redis() || count("PERSIST") > 0 || is_twice || is_range;
        }
        Err(error) => error,
    };
    let has_key =
        !matches!(error.op(), "scan" | "sintercard" | "lmpop" | "zmpop" | "zunion" | "zinter" | "zdiff");
    let is_filled = matches!(
        argv.get(1).map(Vec::as_slice),
        Some([b's' | b'l' | b'h' | b't' | b'z' | b'y' | b'p', b'0'..=b'3'])
    );
    error.kind() == Kind::Unsupported
        || error.message().starts_with("(kind)")
        || error.message().ends_with("valid UTF-8")
        || ["EX", "PX", "EXAT", "PXAT"].into_iter().any(|word| count(word) > 1)
        || (has_key && !is_filled)
}

fn line(argv: &[Bytes]) -> String {
    argv.iter().map(|word| word.escape_ascii().to_string()).collect::<Vec<_>>().join(" ")
}
