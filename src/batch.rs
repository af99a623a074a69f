// Batches: typed operations that are collected first and run together. No knowledge of single operations; of a store,
// only its two ways to run commands are used.

use crate::backend::Check;
use crate::command::{Command, Key, Reply};
use crate::error::{Error, Result};
use crate::operations::Run;
use crate::store::{MemoryStore, Store};
use crate::value::IntoExpected;
use std::cell::RefCell;
use std::fmt;

/// A handle on a future reply. An operation on a [`Pipeline`] or a [`Transaction`] returns it; [`Replies::take`]
/// redeems it.
pub struct Slot<T> {
    index: usize,
    op: &'static str,
    read: fn(Reply) -> Result<T>,
}

/// The replies of a batch, one in each slot.
#[derive(Debug)]
pub struct Replies {
    replies: Vec<Option<Result<Reply>>>,
}

impl Replies {
    /// Takes the reply or the error of one operation of the batch.
    ///
    /// # Errors
    ///
    /// The operation's error; `invalid-argument` for a slot of another batch.
    pub fn take<T>(&mut self, slot: Slot<T>) -> Result<T> {
        match self.replies.get_mut(slot.index).and_then(Option::take) {
            Some(reply) => reply.and_then(|reply| (slot.read)(reply).map_err(|error| error.in_op(slot.op))),
            None => Err(Error::invalid_argument("(slot) belongs to another batch").in_op(slot.op)),
        }
    }

    /// Checks the replies that have not been taken.
    ///
    /// # Errors
    ///
    /// The error of the first operation that failed.
    pub fn all_ok(self) -> Result<()> {
        self.replies.into_iter().flatten().try_for_each(|reply| reply.map(drop))
    }
}

/// Commands that have not run yet.
#[derive(Default)]
struct Queue {
    commands: RefCell<Vec<Result<Command>>>,
}

impl Queue {
    fn add<T>(&self, command: Result<Command>, read: fn(Reply) -> Result<T>) -> Slot<T> {
        let mut commands = self.commands.borrow_mut();
        let op = command.as_ref().map_or("", Command::name);
        commands.push(command);
        Slot { index: commands.len() - 1, op, read }
    }

    /// The valid commands, and the errors of the others in their positions.
    fn split(self) -> (Vec<Command>, Vec<Option<Error>>) {
        let mut commands = Vec::new();
        let mut errors = Vec::new();
        for command in self.commands.into_inner() {
            match command {
                Ok(command) => {
                    commands.push(command);
                    errors.push(None);
                }
                Err(error) => errors.push(Some(error)),
            }
        }
        (commands, errors)
    }

    /// All commands, if all are valid.
    fn whole(self) -> Result<Vec<Command>> {
        self.commands.into_inner().into_iter().collect()
    }
}

/// Inserts the errors of commands that were not sent between the replies of the others.
fn weave(errors: Vec<Option<Error>>, replies: Vec<Result<Reply>>) -> Replies {
    let mut replies = replies.into_iter();
    Replies {
        replies: errors
            .into_iter()
            .map(|error| error.map_or_else(|| replies.next(), |e| Some(Err(e))))
            .collect(),
    }
}

fn settled(replies: Vec<Result<Reply>>) -> Replies {
    Replies { replies: replies.into_iter().map(Some).collect() }
}

/// Operations that are sent in one round trip, each with its own reply or error; other callers' operations may run in
/// between.
///
/// ```
/// # use omnikv::{MemoryStore, prelude::*};
/// let kv = MemoryStore::new();
/// let batch = kv.pipeline();
/// let views = batch.incr("views");
/// let queue = batch.rpush("queue", ["a", "b"]);
/// let mut replies = batch.exec()?;
/// assert_eq!(replies.take(views)?, 1);
/// assert_eq!(replies.take(queue)?, 2);
/// # Ok::<(), omnikv::Error>(())
/// ```
pub struct Pipeline<'a, S> {
    store: &'a S,
    queue: Queue,
}

