// The vocabulary: what a store can be asked (`Command`) and what it answers (`Reply`). Plain data: no I/O, no engine,
// no text form (that is the dialect's).

use std::fmt;

/// The bytes of a value, list element, hash field or set member.
pub type Bytes = Vec<u8>;

/// The name of an entry: well-formed Unicode, compared as UTF-8 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub String);

impl Key {
    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The key's UTF-8 bytes.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl<T: Into<String>> From<T> for Key {
    fn from(text: T) -> Key {
        Key(text.into())
    }
}

/// When a written value expires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// The caller said nothing: the handle's default TTL, or never. For `get-ex`: as it was.
    #[default]
    Unstated,
    /// Never, also against a default TTL.
    Never,
    /// After so many milliseconds, at least one.
    After(u64),
    /// At this moment, in milliseconds since 1970.
    At(u64),
    /// When the value it replaces would have expired.
    Keep,
}

/// Under which condition `set` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetCondition {
    /// Only if the key does not exist (NX).
    Missing,
    /// Only if the key exists (XX).
    Present,
}

/// Under which condition `expire` sets a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpireCondition {
    /// Only if the key has no deadline (NX).
    None,
    /// Only if the key has a deadline (XX).
    Some,
    /// Only if the new deadline is later (GT); no deadline counts as the latest.
    Later,
    /// Only if the new deadline is earlier (LT).
    Earlier,
}

/// The type of the value a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    /// Bytes.
    String,
    /// A double-ended list of bytes.
    List,
    /// Fields, each with a value.
    Hash,
    /// Distinct members.
    Set,
}

impl ValueType {
    /// Redis's word for the type.
    pub fn name(self) -> &'static str {
        match self {
            ValueType::String => "string",
            ValueType::List => "list",
            ValueType::Hash => "hash",
            ValueType::Set => "set",
        }
    }

    /// The type of this name.
    pub fn from_name(name: &str) -> Option<ValueType> {
        [Self::String, Self::List, Self::Hash, Self::Set]
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The head, index 0.
    Left,
    /// The tail, index -1.
    Right,
}

/// What a command does to the store, as far as retries and weak stores must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Writes without regard to what was there: doing it twice leaves the same state and gives the same reply.
    Put,
    /// Its effect or its reply depends on what was there.
    Update,
}

/// What a command touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access<'a> {
    /// These keys and no other.
    Keys(Vec<&'a Key>),
    /// The keyspace as a whole, or a part of it that only the store can tell.
    Keyspace,
}

/// Who looks at what a command carries, wherever it carries it. It may change keys.
pub(crate) trait Inspect {
    fn key(&mut self, key: &mut Key);
    /// A value, element, field or member.
    fn bytes(&mut self, bytes: &Bytes);
    fn expiry(&mut self, expiry: Expiry);
}

