// The operations on the stream of changes. Each method names its command and its reply; none has a meaning of its own.

use super::Run;
use super::records::{Record, Whole};
use super::rows::{self, Fields, Row};
use crate::command::{Command, Reply};
use crate::error::Result;
use crate::reply::unexpected;
use serde::de::DeserializeOwned;

/// The stream of changes: every change of a record, in the order in which they were committed, until it is trimmed.
pub struct Changes<'a, R: Run + ?Sized>(pub(super) &'a R);

/// What has become of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It was made.
    Create,
    /// It was changed.
    Update,
    /// It was deleted, or has expired.
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
}

/// One change of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<T = Box<serde_json::value::RawValue>> {
    /// Its number. A later change has a larger one; there may be gaps.
    pub seq: u64,
    /// What has become of the record.
    pub action: Action,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The record as it is from then on; of a deletion, as it was last.
    pub record: Record<T>,
}

impl<T: DeserializeOwned> Row for Change<T> {
    fn read(fields: &mut Fields) -> Result<Self> {
        let seq = fields.number()?;
        let name = fields.text()?;
        let action = [Action::Create, Action::Update, Action::Delete].into_iter().find(|a| a.name() == name);
        let action = action.ok_or_else(|| unexpected(&Reply::Nil, "an action"))?;
        Ok(Change { seq, action, at: fields.number()?, record: Whole::read(fields)?.0 })
    }
}

/// Which changes [`read`](Changes::read) gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeOptions {
    /// The first seq.
    pub from: Option<u64>,
    /// How many at most.
    pub limit: Option<u64>,
    /// The type of the record.
    pub kind: Option<String>,
    /// The beginning of the record's key.
    pub prefix: Option<String>,
}

impl ChangeOptions {
    /// Every change that is kept.
    pub fn new() -> ChangeOptions {
        ChangeOptions::default()
    }

    /// Only this one, if there is one of this seq, and those after it.
    pub fn from(self, seq: u64) -> ChangeOptions {
        ChangeOptions { from: Some(seq), ..self }
    }

    /// At most so many.
    pub fn limit(self, limit: u64) -> ChangeOptions {
        ChangeOptions { limit: Some(limit), ..self }
    }

    /// Only those of records of this type.
    pub fn kind(self, kind: impl Into<String>) -> ChangeOptions {
        ChangeOptions { kind: Some(kind.into()), ..self }
    }

    /// Only those of records whose keys begin with this text.
    pub fn prefix(self, prefix: impl Into<String>) -> ChangeOptions {
        ChangeOptions { prefix: Some(prefix.into()), ..self }
    }
}

impl<R: Run + ?Sized> Changes<'_, R> {
    /// The changes that the options choose, from the oldest on.
    ///
    /// O(log n + changes looked at).
    ///
    /// ```
    /// # use omnikv::{Action, ChangeOptions, MemoryStore, prelude::*};
    /// let kv = MemoryStore::new();
    /// kv.records().put("a", -1, &1)?;
    /// kv.records().delete("a")?;
    /// let changes = kv.changes().read::<u32>(ChangeOptions::new().from(2))?;
    /// assert_eq!((changes[0].seq, changes[0].action, changes[0].record.value), (2, Action::Delete, 1));
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    pub fn read<T: DeserializeOwned + 'static>(&self, options: ChangeOptions) -> R::Output<Vec<Change<T>>> {
        let ChangeOptions { from, limit, kind, prefix } = options;
        self.0.read(Ok(Command::ChangesRead { from, limit, kind, prefix }), rows::all)
    }

    /// The seq of the last change of the store, whatever the prefix, and also when it is trimmed; 0 when there was none.
    ///
    /// O(1).
    pub fn latest(&self) -> R::Output<u64> {
        self.0.run(Ok(Command::ChangesLatest {}))
    }

    /// Removes the changes before a seq; how many. Nothing else does: the stream counts as memory that is used.
    ///
    /// O(changes removed), with a prefix O(changes).
    pub fn trim(&self, seq: u64) -> R::Output<u64> {
        self.0.run(Ok(Command::ChangesTrim { seq, prefix: None }))
    }
}
