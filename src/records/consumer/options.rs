// The options of a consumer. What they do does not matter here.

#[cfg(doc)]
use super::Consumer;
use std::time::Duration;

/// When the stream of a [`Consumer`] commits its position. It commits when the next batch is asked for: what was not
/// finished is read again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommitMode {
    /// After each batch.
    #[default]
    Batch,
    /// After each change: every batch holds one.
    Each,
    /// Never: that is left to [`Consumer::commit`].
    None,
}

/// Options of a [`Consumer`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerOptions {
    /// Only changes of records of this type.
    pub kind: Option<String>,
    /// Only changes of records whose keys start with this text.
    pub prefix: Option<String>,
    /// The most changes in a batch. Default: 100.
    pub limit: u64,
    /// When the stream commits its position. Default: after each batch.
    pub commit: CommitMode,
    /// How long a claim lasts. The stream extends it; if this process ends, another takes over after this time. Default:
    /// 30 seconds.
    pub lock_duration: Duration,
    /// Shown in `status` as who holds the consumer, with a random part behind it.
    pub id: Option<String>,
}

impl Default for ConsumerOptions {
    fn default() -> ConsumerOptions {
        ConsumerOptions {
            kind: None,
            prefix: None,
            limit: 100,
            commit: CommitMode::default(),
            lock_duration: Duration::from_secs(30),
            id: None,
        }
    }
}

impl ConsumerOptions {
    /// Every change, in batches of up to 100, each of which is committed.
    pub fn new() -> ConsumerOptions {
        ConsumerOptions::default()
    }

    /// Only changes of records of this type.
    pub fn kind(self, kind: impl Into<String>) -> ConsumerOptions {
        ConsumerOptions { kind: Some(kind.into()), ..self }
    }

    /// Only changes of records whose keys start with this text.
    pub fn prefix(self, prefix: impl Into<String>) -> ConsumerOptions {
        ConsumerOptions { prefix: Some(prefix.into()), ..self }
    }

    /// The most changes in a batch.
    pub fn limit(self, limit: u64) -> ConsumerOptions {
        ConsumerOptions { limit, ..self }
    }

    /// When the stream commits its position.
    pub fn commit(self, commit: CommitMode) -> ConsumerOptions {
        ConsumerOptions { commit, ..self }
    }

    /// How long a claim lasts.
    pub fn lock_duration(self, lock_duration: Duration) -> ConsumerOptions {
        ConsumerOptions { lock_duration, ..self }
    }

    /// Shown in `status` as who holds the consumer, with a random part behind it.
    pub fn id(self, id: impl Into<String>) -> ConsumerOptions {
        ConsumerOptions { id: Some(id.into()), ..self }
    }
}
