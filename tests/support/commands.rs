// Random commands: of every operation, with every option, over an alphabet small enough that they meet each other's
// keys, fields and values, or as wide as the types allow.

use fastrand::Rng;
use omnikv::command::{Bytes, Command, ExpireCondition, Expiry, Key, SetCondition, Side, ValueType};

/// From what arguments are taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// A few keys, fields and values; deadlines that lie 5 s after a multiple of 10 s.
    Small,
    /// Anything that has a text form.
    Wide,
}

pub struct Commands {
    pub rng: Rng,
    pub alphabet: Alphabet,
    /// Moments are chosen around this one.
    pub now_ms: u64,
}

const LETTERS: [char; 4] = ['s', 'l', 'h', 't'];
const FIELDS: [&[u8]; 7] = [b"f", b"g", b"h", b"name", b"10", b"", b"\xff\0"];
const VALUES: [&[u8]; 12] = [
    b"a",
    b"b",
    b"c",
    b"",
    b"0",
    b"7",
    b"-12",
    b"3.5",
    b"9223372036854775800",
    b"a\r\nb",
    b"\xff\0\xfe",
    b" 1",
];
const PATTERNS: [&str; 9] = ["*", "s*", "?1", "[lh]?", "[^s]*", "*1*", "s1", "", "\\s1"];
const FLOATS: [&str; 9] = ["0.5", "-1.25", "3", "0.1", "1e3", "1e-3", "-0", "abc", "1e400"];

