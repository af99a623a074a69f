// The stream of changes: every change of a record, in order, until it is trimmed. How records change does not matter
// here.

use super::super::Change;
use std::collections::VecDeque;

#[derive(Default)]
pub(super) struct Changes {
    kept: VecDeque<Change>,
    /// The sequence number of the last change, even if it is trimmed.
    latest: u64,
}

impl Changes {
    pub fn push(&mut self, change: Change) {
        self.latest = change.seq;
        self.kept.push_back(change);
    }

    /// Makes this the number of the last change.
    pub fn advance(&mut self, seq: u64) {
        self.latest = seq;
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
    pub fn trim(&mut self, seq: u64, prefix: &str) -> (u64, usize) {
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
        (before.saturating_sub(self.kept.len()) as u64, weight)
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
