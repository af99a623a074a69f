// The vocabulary: what a store can be asked (`Command`, in table.rs) and what it answers (`Reply`), and how a command is
// written in words. Plain data: no I/O, no engine.

mod args;
mod argument;
mod irregular;
mod parse;
mod table;
mod words;

#[cfg(feature = "gateway")]
pub(crate) use args::{Args, is};
pub(crate) use argument::Inspect;
#[cfg(feature = "gateway")]
pub(crate) use parse::printable;
#[cfg(feature = "gateway")]
pub(crate) use table::Op;
pub use table::{Arg, ArgKind, Command, Row, Shape};

use std::fmt;

/// What a cursor begins with in stores whose cursors are no numbers.
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
    /// The caller said nothing: the handle's default TTL, or never. For `getex`: as it was.
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
#[non_exhaustive]
pub enum SetCondition {
    /// Only if the key does not exist (NX).
    Missing,
    /// Only if the key exists (XX).
    Present,
}

/// Under which condition `expire` sets a deadline.
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

    /// The names of all types.
    pub const NAMES: [&str; 4] = ["string", "list", "hash", "set"];

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

/// Where `linsert` puts the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// To the pivot's left.
    Before,
    /// To the pivot's right.
    After,
}

/// Where a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskStatus {
    /// It waits for its time, or for a worker.
    Pending,
    /// A worker has it. If that worker's lock has ended, another may take it.
    Running,
    /// It was done.
    Completed,
    /// It has used up its tries.
    Failed,
    /// It was called off.
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

    /// The status of this name.
    pub fn from_name(name: &str) -> Option<TaskStatus> {
        use TaskStatus::{Cancelled, Completed, Failed, Pending, Running};
        [Pending, Running, Completed, Failed, Cancelled].into_iter().find(|status| status.name() == name)
    }
}

/// How a worker's try at a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It was done.
    Completed,
    /// It was not: it is tried again, if it has tries left.
    Failed,
}

/// What a command does to the store, as far as retries and weak stores must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
    /// No keys, but records or what is built on them.
    Records,
}

impl Command {
    /// The operation's name as WIT spells it.
    pub fn name(&self) -> &'static str {
        self.row().name
    }

    /// What the table says of it.
    pub fn row(&self) -> &'static Row {
        self.op().row()
    }

    /// Which keys the command reads or writes, in the order of its arguments.
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

    /// Whether it can be a part of `records.mutate`.
    pub fn is_mutation(&self) -> bool {
        matches!(
            self,
            Command::RecordsPut { .. }
                | Command::RecordsPatch { .. }
                | Command::RecordsDelete { .. }
                | Command::RecordsDeletePrefix { .. }
                | Command::RecordsDeleteRange { .. }
                | Command::TasksCreate { .. }
        )
    }

    /// What the reply looks like, the command's options considered.
    pub fn reply(&self) -> Shape {
        match self {
            Command::Set { get: true, .. } => Shape::Text,
            _ => self.row().reply,
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
            _ => self.row().effect,
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
#[non_exhaustive]
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
