// The operations on consumers. Each method names its command and its reply; none has a meaning of its own.

use super::Run;
use super::locks::{Lock, milliseconds, token};
use super::rows::{self, Fields, Row};
use crate::command::{Command, Key};
use crate::error::Result;
use std::time::Duration;

/// Consumers of the stream of changes: a name, how far it has come, and who reads under it now.
pub struct Consumers<'a, R: Run + ?Sized>(pub(super) &'a R);

/// How far a consumer has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerStatus {
    /// The seq that was committed last; 0 when none was.
    pub position: u64,
    /// The seq of the store's last change.
    pub latest: u64,
    /// Who holds the consumer.
    pub holder: Option<Lock>,
}

impl Row for ConsumerStatus {
    fn read(fields: &mut Fields) -> Result<Self> {
        let (position, latest) = (fields.number()?, fields.number()?);
        let holder = fields.has_next().then(|| Lock::read(fields)).transpose()?;
        Ok(ConsumerStatus { position, latest, holder })
    }
}

impl<R: Run + ?Sized> Consumers<'_, R> {
    /// Takes a consumer that nobody else holds, or prolongs one's own hold, for a time from now: its fencing token, or nothing
    /// when another has it.
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

    /// Gives a consumer up; whether this owner held it.
    ///
    /// O(log n).
    pub fn release(&self, name: impl Into<Key>, owner: impl Into<String>) -> R::Output<bool> {
        self.0.run(Ok(Command::ConsumersRelease { name: name.into(), owner: owner.into() }))
    }

    /// Keeps how far a consumer has come: the changes up to this seq are dealt with. Without a token only while nobody holds
    /// the consumer.
    ///
    /// O(log n).
    ///
    /// # Errors
    ///
    /// `conflict` when another hold has begun, or the token's has ended: nothing has changed then.
    pub fn commit(&self, name: impl Into<Key>, seq: u64, token: Option<u64>) -> R::Output<()> {
        self.0.run(Ok(Command::ConsumersCommit { name: name.into(), seq, token }))
    }

    /// How far a consumer has come, and who holds it.
    ///
    /// O(log n).
    pub fn status(&self, name: impl Into<Key>) -> R::Output<ConsumerStatus> {
        self.0.read(Ok(Command::ConsumersStatus { name: name.into() }), rows::this)
    }

    /// Forgets how far a consumer has come; whether anything was known.
    ///
    /// O(log n).
    pub fn delete(&self, name: impl Into<Key>) -> R::Output<bool> {
        self.0.run(Ok(Command::ConsumersDelete { name: name.into() }))
    }
}