/// Operations that run without any other in between, if all checks hold: Redis's MULTI and EXEC.
///
/// If an operation fails while it runs, for example because of a wrong type, its slot holds the error; the effects of
/// the others remain.
///
/// ```
/// # use omnikv::{Kind, MemoryStore, prelude::*};
/// let kv = MemoryStore::new();
/// kv.set("balance", 70)?;
/// let transfer = kv.multi();
/// transfer.check("balance", 70);
/// let rest = transfer.decrby("balance", 20);
/// assert_eq!(transfer.exec()?.take(rest)?, 50);
///
/// let late = kv.multi();
/// late.check("balance", 70);
/// late.del("balance");
/// assert_eq!(late.exec().unwrap_err().kind(), Kind::Conflict);
/// # Ok::<(), omnikv::Error>(())
/// ```
pub struct Transaction<'a, S> {
    store: &'a S,
    queue: Queue,
    checks: RefCell<Vec<Result<Check>>>,
}

impl<S> Transaction<'_, S> {
    /// Runs the transaction only if the key still holds this value ([`Missing`](crate::Missing): only if it does not
    /// exist).
    pub fn check(&self, key: impl Into<Key>, expected: impl IntoExpected) {
        let check = expected.into_expected().map(|expected| (key.into(), expected));
        self.checks.borrow_mut().push(check.map_err(|error| error.in_op("transaction")));
    }

    fn parts(self) -> Result<(Vec<Check>, Vec<Command>)> {
        Ok((self.checks.into_inner().into_iter().collect::<Result<_>>()?, self.queue.whole()?))
    }
}

impl<S> Run for Pipeline<'_, S> {
    type Output<T> = Slot<T>;

    fn read<T: 'static>(&self, command: Result<Command>, read: fn(Reply) -> Result<T>) -> Slot<T> {
        self.queue.add(command, read)
    }
}

impl<S> Run for Transaction<'_, S> {
    type Output<T> = Slot<T>;

    fn read<T: 'static>(&self, command: Result<Command>, read: fn(Reply) -> Result<T>) -> Slot<T> {
        self.queue.add(command, read)
    }
}

impl MemoryStore {
    /// Starts an empty pipeline on this handle.
    pub fn pipeline(&self) -> Pipeline<'_, MemoryStore> {
        Pipeline { store: self, queue: Queue::default() }
    }

    /// Starts an empty transaction on this handle.
    pub fn multi(&self) -> Transaction<'_, MemoryStore> {
        Transaction { store: self, queue: Queue::default(), checks: RefCell::default() }
    }
}

impl Store {
    /// Starts an empty pipeline on this handle.
    pub fn pipeline(&self) -> Pipeline<'_, Store> {
        Pipeline { store: self, queue: Queue::default() }
    }

    /// Starts an empty transaction on this handle.
    pub fn multi(&self) -> Transaction<'_, Store> {
        Transaction { store: self, queue: Queue::default(), checks: RefCell::default() }
    }
}

impl Pipeline<'_, MemoryStore> {
    /// Runs the operations.
    ///
    /// # Errors
    ///
    /// Errors of the round trip as a whole. Each operation's own error is in its slot.
    pub fn exec(self) -> Result<Replies> {
        let (commands, errors) = self.queue.split();
        Ok(weave(errors, self.store.execute_all(commands)?))
    }
}

impl Pipeline<'_, Store> {
    /// Runs the operations.
    ///
    /// # Errors
    ///
    /// Errors of the round trip as a whole. Each operation's own error is in its slot.
    pub async fn exec(self) -> Result<Replies> {
        let (commands, errors) = self.queue.split();
        Ok(weave(errors, self.store.execute_all(commands).await?))
    }
}

impl Transaction<'_, MemoryStore> {
    /// Runs the operations.
    ///
    /// # Errors
    ///
    /// `conflict` if a check fails, or the error of a malformed operation. In both cases nothing has run.
    pub fn exec(self) -> Result<Replies> {
        let store = self.store;
        let (checks, commands) = self.parts()?;
        store.transaction(checks, commands).map(settled)
    }
}

impl Transaction<'_, Store> {
    /// Runs the operations.
    ///
    /// # Errors
    ///
    /// `conflict` if a check fails, or the error of a malformed operation. In both cases nothing has run.
    pub async fn exec(self) -> Result<Replies> {
        let store = self.store;
        let (checks, commands) = self.parts()?;
        store.transaction(checks, commands).await.map(settled)
    }
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("op", &self.op).field("index", &self.index).finish()
    }
}

impl<S> fmt::Debug for Pipeline<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline")
            .field("commands", &self.queue.commands.borrow().len())
            .finish_non_exhaustive()
    }
}

impl<S> fmt::Debug for Transaction<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction")
            .field("commands", &self.queue.commands.borrow().len())
            .finish_non_exhaustive()
    }
}
