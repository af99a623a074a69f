// memcached as a store of entries: which commands it can run, how a cell becomes an item, and the server's rules. How items
// travel is in memcached/meta.rs. Commands mean what the engine says.

//! A store in a memcached server (1.6 or newer), by its meta protocol.
//!
//! An entry is an ordinary item, so other clients see a string's bytes, and what they write is read as strings. Commands
//! on strings are atomic for their key: they are run here on what was loaded, and the result is stored if the item's
//! number (`C`) is still the same. Lists, hashes, sets, sorted sets, listings, transactions over several keys and records
//! are `unsupported`.
//!
//! The server counts lifetimes in whole seconds. The exact deadline is the client's part of an item's flags: its
//! milliseconds modulo 65,535, plus one, in the upper 16 bits, beside the server's own time to live, which is one to two
//! seconds longer.

mod meta;

use super::cells::{Cell, CellStore, Cells, Commit, Listing, Loaded, Outcome, Pause, Span, Write};
use super::redis::{Footprint, Repeat};
use super::wire::{self, Wire};
use super::{Backend, BoxFuture, Capabilities, Check, Stats};
use crate::command::{Access, Command, Effect, Key, Reply, ValueType};
use crate::error::{Error, Kind, Result};
use crate::host::clock::{self, Clock};
use crate::host::network::Timer;
use crate::host::socket::Sockets;
use crate::options::Options;
use futures_util::future::join_all;
use meta::{Answer, Item};
use std::collections::BTreeSet;
use std::sync::{Arc, Weak};
use std::time::Duration;

pub use meta::Hello;

/// The longest key; the server's limit.
const MAX_KEY_BYTES: u64 = 250;

/// The longest value, unless the URL says otherwise: the server's default of 1 MiB, less what it keeps beside a value.
pub(crate) const MAX_VALUE_BYTES: u64 = (1 << 20) - 1024;

/// Longer lifetimes are taken for moments by the server, in seconds since 1970.
const LONGEST_LIFETIME: u64 = 30 * 24 * 60 * 60;

/// How far our clock and the server's seconds may be apart for the exact deadline to be trusted.
const TOLERANCE_MS: u64 = 5_000;

/// The exact deadline is kept modulo this.
const MODULUS: u64 = 0xffff;

/// How to reach a server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where it is, and how often to try.
    pub wire: wire::Settings,
    /// What it is told first.
    pub hello: Hello,
    /// The longest value that it takes.
    pub max_value_bytes: u64,
}

/// A handle on the store.
pub struct Memcached {
    cells: Cells,
    /// Gone once the last handle is closed.
    server: Weak<Server>,
}

/// Opens a handle on the server. Sends nothing yet.
///
/// # Errors
///
/// `unsupported` for options that only memory stores have.
pub fn open(
    settings: Settings,
    options: &Options,
    sockets: Arc<dyn Sockets>,
    timer: Arc<dyn Timer>,
) -> Result<Memcached> {
    let clock = match &options.clock {
        Some(clock) => Arc::clone(clock),
        None => clock::system()?,
    };
    let wire = Wire::new(settings.wire, Box::new(settings.hello), sockets, Arc::clone(&timer));
    let server = Arc::new(Server { wire, clock, max_value_bytes: settings.max_value_bytes });
    let weak = Arc::downgrade(&server);
    let cells = Cells::new(server, options)?.with_pause(Arc::new(Rest(timer)));
    Ok(Memcached { cells, server: weak })
}

struct Rest(Arc<dyn Timer>);

impl Pause for Rest {
    fn pause(&self, milliseconds: u64) -> BoxFuture<'_, ()> {
        self.0.sleep(Duration::from_millis(milliseconds))
    }
}

