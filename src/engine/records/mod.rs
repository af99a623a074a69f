// Records: JSON documents with a version, in a table separate from plain keys, and everything built on them. The stream
// of changes contains every change of a record. What the commands mean is here, once for all stores: it runs on a
// `Storage`, which is memory (`memory.rs`) or a database's tables.

mod apply;
pub(crate) mod json;
mod locks;
mod memory;
mod restore;
mod row;
mod storage;
mod tasks;
mod write;

pub(crate) use apply::apply;
#[cfg(feature = "cells")]
pub use locks::{Lock, Space};
pub(super) use memory::Records;
pub(crate) use storage::Storage;
#[cfg(feature = "cells")]
pub(crate) use storage::{Changed, Listing, Visit, Wanted};
#[cfg(feature = "cells")]
pub use tasks::Task;
#[cfg(feature = "net")]
pub(crate) use tasks::{RETRIES, shortened};

use crate::command::Action;
use std::sync::Arc;

/// The overhead of a record in addition to its bytes: once in the table, and once for its change in the stream.
const RECORD_OVERHEAD: usize = 192;

/// A record's state between two changes. In memory, the table and the stream share it. Moments are in milliseconds since
/// 1970.
#[derive(Clone, Debug)]
pub struct Record {
    /// The key, with its prefix.
    pub key: Box<str>,
    /// 1, 2, 3 ...
    pub version: u64,
    /// The sequence number of the change that produced this state.
    pub stamp: u64,
    /// The type.
    pub kind: Option<Box<str>>,
    /// When its version 1 was written.
    pub created: u64,
    /// When this state was written.
    pub updated: u64,
    /// When it expires.
    pub deadline: Option<u64>,
    /// JSON in its original text.
    pub value: Box<str>,
}

impl Record {
    fn weight(&self) -> usize {
        let kind = self.kind.as_ref().map_or(0, |kind| kind.len());
        self.key.len().saturating_add(kind).saturating_add(self.value.len()).saturating_add(RECORD_OVERHEAD)
    }

    /// The same record with this stamp.
    #[cfg(feature = "cells")]
    pub(crate) fn stamped(self: &Arc<Self>, stamp: u64) -> Arc<Record> {
        if self.stamp == stamp { Arc::clone(self) } else { Arc::new(Record { stamp, ..(**self).clone() }) }
    }
}

/// A change. A deletion contains the last state of the record.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its number: greater than that of every earlier change.
    pub seq: u64,
    /// What happened.
    pub action: Action,
    /// When it happened, in milliseconds since 1970.
    pub at: u64,
    /// The record after the change, or before it was removed.
    pub record: Arc<Record>,
}
