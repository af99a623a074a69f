// The vocabulary: what a store can be asked (`Command`, in table.rs), what it answers (`Reply`), and how commands are
// written in words. Plain data: no I/O, no engine.

mod args;
mod argument;
mod bits;
mod geo;
mod irregular;
mod parse;
mod row;
mod summary;
mod table;
mod task_state;
mod words;
mod zsets;

#[cfg(feature = "gateway")]
pub(crate) use args::{Args, is};
pub(crate) use argument::Inspect;
#[cfg(feature = "net")]
pub(crate) use bits::MAX_BIT_OFFSET;
pub use bits::{BitField, BitFieldOperation, BitOperation, BitOverflow, BitRange, BitUnit};
pub use geo::{Area, Coordinates, Details, Origin, Unit};
pub(crate) use geo::{MAX_LATITUDE, MAX_LONGITUDE};
#[cfg(feature = "gateway")]
pub(crate) use parse::printable;
pub use row::{Arg, ArgKind, Row, Shape};
pub use table::Command;
#[cfg(feature = "gateway")]
pub(crate) use table::Op;
pub use task_state::TaskState;
pub use zsets::{Aggregate, Extreme, Limit, RangeBy, ScoreCondition, Weights};

use std::fmt;

/// The first character of cursors in stores whose cursors are not numbers.
#[cfg(any(feature = "cells", feature = "gateway"))]
pub(crate) const CURSOR_MARK: &str = "k";

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
#[non_exhaustive]
pub enum Expiry {
    /// Not specified: the handle's default TTL, or never. For `getex`: unchanged.
    #[default]
    Unstated,
    /// Never, even if there is a default TTL.
    Never,
    /// After this many milliseconds; at least one.
    After(u64),
    /// At this moment, in milliseconds since 1970.
    At(u64),
    /// Keeps the deadline of the value that is replaced.
    Keep,
}

/// The condition under which `set` writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SetCondition {
    /// Only if the key does not exist (NX).
    Missing,
    /// Only if the key exists (XX).
    Present,
}

/// The condition under which `expire` sets a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpireCondition {
    /// Only if the key has no deadline (NX).
    None,
    /// Only if the key has a deadline (XX).
    Some,
    /// Only if the new deadline is later (GT); no deadline counts as the latest.
    Later,
    /// Only if the new deadline is earlier (LT); no deadline counts as the latest.
    Earlier,
    /// Only if the key has a deadline and the new one is earlier (XX LT).
    EarlierThanSome,
}

/// The type of the value a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ValueType {
    /// Bytes.
    String,
    /// A double-ended list of bytes.
    List,
    /// Fields, each with a value.
    Hash,
    /// Distinct members.
    Set,
    /// Distinct members, each with a score, in the order of their scores.
    SortedSet,
}

impl ValueType {
    /// Redis's word for the type.
    pub fn name(self) -> &'static str {
        match self {
            ValueType::String => "string",
            ValueType::List => "list",
            ValueType::Hash => "hash",
            ValueType::Set => "set",
            ValueType::SortedSet => "zset",
        }
    }

    /// The names of all types.
    pub const NAMES: [&str; 5] = ["string", "list", "hash", "set", "zset"];

    /// The type with this name.
    pub fn from_name(name: &str) -> Option<ValueType> {
        [Self::String, Self::List, Self::Hash, Self::Set, Self::SortedSet]
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

/// Where `linsert` puts the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Before the pivot.
    Before,
    /// After the pivot.
    After,
}

/// The order of what a search or a sort returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortOrder {
    /// From the nearest, or the lowest.
    Ascending,
    /// From the farthest, or the highest.
    Descending,
}

/// What happened to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was created.
    Create,
    /// It was updated.
    Update,
    /// It was deleted or has expired.
    Delete,
}

impl Action {
    /// Its name: `create`, `update` or `delete`.
    pub fn name(self) -> &'static str {
        match self {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
        }
    }

    /// The action with this name.
    pub fn from_name(name: &str) -> Option<Action> {
        [Action::Create, Action::Update, Action::Delete].into_iter().find(|action| action.name() == name)
    }
}

