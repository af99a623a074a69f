// MULTI, EXEC, DISCARD, WATCH, UNWATCH: what is queued, and whether it may run. How a store runs it is the store's.

use super::encode::{Form, head, write};
use super::state::{Said, State, ok, refusal, said};
use super::watched::Flag;
use super::words::Own;
use crate::backend::Check;
use crate::command::{Command, Key, Reply};
use crate::dialect::{Value, print_discarded};
use crate::error::{Error, Kind, Reason, Result};
use crate::gateway::run::Answer;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a queued word takes beside its bytes.
const WORD: usize = 64;

/// Between `MULTI` and `EXEC`.
#[derive(Default)]
pub(super) struct Transaction {
    queue: Vec<Queued>,
    /// About how much memory they take.
    bytes: usize,
    /// Whether a command was wrong, so that `EXEC` runs nothing.
    pub is_refused: bool,
}

pub(super) enum Queued {
    Store(Answer, Option<Command>, Form),
    Own(Own, Vec<Vec<u8>>),
}

/// What `WATCH` has seen.
#[derive(Default)]
pub(super) struct Watching {
    /// Whether a key has changed.
    flag: Flag,
    /// The keys, with their prefix.
    keys: Vec<Key>,
    /// Strings and missing keys, which the store itself compares.
    checks: Vec<Check>,
    /// Keys of other types: they may expire.
    others: Vec<Key>,
}

impl State {
    pub fn multi(&mut self) -> Said {
        if self.transaction.is_some() {
            return refusal("ERR MULTI calls can not be nested");
        }
        self.transaction = Some(Transaction::default());
        self.client.facts(|facts| facts.queued = Some(0));
        ok()
    }

    pub fn discard(&mut self) -> Said {
        if self.transaction.is_none() {
            return refusal("ERR DISCARD without MULTI");
        }
        self.leave_transaction();
        ok()
    }

    /// Gives up the transaction and what is watched.
    pub fn leave_transaction(&mut self) {
        self.transaction = None;
        self.client.facts(|facts| facts.queued = None);
        self.unwatch();
    }

    /// Queues a command. Redis refuses at once what it does not know; other errors are those of the run.
    pub fn queue(&mut self, own: Option<Own>, words: &[&[u8]]) -> Said {
        if let Some(transaction) = &mut self.transaction {
            let bytes: usize = words.iter().map(|word| word.len() + WORD).sum();
            transaction.bytes = transaction.bytes.saturating_add(bytes);
            if transaction.bytes > self.server.options.max_command_bytes {
                transaction.is_refused = true;
                transaction.queue.clear();
                return refusal(
                    "ERR too-large: a transaction expects no more bytes than one command may have",
                );
            }
        }
        let queued = match own {
            Some(own) => {
                let arguments = words.get(1..).unwrap_or_default();
                Queued::Own(own, arguments.iter().map(|word| word.to_vec()).collect())
            }
            None => {
                let (answer, command, form) = self.place(words);
                if let Answer::Known(Err(error)) = &answer
                    && matches!(
                        error.reason(),
                        Reason::UnknownCommand(_) | Reason::UnknownSubcommand(_) | Reason::WrongCount
                    )
                {
                    let value = Value::from(Err(error.clone()));
                    if let Some(transaction) = &mut self.transaction {
                        transaction.is_refused = true;
                    }
                    return (value, Form::Plain);
                }
                Queued::Store(answer, command, form)
            }
        };
        if let Some(transaction) = &mut self.transaction {
            transaction.queue.push(queued);
            let count = transaction.queue.len();
            self.client.facts(|facts| facts.queued = Some(count));
        }
        (Value::Status("QUEUED".to_owned()), Form::Plain)
    }

