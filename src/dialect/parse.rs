// argv -> Command. It accepts what Redis accepts and our own words, and nothing else.

use super::args::{Args, ExpiryOption, is};
use super::options::{
    PageOptions, read_either, read_end, read_expire_condition, read_flag, read_lpos, read_mset_ex,
    read_range, read_scan, read_set, read_side,
};
use crate::command::Command;
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
        let mut buffer = [0; LONGEST_WORD];
        let word = plain_word(word, &mut buffer);
        let mut args = Args::new(arguments);
        let command = read(word, &mut args).ok_or_else(|| Error::invalid_argument("no such command"))?;
        args.end().map(|()| command).map_err(|error| error.in_op(operation(word)))
    }
}

const LONGEST_WORD: usize = "COMPAREANDDELETE".len();

/// The word in capitals and without hyphens; empty if it is longer than every word there is.
fn plain_word<'b>(word: &[u8], buffer: &'b mut [u8; LONGEST_WORD]) -> &'b [u8] {
    let mut length = 0;
    for byte in word.iter().filter(|byte| **byte != b'-') {
        let Some(place) = buffer.get_mut(length) else { return &[] };
        *place = byte.to_ascii_uppercase();
        length += 1;
    }
    buffer.get(..length).unwrap_or_default()
}

/// The operation's name as WIT spells it.
#[cold]
fn operation(word: &[u8]) -> &'static str {
    let same = |name: &&&str| {
        name.bytes()
            .filter(|byte| *byte != b'-')
            .map(|byte| byte.to_ascii_uppercase())
            .eq(word.iter().copied())
    };
    Command::NAMES.iter().find(same).copied().unwrap_or(if word == b"MSETEX" { "mset" } else { "" })
}