/// The state of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaskStatus {
    /// It waits until it is due, or for a worker.
    Pending,
    /// A worker has it. If that worker's lock has expired, another may take it over.
    Running,
    /// It succeeded.
    Completed,
    /// It has no retries left.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl TaskStatus {
    /// Its name: `pending`, `running`, `completed`, `failed` or `cancelled`.
    pub fn name(self) -> &'static str {
        match self {
            TaskStatus::Pending => "pending",
            TaskStatus::Running => "running",
            TaskStatus::Completed => "completed",
            TaskStatus::Failed => "failed",
            TaskStatus::Cancelled => "cancelled",
        }
    }

    /// The status with this name.
    pub fn from_name(name: &str) -> Option<TaskStatus> {
        use TaskStatus::{Cancelled, Completed, Failed, Pending, Running};
        [Pending, Running, Completed, Failed, Cancelled].into_iter().find(|status| status.name() == name)
    }
}

/// How a worker's attempt at a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It succeeded.
    Completed,
    /// It failed: it is retried if it has retries left.
    Failed,
}

/// What a command does to the store, as needed for retries and for stores with weak guarantees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// Changes nothing.
    Read,
    /// Writes regardless of the previous state: repeating it gives the same state and the same reply.
    Put,
    /// Its effect or its reply depends on the previous state.
    Update,
}

/// The keys that a command touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access<'a> {
    /// Exactly these keys.
    Keys(Vec<&'a Key>),
    /// The whole keyspace, or a part that only the store knows.
    Keyspace,
    /// No keys, but records or anything built on them.
    Records,
}

impl Command {
    /// The operation's name, as in WIT.
    pub fn name(&self) -> &'static str {
        self.row().name
    }

    /// The command's row in the table.
    pub fn row(&self) -> &'static Row {
        self.op().row()
    }

    /// The keys that the command reads or writes, in argument order.
    pub fn access(&self) -> Access<'_> {
        if self.row().is_on_records() {
            return Access::Records;
        }
        if self.row().is_on_keyspace() {
            return Access::Keyspace;
        }
        let mut keys = Vec::new();
        self.each_key(&mut |key| keys.push(key));
        Access::Keys(keys)
    }

    /// Whether it can be part of `records.mutate`.
    pub fn is_mutation(&self) -> bool {
        matches!(
            self,
            Command::RecordsPut { .. }
                | Command::RecordsPatch { .. }
                | Command::RecordsDelete { .. }
                | Command::RecordsDeletePrefix { .. }
                | Command::RecordsDeleteRange { .. }
                | Command::RecordsRestore { .. }
                | Command::TasksCreate { .. }
                | Command::TasksRestore { .. }
        )
    }

    /// The shape of the reply, given the command's options.
    pub fn reply(&self) -> Shape {
        match self {
            Command::Set { get: true, .. } => Shape::Text,
            Command::ZAdd { increment: true, .. } => Shape::Score,
            Command::ZRank { with_score: true, .. } | Command::ZRevRank { with_score: true, .. } => {
                Shape::RankAndScore
            }
            Command::ZRange { with_scores: true, .. }
            | Command::ZUnion { with_scores: true, .. }
            | Command::ZInter { with_scores: true, .. }
            | Command::ZDiff { with_scores: true, .. }
            | Command::ZRandMember { with_scores: true, .. } => Shape::Scored,
            Command::GeoSearch { .. } if self.details().any() => Shape::Found,
            _ => self.row().reply,
        }
    }

    /// The command's effect, given its options.
    pub fn effect(&self) -> Effect {
        match self {
            Command::Set { condition: Some(_), .. } | Command::Set { get: true, .. } => Effect::Update,
            Command::Set { expiry: Expiry::Keep, .. } | Command::MSet { expiry: Expiry::Keep, .. } => {
                Effect::Update
            }
            // Without writes, it only reads.
            Command::BitField { operations, .. }
                if operations.iter().all(|part| part.written().is_none()) =>
            {
                Effect::Read
            }
            // Repeating a relative deadline moves it, but only by the time between the attempts.
            _ => self.row().effect,
        }
    }

    /// Whether repeating the command gives the same state and the same reply.
    pub fn is_repeatable(&self) -> bool {
        match self {
            Command::LSet { .. } | Command::PfMerge { .. } => true,
            Command::BitOp { to, keys, .. } => !keys.contains(to),
            Command::Set { condition: None, get: false, .. } => true,
            _ => self.effect() != Effect::Update,
        }
    }
}

/// A store's answer, like one of Redis: its meaning depends on the command.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// No value, or a condition that did not hold.
    Nil,
    /// Success.
    Ok,
    /// A count, a length or a number; 0 and 1 also mean false and true.
    Int(i64),
    /// A value or a name.
    Bytes(Bytes),
    /// Values in order, some of them possibly missing; pairs are flattened.
    List(Vec<Option<Bytes>>),
    /// Numbers in order.
    Ints(Vec<i64>),
    /// A page of a scan, and the cursor of the next page (`0` after the last).
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