/// Why a command cannot run here, if it cannot.
fn refusal(command: &Command) -> Option<Error> {
    let (what, instead) = match (command.row().family, command) {
        (_, Command::Flush { prefix }) if prefix.is_empty() => return None,
        (_, Command::MSet { pairs, .. } | Command::MSetNx { pairs, .. }) if pairs.len() < 2 => return None,
        (_, Command::MSet { .. } | Command::MSetNx { .. }) => {
            ("writes several keys at once", "write each by itself, in a pipeline")
        }
        (_, Command::Rename { .. } | Command::RenameNx { .. } | Command::Copy { .. }) => {
            ("needs two keys at once", "read the one and write the other")
        }
        (family @ ("lists" | "hashes" | "sets" | "zsets" | "geo"), _) => {
            let family = if matches!(family, "zsets" | "geo") { "sorted sets" } else { family };
            let message = format!(
                "needs a store that keeps {family}, and memcached keeps strings: keep them as JSON in a string, which \
                 compare-and-set changes safely, or use redis://, sqlite: or memory:"
            );
            return Some(Error::new(Kind::Unsupported, message));
        }
        (_, Command::BitOp { .. } | Command::PfMerge { .. }) => {
            ("needs several keys at once", "read the ones and write the other")
        }
        ("strings", _) => return None,
        _ => match command.access() {
            // Records can be read: there are none.
            Access::Records if command.effect() != Effect::Read => return Some(super::no_records()),
            Access::Keys(_) | Access::Records => return None,
            Access::Keyspace => ("needs a store that lists its keys", "use redis://, sqlite: or memory:"),
        },
    };
    Some(Error::new(Kind::Unsupported, format!("{what}, which memcached cannot: {instead}")))
}

/// The keys that a command names.
fn keys_of(command: &Command) -> Vec<&Key> {
    match command.access() {
        Access::Keys(keys) => keys,
        Access::Keyspace | Access::Records => Vec::new(),
    }
}

impl Memcached {
    async fn run(&self, command: &Command) -> Result<Reply> {
        if let Some(error) = refusal(command) {
            return Err(error);
        }
        match command {
            Command::Flush { .. } => {
                // A closed handle refuses.
                let _open = self.cells.open()?;
                let server = self.server.upgrade().ok_or_else(meta::unexpected)?;
                server.flush().await.map(|()| Reply::Ok)
            }
            // Each key by itself: several cannot be removed at once.
            Command::Del { keys } if keys.len() > 1 => {
                let each: Vec<_> = keys.iter().map(|key| Command::Del { keys: vec![key.clone()] }).collect();
                let removed = join_all(each.iter().map(|command| self.cells.execute(command))).await;
                let add = |sum: Result<i64>, removed: Result<Reply>| match (sum, removed) {
                    (Ok(sum), Ok(Reply::Int(count))) => Ok(sum + count),
                    (sum, Ok(_)) => sum,
                    (_, Err(error)) => Err(error.maybe_applied()),
                };
                removed.into_iter().fold(Ok(0), add).map(Reply::Int)
            }
            command => self.cells.execute(command).await,
        }
    }

    /// Runs commands together as long as they name different keys: then their order does not matter.
    async fn run_all(&self, commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let mut replies = Vec::with_capacity(commands.len());
        while let Some(rest) = commands.get(replies.len()..).filter(|rest| !rest.is_empty()) {
            let mut named = BTreeSet::new();
            let mut count = 0;
            for command in rest {
                let is_apart = command.access() != Access::Keyspace
                    && keys_of(command).into_iter().all(|key| named.insert(key));
                if is_apart || count == 0 {
                    count += 1;
                }
                if !is_apart {
                    break;
                }
            }
            let together = rest.iter().take(count).map(|command| self.run(command));
            replies.extend(join_all(together).await);
        }
        Ok(replies)
    }

    async fn run_transaction(&self, checks: &[Check], commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        if let Some(error) = commands.iter().find_map(refusal) {
            return Err(error);
        }
        let keys: BTreeSet<&Key> =
            checks.iter().map(|(key, _)| key).chain(commands.iter().flat_map(keys_of)).collect();
        if keys.len() > 1 {
            let message = "(transaction) names several keys, and memcached changes one at a time: keep in one key \
                           what changes together, or use redis://, sqlite: or memory:";
            return Err(Error::new(Kind::Unsupported, message));
        }
        self.cells.transaction(checks, commands).await
    }
}

