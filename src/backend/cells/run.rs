// Commands on named keys: load, apply, commit, and retry on conflict. Semantics belong to the engine; `access` and
// `effect` say what to load and check.

use super::database::{Session, savepoint};
use super::long::{self, Longs};
use super::records::SqlRecords;
use super::trips::Run;
use super::{Cell, CellStore, Cells, Commit, Form, Loaded, Outcome, Write, codec};
use crate::backend::{BoxFuture, Capabilities, Check, no_records};
use crate::command::{Access, Command, Effect, Key, Reply};
use crate::engine::records::{self, Storage};
use crate::engine::reply::{MAX_REPLY_BYTES, too_large, weight};
use crate::engine::{Engine, Limits, Tick};
use crate::error::{Error, Kind, Result};
use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

/// How many times commands are attempted when others change their keys meanwhile.
pub(super) const TRIES: u32 = 64;

/// How many expired records one transaction of a SQLite file removes.
#[cfg(feature = "sqlite")]
const EXPIRED_BY_ONE: usize = 1_000;

/// What commands need from the store.
pub(super) struct Plan<'a> {
    /// In the order in which the commands first name them.
    pub load: Vec<Key>,
    /// The keys whose previous state some command's effect or reply depends on.
    depends: BTreeSet<&'a Key>,
    /// Whether any command writes, or may remove expired records.
    writes: bool,
    /// Whether all of each long collection is loaded.
    pub loads_all: bool,
    /// Whether there was a long collection of which only what the commands touch was loaded.
    pub has_loaded_part: AtomicBool,
}

impl<'a> Plan<'a> {
    fn new(checks: &'a [Check], commands: &[&'a Command]) -> Plan<'a> {
        let mut load = Vec::new();
        // A blindly written key is known afterwards, and a loaded key is loaded once.
        let mut known = BTreeSet::new();
        let mut depends = BTreeSet::new();
        let mut writes = false;
        for (key, _) in checks {
            if known.insert(key) {
                load.push(key.clone());
            }
        }
        for command in commands {
            let effect = command.effect();
            writes |= effect != Effect::Read || command.row().is_on_records();
            for key in keys_of(command) {
                if known.insert(key) && effect != Effect::Put {
                    load.push(key.clone());
                }
                if effect == Effect::Update {
                    depends.insert(key);
                }
            }
        }
        Plan { load, depends, writes, loads_all: false, has_loaded_part: AtomicBool::new(false) }
    }
}

pub(super) fn keys_of(command: &Command) -> Vec<&Key> {
    match command.access() {
        Access::Keys(keys) => keys,
        Access::Keyspace | Access::Records => Vec::new(),
    }
}

/// What commands result in, if the commit succeeds.
pub(super) struct Attempt {
    pub replies: Vec<Result<Reply>>,
    /// Needless if it has no writes.
    pub commit: Commit,
    pub hits: u64,
    pub misses: u64,
}

/// Runs a command on records.
pub(super) type Apply<'a> = &'a mut dyn FnMut(&Command, &Tick) -> Result<Reply>;

impl Cells {
    /// Runs commands on keys, isolated from others, and returns a result for each. With checks it is a transaction: its
    /// reads also happen at the moment of its write. `conflict` if others change their keys during each of the tries.
    pub(super) async fn run(
        &self,
        store: &dyn CellStore,
        transaction: Option<&[Check]>,
        commands: &[&Command],
        tries: u32,
    ) -> Result<Vec<Result<Reply>>> {
        let mut plan = Plan::new(transaction.unwrap_or_default(), commands);
        let done = self.run_planned(store, &plan, transaction, commands, tries).await;
        match &done {
            // A part has become too long: with all parts it can be split.
            Err(error)
                if error.kind() == Kind::TooLarge
                    && !error.is_maybe_applied()
                    && plan.has_loaded_part.load(Ordering::Relaxed) =>
            {
                plan.loads_all = true;
                self.run_planned(store, &plan, transaction, commands, tries).await
            }
            _ => done,
        }
    }

    async fn run_planned(
        &self,
        store: &dyn CellStore,
        plan: &Plan<'_>,
        transaction: Option<&[Check]>,
        commands: &[&Command],
        tries: u32,
    ) -> Result<Vec<Result<Reply>>> {
        if let Some(session) = store.session() {
            let run = || at_once(Box::pin(self.try_once(store, plan, transaction, commands)));
            let replies = if plan.writes { savepoint(session, run) } else { run() };
            return replies?.ok_or_else(overtaken);
        }
        if let Some(records) = store.records()
            && commands.iter().any(|command| command.row().is_on_records())
        {
            let run = Run { store, records, plan, transaction, commands };
            return self.run_on_rows(&run, tries).await;
        }
        for tries in 0..tries {
            if let Some(replies) = self.try_once(store, plan, transaction, commands).await? {
                return Ok(replies);
            }
            self.back_off(tries).await;
        }
        Err(overtaken())
    }