impl Commands {
    fn wide(&self) -> bool {
        self.alphabet == Alphabet::Wide
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.rng.usize(..from.len())]
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.rng.usize(..n) == 0
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.rng.bool().then(|| make(self))
    }

    fn many<T>(&mut self, at_least: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let most = if self.one_in(30) { 40 } else { 4 };
        (0..self.rng.usize(at_least..=most)).map(|_| make(self)).collect()
    }

    fn text(&mut self) -> String {
        self.many(0, |any| any.rng.char(..)).into_iter().collect()
    }

    fn any_bytes(&mut self) -> Bytes {
        self.many(0, |any| any.rng.u8(..))
    }

    /// A key that mostly holds the type of this letter: `s`tring, `l`ist, `h`ash or `t` for set.
    fn key(&mut self, letter: char) -> Key {
        if self.wide() {
            return Key(self.text());
        }
        let letter = if self.one_in(8) { self.pick(&LETTERS) } else { letter };
        Key(format!("{letter}{}", self.rng.u8(0..4)))
    }

    fn any_key(&mut self) -> Key {
        let letter = self.pick(&LETTERS);
        self.key(letter)
    }

    fn bytes(&mut self, of: &[&[u8]]) -> Bytes {
        if self.wide() {
            return self.any_bytes();
        }
        match self.rng.usize(..20) {
            0 => self.rng.u16(..500).to_string().into_bytes(),
            1 => vec![b'x'; self.rng.usize(60..70)],
            _ => self.pick(of).to_vec(),
        }
    }

    fn field(&mut self) -> Bytes {
        self.bytes(&FIELDS)
    }

    fn value(&mut self) -> Bytes {
        self.bytes(&VALUES)
    }

    /// Mostly near zero, at times at the end of the range.
    fn integer(&mut self) -> i64 {
        match self.rng.usize(..20) {
            0 => self.rng.i64(..),
            1 => self.pick(&[i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1]),
            _ => self.rng.i64(-6..=6),
        }
    }

    fn natural(&mut self) -> u64 {
        if self.wide() { self.rng.u64(..=i64::MAX as u64) } else { self.rng.u64(..8) }
    }

    fn positive(&mut self) -> u64 {
        self.natural().max(1)
    }

    /// A count of which a negative one may repeat items.
    fn signed_count(&mut self) -> i64 {
        if self.wide() { self.rng.i64(..) } else { self.rng.i64(-6..=6) }
    }

    fn float(&mut self) -> String {
        if self.wide() { self.text() } else { self.pick(&FLOATS).to_owned() }
    }

    fn pattern(&mut self) -> String {
        if self.wide() { self.text() } else { self.pick(&PATTERNS).to_owned() }
    }

    fn cursor(&mut self) -> String {
        if self.wide() {
            self.text()
        } else if self.one_in(10) {
            "nowhere".to_owned()
        } else {
            "0".to_owned()
        }
    }

    fn item_pattern(&mut self) -> Option<Bytes> {
        self.maybe(|some| match some.wide() {
            true => some.any_bytes(),
            false => some.pick(&["*", "?", "[a-c]", "*a*", "1*", "**"]).as_bytes().to_vec(),
        })
    }

    /// A wait in milliseconds, 5 s past a multiple of 10 s.
    fn wait(&mut self) -> u64 {
        self.rng.u64(..4) * 10_000 + 5000
    }

    fn expiry(&mut self, may_keep: bool) -> Expiry {
        let time = if self.wide() { self.positive() } else { self.wait() };
        match self.rng.usize(..6) {
            0 => Expiry::Never,
            1 | 2 => Expiry::After(time),
            3 if self.wide() => Expiry::At(time),
            3 => Expiry::At(self.moment(time)),
            4 if may_keep => Expiry::Keep,
            _ => Expiry::Unstated,
        }
    }

    /// A moment so far from now, at times in the past.
    fn moment(&mut self, wait: u64) -> u64 {
        if self.one_in(6) { self.now_ms - wait } else { self.now_ms + wait }
    }

    /// An argument of the expire family, in milliseconds or (a thousand of them) in seconds.
    fn deadline(&mut self, unit: u64, from: u64) -> i64 {
        if self.wide() {
            return self.rng.i64(..);
        }
        if self.one_in(10) {
            return self.pick(&[0, -1, i64::MIN, i64::MAX, i64::MAX / 1000, i64::MIN / 1000]);
        }
        let wait = (self.wait() / unit).cast_signed();
        let from = (from / unit).cast_signed();
        if self.one_in(10) { from - wait } else { from + wait }
    }

    fn expire_condition(&mut self) -> Option<ExpireCondition> {
        use ExpireCondition::*;
        self.maybe(|some| some.pick(&[None, Some, Later, Earlier]))
    }

    fn side(&mut self) -> Side {
        if self.rng.bool() { Side::Left } else { Side::Right }
    }

    fn keys(&mut self, letter: char) -> Vec<Key> {
        self.many(1, |some| some.key(letter))
    }

    fn entries(&mut self) -> Vec<(Key, Bytes)> {
        self.many(1, |some| (some.key('s'), some.value()))
    }

    /// A command of the operation with this WIT name.
    pub fn command(&mut self, name: &str) -> Command {
        match name {
            "del" => Command::Del { keys: self.many(1, Self::any_key) },
            "exists" => Command::Exists { keys: self.many(1, Self::any_key) },
            "keys" => Command::Keys { pattern: self.pattern() },
            "scan" => Command::Scan {
                cursor: self.cursor(),
                pattern: self.maybe(Self::pattern),
                count: self.maybe(Self::positive),
                kind: self.maybe(|some| {
                    use ValueType::*;
                    some.pick(&[String, List, Hash, Set])
                }),
            },
            "type" => Command::Type { key: self.any_key() },
            "rename" => Command::Rename { key: self.any_key(), to: self.any_key() },
            "rename-nx" => Command::RenameNx { key: self.any_key(), to: self.any_key() },
            "copy" => Command::Copy { key: self.any_key(), to: self.any_key(), replace: self.rng.bool() },
            "touch" => Command::Touch { keys: self.many(1, Self::any_key) },
            "random-key" => {
                Command::RandomKey { prefix: if self.wide() { self.text() } else { String::new() } }
            }
            "expire" => Command::Expire {
                key: self.any_key(),
                seconds: self.deadline(1000, 0),
                condition: self.expire_condition(),
            },
            "pexpire" => Command::PExpire {
                key: self.any_key(),
                milliseconds: self.deadline(1, 0),
                condition: self.expire_condition(),
            },
            "expire-at" => Command::ExpireAt {
                key: self.any_key(),
                seconds: self.deadline(1000, self.now_ms),
                condition: self.expire_condition(),
            },
            "pexpire-at" => Command::PExpireAt {
                key: self.any_key(),
                milliseconds: self.deadline(1, self.now_ms),
                condition: self.expire_condition(),
            },
            "expire-time" => Command::ExpireTime { key: self.any_key() },
            "pexpire-time" => Command::PExpireTime { key: self.any_key() },
            "ttl" => Command::Ttl { key: self.any_key() },
            "pttl" => Command::PTtl { key: self.any_key() },
            "persist" => Command::Persist { key: self.any_key() },
            "range" => Command::Range {
                start: self.text(),
                end: self.maybe(Self::text),
                limit: self.maybe(Self::natural),
                reverse: self.rng.bool(),
            },
            "count" => Command::Count { start: self.text(), end: self.maybe(Self::text) },
            "delete-range" => Command::DeleteRange { start: self.text(), end: self.maybe(Self::text) },
            "flush" => Command::Flush { prefix: self.text() },

            "get" => Command::Get { key: self.key('s') },
            "set" => Command::Set {
                key: self.key('s'),
                value: self.value(),
                expiry: self.expiry(true),
                condition: self.maybe(|some| {
                    if some.rng.bool() { SetCondition::Missing } else { SetCondition::Present }
                }),
                get: self.one_in(3),
            },
            "append" => Command::Append { key: self.key('s'), value: self.value() },
            "strlen" => Command::StrLen { key: self.key('s') },
            "get-range" => {
                Command::GetRange { key: self.key('s'), start: self.integer(), end: self.integer() }
            }
            "set-range" => {
                Command::SetRange { key: self.key('s'), offset: self.natural(), value: self.value() }
            }
            "get-set" => Command::GetSet {
                key: self.key('s'),
                value: self.value(),
                expiry: if self.wide() { Expiry::Unstated } else { self.expiry(true) },
            },
            "get-del" => Command::GetDel { key: self.key('s') },
            "get-ex" => Command::GetEx { key: self.key('s'), expiry: self.expiry(false) },
            "incr" => Command::Incr { key: self.key('s') },
            "decr" => Command::Decr { key: self.key('s') },
            "incr-by" => Command::IncrBy { key: self.key('s'), by: self.integer() },
            "decr-by" => Command::DecrBy { key: self.key('s'), by: self.integer() },
            "incr-by-float" => Command::IncrByFloat { key: self.key('s'), by: self.float() },
            "mget" => Command::MGet { keys: self.keys('s') },
            "mset" => Command::MSet {
                pairs: self.entries(),
                expiry: if self.wide() { self.expiry(true) } else { Expiry::Unstated },
            },
            "mset-nx" => Command::MSetNx {
                pairs: self.entries(),
                expiry: if self.wide() { self.expiry(true) } else { Expiry::Never },
            },
            "compare-and-set" => Command::CompareAndSet {
                key: self.key('s'),
                expected: self.maybe(Self::value),
                value: self.value(),
                expiry: self.expiry(true),
            },
            "compare-and-delete" => Command::CompareAndDelete { key: self.key('s'), expected: self.value() },

            "lpush" => Command::LPush { key: self.key('l'), values: self.many(1, Self::value) },
            "rpush" => Command::RPush { key: self.key('l'), values: self.many(1, Self::value) },
            "lpushx" => Command::LPushX { key: self.key('l'), values: self.many(1, Self::value) },
            "rpushx" => Command::RPushX { key: self.key('l'), values: self.many(1, Self::value) },
            "lpop" => Command::LPop { key: self.key('l'), count: self.maybe(Self::natural) },
            "rpop" => Command::RPop { key: self.key('l'), count: self.maybe(Self::natural) },
            "lrange" => Command::LRange { key: self.key('l'), start: self.integer(), stop: self.integer() },
            "llen" => Command::LLen { key: self.key('l') },
            "lindex" => Command::LIndex { key: self.key('l'), index: self.integer() },
            "lpos" => Command::LPos {
                key: self.key('l'),
                value: self.value(),
                // The least integer is an overflow in Redis 7.0, and an error in later ones.
                rank: self.maybe(|some| some.integer().max(-i64::MAX)),
                count: self.maybe(Self::natural),
                max_len: self.maybe(Self::natural),
            },
            "lset" => Command::LSet { key: self.key('l'), index: self.integer(), value: self.value() },
            "lrem" => Command::LRem { key: self.key('l'), count: self.integer(), value: self.value() },
            "ltrim" => Command::LTrim { key: self.key('l'), start: self.integer(), stop: self.integer() },
            "linsert" => Command::LInsert {
                key: self.key('l'),
                before: self.rng.bool(),
                pivot: self.value(),
                value: self.value(),
            },
            "lmove" => Command::LMove {
                key: self.key('l'),
                to: self.key('l'),
                from_side: self.side(),
                to_side: self.side(),
            },

            "hset" => {
                Command::HSet { key: self.key('h'), pairs: self.many(1, |some| (some.field(), some.value())) }
            }
            "hget" => Command::HGet { key: self.key('h'), field: self.field() },
            "hmget" => Command::HMGet { key: self.key('h'), fields: self.many(1, Self::field) },
            "hgetall" => Command::HGetAll { key: self.key('h') },
            "hdel" => Command::HDel { key: self.key('h'), fields: self.many(1, Self::field) },
            "hexists" => Command::HExists { key: self.key('h'), field: self.field() },
            "hlen" => Command::HLen { key: self.key('h') },
            "hkeys" => Command::HKeys { key: self.key('h') },
            "hvals" => Command::HVals { key: self.key('h') },
            "hstrlen" => Command::HStrLen { key: self.key('h'), field: self.field() },
            "hincr-by" => Command::HIncrBy { key: self.key('h'), field: self.field(), by: self.integer() },
            "hincr-by-float" => {
                Command::HIncrByFloat { key: self.key('h'), field: self.field(), by: self.float() }
            }
            "hset-nx" => Command::HSetNx { key: self.key('h'), field: self.field(), value: self.value() },
            "hrand-field" => {
                let count = self.maybe(Self::signed_count);
                let with_values = count.is_some() && self.rng.bool();
                Command::HRandField { key: self.key('h'), count, with_values }
            }
            "hscan" => Command::HScan {
                key: self.key('h'),
                cursor: self.cursor(),
                pattern: self.item_pattern(),
                count: self.maybe(Self::positive),
            },

            "sadd" => Command::SAdd { key: self.key('t'), members: self.many(1, Self::value) },
            "srem" => Command::SRem { key: self.key('t'), members: self.many(1, Self::value) },
            "smembers" => Command::SMembers { key: self.key('t') },
            "sismember" => Command::SIsMember { key: self.key('t'), member: self.value() },
            "smismember" => Command::SMIsMember { key: self.key('t'), members: self.many(1, Self::value) },
            "scard" => Command::SCard { key: self.key('t') },
            "spop" => Command::SPop { key: self.key('t'), count: self.maybe(Self::natural) },
            "srandmember" => {
                Command::SRandMember { key: self.key('t'), count: self.maybe(Self::signed_count) }
            }
            "smove" => Command::SMove { key: self.key('t'), to: self.key('t'), member: self.value() },
            "sinter" => Command::SInter { keys: self.keys('t') },
            "sunion" => Command::SUnion { keys: self.keys('t') },
            "sdiff" => Command::SDiff { keys: self.keys('t') },
            "sinter-store" => Command::SInterStore { to: self.key('t'), keys: self.keys('t') },
            "sunion-store" => Command::SUnionStore { to: self.key('t'), keys: self.keys('t') },
            "sdiff-store" => Command::SDiffStore { to: self.key('t'), keys: self.keys('t') },
            "sinter-card" => Command::SInterCard { keys: self.keys('t'), limit: self.maybe(Self::natural) },
            "sscan" => Command::SScan {
                key: self.key('t'),
                cursor: self.cursor(),
                pattern: self.item_pattern(),
                count: self.maybe(Self::positive),
            },
            _ => panic!("no generator for {name}: add it here"),
        }
    }
}
