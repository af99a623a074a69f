// The keys that sessions watch, and a backend that notices when they change. What a session does about it is not known here.

use crate::backend::{Backend, BoxFuture, Capabilities, Check, Stats, Watch};
use crate::command::{Access, Command, Effect, Expiry, Key, Reply};
use crate::error::Result;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Whether a key that a session watches has changed.
pub(super) type Flag = Arc<AtomicBool>;

/// All watched keys, with their prefix.
#[derive(Default)]
pub(super) struct Watched {
    keys: Mutex<HashMap<String, Vec<Watcher>>>,
    /// How many keys are watched, so that nobody waits for the lock when there are none.
    count: AtomicUsize,
}

struct Watcher {
    flag: Flag,
    /// Whether the key existed.
    existed: bool,
}

impl Watched {
    pub fn add(&self, key: &Key, existed: bool, flag: &Flag) {
        self.with(|keys| {
            let watcher = Watcher { flag: Arc::clone(flag), existed };
            keys.entry(key.0.clone()).or_default().push(watcher);
        });
    }

    /// Forgets what raises this flag.
    pub fn remove(&self, keys: &[Key], flag: &Flag) {
        self.with(|all| {
            for key in keys {
                if let Some(watchers) = all.get_mut(&key.0) {
                    watchers.retain(|watcher| !Arc::ptr_eq(&watcher.flag, flag));
                    if watchers.is_empty() {
                        all.remove(&key.0);
                    }
                }
            }
        });
    }

    fn with(&self, run: impl FnOnce(&mut HashMap<String, Vec<Watcher>>)) {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        run(&mut keys);
        self.count.store(keys.len(), Ordering::Release);
    }

    fn is_empty(&self) -> bool {
        self.count.load(Ordering::Acquire) == 0
    }

    fn tell<'a>(&self, done: impl Iterator<Item = (&'a Command, &'a Result<Reply>)>) {
        if self.is_empty() {
            return;
        }
        self.with(|keys| {
            for (command, reply) in done {
                if let Ok(reply) = reply {
                    raise(keys, command, reply);
                }
            }
        });
    }
}

/// Raises the flags of the keys that a command may have changed. It rather raises one too many: a transaction that is not
/// run is tried again.
fn raise(keys: &HashMap<String, Vec<Watcher>>, command: &Command, reply: &Reply) {
    if command.effect() == Effect::Read || has_changed_nothing(command, reply) {
        return;
    }
    let raise = |watchers: &[Watcher], is_removal: bool| {
        for watcher in watchers.iter().filter(|watcher| watcher.existed || !is_removal) {
            watcher.flag.store(true, Ordering::Release);
        }
    };
    let touch = |key: &Key, is_removal: bool| {
        if let Some(watchers) = keys.get(&key.0) {
            raise(watchers, is_removal);
        }
    };
    match (command, reply) {
        // What they leave does not hold the key.
        (Command::Flush { prefix }, _) | (Command::DeleteRange { start: prefix, end: None }, _) => {
            for (_, watchers) in keys.iter().filter(|(key, _)| key.starts_with(prefix.as_str())) {
                raise(watchers, true);
            }
        }
        (Command::LMPop { .. } | Command::ZMPop { .. }, Reply::List(items)) => {
            if let Some(Some(key)) = items.first()
                && let Ok(key) = str::from_utf8(key)
            {
                touch(&key.into(), false);
            }
        }
        (Command::Copy { to, .. }, _) => touch(to, false),
        (
            Command::SInterStore { to, .. }
            | Command::SUnionStore { to, .. }
            | Command::SDiffStore { to, .. }
            | Command::ZRangeStore { to, .. }
            | Command::ZUnionStore { to, .. }
            | Command::ZInterStore { to, .. }
            | Command::ZDiffStore { to, .. },
            reply,
        ) => touch(to, *reply == Reply::Int(0)),
        (command, _) => match command.access() {
            Access::Keys(named) => {
                let is_removal = matches!(command, Command::Del { .. } | Command::LTrim { .. });
                named.into_iter().for_each(|key| touch(key, is_removal));
            }
            Access::Keyspace => keys.values().for_each(|watchers| raise(watchers, false)),
            Access::Records => {}
        },
    }
}

/// Whether the reply tells that the command has found nothing to do.
fn has_changed_nothing(command: &Command, reply: &Reply) -> bool {
    match reply {
        Reply::Nil => !matches!(command, Command::Set { get: true, .. } | Command::GetSet { .. }),
        Reply::List(items) => items.is_empty(),
        Reply::Int(..=0) => matches!(
            command,
            Command::Del { .. }
                | Command::ZAdd { changed: true, .. }
                | Command::SAdd { .. }
                | Command::SRem { .. }
                | Command::SMove { .. }
                | Command::HDel { .. }
                | Command::HSetNx { .. }
                | Command::ZRem { .. }
                | Command::ZRemRangeByRank { .. }
                | Command::ZRemRangeByScore { .. }
                | Command::ZRemRangeByLex { .. }
                | Command::LRem { .. }
                | Command::LInsert { .. }
                | Command::LPushX { .. }
                | Command::RPushX { .. }
                | Command::Expire { .. }
                | Command::PExpire { .. }
                | Command::ExpireAt { .. }
                | Command::PExpireAt { .. }
                | Command::Persist { .. }
                | Command::MSetNx { .. }
                | Command::RenameNx { .. }
                | Command::Copy { .. }
                | Command::CompareAndSet { .. }
                | Command::CompareAndDelete { .. }
        ),
        _ => matches!(command, Command::GetEx { expiry: Expiry::Unstated, .. }),
    }
}

/// Tells of every change that is made through it.
pub(super) struct Telling {
    pub inner: Arc<dyn Backend>,
    pub watched: Arc<Watched>,
}

impl Backend for Telling {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        // Who watches from now on sees what this command does, or checks it at the store.
        if self.watched.is_empty() {
            return self.inner.execute(command);
        }
        Box::pin(async move {
            let reply = self.inner.execute(command).await;
            self.watched.tell(std::iter::once((command, &reply)));
            reply
        })
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        if self.watched.is_empty() {
            return self.inner.execute_all(commands);
        }
        Box::pin(async move {
            let replies = self.inner.execute_all(commands).await?;
            self.watched.tell(commands.iter().zip(&replies));
            Ok(replies)
        })
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(async move {
            let replies = self.inner.transaction(checks, commands).await?;
            self.watched.tell(commands.iter().zip(&replies));
            Ok(replies)
        })
    }

    fn stats<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Stats>> {
        self.inner.stats(prefix)
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn changed(&self) -> Option<BoxFuture<'static, ()>> {
        self.inner.changed()
    }

    fn watch(&self) -> Option<Arc<dyn Watch>> {
        self.inner.watch()
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(Telling { inner: self.inner.another()?, watched: Arc::clone(&self.watched) }))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.inner.close()
    }
}