impl Backend for Memcached {
    fn name(&self) -> &'static str {
        self.cells.name()
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(self.run(command))
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.run_all(commands))
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.run_transaction(checks, commands))
    }

    fn stats<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Stats>> {
        let message = "needs a store that counts its keys, which memcached does not: ask the server with its own `stats`";
        Box::pin(std::future::ready(Err(Error::new(Kind::Unsupported, message))))
    }

    fn capabilities(&self) -> Capabilities {
        self.cells.capabilities()
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(Memcached { cells: self.cells.another()?, server: Weak::clone(&self.server) }))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.cells.close()
    }
}

/// The server, as a store of strings.
struct Server {
    wire: Wire,
    clock: Arc<dyn Clock>,
    max_value_bytes: u64,
}

impl Server {
    async fn load_all(&self, keys: &[Key]) -> Result<Loaded> {
        let mut bytes = Vec::new();
        for key in keys {
            meta::get(key, &mut bytes)?;
        }
        if keys.is_empty() {
            return Ok(Loaded::default());
        }
        let answers = self.send(bytes, keys.len(), Repeat::Harmless, Footprint::of_keys(keys, &[])).await?;
        let now_ms = self.clock.now_ms();
        let cell = |answer| match answer {
            Answer::Item(item) => Ok(Some(cell(item, now_ms))),
            Answer::Missing => Ok(None),
            _ => Err(meta::unexpected()),
        };
        Ok(Loaded { cells: answers.into_iter().map(cell).collect::<Result<_>>()?, now_ms: None })
    }

    async fn commit_all(&self, commit: &Commit) -> Result<Outcome> {
        let mut bytes = Vec::new();
        let mut keys = Vec::new();
        for write in &commit.writes {
            let key = write.key();
            let version =
                commit.checks.iter().find(|(checked, _)| checked == key).map(|(_, version)| *version);
            keys.push(key.clone());
            match write {
                Write::Put { value, deadline, .. } => {
                    let (flags, exptime) = lifetime(*deadline, commit.now_ms);
                    meta::set(key, value, version, flags, exptime, &mut bytes)?;
                }
                Write::Delete { .. } => meta::delete(key, version.flatten(), &mut bytes)?,
            }
        }
        // What was checked must not run twice: its own effect would look like a conflict.
        let (repeat, read) = match commit.checks.is_empty() {
            true => (Repeat::Same, &[][..]),
            false => (Repeat::Never, &keys[..]),
        };
        let footprint = Footprint::of_keys(read, &keys);
        let answers = self.send(bytes, keys.len(), repeat, footprint).await?;
        let is_checked = !commit.checks.is_empty();
        let mut outcome = Outcome::Committed;
        for answer in answers {
            match answer {
                Answer::Done => {}
                Answer::Missing if !is_checked => {}
                Answer::Missing | Answer::Changed => outcome = Outcome::Conflict,
                Answer::Item(_) => return Err(meta::unexpected()),
            }
        }
        Ok(outcome)
    }

    async fn flush(&self) -> Result<()> {
        let bytes = b"flush_all\r\n".to_vec();
        let everything = Footprint::of([&Command::Flush { prefix: String::new() }]);
        self.send(bytes, 1, Repeat::Same, everything).await.map(|_| ())
    }

    async fn send(
        &self,
        bytes: Vec<u8>,
        count: usize,
        repeat: Repeat,
        footprint: Footprint,
    ) -> Result<Vec<Answer>> {
        let deadline_ms = self.wire.attempts().deadline_ms();
        let values = self.wire.send(bytes, count, repeat, footprint, deadline_ms).await?;
        values.into_iter().map(meta::read).collect()
    }
}

/// The entry in an item.
fn cell(item: Item, now_ms: u64) -> Cell {
    let deadline = item.seconds_left.map(|left| exact_deadline(item.flags, left, now_ms));
    Cell { value: item.value, kind: ValueType::String, is_long: false, deadline, version: item.version }
}

