// argv -> Command. It accepts what Redis accepts and our own words, and nothing else.

use super::args::{Args, ExpiryOption, is};
use super::options::{
    PageOptions, read_either, read_end, read_expire_condition, read_flag, read_lpos, read_mset_ex,
    read_range, read_scan, read_set, read_side,
};
use crate::command::{Command, Op};
use crate::error::{Error, Result};

impl Command {
    /// Reads a command from its words: the operation, then its arguments as Redis takes them.
    ///
    /// The operation is its WIT name; case and hyphens do not matter, so `HINCRBY`, `hincrby` and `hincr-by` are one.
    /// Options stand in any order. What Redis has no command for is written `RANGE start [END e] [LIMIT n]
    /// [REVERSE]`, `COUNT start [END e]`, `DELETERANGE start [END e]`, `COMPAREANDSET key value [EXPECT old]
    /// [expiry]`, `COMPAREANDDELETE key expected`, `FLUSH prefix`, `RANDOMKEY [prefix]`, `SET key value PERSIST`, and
    /// `MSETEX n key value ... [NX] [expiry]`. Commands that read or remove the keys, fields or members they are
    /// given may be given none.
    ///
    /// # Errors
    /// `invalid-argument` for an unknown operation, a wrong number of arguments, a malformed number or option, a key
    /// that is not UTF-8; `unsupported` for `EXPIRE ... XX LT`.
    ///
    /// ```
    /// use omnikv::command::Command;
    ///
    /// let command = Command::parse(&["set", "greeting", "hello", "ex", "60"])?;
    /// assert_eq!(command.to_argv(), [&b"SET"[..], b"greeting", b"hello", b"PX", b"60000"]);
    /// # Ok::<(), omnikv::error::Error>(())
    /// ```
    pub fn parse(argv: &[impl AsRef<[u8]>]) -> Result<Command> {
        let Some((word, arguments)) = argv.split_first() else {
            return Err(Error::invalid_argument("a command expects at least its name"));
        };
        let arguments: Vec<&[u8]> = arguments.iter().map(AsRef::as_ref).collect();
        Command::from_words(word.as_ref(), &arguments)
    }

    /// As [`parse`](Command::parse), of words that are borrowed already.
    pub(crate) fn from_words(word: &[u8], arguments: &[&[u8]]) -> Result<Command> {
        let word = packed(word);
        let mut args = Args::new(arguments);
        let (op, command) = if word == MSETEX {
            (Op::MSet, read_mset_ex(&mut args))
        } else {
            let op = WORDS.iter().position(|known| *known == word).and_then(|index| Op::ALL.get(index));
            let op = *op.ok_or_else(|| Error::invalid_argument("no such command"))?;
            (op, read(op, &mut args))
        };
        args.end().map(|()| command).map_err(|error| error.in_op(op.name()))
    }
}

/// The words of all commands, in the order of [`Op::ALL`]: a number is compared at once.
const WORDS: [u128; Op::ALL.len()] = {
    let mut words = [0; Op::ALL.len()];
    let mut index = 0;
    while index < words.len() {
        words[index] = packed(Command::NAMES[index].as_bytes());
        index += 1;
    }
    words
};

const MSETEX: u128 = packed(b"MSETEX");

/// A word in capitals and without hyphens, as a number. There is none of more than 16 letters: longer ones are no word.
const fn packed(word: &[u8]) -> u128 {
    let mut number = 0;
    let mut rest = word;
    while let [byte, after @ ..] = rest {
        if *byte != b'-' {
            if number >> 120 != 0 {
                return 0;
            }
            number = number << 8 | byte.to_ascii_uppercase() as u128;
        }
        rest = after;
    }
    number
}