    /// Runs the transaction. Its answers are written here, because each has a form of its own.
    pub async fn exec(&mut self) -> Option<Said> {
        let Some(transaction) = self.transaction.take() else {
            return Some(refusal("ERR EXEC without MULTI"));
        };
        let watching = std::mem::take(&mut self.watching);
        self.client.facts(|facts| {
            facts.queued = None;
            facts.watched = 0;
        });
        self.server.watched.remove(&watching.keys, &watching.flag);
        if transaction.is_refused {
            return Some(refusal("EXECABORT Transaction discarded because of previous errors."));
        }
        let mut queue = transaction.queue;
        let replies = match self.run(&mut queue, watching).await {
            Ok(replies) => replies,
            Err(error) if error.kind() == Kind::Conflict => return Some((Value::Nil, Form::List)),
            Err(error) if matches!(error.kind(), Kind::InvalidArgument | Kind::TooLarge) => {
                return Some((Value::Error(print_discarded(&error)), Form::Plain));
            }
            Err(error) => return Some((Value::from(Err(error)), Form::Plain)),
        };
        let (server, mut replies) = (Arc::clone(&self.server), replies.into_iter());
        // HELLO may change the version in between.
        let is_heard = self.is_heard();
        if is_heard {
            head(b'*', queue.len() as i64, &mut self.out);
        }
        for queued in queue {
            let (value, form) = match queued {
                Queued::Store(answer, _, form) => {
                    (said(server.runner.fill(answer, &mut replies).await), form)
                }
                Queued::Own(own, arguments) => {
                    let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
                    self.answer_queued(own, &arguments).await
                }
            };
            if is_heard {
                write(&value, form, self.version, &mut self.out);
            }
        }
        None
    }

    /// Runs the queued commands of the store: `conflict` if a watched key has changed.
    async fn run(&self, queue: &mut [Queued], watching: Watching) -> Result<Vec<Result<Reply>>> {
        let store = &self.server.runner.store;
        let changed = || Err(Error::new(Kind::Conflict, "(watch) saw a key change"));
        let count = watching.others.len() as i64;
        let is_expired =
            count > 0 && store.execute(Command::Exists { keys: watching.others }).await? != Reply::Int(count);
        if is_expired || watching.flag.load(Ordering::Acquire) {
            return changed();
        }
        let commands: Vec<Command> = queue
            .iter_mut()
            .filter_map(|queued| match queued {
                Queued::Store(_, command, _) => command.take(),
                Queued::Own(..) => None,
            })
            .collect();
        if commands.is_empty() && watching.checks.is_empty() {
            return Ok(Vec::new());
        }
        store.transaction(watching.checks, commands).await
    }

    pub async fn watch(&mut self, keys: &[&[u8]]) -> Said {
        if self.transaction.is_some() {
            return refusal("ERR WATCH inside MULTI is not allowed");
        }
        for key in keys {
            if let Err(error) = self.watch_one(key).await {
                return (Value::from(Err(error.in_op("watch"))), Form::Plain);
            }
        }
        let count = self.watching.keys.len();
        self.client.facts(|facts| facts.watched = count);
        ok()
    }

    async fn watch_one(&mut self, key: &[u8]) -> Result<()> {
        let key = str::from_utf8(key).map_err(|_| Error::invalid_argument("(key) expects valid UTF-8"))?;
        let store = self.server.runner.store.clone();
        let full = store.qualified(key.into())?;
        if self.watching.keys.contains(&full) {
            return Ok(());
        }
        if !store.capabilities().atomic {
            let message = "needs a store that compares before it writes: memory:, sqlite:, redis://, postgres:// or rqlite://";
            return Err(Error::new(Kind::Unsupported, message));
        }
        let held = match store.execute(Command::Get { key: key.into() }).await {
            Ok(Reply::Bytes(text)) => Some(Some(text)),
            Ok(_) => Some(None),
            Err(error) if error.kind() == Kind::WrongType => None,
            Err(error) => return Err(error),
        };
        let existed = held != Some(None);
        match held {
            Some(text) => self.watching.checks.push((key.into(), text)),
            // Every change of a store in memory is seen here. Another may be changed by others, and compares only strings.
            None if store.backend() == "memory" => self.watching.others.push(key.into()),
            None => {
                let message = "takes strings and missing keys on this store; other types need memory:";
                return Err(Error::new(Kind::Unsupported, message));
            }
        }
        self.server.watched.add(&full, existed, &self.watching.flag);
        self.watching.keys.push(full);
        Ok(())
    }

    /// Watches nothing any more.
    pub fn unwatch(&mut self) {
        let watching = std::mem::take(&mut self.watching);
        if !watching.keys.is_empty() {
            self.server.watched.remove(&watching.keys, &watching.flag);
            self.client.facts(|facts| facts.watched = 0);
        }
    }
}