/// An item's flags and its lifetime in the server's form. The server keeps it a little longer than the deadline.
fn lifetime(deadline: Option<u64>, now_ms: u64) -> (u32, u64) {
    let Some(deadline) = deadline else { return (0, 0) };
    let flags = ((deadline % MODULUS + 1) as u32) << 16;
    let seconds = deadline.saturating_sub(now_ms).div_ceil(1000) + 1;
    if seconds <= LONGEST_LIFETIME {
        return (flags, seconds);
    }
    let moment = deadline.div_ceil(1000).saturating_add(1);
    // The server cannot express a later moment.
    if moment > i32::MAX as u64 { (0, 0) } else { (flags, moment) }
}

/// The exact deadline, from the flags of an item that the server keeps for so many seconds more. Another program's flags
/// are not near that: then it is the server's.
fn exact_deadline(flags: u32, seconds_left: u64, now_ms: u64) -> u64 {
    let of_server = now_ms.saturating_add(seconds_left.saturating_mul(1000));
    let Some(rest) = u64::from(flags >> 16).checked_sub(1) else { return of_server };
    // The latest moment with this rest that is not later than the server's, but for what clocks may differ.
    let latest = of_server.saturating_add(TOLERANCE_MS);
    let exact = latest - (latest + MODULUS - rest) % MODULUS;
    if exact.saturating_add(2 * TOLERANCE_MS) < of_server { of_server } else { exact }
}

impl CellStore for Server {
    fn name(&self) -> &'static str {
        "memcached"
    }

    fn load<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Loaded>> {
        Box::pin(self.load_all(keys))
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(self.commit_all(commit))
    }

    fn list<'a>(&'a self, _: &'a Span, _: Option<&'a str>, _: usize) -> BoxFuture<'a, Result<Listing>> {
        let error = Error::new(Kind::Internal, "(keys) are not listed by memcached");
        Box::pin(std::future::ready(Err(error)))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: false,
            exact_counts: false,
            ttl_minimum_ms: 1,
            max_key_bytes: MAX_KEY_BYTES,
            max_value_bytes: self.max_value_bytes,
            records: false,
            consistency: "strong",
        }
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_back_to_the_millisecond() {
        let now = 1_700_000_000_123;
        for left in [1, 999, 1_000, 59_999, 60_001, 65_535, 2_592_000_000, 2_600_000_001] {
            let deadline = now + left;
            let (flags, exptime) = lifetime(Some(deadline), now);
            // The server's clock stands still for up to a second, before and after.
            let seconds = if exptime > LONGEST_LIFETIME { exptime - now / 1000 } else { exptime };
            for (passed, late) in [(0, 0), (left / 2, 1), (left.saturating_sub(1), 0), (left + 900, 1)] {
                let seconds_left = (seconds + late).saturating_sub(passed / 1000);
                assert_eq!(exact_deadline(flags, seconds_left, now + passed), deadline, "{left} {passed}");
            }
        }
    }

    #[test]
    fn what_the_server_cannot_keep_until_then_does_not_expire() {
        assert_eq!(lifetime(None, 5), (0, 0));
        assert_eq!(lifetime(Some(u64::MAX), 5), (0, 0));
        assert_eq!(lifetime(Some(2_147_483_648_000), 1_700_000_000_000), (0, 0));
        assert_eq!(lifetime(Some(2_147_483_000_000), 1_700_000_000_000).1, 2_147_483_001);
    }

    #[test]
    fn the_lifetime_of_another_program_s_item_is_the_server_s() {
        let now = 1_700_000_000_000;
        assert_eq!(exact_deadline(0, 60, now), now + 60_000);
        assert_eq!(exact_deadline(3, 60, now), now + 60_000);
        let far = (((now + 30_000) % MODULUS + 1) as u32) << 16;
        assert_eq!(exact_deadline(far, 60, now), now + 60_000);
    }
}