#[inline(never)]
fn read(op: Op, args: &mut Args) -> Command {
    match op {
        // The keyspace.
        Op::Del => Command::Del { keys: args.keys() },
        Op::Exists => Command::Exists { keys: args.keys() },
        Op::Keys => Command::Keys { pattern: args.text("pattern") },
        Op::Scan => read_scan(args),
        Op::Type => Command::Type { key: args.key() },
        Op::Rename => Command::Rename { key: args.key(), to: args.to() },
        Op::RenameNx => Command::RenameNx { key: args.key(), to: args.to() },
        Op::Copy => {
            let (key, to, mut replace) = (args.key(), args.to(), false);
            while !args.is_empty() {
                replace = read_flag(args, "REPLACE");
            }
            Command::Copy { key, to, replace }
        }
        Op::Touch => Command::Touch { keys: args.keys() },
        Op::RandomKey => {
            Command::RandomKey { prefix: if args.is_empty() { String::new() } else { args.text("prefix") } }
        }
        Op::Expire => Command::Expire {
            key: args.key(),
            seconds: args.integer("seconds"),
            condition: read_expire_condition(args),
        },
        Op::PExpire => Command::PExpire {
            key: args.key(),
            milliseconds: args.integer("milliseconds"),
            condition: read_expire_condition(args),
        },
        Op::ExpireAt => Command::ExpireAt {
            key: args.key(),
            seconds: args.integer("seconds"),
            condition: read_expire_condition(args),
        },
        Op::PExpireAt => Command::PExpireAt {
            key: args.key(),
            milliseconds: args.integer("milliseconds"),
            condition: read_expire_condition(args),
        },
        Op::ExpireTime => Command::ExpireTime { key: args.key() },
        Op::PExpireTime => Command::PExpireTime { key: args.key() },
        Op::Ttl => Command::Ttl { key: args.key() },
        Op::PTtl => Command::PTtl { key: args.key() },
        Op::Persist => Command::Persist { key: args.key() },
        Op::Range => read_range(args),
        Op::Count => Command::Count { start: args.text("start"), end: read_end(args) },
        Op::DeleteRange => Command::DeleteRange { start: args.text("start"), end: read_end(args) },
        Op::Flush => Command::Flush { prefix: args.text("prefix") },

        // Strings.
        Op::Get => Command::Get { key: args.key() },
        Op::Set => read_set(args),
        Op::Append => Command::Append { key: args.key(), value: args.bytes("value") },
        Op::StrLen => Command::StrLen { key: args.key() },
        Op::GetRange => {
            Command::GetRange { key: args.key(), start: args.integer("start"), end: args.integer("end") }
        }
        Op::SetRange => {
            Command::SetRange { key: args.key(), offset: args.natural("offset"), value: args.bytes("value") }
        }
        Op::GetSet => {
            Command::GetSet { key: args.key(), value: args.bytes("value"), expiry: Default::default() }
        }
        Op::GetDel => Command::GetDel { key: args.key() },
        Op::GetEx => {
            let (key, mut option) = (args.key(), ExpiryOption::default());
            while let Some(word) = args.next() {
                if is(word, "KEEPTTL") || !option.read(word, args) {
                    args.expects("options", "EX, PX, EXAT, PXAT or PERSIST");
                }
            }
            Command::GetEx { key, expiry: option.expiry }
        }
        Op::Incr => Command::Incr { key: args.key() },
        Op::Decr => Command::Decr { key: args.key() },
        Op::IncrBy => Command::IncrBy { key: args.key(), by: args.integer("by") },
        Op::DecrBy => Command::DecrBy { key: args.key(), by: args.integer("by") },
        Op::IncrByFloat => Command::IncrByFloat { key: args.key(), by: args.text("by") },
        Op::MGet => Command::MGet { keys: args.keys() },
        Op::MSet => Command::MSet { pairs: args.entries(), expiry: Default::default() },
        Op::MSetNx => Command::MSetNx { pairs: args.entries(), expiry: Default::default() },
        Op::CompareAndSet => {
            let (key, value) = args.entry();
            let (mut expected, mut option) = (None, ExpiryOption::default());
            while let Some(word) = args.next() {
                if is(word, "EXPECT") {
                    expected = Some(args.bytes("expected"));
                } else if !option.read(word, args) {
                    args.expects("options", "EXPECT, EX, PX, EXAT, PXAT, KEEPTTL or PERSIST");
                }
            }
            Command::CompareAndSet { key, expected, value, expiry: option.expiry }
        }
        Op::CompareAndDelete => {
            Command::CompareAndDelete { key: args.key(), expected: args.bytes("expected") }
        }

        // Lists.
        Op::LPush => Command::LPush { key: args.key(), values: args.some_values("values") },
        Op::RPush => Command::RPush { key: args.key(), values: args.some_values("values") },
        Op::LPushX => Command::LPushX { key: args.key(), values: args.some_values("values") },
        Op::RPushX => Command::RPushX { key: args.key(), values: args.some_values("values") },
        Op::LPop => Command::LPop { key: args.key(), count: args.optional_natural("count") },
        Op::RPop => Command::RPop { key: args.key(), count: args.optional_natural("count") },
        Op::LRange => {
            Command::LRange { key: args.key(), start: args.integer("start"), stop: args.integer("stop") }
        }
        Op::LLen => Command::LLen { key: args.key() },
        Op::LIndex => Command::LIndex { key: args.key(), index: args.integer("index") },
        Op::LPos => read_lpos(args),
        Op::LSet => {
            Command::LSet { key: args.key(), index: args.integer("index"), value: args.bytes("value") }
        }
        Op::LRem => {
            Command::LRem { key: args.key(), count: args.integer("count"), value: args.bytes("value") }
        }
        Op::LTrim => {
            Command::LTrim { key: args.key(), start: args.integer("start"), stop: args.integer("stop") }
        }
        Op::LInsert => Command::LInsert {
            key: args.key(),
            before: read_either(args, "where", "BEFORE", "AFTER"),
            pivot: args.bytes("pivot"),
            value: args.bytes("value"),
        },
        Op::LMove => Command::LMove {
            key: args.key(),
            to: args.to(),
            from_side: read_side(args, "from-side"),
            to_side: read_side(args, "to-side"),
        },

        // Hashes.
        Op::HSet => Command::HSet { key: args.key(), pairs: args.fields() },
        Op::HGet => Command::HGet { key: args.key(), field: args.bytes("field") },
        Op::HMGet => Command::HMGet { key: args.key(), fields: args.values() },
        Op::HGetAll => Command::HGetAll { key: args.key() },
        Op::HDel => Command::HDel { key: args.key(), fields: args.values() },
        Op::HExists => Command::HExists { key: args.key(), field: args.bytes("field") },
        Op::HLen => Command::HLen { key: args.key() },
        Op::HKeys => Command::HKeys { key: args.key() },
        Op::HVals => Command::HVals { key: args.key() },
        Op::HStrLen => Command::HStrLen { key: args.key(), field: args.bytes("field") },
        Op::HIncrBy => {
            Command::HIncrBy { key: args.key(), field: args.bytes("field"), by: args.integer("by") }
        }
        Op::HIncrByFloat => {
            Command::HIncrByFloat { key: args.key(), field: args.bytes("field"), by: args.text("by") }
        }
        Op::HSetNx => {
            Command::HSetNx { key: args.key(), field: args.bytes("field"), value: args.bytes("value") }
        }
        Op::HRandField => {
            let (key, count) = (args.key(), args.optional_integer("count"));
            let with_values = !args.is_empty() && read_flag(args, "WITHVALUES");
            Command::HRandField { key, count, with_values }
        }
        Op::HScan => {
            let (key, cursor, page) = (args.key(), args.text("cursor"), PageOptions::read_all(args));
            Command::HScan { key, cursor, pattern: page.pattern, count: page.count }
        }

        // Sets.
        Op::SAdd => Command::SAdd { key: args.key(), members: args.some_values("members") },
        Op::SRem => Command::SRem { key: args.key(), members: args.values() },
        Op::SMembers => Command::SMembers { key: args.key() },
        Op::SIsMember => Command::SIsMember { key: args.key(), member: args.bytes("member") },
        Op::SMIsMember => Command::SMIsMember { key: args.key(), members: args.values() },
        Op::SCard => Command::SCard { key: args.key() },
        Op::SPop => Command::SPop { key: args.key(), count: args.optional_natural("count") },
        Op::SRandMember => Command::SRandMember { key: args.key(), count: args.optional_integer("count") },
        Op::SMove => Command::SMove { key: args.key(), to: args.to(), member: args.bytes("member") },
        Op::SInter => Command::SInter { keys: args.some_keys() },
        Op::SUnion => Command::SUnion { keys: args.some_keys() },
        Op::SDiff => Command::SDiff { keys: args.some_keys() },
        Op::SInterStore => Command::SInterStore { to: args.to(), keys: args.some_keys() },
        Op::SUnionStore => Command::SUnionStore { to: args.to(), keys: args.some_keys() },
        Op::SDiffStore => Command::SDiffStore { to: args.to(), keys: args.some_keys() },
        Op::SInterCard => {
            let count = args.positive("numkeys");
            let (keys, mut limit) = (args.counted(count, Args::key), None);
            while let Some(option) = args.next() {
                if !is(option, "LIMIT") {
                    args.expects("options", "LIMIT");
                    break;
                }
                limit = Some(args.natural("limit"));
            }
            Command::SInterCard { keys, limit }
        }
        Op::SScan => {
            let (key, cursor, page) = (args.key(), args.text("cursor"), PageOptions::read_all(args));
            Command::SScan { key, cursor, pattern: page.pattern, count: page.count }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command> {
        Command::parse(&line.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn case_hyphens_and_the_order_of_options_do_not_matter() {
        assert_eq!(parse("hincr-by h f 1"), parse("HINCRBY h f 1"));
        assert_eq!(parse("set k v ex 60 nx get"), parse("SET k v GET NX EX 60"));
        assert_eq!(parse("lpos k v maxlen 1 rank -1 count 0"), parse("LPOS k v COUNT 0 RANK -1 MAXLEN 1"));
        assert!(parse("set k v persist").is_ok_and(|c| c != parse("set k v").unwrap()));
    }

    #[test]
    fn every_operation_is_read_by_its_name() {
        for (name, word) in Command::NAMES.iter().zip(WORDS) {
            assert_eq!(packed(name.replace('-', "").to_ascii_uppercase().as_bytes()), word, "{name}");
            let command = Command::parse(&[name]);
            assert_eq!(command.map_or_else(|error| error.op(), |command| command.name()), *name);
        }
        assert!(parse("xxcompareanddelete k v").is_err());
    }

    #[test]
    fn errors_name_the_operation_and_the_argument() {
        for (line, message) in [
            ("gett k", "no such command"),
            ("an-operation-with-a-very-long-name", "no such command"),
            ("get", "get expects more than no arguments: (key) is missing"),
            ("set k", "set expects more than 1 argument: (value) is missing"),
            ("get k extra", "get expects 1 argument, got 2"),
            ("hincrby h f 1.5", "hincr-by (by) expects a 64-bit integer"),
            ("set k v ex 0", "set (ttl) expects a positive integer"),
            ("set k v px -5", "set (ttl) expects an integer that is not negative"),
            ("set k v ex 9223372036854776", "set (ttl) expects a time whose milliseconds fit 64 bits"),
            (
                "set k v ex 1 keepttl",
                "set (options) expects only one of EX, PX, EXAT, PXAT, KEEPTTL and PERSIST",
            ),
            ("set k v nx xx", "set (options) expects only one of NX and XX"),
            ("set k v soon", "set (options) expects NX, XX, GET, EX, PX, EXAT, PXAT, KEEPTTL or PERSIST"),
            ("getex k keepttl", "get-ex (options) expects EX, PX, EXAT, PXAT or PERSIST"),
            ("msetex 1 k v xx", "mset (options) expects NX, EX, PX, EXAT, PXAT, KEEPTTL or PERSIST"),
            ("expire k 1 gt lt", "expire (options) expects only one of GT and LT"),
            ("expire k 1 gt nx", "expire (options) expects only one of NX and XX, GT, LT"),
            ("expire k 1 xx nx", "expire (options) expects only one of NX and XX"),
            ("expire k 1 xx lt", "expire cannot combine XX and LT: ask for the TTL first"),
            ("lpush k", "lpush (values) expects at least one value"),
            ("mset a 1 b", "mset expects more than 3 arguments: (value) is missing"),
            ("hset h", "hset expects more than 1 argument: (field) is missing"),
            ("sinter", "sinter (keys) expects at least one key"),
            ("sintercard 3 a b", "sinter-card expects more than 3 arguments: (key) is missing"),
            ("sintercard 0 a", "sinter-card (numkeys) expects a positive integer"),
            ("linsert k between a b", "linsert (where) expects BEFORE or AFTER"),
            ("lpop k -1", "lpop (count) expects an integer that is not negative"),
            ("scan 0 type zset", "scan (type) expects string, list, hash or set"),
            ("scan 0 count 0", "scan (count) expects a positive integer"),
            ("range a before b", "range (options) expects END, LIMIT or REVERSE"),
        ] {
            assert_eq!(parse(line).map_err(|error| error.to_string()), Err(message.to_owned()), "{line}");
        }
        assert!(Command::parse(&[] as &[&[u8]]).is_err());
        let error = Command::parse(&[&b"get"[..], b"\xff"]).unwrap_err();
        assert_eq!(error.to_string(), "get (key) expects valid UTF-8");
    }

    #[test]
    fn reading_or_removing_nothing_is_no_error() {
        for line in ["del", "exists", "touch", "mget", "hmget h", "hdel h", "srem s", "smismember s"] {
            assert!(parse(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn a_huge_count_of_keys_is_not_believed() {
        assert!(parse("sintercard 9223372036854775807 a").is_err());
        assert!(parse("msetex 9223372036854775807 a 1").is_err());
    }

    #[test]
    fn later_than_any_deadline_implies_a_deadline() {
        assert_eq!(parse("expire k 1 xx gt"), parse("expire k 1 gt"));
    }
}