/// The command of this word, if there is one.
fn read(word: &[u8], args: &mut Args) -> Option<Command> {
    Some(match word {
        // The keyspace.
        b"DEL" => Command::Del { keys: args.keys() },
        b"EXISTS" => Command::Exists { keys: args.keys() },
        b"KEYS" => Command::Keys { pattern: args.text("pattern") },
        b"SCAN" => read_scan(args),
        b"TYPE" => Command::Type { key: args.key() },
        b"RENAME" => Command::Rename { key: args.key(), to: args.to() },
        b"RENAMENX" => Command::RenameNx { key: args.key(), to: args.to() },
        b"COPY" => {
            let (key, to, mut replace) = (args.key(), args.to(), false);
            while !args.is_empty() {
                replace = read_flag(args, "REPLACE");
            }
            Command::Copy { key, to, replace }
        }
        b"TOUCH" => Command::Touch { keys: args.keys() },
        b"RANDOMKEY" => {
            Command::RandomKey { prefix: if args.is_empty() { String::new() } else { args.text("prefix") } }
        }
        b"EXPIRE" => Command::Expire {
            key: args.key(),
            seconds: args.integer("seconds"),
            condition: read_expire_condition(args),
        },
        b"PEXPIRE" => Command::PExpire {
            key: args.key(),
            milliseconds: args.integer("milliseconds"),
            condition: read_expire_condition(args),
        },
        b"EXPIREAT" => Command::ExpireAt {
            key: args.key(),
            seconds: args.integer("seconds"),
            condition: read_expire_condition(args),
        },
        b"PEXPIREAT" => Command::PExpireAt {
            key: args.key(),
            milliseconds: args.integer("milliseconds"),
            condition: read_expire_condition(args),
        },
        b"EXPIRETIME" => Command::ExpireTime { key: args.key() },
        b"PEXPIRETIME" => Command::PExpireTime { key: args.key() },
        b"TTL" => Command::Ttl { key: args.key() },
        b"PTTL" => Command::PTtl { key: args.key() },
        b"PERSIST" => Command::Persist { key: args.key() },
        b"RANGE" => read_range(args),
        b"COUNT" => Command::Count { start: args.text("start"), end: read_end(args) },
        b"DELETERANGE" => Command::DeleteRange { start: args.text("start"), end: read_end(args) },
        b"FLUSH" => Command::Flush { prefix: args.text("prefix") },

        // Strings.
        b"GET" => Command::Get { key: args.key() },
        b"SET" => read_set(args),
        b"APPEND" => Command::Append { key: args.key(), value: args.bytes("value") },
        b"STRLEN" => Command::StrLen { key: args.key() },
        b"GETRANGE" => {
            Command::GetRange { key: args.key(), start: args.integer("start"), end: args.integer("end") }
        }
        b"SETRANGE" => {
            Command::SetRange { key: args.key(), offset: args.natural("offset"), value: args.bytes("value") }
        }
        b"GETSET" => {
            Command::GetSet { key: args.key(), value: args.bytes("value"), expiry: Default::default() }
        }
        b"GETDEL" => Command::GetDel { key: args.key() },
        b"GETEX" => {
            let (key, mut option) = (args.key(), ExpiryOption::default());
            while let Some(word) = args.next() {
                if is(word, "KEEPTTL") || !option.read(word, args) {
                    args.expects("options", "EX, PX, EXAT, PXAT or PERSIST");
                }
            }
            Command::GetEx { key, expiry: option.expiry }
        }
        b"INCR" => Command::Incr { key: args.key() },
        b"DECR" => Command::Decr { key: args.key() },
        b"INCRBY" => Command::IncrBy { key: args.key(), by: args.integer("by") },
        b"DECRBY" => Command::DecrBy { key: args.key(), by: args.integer("by") },
        b"INCRBYFLOAT" => Command::IncrByFloat { key: args.key(), by: args.text("by") },
        b"MGET" => Command::MGet { keys: args.keys() },
        b"MSET" => Command::MSet { pairs: args.entries(), expiry: Default::default() },
        b"MSETNX" => Command::MSetNx { pairs: args.entries(), expiry: Default::default() },
        b"MSETEX" => read_mset_ex(args),
        b"COMPAREANDSET" => {
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
        b"COMPAREANDDELETE" => {
            Command::CompareAndDelete { key: args.key(), expected: args.bytes("expected") }
        }

        // Lists.
        b"LPUSH" => Command::LPush { key: args.key(), values: args.some_values("values") },
        b"RPUSH" => Command::RPush { key: args.key(), values: args.some_values("values") },
        b"LPUSHX" => Command::LPushX { key: args.key(), values: args.some_values("values") },
        b"RPUSHX" => Command::RPushX { key: args.key(), values: args.some_values("values") },
        b"LPOP" => Command::LPop { key: args.key(), count: args.optional_natural("count") },
        b"RPOP" => Command::RPop { key: args.key(), count: args.optional_natural("count") },
        b"LRANGE" => {
            Command::LRange { key: args.key(), start: args.integer("start"), stop: args.integer("stop") }
        }
        b"LLEN" => Command::LLen { key: args.key() },
        b"LINDEX" => Command::LIndex { key: args.key(), index: args.integer("index") },
        b"LPOS" => read_lpos(args),
        b"LSET" => {
            Command::LSet { key: args.key(), index: args.integer("index"), value: args.bytes("value") }
        }
        b"LREM" => {
            Command::LRem { key: args.key(), count: args.integer("count"), value: args.bytes("value") }
        }
        b"LTRIM" => {
            Command::LTrim { key: args.key(), start: args.integer("start"), stop: args.integer("stop") }
        }
        b"LINSERT" => Command::LInsert {
            key: args.key(),
            before: read_either(args, "where", "BEFORE", "AFTER"),
            pivot: args.bytes("pivot"),
            value: args.bytes("value"),
        },
        b"LMOVE" => Command::LMove {
            key: args.key(),
            to: args.to(),
            from_side: read_side(args, "from-side"),
            to_side: read_side(args, "to-side"),
        },

        // Hashes.
        b"HSET" => Command::HSet { key: args.key(), pairs: args.fields() },
        b"HGET" => Command::HGet { key: args.key(), field: args.bytes("field") },
        b"HMGET" => Command::HMGet { key: args.key(), fields: args.values() },
        b"HGETALL" => Command::HGetAll { key: args.key() },
        b"HDEL" => Command::HDel { key: args.key(), fields: args.values() },
        b"HEXISTS" => Command::HExists { key: args.key(), field: args.bytes("field") },
        b"HLEN" => Command::HLen { key: args.key() },
        b"HKEYS" => Command::HKeys { key: args.key() },
        b"HVALS" => Command::HVals { key: args.key() },
        b"HSTRLEN" => Command::HStrLen { key: args.key(), field: args.bytes("field") },
        b"HINCRBY" => {
            Command::HIncrBy { key: args.key(), field: args.bytes("field"), by: args.integer("by") }
        }
        b"HINCRBYFLOAT" => {
            Command::HIncrByFloat { key: args.key(), field: args.bytes("field"), by: args.text("by") }
        }
        b"HSETNX" => {
            Command::HSetNx { key: args.key(), field: args.bytes("field"), value: args.bytes("value") }
        }
        b"HRANDFIELD" => {
            let (key, count) = (args.key(), args.optional_integer("count"));
            let with_values = !args.is_empty() && read_flag(args, "WITHVALUES");
            Command::HRandField { key, count, with_values }
        }
        b"HSCAN" => {
            let (key, cursor, page) = (args.key(), args.text("cursor"), PageOptions::read_all(args));
            Command::HScan { key, cursor, pattern: page.pattern, count: page.count }
        }

        // Sets.
        b"SADD" => Command::SAdd { key: args.key(), members: args.some_values("members") },
        b"SREM" => Command::SRem { key: args.key(), members: args.values() },
        b"SMEMBERS" => Command::SMembers { key: args.key() },
        b"SISMEMBER" => Command::SIsMember { key: args.key(), member: args.bytes("member") },
        b"SMISMEMBER" => Command::SMIsMember { key: args.key(), members: args.values() },
        b"SCARD" => Command::SCard { key: args.key() },
        b"SPOP" => Command::SPop { key: args.key(), count: args.optional_natural("count") },
        b"SRANDMEMBER" => Command::SRandMember { key: args.key(), count: args.optional_integer("count") },
        b"SMOVE" => Command::SMove { key: args.key(), to: args.to(), member: args.bytes("member") },
        b"SINTER" => Command::SInter { keys: args.some_keys() },
        b"SUNION" => Command::SUnion { keys: args.some_keys() },
        b"SDIFF" => Command::SDiff { keys: args.some_keys() },
        b"SINTERSTORE" => Command::SInterStore { to: args.to(), keys: args.some_keys() },
        b"SUNIONSTORE" => Command::SUnionStore { to: args.to(), keys: args.some_keys() },
        b"SDIFFSTORE" => Command::SDiffStore { to: args.to(), keys: args.some_keys() },
        b"SINTERCARD" => {
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
        b"SSCAN" => {
            let (key, cursor, page) = (args.key(), args.text("cursor"), PageOptions::read_all(args));
            Command::SScan { key, cursor, pattern: page.pattern, count: page.count }
        }
        _ => return None,
    })
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
        for name in Command::NAMES {
            let word = name.replace('-', "").to_ascii_uppercase();
            assert!(read(word.as_bytes(), &mut Args::new(&[])).is_some(), "{name}");
        }
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
            ("expire k 1 gt lt", "expire (options) expects only one of NX, GT and LT"),
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
