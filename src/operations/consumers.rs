// The operations on consumers. Each method names its command and its reply; none has a meaning of its own.

use super::Run;
use super::locks::{Lock, milliseconds, token};
use super::rows::{self, Fields, Row};
use crate::command::{Command, Key};
use crate::error::Result;
use std::time::Duration;

/// Consumers of the stream of changes. A consumer has a name, a position, and at most one holder that reads.
pub struct Consumers<'a, R: Run + ?Sized>(pub(crate) &'a R);

/// A consumer's position and holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerStatus {
    /// The last committed seq; 0 if there is none.
    pub position: u64,
    /// The seq of the store's last change.
    pub latest: u64,
    /// `latest` minus `position`, an upper bound: at most so many changes wait. Numbers that locks, claims and tasks
    /// have drawn count, and changes that the consumer's filters leave out.
    pub lag: u64,
    /// The current holder, if any.
    pub holder: Option<Lock>,
}

impl Row for ConsumerStatus {
    fn read(fields: &mut Fields) -> Result<Self> {
        let (position, latest): (u64, u64) = (fields.number()?, fields.number()?);
        let holder = fields.has_next().then(|| Lock::read(fields)).transpose()?;
        let lag = latest.saturating_sub(position);
        Ok(ConsumerStatus { position, latest, lag, holder })
    }
}

impl<R: Run + ?Sized> Consumers<'_, R> {
    /// Claims a consumer for a time, or extends your claim. Returns the fencing token, or nothing if another owner
    /// holds the consumer.
    ///
    /// O(log n).
    pub fn claim(
        &self,
        name: impl Into<Key>,
        owner: impl Into<String>,
        ttl: Duration,
    ) -> R::Output<Option<u64>> {
        let command = milliseconds(ttl).map_err(|error| error.in_op("consumers.claim")).map(|milliseconds| {
            Command::ConsumersClaim { name: name.into(), owner: owner.into(), milliseconds }
        });
        self.0.read(command, token)
    }

    /// Releases a consumer. Returns whether this owner held it.
    ///
    /// O(log n).
    pub fn release(&self, name: impl Into<Key>, owner: impl Into<String>) -> R::Output<bool> {
        self.0.run(Ok(Command::ConsumersRelease { name: name.into(), owner: owner.into() }))
    }

    /// Commits a consumer's position: the changes up to this seq are done. Without a token this works only while nobody
    /// holds the consumer.
    ///
    /// O(log n).
    ///
    /// # Errors
    ///
    /// `conflict` if the token is not the current holder's, `invalid-argument` if the seq is beyond the latest change;
    /// nothing has changed.
    pub fn commit(&self, name: impl Into<Key>, seq: u64, token: Option<u64>) -> R::Output<()> {
        self.0.run(Ok(Command::ConsumersCommit { name: name.into(), seq, token }))
    }

    /// Returns a consumer's position and holder.
    ///
    /// O(log n).
    pub fn status(&self, name: impl Into<Key>) -> R::Output<ConsumerStatus> {
        self.0.read(Ok(Command::ConsumersStatus { name: name.into() }), rows::this)
    }

    /// Deletes a consumer's position. Returns whether there was one.
    ///
    /// O(log n).
    pub fn delete(&self, name: impl Into<Key>) -> R::Output<bool> {
        self.0.run(Ok(Command::ConsumersDelete { name: name.into() }))
    }

    /// Returns the names of the consumers that have committed, each with its position, in the order of the names' bytes.
    ///
    /// O(consumers).
    pub fn list(&self) -> R::Output<Vec<(String, u64)>> {
        self.0.read(Ok(Command::ConsumersList { prefix: None }), |reply| {
            let positions: Vec<Position> = rows::all(reply)?;
            Ok(positions.into_iter().map(|Position(name, seq)| (name, seq)).collect())
        })
    }
}

/// A consumer's name, and its position.
struct Position(String, u64);

impl Row for Position {
    fn read(fields: &mut Fields) -> Result<Self> {
        Ok(Position(fields.text()?, fields.number()?))
    }
}
