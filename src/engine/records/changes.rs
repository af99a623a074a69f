// The stream of changes: every change of a record, in order, until it is trimmed. How records change does not matter
// here.

use super::Record;
use crate::command::Action;
use std::collections::VecDeque;
use std::sync::Arc;

/// A change. A deletion contains the last state of the record.
pub(super) struct Change {
    pub seq: u64,
    pub action: Action,
    pub at: u64,
    pub record: Arc<Record>,
}

#[derive(Default)]
pub(super) struct Changes {
    kept: VecDeque<Change>,
    /// The sequence number of the last change, even if it is trimmed.
    latest: u64,
}

impl Changes {
    pub fn push(&mut self, seq: u64, action: Action, at: u64, record: Arc<Record>) {
        self.latest = seq;
        self.kept.push_back(Change { seq, action, at, record });
    }

    pub fn latest(&self) -> u64 {
        self.latest
    }

    /// The changes from this sequence number on.
    pub fn from(&self, seq: u64) -> impl Iterator<Item = &Change> {
        self.kept.range(self.kept.partition_point(|change| change.seq < seq)..)
    }

    /// Removes the changes before this sequence number, of records with this prefix. Returns how many, and their
    /// weight.
    pub fn trim(&mut self, seq: u64, prefix: &str) -> (i64, usize) {
        let (before, mut weight) = (self.kept.len(), 0_usize);
        let end = self.kept.partition_point(|change| change.seq < seq);
        if prefix.is_empty() {
            for change in self.kept.drain(..end) {
                weight = weight.saturating_add(change.record.weight());
            }
        } else {
            self.kept.retain(|change| {
                let stays = change.seq >= seq || !change.record.key.starts_with(prefix);
                if !stays {
                    weight = weight.saturating_add(change.record.weight());
                }
                stays
            });
        }
        let count = before.saturating_sub(self.kept.len());
        (i64::try_from(count).unwrap_or(i64::MAX), weight)
    }

    /// The state for [`undo`](Changes::undo).
    pub fn mark(&self) -> (usize, u64) {
        (self.kept.len(), self.latest)
    }

    pub fn undo(&mut self, (length, latest): (usize, u64)) {
        self.kept.truncate(length);
        self.latest = latest;
    }
}