/// A field of a command: the keys, bytes and deadlines it holds.
trait Field {
    fn each_key<'a>(&'a self, _visit: &mut dyn FnMut(&'a Key)) {}
    fn inspect(&mut self, _by: &mut impl Inspect) {}
}

impl Field for Key {
    fn each_key<'a>(&'a self, visit: &mut dyn FnMut(&'a Key)) {
        visit(self);
    }
    fn inspect(&mut self, by: &mut impl Inspect) {
        by.key(self);
    }
}

impl Field for Bytes {
    fn inspect(&mut self, by: &mut impl Inspect) {
        by.bytes(self);
    }
}

impl Field for Expiry {
    fn inspect(&mut self, by: &mut impl Inspect) {
        by.expiry(*self);
    }
}

impl<T: Field> Field for Option<T> {
    fn inspect(&mut self, by: &mut impl Inspect) {
        if let Some(field) = self {
            field.inspect(by);
        }
    }
}

impl<T: Field> Field for Vec<T> {
    fn each_key<'a>(&'a self, visit: &mut dyn FnMut(&'a Key)) {
        self.iter().for_each(|item| item.each_key(visit));
    }
    fn inspect(&mut self, by: &mut impl Inspect) {
        self.iter_mut().for_each(|item| item.inspect(by));
    }
}

impl<A: Field, B: Field> Field for (A, B) {
    fn each_key<'a>(&'a self, visit: &mut dyn FnMut(&'a Key)) {
        self.0.each_key(visit);
        self.1.each_key(visit);
    }
    fn inspect(&mut self, by: &mut impl Inspect) {
        self.0.inspect(by);
        self.1.inspect(by);
    }
}

macro_rules! plain {
    ($($field:ty),*) => { $(impl Field for $field {})* };
}
plain!(bool, u64, i64, String, Side, SetCondition, ExpireCondition, ValueType);

// One row per operation: its case, its name in WIT, its effect, its fields. From it come the enum, the names and
// the keys; everything else that must know every command matches without a `_` arm.
macro_rules! commands {
    ($($(#[$doc:meta])* $case:ident $name:literal $effect:ident { $($field:ident: $type:ty),* })*) => {
        /// One request to a store, with everything it needs. The names are Redis's where Redis has the command.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs, reason = "the fields are named as in the operation's documentation")]
        pub enum Command { $($(#[$doc])* $case { $($field: $type),* }),* }

        /// Which command it is, without its arguments.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Op { $($case),* }

        impl Op {
            /// All of them, in the order of [`Command::NAMES`].
            pub(crate) const ALL: &[Op] = &[$(Op::$case),*];

            pub(crate) fn name(self) -> &'static str {
                Command::NAMES.get(self as usize).copied().unwrap_or_default()
            }
        }

        impl Command {
            /// The names of all commands, in the order of the table.
            pub const NAMES: &[&str] = &[$($name),*];

            fn op(&self) -> Op {
                match self { $(Command::$case { .. } => Op::$case),* }
            }

            fn usual_effect(&self) -> Effect {
                match self { $(Command::$case { .. } => Effect::$effect),* }
            }

            /// Hands out the keys that the command names, in the order of its arguments.
            pub(crate) fn each_key<'a>(&'a self, visit: &mut dyn FnMut(&'a Key)) {
                match self { $(Command::$case { $($field),* } => { $($field.each_key(visit);)* let _ = visit; })* }
            }

            /// Shows all keys, bytes and deadlines that the command carries, in the order of its fields.
            pub(crate) fn inspect(&mut self, by: &mut impl Inspect) {
                match self { $(Command::$case { $($field),* } => { $($field.inspect(by);)* })* }
            }
        }
    };
}

commands! {
    // The keyspace.
    Del "del" Update { keys: Vec<Key> }
    Exists "exists" Read { keys: Vec<Key> }
    Keys "keys" Read { pattern: String }
    Scan "scan" Read { cursor: String, pattern: Option<String>, count: Option<u64>, kind: Option<ValueType> }
    Type "type" Read { key: Key }
    Rename "rename" Update { key: Key, to: Key }
    RenameNx "rename-nx" Update { key: Key, to: Key }
    Copy "copy" Update { key: Key, to: Key, replace: bool }
    Touch "touch" Read { keys: Vec<Key> }
    /// `prefix` limits the choice to the keys that start with it.
    RandomKey "random-key" Read { prefix: String }
    Expire "expire" Update { key: Key, seconds: i64, condition: Option<ExpireCondition> }
    PExpire "pexpire" Update { key: Key, milliseconds: i64, condition: Option<ExpireCondition> }
    ExpireAt "expire-at" Update { key: Key, seconds: i64, condition: Option<ExpireCondition> }
    PExpireAt "pexpire-at" Update { key: Key, milliseconds: i64, condition: Option<ExpireCondition> }
    ExpireTime "expire-time" Read { key: Key }
    PExpireTime "pexpire-time" Read { key: Key }
    Ttl "ttl" Read { key: Key }
    PTtl "pttl" Read { key: Key }
    Persist "persist" Update { key: Key }
    /// Without `end`: every key that starts with `start`.
    Range "range" Read { start: String, end: Option<String>, limit: Option<u64>, reverse: bool }
    Count "count" Read { start: String, end: Option<String> }
    DeleteRange "delete-range" Update { start: String, end: Option<String> }
    /// Removes every key that starts with `prefix`.
    Flush "flush" Put { prefix: String }

    // Strings.
    Get "get" Read { key: Key }
    Set "set" Put { key: Key, value: Bytes, expiry: Expiry, condition: Option<SetCondition>, get: bool }
    Append "append" Update { key: Key, value: Bytes }
    StrLen "strlen" Read { key: Key }
    GetRange "get-range" Read { key: Key, start: i64, end: i64 }
    SetRange "set-range" Update { key: Key, offset: u64, value: Bytes }
    GetSet "get-set" Update { key: Key, value: Bytes, expiry: Expiry }
    GetDel "get-del" Update { key: Key }
    GetEx "get-ex" Update { key: Key, expiry: Expiry }
    Incr "incr" Update { key: Key }
    Decr "decr" Update { key: Key }
    IncrBy "incr-by" Update { key: Key, by: i64 }
    DecrBy "decr-by" Update { key: Key, by: i64 }
    /// `by` is a decimal number in text: it never passes through a binary float.
    IncrByFloat "incr-by-float" Update { key: Key, by: String }
    MGet "mget" Read { keys: Vec<Key> }
    MSet "mset" Put { pairs: Vec<(Key, Bytes)>, expiry: Expiry }
    MSetNx "mset-nx" Update { pairs: Vec<(Key, Bytes)>, expiry: Expiry }
    /// `expected` of nothing: only if the key does not exist.
    CompareAndSet "compare-and-set" Update { key: Key, expected: Option<Bytes>, value: Bytes, expiry: Expiry }
    CompareAndDelete "compare-and-delete" Update { key: Key, expected: Bytes }

    // Lists.
    LPush "lpush" Update { key: Key, values: Vec<Bytes> }
    RPush "rpush" Update { key: Key, values: Vec<Bytes> }
    LPushX "lpushx" Update { key: Key, values: Vec<Bytes> }
    RPushX "rpushx" Update { key: Key, values: Vec<Bytes> }
    LPop "lpop" Update { key: Key, count: Option<u64> }
    RPop "rpop" Update { key: Key, count: Option<u64> }
    LRange "lrange" Read { key: Key, start: i64, stop: i64 }
    LLen "llen" Read { key: Key }
    LIndex "lindex" Read { key: Key, index: i64 }
    LPos "lpos" Read { key: Key, value: Bytes, rank: Option<i64>, count: Option<u64>, max_len: Option<u64> }
    LSet "lset" Update { key: Key, index: i64, value: Bytes }
    LRem "lrem" Update { key: Key, count: i64, value: Bytes }
    LTrim "ltrim" Update { key: Key, start: i64, stop: i64 }
    LInsert "linsert" Update { key: Key, before: bool, pivot: Bytes, value: Bytes }
    LMove "lmove" Update { key: Key, to: Key, from_side: Side, to_side: Side }

    // Hashes.
    HSet "hset" Update { key: Key, pairs: Vec<(Bytes, Bytes)> }
    HGet "hget" Read { key: Key, field: Bytes }
    HMGet "hmget" Read { key: Key, fields: Vec<Bytes> }
    HGetAll "hgetall" Read { key: Key }
    HDel "hdel" Update { key: Key, fields: Vec<Bytes> }
    HExists "hexists" Read { key: Key, field: Bytes }
    HLen "hlen" Read { key: Key }
    HKeys "hkeys" Read { key: Key }
    HVals "hvals" Read { key: Key }
    HStrLen "hstrlen" Read { key: Key, field: Bytes }
    HIncrBy "hincr-by" Update { key: Key, field: Bytes, by: i64 }
    HIncrByFloat "hincr-by-float" Update { key: Key, field: Bytes, by: String }
    HSetNx "hset-nx" Update { key: Key, field: Bytes, value: Bytes }
    /// A negative `count` may give a field more than once.
    HRandField "hrand-field" Read { key: Key, count: Option<i64>, with_values: bool }
    HScan "hscan" Read { key: Key, cursor: String, pattern: Option<Bytes>, count: Option<u64> }

    // Sets.
    SAdd "sadd" Update { key: Key, members: Vec<Bytes> }
    SRem "srem" Update { key: Key, members: Vec<Bytes> }
    SMembers "smembers" Read { key: Key }
    SIsMember "sismember" Read { key: Key, member: Bytes }
    SMIsMember "smismember" Read { key: Key, members: Vec<Bytes> }
    SCard "scard" Read { key: Key }
    SPop "spop" Update { key: Key, count: Option<u64> }
    /// A negative `count` may give a member more than once.
    SRandMember "srandmember" Read { key: Key, count: Option<i64> }
    SMove "smove" Update { key: Key, to: Key, member: Bytes }
    SInter "sinter" Read { keys: Vec<Key> }
    SUnion "sunion" Read { keys: Vec<Key> }
    SDiff "sdiff" Read { keys: Vec<Key> }
    SInterStore "sinter-store" Update { to: Key, keys: Vec<Key> }
    SUnionStore "sunion-store" Update { to: Key, keys: Vec<Key> }
    SDiffStore "sdiff-store" Update { to: Key, keys: Vec<Key> }
    SInterCard "sinter-card" Read { keys: Vec<Key>, limit: Option<u64> }
    SScan "sscan" Read { key: Key, cursor: String, pattern: Option<Bytes>, count: Option<u64> }
}

impl Command {
    /// The operation's name as WIT spells it.
    pub fn name(&self) -> &'static str {
        self.op().name()
    }

    /// Which keys the command reads or writes, in the order of its arguments.
    pub fn access(&self) -> Access<'_> {
        match self {
            Command::Keys { .. }
            | Command::Scan { .. }
            | Command::RandomKey { .. }
            | Command::Range { .. }
            | Command::Count { .. }
            | Command::DeleteRange { .. }
            | Command::Flush { .. } => Access::Keyspace,
            _ => {
                let mut keys = Vec::new();
                self.each_key(&mut |key| keys.push(key));
                Access::Keys(keys)
            }
        }
    }

    /// What the command does, its options considered.
    pub fn effect(&self) -> Effect {
        match self {
            Command::Set { condition: Some(_), .. } | Command::Set { get: true, .. } => Effect::Update,
            Command::Set { expiry: Expiry::Keep, .. } | Command::MSet { expiry: Expiry::Keep, .. } => {
                Effect::Update
            }
            // A relative deadline would move when the command is repeated, by no more than the wait in between.
            _ => self.usual_effect(),
        }
    }

    /// Whether doing it twice leaves the same state and gives the same reply as doing it once.
    pub fn is_repeatable(&self) -> bool {
        match self {
            Command::LSet { .. } => true,
            Command::Set { condition: None, get: false, .. } => true,
            _ => self.effect() != Effect::Update,
        }
    }
}

/// A store's answer, as plain as Redis's own: what it means depends on the command.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// Nothing is there, or a condition did not hold.
    Nil,
    /// Done.
    Ok,
    /// A count, a length, a number; 0 and 1 also stand for no and yes.
    Int(i64),
    /// A value, or a name.
    Bytes(Bytes),
    /// Values in order, some perhaps missing; pairs follow one another.
    List(Vec<Option<Bytes>>),
    /// Numbers in order.
    Ints(Vec<i64>),
    /// A page of a scan, and the cursor of the next one (`0`: that was the last).
    Page(String, Vec<Bytes>),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_lists_every_key_in_order() {
        let command = Command::SInterStore { to: "d".into(), keys: vec!["a".into(), "b".into()] };
        let Access::Keys(keys) = command.access() else { panic!("{command:?}") };
        assert_eq!(keys.iter().map(|key| key.as_str()).collect::<Vec<_>>(), ["d", "a", "b"]);
        assert_eq!(Command::Flush { prefix: String::new() }.access(), Access::Keyspace);
    }

    #[test]
    fn a_conditional_set_is_an_update() {
        let set = |condition, get| Command::Set {
            key: "k".into(),
            value: b"v".to_vec(),
            expiry: Expiry::Unstated,
            condition,
            get,
        };
        assert_eq!(set(None, false).effect(), Effect::Put);
        assert_eq!(set(Some(SetCondition::Missing), false).effect(), Effect::Update);
        assert!(!set(None, true).is_repeatable());
        let mset = |expiry| Command::MSet { pairs: vec![("k".into(), vec![])], expiry };
        assert_eq!(mset(Expiry::Never).effect(), Effect::Put);
        assert_eq!(mset(Expiry::Keep).effect(), Effect::Update);
    }
}
