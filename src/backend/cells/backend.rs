// `Cells`: a backend over any store of entries. It knows no particular store and no operation's semantics.

use super::combiner::Combiner;
use super::database::savepoint;
use super::long::LONG_FROM;
use super::run::{TRIES, at_once};
use super::{CellStore, Loaded};
use crate::backend::{Backend, BoxFuture, Capabilities, Check, Stats, no_records};
use crate::command::{Access, Command, Effect, Reply};
use crate::engine::random::Random;
use crate::error::{Error, Kind, Result};
use crate::host::{Clock, MaybeSend, clock, random};
use crate::options::Options;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The most keys that commands of a pipeline may name in total to run as one group.
pub(super) const GROUP_KEYS: usize = 128;

/// Waits, so that competing writers can finish.
pub trait Pause: MaybeSend {
    /// Completes after this many milliseconds.
    fn pause(&self, milliseconds: u64) -> BoxFuture<'_, ()>;
}

#[cfg(feature = "net")]
impl Pause for crate::host::Network {
    fn pause(&self, milliseconds: u64) -> BoxFuture<'_, ()> {
        self.timer.sleep(std::time::Duration::from_millis(milliseconds))
    }
}

/// What all handles on one store share.
struct Shared {
    clock: Arc<dyn Clock>,
    seed: u64,
    draws: AtomicU64,
}

/// A handle on a store of entries.
pub struct Cells {
    /// `None` once closed.
    store: RwLock<Option<Arc<dyn CellStore>>>,
    name: &'static str,
    pub(super) capabilities: Capabilities,
    pub(super) nonatomic: bool,
    pub(super) pause: Option<Arc<dyn Pause>>,
    /// How many elements a collection has at most that is one value.
    pub(super) long_from: usize,
    shared: Arc<Shared>,
    pub(super) tally: Arc<Tally>,
    /// No record that expired up to here is left for the commands on records that run next.
    pub(super) expired_until: AtomicU64,
    /// `None` if each call makes its own trips.
    combiner: Option<Combiner>,
}

/// How many reads through a handle have found their key.
#[derive(Default)]
pub(super) struct Tally {
    pub hits: AtomicU64,
    pub misses: AtomicU64,
}

impl Tally {
    pub fn add(&self, hits: u64, misses: u64) {
        self.hits.fetch_add(hits, Ordering::Relaxed);
        self.misses.fetch_add(misses, Ordering::Relaxed);
    }
}

impl Cells {
    /// Creates the first handle on the store. It uses the clock and the seed of the options; the
    /// [`Store`](crate::Store) above applies the prefix, the default TTL and the longest key.
    ///
    /// # Errors
    ///
    /// `unsupported` for options that only memory stores have.
    pub fn new(store: Arc<dyn CellStore>, options: &Options) -> Result<Cells> {
        if options.max_bytes.is_some() || options.max_keys.is_some() || options.eviction.is_some() {
            let message =
                "(maxBytes, maxKeys, eviction) are limits of memory: stores and only memory: has them";
            return Err(Error::new(Kind::Unsupported, message).in_backend(store.name()));
        }
        let clock = match &options.clock {
            Some(clock) => Arc::clone(clock),
            None => clock::system()?,
        };
        let seed = match options.seed {
            Some(seed) => seed,
            None => random::seed()?,
        };
        Ok(Cells {
            name: store.name(),
            capabilities: store.capabilities(),
            combiner: combiner_for(&*store),
            store: RwLock::new(Some(store)),
            nonatomic: false,
            pause: None,
            long_from: options.long_from.unwrap_or(LONG_FROM),
            shared: Arc::new(Shared { clock, seed, draws: AtomicU64::new(0) }),
            tally: Arc::default(),
            expired_until: AtomicU64::new(0),
        })
    }

    /// Creates another handle on the same store, with its own hits and misses. Closing the last handle closes the
    /// store.
    ///
    /// # Errors
    ///
    /// `closed` if this handle is closed.
    pub fn another(&self) -> Result<Cells> {
        let combiner = combiner_for(&*self.open()?);
        Ok(Cells { tally: Arc::default(), combiner, ..self.same()? })
    }

    /// This handle, for a trip that several of its callers share.
    pub(super) fn same(&self) -> Result<Cells> {
        Ok(Cells {
            store: RwLock::new(Some(self.open()?)),
            name: self.name,
            capabilities: self.capabilities.clone(),
            nonatomic: self.nonatomic,
            pause: self.pause.clone(),
            long_from: self.long_from,
            shared: Arc::clone(&self.shared),
            tally: Arc::clone(&self.tally),
            expired_until: AtomicU64::new(0),
            combiner: None,
        })
    }

    /// Allows read-modify-write on a store that cannot do it atomically: if two callers change a key at the same time,
    /// one change may be lost. The URL option is `nonatomic=allow`.
    #[must_use]
    pub fn allow_nonatomic(mut self) -> Cells {
        self.nonatomic = true;
        self
    }

    /// Waits with `pause` between attempts when others change the same keys. Without it, it only yields.
    #[must_use]
    pub fn with_pause(mut self, pause: Arc<dyn Pause>) -> Cells {
        self.pause = Some(pause);
        self
    }

    pub(in crate::backend) fn open(&self) -> Result<Arc<dyn CellStore>> {
        let store = self.store.read().unwrap_or_else(PoisonError::into_inner);
        store.clone().ok_or_else(|| Error::new(Kind::Closed, "(store) is closed"))
    }

    /// The current time, from the store's clock or else from the host's.
    pub(super) fn now(&self, of_store: Option<u64>) -> u64 {
        of_store.unwrap_or_else(|| self.shared.clock.now_ms())
    }

