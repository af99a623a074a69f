// The operations on the stream of changes. Each method names its command and its reply; none has a meaning of its own.

use super::Run;
use super::records::{Record, Whole};
use super::rows::{self, Fields, Row};
use crate::command::{Action, Command, Reply};
use crate::error::Result;
use crate::reply::unexpected;
use serde::de::DeserializeOwned;

/// The stream of changes: every change of a record, in commit order, until it is trimmed.
pub struct Changes<'a, R: Run + ?Sized>(pub(crate) &'a R);

/// One change of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change<T = Box<serde_json::value::RawValue>> {
    /// Its number. A later change has a larger one; there may be gaps.
    pub seq: u64,
    /// What happened to the record.
    pub action: Action,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The record after the change; for a deletion, the record before it.
    pub record: Record<T>,
}

impl<T: DeserializeOwned> Row for Change<T> {
    fn read(fields: &mut Fields) -> Result<Self> {
        let seq = fields.number()?;
        let name = fields.text()?;
        let action = Action::from_name(&name).ok_or_else(|| unexpected(&Reply::Nil, "an action"))?;
        Ok(Change { seq, action, at: fields.number()?, record: Whole::read(fields)?.0 })
    }
}

/// Options of [`read`](Changes::read).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeOptions {
    /// The first seq.
    pub from: Option<u64>,
    /// The most to return.
    pub limit: Option<u64>,
    /// The type of the record.
    pub kind: Option<String>,
    /// The beginning of the record's key.
    pub prefix: Option<String>,
}

impl ChangeOptions {
    /// Every change that has not been trimmed.
    pub fn new() -> ChangeOptions {
        ChangeOptions::default()
    }

    /// Only changes with this seq or a later one.
    pub fn from(self, seq: u64) -> ChangeOptions {
        ChangeOptions { from: Some(seq), ..self }
    }

    /// The most to return.
    pub fn limit(self, limit: u64) -> ChangeOptions {
        ChangeOptions { limit: Some(limit), ..self }
    }

    /// Only changes of records of this type.
    pub fn kind(self, kind: impl Into<String>) -> ChangeOptions {
        ChangeOptions { kind: Some(kind.into()), ..self }
    }

    /// Only changes of records whose keys start with this text.
    pub fn prefix(self, prefix: impl Into<String>) -> ChangeOptions {
        ChangeOptions { prefix: Some(prefix.into()), ..self }
    }
}

impl<R: Run + ?Sized> Changes<'_, R> {
    /// Returns the changes that match the options, oldest first.
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

    /// Returns the seq of the store's last change, regardless of the prefix and of trimming; 0 if there was none.
    ///
    /// O(1).
    pub fn latest(&self) -> R::Output<u64> {
        self.0.run(Ok(Command::ChangesLatest {}))
    }

    /// Removes the changes before a seq and returns how many. Nothing else removes changes, and they count as used
    /// memory.
    ///
    /// O(changes removed), with a prefix O(changes).
    pub fn trim(&self, seq: u64) -> R::Output<u64> {
        self.0.run(Ok(Command::ChangesTrim { seq, prefix: None }))
    }

    /// Makes sure that later changes, stamps and tokens have numbers greater than this one, as those of another store had
    /// up to there.
    ///
    /// O(1).
    ///
    /// # Errors
    ///
    /// `invalid-argument` for a number beyond 2^53 - 1.
    pub fn advance(&self, seq: u64) -> R::Output<()> {
        self.0.run(Ok(Command::ChangesAdvance { seq }))
    }
}