    /// Runs commands once; `None` if others have changed their keys meanwhile.
    async fn try_once(
        &self,
        store: &dyn CellStore,
        plan: &Plan<'_>,
        transaction: Option<&[Check]>,
        commands: &[&Command],
    ) -> Result<Option<Vec<Result<Reply>>>> {
        let loaded = match plan.load.is_empty() && !store.has_clock() {
            true => Loaded::nothing(),
            false => store.load(&plan.load).await?,
        };
        let Some(longs) = self.load_long(store, plan, &loaded, commands).await? else {
            return Ok(None);
        };
        let mut records = store.session().map(|session| self.records_in(session));
        let mut apply = records
            .as_mut()
            .map(|records| |command: &Command, tick: &Tick| records::apply(records, command, tick));
        let attempt = self.attempt(
            plan,
            (loaded, longs),
            transaction,
            commands,
            store,
            apply.as_mut().map(|apply| apply as Apply),
        );
        let (mut hits, mut misses) = (0, 0);
        if let Some(records) = records {
            if let Some(fault) = records.fault {
                return Err(fault);
            }
            (hits, misses) = (records.hits, records.misses);
        }
        let attempt = attempt?;
        if !attempt.commit.writes.is_empty() && store.commit(&attempt.commit).await? == Outcome::Conflict {
            return Ok(None);
        }
        self.tally.add(attempt.hits + hits, attempt.misses + misses);
        Ok(Some(attempt.replies))
    }

