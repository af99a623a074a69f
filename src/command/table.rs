// The table of commands, with one row each. The row defines the command's case of `Command`, its name, how its words
// are read and printed, its keys, its effect and the shape of its reply. What a command does is not defined here.

use super::args::Args;
use super::argument::{Argument, Inspect, OptionArgument};
use super::row::{Arg, Row, Shape};
use super::words::Words;
use super::{
    Aggregate, Area, BitFieldOperation, BitOperation, BitRange, Bytes, Coordinates, Effect, Ending,
    ExpireCondition, Expiry, Extreme, Key, Limit, Origin, Position, RangeBy, ScoreCondition, SetCondition,
    Side, SortOrder, TaskState, TaskStatus, Unit, ValueType, Weights, irregular,
};

// One row per command:
//
//   Case "name" Effect -> Shape (ours) by irregular { field: Type, list: Vec<Type> [marks], option: Type = "WORD" }
//
// `(ours)`: Redis has no such command. `= "WORD"`: an option; with `|` in it, the words to choose from. Marks: `some`,
// the list must not be empty; `any`, it may be empty in Redis, too; `counted`, the list's length precedes it; `positive`, a number above zero; `unsaid`, the
// command's own words cannot express it; `late`, its errors are only reported if the options are valid. `by`:
// `irregular.rs` reads and prints its words.
macro_rules! commands {
    ($($family:ident { $(
        $(#[$doc:meta])*
        $case:ident $name:literal $effect:ident -> $shape:ident $(($ours:ident))? $(by $irregular:ident)? { $($fields:tt)* }
    )* })*) => {
        define! { $($( $(#[$doc])* $case { $($fields)* } )*)* }

        impl Op {
            /// Reads the arguments after the command word.
            pub(crate) fn read(self, args: &mut Args) -> Command {
                match self { $($(Op::$case => read!(args, $case { $($fields)* } $(by $irregular)?),)*)* }
            }
        }

        impl Command {
            /// The table of commands, one row each.
            pub const TABLE: &[Row] = &[$($(Row {
                name: $name,
                family: stringify!($family),
                effect: Effect::$effect,
                reply: Shape::$shape,
                in_redis: true $(&& !is(stringify!($ours), "ours"))?,
                args: args!($($fields)*),
            },)*)*];

            /// The names of all commands, in table order.
            pub const NAMES: &[&str] = &[$($($name,)*)*];

            /// Prints the arguments after the command word.
            pub(super) fn print_arguments(&self, words: Words) -> Words {
                match self { $($(Command::$case { .. } => print!(self, words, $case { $($fields)* } $(by $irregular)?),)*)* }
            }
        }
    };
}

/// Defines the enum of commands, and the functions that visit their fields.
macro_rules! define {
    ($($(#[$doc:meta])* $case:ident { $($field:ident: $type:ty $(= $words:literal)? $([$($mark:ident)*])?),* $(,)? })*) => {
        /// A request to a store. The names are Redis's if Redis has the command.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the fields are named as in the operation's documentation")]
        #[non_exhaustive]
        pub enum Command { $($(#[$doc])* $case { $($field: $type),* }),* }

        /// A command without its arguments.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(clippy::enum_variant_names, reason = "BITOP is Redis's name")]
        pub(crate) enum Op { $($case),* }

        impl Op {
            /// All commands, in the order of [`Command::TABLE`].
            pub(crate) const ALL: &[Op] = &[$(Op::$case),*];
        }

        impl Command {
            pub(crate) fn op(&self) -> Op {
                match self { $(Command::$case { .. } => Op::$case),* }
            }

            /// Calls `visit` with each key that the command names, in argument order.
            pub(crate) fn each_key<'a>(&'a self, visit: &mut dyn FnMut(&'a Key)) {
                match self { $(Command::$case { $($field),* } => { $($field.each_key(visit);)* let _ = visit; })* }
            }

            /// Visits all keys, bytes and deadlines of the command, in field order.
            pub(crate) fn inspect(&mut self, by: &mut dyn Inspect) {
                match self { $(Command::$case { $($field),* } => { $($field.inspect(by);)* })* }
            }

            /// The command's first empty list.
            pub(crate) fn empty_list(&self) -> Option<&'static Arg> {
                match self { $(Command::$case { $($field),* } => {
                    $(if $field.is_empty_list() {
                        return Some(const { arg_of(Op::$case, stringify!($field)) });
                    })*
                    None
                })* }
            }
        }
    };
}

macro_rules! arg {
    ($field:ident: $type:ty $(= $words:literal)? $([$($mark:ident)*])?) => {
        Arg {
            name: stringify!($field),
            kind: <$type as Argument>::KIND,
            words: first_of(concat!($($words)?), <$type as Argument>::WORDS),
            is_option: false $(|| !is($words, ""))?,
            is_counted: false $($(|| is(stringify!($mark), "counted"))*)?,
            at_least_one: false $($(|| is(stringify!($mark), "some"))*)?,
            may_be_empty: false $($(|| is(stringify!($mark), "any"))*)?,
            is_positive: false $($(|| is(stringify!($mark), "positive"))*)?,
            is_unsaid: false $($(|| is(stringify!($mark), "unsaid"))*)?,
            is_late: false $($(|| is(stringify!($mark), "late"))*)?,
        }
    };
}

macro_rules! args {
    ($($field:ident: $type:ty $(= $words:literal)? $([$($mark:ident)*])?),* $(,)?) => {
        &[$(arg!($field: $type $(= $words)? $([$($mark)*])?)),*]
    };
}

/// Reads a command: the positional arguments, then the options in any order.
macro_rules! read {
    ($args:ident, $case:ident { $($fields:tt)* } by $irregular:ident) => { irregular::$irregular::read($args) };
    ($args:ident, $case:ident {
        $($field:ident: $type:ty $(= $words:literal)? $([$($mark:ident)*])?),* $(,)?
    }) => {{
        $(#[allow(unused_mut, reason = "options are read later")]
        let mut $field = begin!($args, $case $field: $type $(= $words)?);)*
        if false $($(|| !is($words, ""))?)* {
            #[allow(unused_variables, reason = "most commands have no options")]
            while let Some(word) = $args.next_option() {
                let is_known = false $(|| take!($args, word, $case $field: $type $(= $words)?))*;
                if !is_known {
                    refuse_option($args, Op::$case, word);
                }
            }
        }
        Command::$case { $($field: finish!($field: $type $(= $words)?)),* }
    }};
}

macro_rules! begin {
    ($args:ident, $case:ident $field:ident: $type:ty = $words:literal) => {
        <$type as OptionArgument>::Reading::default()
    };
    ($args:ident, $case:ident $field:ident: $type:ty) => {
        <$type as Argument>::read($args, const { arg_of(Op::$case, stringify!($field)) })
    };
}

macro_rules! take {
    ($args:ident, $word:ident, $case:ident $field:ident: $type:ty = $words:literal) => {
        <$type as OptionArgument>::take(
            &mut $field,
            $word,
            $args,
            const { arg_of(Op::$case, stringify!($field)) },
        )
    };
    ($args:ident, $word:ident, $case:ident $field:ident: $type:ty) => {
        false
    };
}

macro_rules! finish {
    ($field:ident: $type:ty = $words:literal) => {
        <$type as OptionArgument>::finish($field)
    };
    ($field:ident: $type:ty) => {
        $field
    };
}

/// Prints a command's arguments in field order.
macro_rules! print {
    ($self:ident, $words:ident, $case:ident { $($fields:tt)* } by $irregular:ident) => {
        irregular::$irregular::print($self, $words)
    };
    ($self:ident, $out:ident, $case:ident {
        $($field:ident: $type:ty $(= $words:literal)? $([$($mark:ident)*])?),* $(,)?
    }) => {{
        // The caller has matched on this case already.
        let Command::$case { $($field),* } = $self else { return $out };
        let out = $out;
        $(let out = Argument::print($field, out, const { arg_of(Op::$case, stringify!($field)) });)*
        out
    }};
}

/// Records that a word is not an option of this command.
#[cold]
fn refuse_option(args: &mut Args, op: Op, word: &[u8]) {
    let options = op.row().args.iter().filter(|arg| arg.is_option).map(|arg| arg.words);
    args.refuse_option(one_of(&options.collect::<Vec<_>>()), word);
}

/// The entry of a command's argument in its row.
const fn arg_of(op: Op, name: &str) -> &'static Arg {
    let args = Command::TABLE[op as usize].args;
    let mut at = 0;
    while !is(args[at].name, name) {
        at += 1;
    }
    &args[at]
}

/// Whether two strings are equal, in constants.
const fn is(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut at = 0;
    while at < a.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    true
}

const fn first_of(given: &'static str, usual: &'static str) -> &'static str {
    if given.is_empty() { usual } else { given }
}

/// `A, B or C`: the words that begin options.
pub(super) fn one_of(options: &[&str]) -> String {
    let words: Vec<&str> = options.iter().flat_map(|option| option.split('|')).collect();
    match words.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, first)) => first.join(", ") + " or " + last,
        None => String::new(),
    }
}

/// Arguments that irregular rows share.
pub(super) const EXPIRY: Arg = arg!(expiry: Expiry = "EX|PX|EXAT|PXAT|KEEPTTL|PERSIST");
pub(super) const PAIRS: Arg = arg!(pairs: Vec<(Key, Bytes)> [some]);
pub(super) const RANGE: Arg = arg!(range: Option<BitRange>);
pub(super) const SCORES: Arg = arg!(members: Vec<(f64, Bytes)> [some]);
pub(super) const PLACES: Arg = arg!(members: Vec<(Coordinates, Bytes)> [some]);
pub(super) const CONDITION: Arg = arg!(condition: Option<ScoreCondition> = "NX|XX|GT|LT");

commands! {
    keyspace {
        Del "del" Update -> Number { keys: Vec<Key> }
        Exists "exists" Read -> Number { keys: Vec<Key> }
        Keys "keys" Read -> Keys { pattern: String }
        Scan "scan" Read -> KeysPage {
            cursor: String,
            pattern: Option<String> = "MATCH",
            count: Option<u64> = "COUNT" [positive],
            kind: Option<ValueType> = "TYPE",
        }
        Type "type" Read -> Text { key: Key }
        Rename "rename" Update -> Done { key: Key, to: Key }
        RenameNx "renamenx" Update -> Flag { key: Key, to: Key }
        Copy "copy" Update -> Flag { key: Key, to: Key, replace: bool = "REPLACE" }
        Touch "touch" Read -> Number { keys: Vec<Key> }
        /// `prefix` limits the choice to the keys that start with it.
        RandomKey "randomkey" Read -> Key by randomkey { prefix: String [unsaid] }
        Expire "expire" Update -> Flag {
            key: Key,
            seconds: i64 [late],
            condition: Option<ExpireCondition> = "NX|XX|GT|LT",
        }
        PExpire "pexpire" Update -> Flag {
            key: Key,
            milliseconds: i64 [late],
            condition: Option<ExpireCondition> = "NX|XX|GT|LT",
        }
        ExpireAt "expireat" Update -> Flag {
            key: Key,
            seconds: i64 [late],
            condition: Option<ExpireCondition> = "NX|XX|GT|LT",
        }
        PExpireAt "pexpireat" Update -> Flag {
            key: Key,
            milliseconds: i64 [late],
            condition: Option<ExpireCondition> = "NX|XX|GT|LT",
        }
        ExpireTime "expiretime" Read -> Number { key: Key }
        PExpireTime "pexpiretime" Read -> Number { key: Key }
        Ttl "ttl" Read -> Number { key: Key }
        PTtl "pttl" Read -> Number { key: Key }
        Persist "persist" Update -> Flag { key: Key }
        /// Without `end`: every key that starts with `start`. With `after`: only what comes behind it on the way. With `keys_only` no
        /// value is read, and nothing stands in its place.
        Range "range" Read -> KeyPairs (ours) {
            start: String,
            end: Option<String> = "END",
            after: Option<String> = "AFTER",
            limit: Option<u64> = "LIMIT",
            reverse: bool = "REVERSE",
            keys_only: bool = "NOVALUES",
        }
        Count "count" Read -> Number (ours) { start: String, end: Option<String> = "END" }
        DeleteRange "delete-range" Update -> Number (ours) { start: String, end: Option<String> = "END" }
        /// Removes every key that starts with `prefix`.
        Flush "flush" Put -> Done (ours) by flush { prefix: String }
    }

    strings {
        Get "get" Read -> Text { key: Key }
        Set "set" Put -> Done {
            key: Key,
            value: Bytes,
            condition: Option<SetCondition> = "NX|XX",
            get: bool = "GET",
            expiry: Expiry = "EX|PX|EXAT|PXAT|KEEPTTL|PERSIST",
        }
        Append "append" Update -> Number { key: Key, value: Bytes }
        StrLen "strlen" Read -> Number { key: Key }
        GetRange "getrange" Read -> Text { key: Key, start: i64, end: i64 }
        SetRange "setrange" Update -> Number { key: Key, offset: u64, value: Bytes }
        GetSet "getset" Update -> Text by getset { key: Key, value: Bytes, expiry: Expiry [unsaid] }
        GetDel "getdel" Update -> Text { key: Key }
        GetEx "getex" Update -> Text { key: Key, expiry: Expiry = "EX|PX|EXAT|PXAT|PERSIST" }
        Incr "incr" Update -> Number { key: Key }
        Decr "decr" Update -> Number { key: Key }
        IncrBy "incrby" Update -> Number { key: Key, by: i64 }
        DecrBy "decrby" Update -> Number { key: Key, by: i64 }
        /// `by` is a decimal number in text: it never passes through a binary float.
        IncrByFloat "incrbyfloat" Update -> Decimal { key: Key, by: String }
        MGet "mget" Read -> Texts { keys: Vec<Key> }
        MSet "mset" Put -> Done by mset { pairs: Vec<(Key, Bytes)> [some], expiry: Expiry [unsaid] }
        MSetNx "msetnx" Update -> Flag by msetnx { pairs: Vec<(Key, Bytes)> [some], expiry: Expiry [unsaid] }
        /// If `expected` is `None`: only if the key does not exist.
        CompareAndSet "compare-and-set" Update -> Flag (ours) {
            key: Key,
            value: Bytes,
            expected: Option<Bytes> = "EXPECT",
            expiry: Expiry = "EX|PX|EXAT|PXAT|KEEPTTL|PERSIST",
        }
        CompareAndDelete "compare-and-delete" Update -> Flag (ours) { key: Key, expected: Bytes }
    }

    lists {
        LPush "lpush" Update -> Number { key: Key, values: Vec<Bytes> [some] }
        RPush "rpush" Update -> Number { key: Key, values: Vec<Bytes> [some] }
        LPushX "lpushx" Update -> Number { key: Key, values: Vec<Bytes> [some] }
        RPushX "rpushx" Update -> Number { key: Key, values: Vec<Bytes> [some] }
        LPop "lpop" Update -> OneOrMany { key: Key, count: Option<u64> }
        RPop "rpop" Update -> OneOrMany { key: Key, count: Option<u64> }
        LMPop "lmpop" Update -> KeyAndTexts {
            keys: Vec<Key> [counted some],
            side: Side,
            count: Option<u64> = "COUNT" [positive],
        }
        LRange "lrange" Read -> Texts { key: Key, start: i64, stop: i64 }
        LLen "llen" Read -> Number { key: Key }
        LIndex "lindex" Read -> Text { key: Key, index: i64 }
        LPos "lpos" Read -> Positions {
            key: Key,
            value: Bytes,
            rank: Option<i64> = "RANK",
            count: Option<u64> = "COUNT",
            maxlen: Option<u64> = "MAXLEN",
        }
        LSet "lset" Update -> Done { key: Key, index: i64, value: Bytes }
        LRem "lrem" Update -> Number { key: Key, count: i64, value: Bytes }
        LTrim "ltrim" Update -> Done { key: Key, start: i64, stop: i64 }
        LInsert "linsert" Update -> Number { key: Key, position: Position, pivot: Bytes, value: Bytes }
        LMove "lmove" Update -> Text { key: Key, to: Key, from_side: Side, to_side: Side }
    }

    hashes {
        HSet "hset" Update -> Number { key: Key, pairs: Vec<(Bytes, Bytes)> [some] }
        HGet "hget" Read -> Text { key: Key, field: Bytes }
        HMGet "hmget" Read -> Texts { key: Key, fields: Vec<Bytes> }
        HGetAll "hgetall" Read -> Pairs { key: Key }
        HDel "hdel" Update -> Number { key: Key, fields: Vec<Bytes> }
        HExists "hexists" Read -> Flag { key: Key, field: Bytes }
        HLen "hlen" Read -> Number { key: Key }
        HKeys "hkeys" Read -> Texts { key: Key }
        HVals "hvals" Read -> Texts { key: Key }
        HStrLen "hstrlen" Read -> Number { key: Key, field: Bytes }
        HIncrBy "hincrby" Update -> Number { key: Key, field: Bytes, by: i64 }
        HIncrByFloat "hincrbyfloat" Update -> Decimal { key: Key, field: Bytes, by: String }
        HSetNx "hsetnx" Update -> Flag { key: Key, field: Bytes, value: Bytes }
        /// A negative `count` may return a field more than once.
        HRandField "hrandfield" Read -> OneOrMany {
            key: Key,
            count: Option<i64>,
            with_values: bool = "WITHVALUES",
        }
        HScan "hscan" Read -> PairsPage {
            key: Key,
            cursor: String,
            pattern: Option<Bytes> = "MATCH",
            count: Option<u64> = "COUNT" [positive],
        }
    }

    sets {
        SAdd "sadd" Update -> Number { key: Key, members: Vec<Bytes> [some] }
        SRem "srem" Update -> Number { key: Key, members: Vec<Bytes> }
        SMembers "smembers" Read -> Texts { key: Key }
        SIsMember "sismember" Read -> Flag { key: Key, member: Bytes }
        SMIsMember "smismember" Read -> Flags { key: Key, members: Vec<Bytes> }
        SCard "scard" Read -> Number { key: Key }
        SPop "spop" Update -> OneOrMany { key: Key, count: Option<u64> }
        /// A negative `count` may return a member more than once.
        SRandMember "srandmember" Read -> OneOrMany { key: Key, count: Option<i64> }
        SMove "smove" Update -> Flag { key: Key, to: Key, member: Bytes }
        SInter "sinter" Read -> Texts { keys: Vec<Key> [some] }
        SUnion "sunion" Read -> Texts { keys: Vec<Key> [some] }
        SDiff "sdiff" Read -> Texts { keys: Vec<Key> [some] }
        SInterStore "sinterstore" Update -> Number { to: Key, keys: Vec<Key> [some] }
        SUnionStore "sunionstore" Update -> Number { to: Key, keys: Vec<Key> [some] }
        SDiffStore "sdiffstore" Update -> Number { to: Key, keys: Vec<Key> [some] }
        SInterCard "sintercard" Read -> Number { keys: Vec<Key> [counted some], limit: Option<u64> = "LIMIT" }
        SScan "sscan" Read -> Page {
            key: Key,
            cursor: String,
            pattern: Option<Bytes> = "MATCH",
            count: Option<u64> = "COUNT" [positive],
        }
    }

    zsets {
        /// With `increment`, the score of the only member is added to, and the reply is the sum.
        ZAdd "zadd" Update -> Number by zadd {
            key: Key,
            condition: Option<ScoreCondition> = "NX|XX|GT|LT",
            changed: bool = "CH",
            increment: bool = "INCR",
            members: Vec<(f64, Bytes)> [some],
        }
        ZIncrBy "zincrby" Update -> Score { key: Key, by: f64, member: Bytes }
        ZScore "zscore" Read -> Score { key: Key, member: Bytes }
        ZMScore "zmscore" Read -> Scores { key: Key, members: Vec<Bytes> }
        ZCard "zcard" Read -> Number { key: Key }
        ZRank "zrank" Read -> NumberOrNothing { key: Key, member: Bytes, with_score: bool = "WITHSCORE" }
        ZRevRank "zrevrank" Read -> NumberOrNothing {
            key: Key,
            member: Bytes,
            with_score: bool = "WITHSCORE",
        }
        /// The bounds are ranks, or what `by` says, in the text form of Redis. With `reverse`, the highest comes first.
        ZRange "zrange" Read -> Texts {
            key: Key,
            start: Bytes,
            stop: Bytes,
            by: Option<RangeBy> = "BYSCORE|BYLEX",
            reverse: bool = "REV",
            limit: Option<Limit> = "LIMIT",
            with_scores: bool = "WITHSCORES",
        }
        ZRangeStore "zrangestore" Update -> Number {
            to: Key,
            key: Key,
            start: Bytes,
            stop: Bytes,
            by: Option<RangeBy> = "BYSCORE|BYLEX",
            reverse: bool = "REV",
            limit: Option<Limit> = "LIMIT",
        }
        ZCount "zcount" Read -> Number { key: Key, min: Bytes, max: Bytes }
        ZLexCount "zlexcount" Read -> Number { key: Key, min: Bytes, max: Bytes }
        ZRem "zrem" Update -> Number { key: Key, members: Vec<Bytes> }
        ZRemRangeByRank "zremrangebyrank" Update -> Number { key: Key, start: i64, stop: i64 }
        ZRemRangeByScore "zremrangebyscore" Update -> Number { key: Key, min: Bytes, max: Bytes }
        ZRemRangeByLex "zremrangebylex" Update -> Number { key: Key, min: Bytes, max: Bytes }
        ZPopMin "zpopmin" Update -> Scored { key: Key, count: Option<u64> }
        ZPopMax "zpopmax" Update -> Scored { key: Key, count: Option<u64> }
        ZMPop "zmpop" Update -> KeyAndScored {
            keys: Vec<Key> [counted some],
            from: Extreme,
            count: Option<u64> = "COUNT" [positive],
        }
        /// A negative `count` may return a member more than once.
        ZRandMember "zrandmember" Read -> OneOrMany {
            key: Key,
            count: Option<i64>,
            with_scores: bool = "WITHSCORES",
        }
        ZUnion "zunion" Read -> Texts {
            keys: Vec<Key> [counted some],
            weights: Option<Weights> = "WEIGHTS",
            aggregate: Option<Aggregate> = "AGGREGATE",
            with_scores: bool = "WITHSCORES",
        }
        ZInter "zinter" Read -> Texts {
            keys: Vec<Key> [counted some],
            weights: Option<Weights> = "WEIGHTS",
            aggregate: Option<Aggregate> = "AGGREGATE",
            with_scores: bool = "WITHSCORES",
        }
        ZDiff "zdiff" Read -> Texts { keys: Vec<Key> [counted some], with_scores: bool = "WITHSCORES" }
        ZUnionStore "zunionstore" Update -> Number {
            to: Key,
            keys: Vec<Key> [counted some],
            weights: Option<Weights> = "WEIGHTS",
            aggregate: Option<Aggregate> = "AGGREGATE",
        }
        ZInterStore "zinterstore" Update -> Number {
            to: Key,
            keys: Vec<Key> [counted some],
            weights: Option<Weights> = "WEIGHTS",
            aggregate: Option<Aggregate> = "AGGREGATE",
        }
        ZDiffStore "zdiffstore" Update -> Number { to: Key, keys: Vec<Key> [counted some] }
        ZInterCard "zintercard" Read -> Number { keys: Vec<Key> [counted some], limit: Option<u64> = "LIMIT" }
        ZScan "zscan" Read -> ScoredPage {
            key: Key,
            cursor: String,
            pattern: Option<Bytes> = "MATCH",
            count: Option<u64> = "COUNT" [positive],
        }
    }

    geo {
        GeoAdd "geoadd" Update -> Number by geoadd {
            key: Key,
            condition: Option<ScoreCondition> = "NX|XX",
            changed: bool = "CH",
            members: Vec<(Coordinates, Bytes)> [some],
        }
        GeoPos "geopos" Read -> Places { key: Key, members: Vec<Bytes> [any] }
        GeoDist "geodist" Read -> Decimal { key: Key, from: Bytes, to: Bytes, unit: Option<Unit> }
        GeoHash "geohash" Read -> Texts { key: Key, members: Vec<Bytes> [any] }
        GeoSearch "geosearch" Read -> Texts by geosearch {
            key: Key,
            from: Origin = "FROMMEMBER|FROMLONLAT",
            by: Area = "BYRADIUS|BYBOX",
            order: Option<SortOrder> = "ASC|DESC",
            count: Option<u64> = "COUNT" [positive],
            any: bool = "ANY",
            with_coordinates: bool = "WITHCOORD",
            with_distances: bool = "WITHDIST",
            with_hashes: bool = "WITHHASH",
        }
        /// With `store_distances`, the scores of the result are distances from the origin.
        GeoSearchStore "geosearchstore" Update -> Number by geosearchstore {
            to: Key,
            key: Key,
            from: Origin = "FROMMEMBER|FROMLONLAT",
            by: Area = "BYRADIUS|BYBOX",
            order: Option<SortOrder> = "ASC|DESC",
            count: Option<u64> = "COUNT" [positive],
            any: bool = "ANY",
            store_distances: bool = "STOREDIST",
        }
    }

    bitmaps {
        GetBit "getbit" Read -> Number { key: Key, offset: u64 }
        SetBit "setbit" Update -> Number { key: Key, offset: u64, bit: u64 }
        BitCount "bitcount" Read -> Number { key: Key, range: Option<BitRange> }
        /// The reply is -1 if there is no such bit.
        BitPos "bitpos" Read -> Number by bitpos { key: Key, bit: u64, range: Option<BitRange> }
        BitOp "bitop" Update -> Number { operation: BitOperation, to: Key, keys: Vec<Key> [some] }
        BitField "bitfield" Update -> NumbersOrNothing { key: Key, operations: Vec<BitFieldOperation> [any] }
    }

    hyperloglogs {
        PfAdd "pfadd" Update -> Flag { key: Key, members: Vec<Bytes> [any] }
        PfCount "pfcount" Read -> Number { keys: Vec<Key> [some] }
        PfMerge "pfmerge" Update -> Done { to: Key, keys: Vec<Key> [any] }
    }

    records {
        RecordsPut "records.put" Update -> Head (ours) {
            key: Key,
            version: i64,
            value: Bytes,
            kind: Option<String> = "TYPE",
            expiry: Expiry = "EX|PX|EXAT|PXAT|KEEPTTL|PERSIST",
        }
        RecordsPatch "records.patch" Update -> Head (ours) {
            key: Key,
            version: i64,
            value: Bytes,
            kind: Option<String> = "TYPE",
            expiry: Expiry = "EX|PX|EXAT|PXAT|KEEPTTL|PERSIST",
        }
        RecordsGet "records.get" Read -> Record (ours) { key: Key }
        RecordsGetMany "records.get-many" Read -> Records (ours) { keys: Vec<Key> }
        /// `after` is a key: only records after it.
        RecordsList "records.list" Read -> Records (ours) {
            prefix: Option<String> = "PREFIX",
            start: Option<String> = "START",
            end: Option<String> = "END",
            after: Option<String> = "AFTER",
            kind: Option<String> = "TYPE",
            offset: Option<u64> = "OFFSET",
            limit: Option<u64> = "LIMIT",
        }
        RecordsCount "records.count" Read -> Number (ours) {
            prefix: Option<String> = "PREFIX",
            start: Option<String> = "START",
            end: Option<String> = "END",
            kind: Option<String> = "TYPE",
        }
        RecordsDelete "records.delete" Update -> Number (ours) { keys: Vec<Key> }
        /// `*` means every record.
        RecordsDeletePrefix "records.delete-prefix" Update -> Number (ours) {
            prefix: String,
            offset: Option<u64> = "OFFSET",
            limit: Option<u64> = "LIMIT",
        }
        RecordsDeleteRange "records.delete-range" Update -> Number (ours) {
            start: String,
            end: String,
            offset: Option<u64> = "OFFSET",
            limit: Option<u64> = "LIMIT",
        }
        /// Writes a record that does not exist with the version and the moments that it had in another store.
        RecordsRestore "records.restore" Update -> Head (ours) {
            key: Key,
            version: u64,
            created: u64,
            updated: u64,
            value: Bytes,
            kind: Option<String> = "TYPE",
            expiry: Expiry = "EX|PX|EXAT|PXAT",
        }
        /// Puts, patches, deletions, new tasks, and what is restored, all or nothing.
        RecordsMutate "records.mutate" Update -> Numbers (ours) { mutations: Vec<Command> }
    }

    changes {
        ChangesRead "changes.read" Read -> Changes (ours) {
            from: Option<u64> = "FROM",
            limit: Option<u64> = "LIMIT",
            kind: Option<String> = "TYPE",
            prefix: Option<String> = "PREFIX",
        }
        ChangesLatest "changes.latest" Read -> Number (ours) {}
        /// Removes the changes before `seq`.
        ChangesTrim "changes.trim" Update -> Number (ours) { seq: u64, prefix: Option<String> = "PREFIX" }
        /// Later numbers of the sequence are greater than `seq`.
        ChangesAdvance "changes.advance" Update -> Done (ours) { seq: u64 }
    }

    consumers {
        ConsumersClaim "consumers.claim" Update -> NumberOrNothing (ours) {
            name: Key,
            owner: String,
            milliseconds: u64 [positive],
        }
        ConsumersRelease "consumers.release" Update -> Flag (ours) { name: Key, owner: String }
        /// Without a token, only if nobody holds the consumer.
        ConsumersCommit "consumers.commit" Update -> Done (ours) {
            name: Key,
            seq: u64,
            token: Option<u64> = "TOKEN",
        }
        ConsumersStatus "consumers.status" Read -> Fields (ours) { name: Key }
        ConsumersDelete "consumers.delete" Update -> Flag (ours) { name: Key }
        /// Names, each followed by its position.
        ConsumersList "consumers.list" Read -> KeyPairs (ours) { prefix: Option<String> = "PREFIX" }
    }

    locks {
        LocksAcquire "locks.acquire" Update -> NumberOrNothing (ours) {
            name: Key,
            owner: String,
            milliseconds: u64 [positive],
        }
        LocksRelease "locks.release" Update -> Flag (ours) { name: Key, owner: String }
        LocksStatus "locks.status" Read -> Fields (ours) { name: Key }
    }

    tasks {
        /// Times are in milliseconds. `prefix` precedes an ID that the store generates.
        TasksCreate "tasks.create" Update -> Task (ours) {
            name: Key,
            payload: Bytes,
            id: Option<Key> = "ID",
            due: Expiry = "EX|PX|EXAT|PXAT",
            max_retries: Option<u64> = "RETRIES",
            timeout: Option<u64> = "TIMEOUT",
            unique: Option<Key> = "UNIQUE",
            priority: Option<i64> = "PRIORITY",
            prefix: Option<String> = "PREFIX",
        }
        TasksGet "tasks.get" Read -> Task (ours) { id: Key }
        TasksList "tasks.list" Read -> Tasks (ours) {
            status: Option<TaskStatus> = "STATUS",
            name: Option<Key> = "NAME",
            offset: Option<u64> = "OFFSET",
            limit: Option<u64> = "LIMIT",
            prefix: Option<String> = "PREFIX",
        }
        TasksCancel "tasks.cancel" Update -> Flag (ours) { id: Key }
        TasksLock "tasks.lock" Update -> Task (ours) {
            worker: String,
            milliseconds: u64 [positive],
            names: Vec<Key> [some],
        }
        TasksHeartbeat "tasks.heartbeat" Update -> Flag (ours) {
            id: Key,
            token: u64,
            milliseconds: u64 [positive],
        }
        /// The resulting state of the task; null if the worker no longer holds it.
        TasksRelease "tasks.release" Update -> Text (ours) {
            id: Key,
            token: u64,
            ending: Ending,
            error: Option<String> = "ERROR",
        }
        TasksRequeue "tasks.requeue" Update -> Flag (ours) { id: Key, due: Expiry = "EX|PX|EXAT|PXAT" }
        /// Creates a task in the state that it had in another store. Times are in milliseconds since 1970.
        TasksRestore "tasks.restore" Update -> Task (ours) {
            id: Key,
            name: Key,
            status: TaskStatus,
            payload: Bytes,
            unique: Option<Key> = "UNIQUE",
            state: Box<TaskState> = "CREATED|DUE|STARTED|ENDED|TRIES|RETRIES|TIMEOUT|UNTIL|PRIORITY|ERROR|WORKER",
        }
        /// Removes the tasks that ended before this time, in milliseconds since 1970.
        TasksTrim "tasks.trim" Update -> Number (ours) { before: u64, prefix: Option<String> = "PREFIX" }
    }
}