    /// A fresh seed for each command.
    pub(super) fn random_seed(&self) -> u64 {
        let draw = self.shared.draws.fetch_add(1, Ordering::Relaxed);
        self.shared.seed ^ draw.wrapping_mul(0xd134_2543_de82_ef95)
    }

    pub(super) fn random(&self) -> Random {
        Random::new(self.random_seed())
    }

    /// Why the store cannot run the command, if it cannot.
    pub(super) fn refusal(&self, store: &dyn CellStore, command: &Command) -> Option<Error> {
        if lacks_records(store, command) {
            return Some(no_records());
        }
        if self.capabilities.atomic || self.nonatomic {
            return None;
        }
        let many_at_once = matches!(command, Command::MSet { pairs, .. } if pairs.len() > 1);
        (command.effect() == Effect::Update || many_at_once).then(|| self.not_atomic("needs"))
    }

    fn not_atomic(&self, what: &str) -> Error {
        let message = format!(
            "{what} a store that reads and writes in one step, which {} does not: use a Durable Object or Redis, or \
             allow races with the URL option nonatomic=allow",
            self.name
        );
        Error::new(Kind::Unsupported, message)
    }

    pub(super) async fn execute_one(&self, command: &Command) -> Result<Reply> {
        let store = self.open()?;
        if let Some(error) = self.refusal(&*store, command) {
            return Err(error);
        }
        match command.access() {
            Access::Keyspace => match store.session().filter(|_| command.effect() != Effect::Read) {
                Some(session) => {
                    savepoint(session, || at_once(Box::pin(self.run_on_keyspace(&*store, command))))
                }
                None => self.run_on_keyspace(&*store, command).await,
            },
            Access::Keys(_) | Access::Records => {
                let mut replies = self.run(&*store, None, &[command], TRIES).await?;
                replies.pop().unwrap_or_else(|| Err(Error::new(Kind::Internal, "(command) got no reply")))
            }
        }
    }

    /// Runs commands in order. Consecutive commands on keys share one round trip.
    async fn execute_in_groups(&self, commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let store = self.open()?;
        let mut replies = Vec::with_capacity(commands.len());
        let mut rest = commands;
        while let Some(first) = rest.first() {
            let (group, others) = rest.split_at(self.group_length(&*store, rest).max(1));
            rest = others;
            if group.len() == 1 {
                replies.push(self.execute_one(first).await);
                continue;
            }
            let together: Vec<&Command> = group.iter().collect();
            match self.run(&*store, None, &together, TRIES).await {
                Ok(answers) => replies.extend(answers),
                // The group is too much for the store: run its commands one by one to find out which one.
                Err(error) if error.kind() == Kind::TooLarge && !error.is_maybe_applied() => {
                    for command in group {
                        replies.push(self.execute_one(command).await);
                    }
                }
                Err(error) => replies.extend(group.iter().map(|_| Err(error.clone()))),
            }
        }
        Ok(replies)
    }

    /// How many of the commands, from the first, can run together.
    fn group_length(&self, store: &dyn CellStore, commands: &[Command]) -> usize {
        let (mut named, mut records) = (BTreeSet::new(), 0);
        for (length, command) in commands.iter().enumerate() {
            match command.access() {
                Access::Keys(keys) => named.extend(keys),
                Access::Records => records += usize::from(store.records().is_some()),
                Access::Keyspace => return length,
            }
            if named.len() + records > GROUP_KEYS || self.refusal(store, command).is_some() {
                return length;
            }
        }
        commands.len()
    }

    async fn transact(&self, checks: &[Check], commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let store = self.open()?;
        if !self.capabilities.atomic && !self.nonatomic {
            return Err(self.not_atomic("(transaction) needs"));
        }
        if commands.iter().any(|command| lacks_records(&*store, command)) {
            return Err(no_records());
        }
        if commands.iter().any(|command| command.access() == Access::Keyspace) {
            let message = "(transaction) takes commands that name their keys; run keys, scan, randomkey, range, count, \
                           delete-range and flush before or after it";
            return Err(Error::new(Kind::Unsupported, message));
        }
        self.run(&*store, Some(checks), &commands.iter().collect::<Vec<_>>(), TRIES).await
    }

    async fn give_up(&self) -> Result<()> {
        let store = self.store.write().unwrap_or_else(PoisonError::into_inner).take();
        match store {
            Some(store) if Arc::strong_count(&store) == 1 => store.close().await,
            _ => Ok(()),
        }
    }
}

fn combiner_for(store: &dyn CellStore) -> Option<Combiner> {
    store.combines().then(Combiner::default)
}

/// Whether a command writes records, or what is built on them, on a store that has none. Such a store can be read: there
/// is nothing in it.
fn lacks_records(store: &dyn CellStore, command: &Command) -> bool {
    let has_records = store.session().is_some() || store.records().is_some();
    !has_records && command.row().is_on_records() && command.effect() != Effect::Read
}

impl Loaded {
    /// No entries, and no store time.
    pub(super) fn nothing() -> Loaded {
        Loaded::default()
    }
}

impl Backend for Cells {
    fn name(&self) -> &'static str {
        self.name
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        match &self.combiner {
            Some(combiner) => Box::pin(self.execute_combined(combiner, command)),
            None => Box::pin(self.execute_one(command)),
        }
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.execute_in_groups(commands))
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.transact(checks, commands))
    }

    fn stats<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Stats>> {
        Box::pin(self.count_for_stats(prefix))
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(self.another()?))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.give_up())
    }
}