    /// The records in the store's transaction.
    fn records_in<'a>(&self, session: &'a dyn Session) -> SqlRecords<'a> {
        let expired_until = self.expired_until.swap(0, Ordering::Relaxed);
        SqlRecords::new(session, self.max_row(), self.random(), expired_until)
    }

    /// The most bytes of a row.
    pub(super) fn max_row(&self) -> u64 {
        let Capabilities { max_key_bytes, max_value_bytes, .. } = self.capabilities;
        max_key_bytes.saturating_add(max_value_bytes)
    }

    /// Removes all records with this prefix, and everything built on them.
    pub(super) fn flush_records(&self, session: &dyn Session, prefix: &str) -> Result<()> {
        self.records_in(session).flush(prefix)
    }

    /// Removes as many expired records as one transaction may. Returns whether there are more, which another transaction
    /// must remove before commands on records run: one that may write.
    #[cfg(feature = "sqlite")]
    pub(crate) fn expire_some(&self) -> Result<bool> {
        let store = self.open()?;
        let Some(session) = store.session() else { return Ok(false) };
        let clock = || self.now(None);
        let tick = Tick::new(&clock);
        if !self.records_in(session).has_expired(&tick)? {
            // The commands need not ask again.
            self.expired_until.store(tick.now()?, Ordering::Relaxed);
            return Ok(false);
        }
        if !session.is_writable() {
            return Ok(true);
        }
        savepoint(session, || {
            (&mut self.records_in(session) as &mut dyn Storage).expire_some(EXPIRED_BY_ONE, &tick)
        })
    }

    /// Whether commits check the versions of loaded entries.
    pub(super) fn has_checks(&self, store: &dyn CellStore) -> bool {
        self.capabilities.atomic && store.session().is_none()
    }

    /// Waits for a randomized time that grows with the number of attempts.
    pub(super) async fn back_off(&self, tries: u32) {
        match &self.pause {
            Some(pause) => {
                let most = 2_usize << tries.min(6);
                pause.pause(1 + self.random().below(most) as u64).await;
            }
            None => {
                let mut is_asked_again = false;
                poll_fn(|context| {
                    if std::mem::replace(&mut is_asked_again, true) {
                        return Poll::Ready(());
                    }
                    context.waker().wake_by_ref();
                    Poll::Pending
                })
                .await;
            }
        }
    }

    /// Runs the commands in a temporary engine that holds the loaded entries, and finds the changes.
    pub(super) fn attempt(
        &self,
        plan: &Plan,
        (loaded, mut longs): (Loaded, Longs),
        transaction: Option<&[Check]>,
        commands: &[&Command],
        store: &dyn CellStore,
        mut on_records: Option<Apply>,
    ) -> Result<Attempt> {
        let clock = || self.now(loaded.now_ms);
        let tick = Tick::new(&clock);
        let mut engine = Engine::new(Limits::default(), self.random_seed());
        let mut unreadable = BTreeMap::new();
        let mut before: BTreeMap<&Key, Option<Cell>> = BTreeMap::new();
        for (key, mut cell) in plan.load.iter().zip(loaded.cells) {
            if let Some(cell) = &mut cell {
                if let Some(long) = longs.get_mut(key).filter(|_| cell.is_long) {
                    let content =
                        long.as_mut().map_err(|error| error.clone()).and_then(|long| long.content());
                    match content {
                        Ok((content, absent)) => {
                            engine.import_part(key.as_bytes(), content, absent, cell.deadline);
                        }
                        Err(error) => drop(unreadable.insert(key, error)),
                    }
                    before.insert(key, Some(cell.clone()));
                    continue;
                }
                let bytes = if plan.writes { cell.value.clone() } else { std::mem::take(&mut cell.value) };
                match codec::decode(cell.kind, bytes) {
                    Ok(content) => engine.import(key.as_bytes(), content, cell.deadline),
                    Err(error) => drop(unreadable.insert(key, error)),
                }
            }
            before.insert(key, cell);
        }
        for (key, expected) in transaction.unwrap_or_default() {
            let holds = engine.holds(key.as_bytes(), expected.as_deref(), &tick)?;
            if !holds || unreadable.contains_key(key) {
                return Err(Error::new(Kind::Conflict, "(checks) do not hold: nothing was run"));
            }
        }
        let mut replies = Vec::with_capacity(commands.len());
        let mut written = BTreeSet::new();
        let (mut gathered, mut scans) = (0_usize, 0);
        for command in commands {
            let effect = command.effect();
            let keys = keys_of(command);
            let reply = match keys.iter().find_map(|key| unreadable.get(key)) {
                _ if gathered > MAX_REPLY_BYTES => Err(too_large()),
                _ if command.row().is_on_records() => match &mut on_records {
                    Some(apply) => apply(command, &tick),
                    // The store has no records, so there are none to find.
                    None if effect == Effect::Read => engine.apply(command, &tick),
                    None => Err(no_records()),
                },
                Some(error) if effect != Effect::Put => Err(error.clone()),
                _ => match self.scan_long(command, &longs, &mut engine, &tick) {
                    Some(page) => {
                        scans += 1;
                        page
                    }
                    None => match long::scan_again(command) {
                        Some(command) => engine.apply(&command, &tick),
                        None => engine.apply(command, &tick),
                    },
                },
            };
            if let Ok(reply) = &reply {
                gathered = gathered.saturating_add(weight(reply));
                if effect == Effect::Put {
                    keys.iter().for_each(|key| drop(unreadable.remove(*key)));
                }
                if effect != Effect::Read {
                    written.extend(keys);
                }
            }
            replies.push(reply);
        }
        let writes = self.changes(&mut engine, (&before, &longs), written, &tick, store.parts().is_some())?;
        let (hits, misses) = engine.hits_and_misses();
        let is_checked = |key: &&Key| transaction.is_some() || plan.depends.contains(*key);
        let version = |key: &Key| before.get(key).and_then(Option::as_ref).map(|cell| cell.version);
        let checks = match self.has_checks(store) {
            true => plan.load.iter().filter(is_checked).map(|key| (key.clone(), version(key))).collect(),
            false => Vec::new(),
        };
        let now_ms = if writes.is_empty() { 0 } else { tick.now()? };
        Ok(Attempt { replies, commit: Commit { checks, writes, now_ms }, hits: hits + scans, misses })
    }

    /// The writes that bring the store to the engine's state.
    fn changes(
        &self,
        engine: &mut Engine,
        (before, longs): (&BTreeMap<&Key, Option<Cell>>, &Longs),
        written: BTreeSet<&Key>,
        tick: &Tick,
        has_parts: bool,
    ) -> Result<Vec<Write>> {
        let mut writes = Vec::new();
        for key in written {
            // `None` if it was not loaded: then its previous value is unknown.
            let before = before.get(key);
            match engine.export(key.as_bytes(), tick)? {
                None => {
                    if !matches!(before, Some(None)) {
                        writes.push(Write::Delete { key: key.clone() });
                    }
                }
                Some((value, deadline)) => {
                    let kind = value.kind();
                    let old = longs.get(key).and_then(|long| long.as_ref().ok());
                    let (value, form) = self.written(value, old, has_parts)?;
                    let is_as_before = matches!(before, Some(Some(cell))
                        if cell.kind == kind && cell.deadline == deadline && *cell.value == *value
                            && cell.is_long == form.is_long());
                    let has_changed = match &form {
                        Form::Whole => false,
                        Form::Long { parts, keeps_others } => !(parts.is_empty() && *keeps_others),
                    };
                    if is_as_before && !has_changed {
                        continue;
                    }
                    writes.push(Write::Put { key: key.clone(), value, kind, deadline, form });
                }
            }
        }
        Ok(writes)
    }
}

/// The result of a future that never waits.
pub(crate) fn at_once<R>(mut future: BoxFuture<'_, Result<R>>) -> Result<R> {
    match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => Err(Error::new(Kind::Internal, "(database) made its own job wait")),
    }
}

pub(super) fn overtaken() -> Error {
    Error::new(Kind::Conflict, "(key) was changed by others on every attempt: try again")
}
