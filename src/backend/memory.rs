// The memory backend: the engine behind a lock, with a clock. No prefixes, and no operation semantics.

//! A store in the process's memory.

use super::{Backend, BoxFuture, Capabilities, Check, Stats};
use crate::command::{Command, Key, Reply};
use crate::engine::{Engine, Limits, MAX_VALUE_BYTES, Tick};
use crate::error::{Error, Kind, Result};
#[cfg(not(target_arch = "wasm32"))]
use crate::host::bell::Bell;
use crate::host::{Clock, clock, random};
use crate::options::Options;
use std::future::ready;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The entries that all handles on a store share. They live until the last [`Arc`] is dropped.
pub(crate) struct Shared {
    engine: Mutex<Engine>,
    clock: Arc<dyn Clock>,
    limits: Limits,
    /// Whether the store has a name and can be opened again.
    is_named: bool,
    /// Whether a handle was dropped without being closed, so that the store is kept until the process ends.
    is_kept: AtomicBool,
    /// Rings when something may have happened that others wait for.
    #[cfg(not(target_arch = "wasm32"))]
    bell: Bell,
}

impl Shared {
    pub(crate) fn new(options: &Options, is_named: bool) -> Result<Shared> {
        let limits = limits(options);
        let seed = match options.seed {
            Some(seed) => seed,
            None => random::seed()?,
        };
        let clock = match &options.clock {
            Some(clock) => Arc::clone(clock),
            None => clock::system()?,
        };
        let engine = Mutex::new(Engine::new(limits, seed));
        Ok(Shared {
            engine,
            clock,
            limits,
            is_named,
            is_kept: AtomicBool::new(false),
            #[cfg(not(target_arch = "wasm32"))]
            bell: Bell::default(),
        })
    }

    /// Checks that the options do not contradict those the store was created with.
    pub(crate) fn agrees_with(&self, options: &Options) -> Result<()> {
        let same_clock =
            |clock: &Arc<dyn Clock>| Arc::as_ptr(clock).cast::<()>() == Arc::as_ptr(&self.clock).cast::<()>();
        if options.max_bytes.is_some_and(|max_bytes| max_bytes != self.limits.max_bytes) {
            return Err(Error::invalid_argument("(maxBytes) differs from the open store's"));
        }
        if options.max_keys.is_some_and(|max_keys| max_keys != self.limits.max_keys) {
            return Err(Error::invalid_argument("(maxKeys) differs from the open store's"));
        }
        if options.eviction.is_some_and(|eviction| eviction != self.limits.eviction) {
            return Err(Error::invalid_argument("(eviction) differs from the open store's"));
        }
        if !options.clock.as_ref().is_none_or(same_clock) {
            return Err(Error::invalid_argument("(clock) differs from the open store's"));
        }
        Ok(())
    }
}

fn limits(options: &Options) -> Limits {
    let limits = Limits::default();
    Limits {
        max_bytes: options.max_bytes.unwrap_or(limits.max_bytes),
        max_keys: options.max_keys.unwrap_or(limits.max_keys),
        eviction: options.eviction.unwrap_or(limits.eviction),
    }
}

/// A handle on a memory store.
///
/// Its methods are synchronous; as a [`Backend`] it answers immediately.
pub struct Memory {
    /// `None` once closed.
    shared: Mutex<Option<Arc<Shared>>>,
    hits: AtomicU64,
    misses: AtomicU64,
}

impl Memory {
    pub(crate) fn new(shared: Arc<Shared>) -> Memory {
        Memory { shared: Mutex::new(Some(shared)), hits: AtomicU64::new(0), misses: AtomicU64::new(0) }
    }

    /// Creates another handle on the same store.
    pub(crate) fn another(&self) -> Result<Memory> {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = shared.as_ref().ok_or_else(closed)?;
        Ok(Memory::new(Arc::clone(shared)))
    }

    /// Runs a function with exclusive access to the engine, at one time of the clock.
    pub(crate) fn with<R>(&self, run: impl FnOnce(&mut Engine, &Tick) -> Result<R>) -> Result<R> {
        // Hold the guard during the call, so that the handle is not closed while its own operation runs.
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = shared.as_ref().ok_or_else(closed)?;
        // A panic in the engine or in a caller's clock may have left entries half written.
        let mut engine = shared.engine.lock().map_err(|_| {
            Error::new(Kind::Internal, "(store) may be inconsistent: an earlier operation panicked")
        })?;
        let clock = || shared.clock.now_ms();
        let before = engine.hits_and_misses();
        let result = run(&mut engine, &Tick::new(&clock));
        let after = engine.hits_and_misses();
        self.hits.fetch_add(after.0.wrapping_sub(before.0), Ordering::Relaxed);
        self.misses.fetch_add(after.1.wrapping_sub(before.1), Ordering::Relaxed);
        result
    }

    /// Wakes those who wait for a change, if one of these commands may have been it.
    #[cfg(not(target_arch = "wasm32"))]
    fn tell<'a>(&self, commands: impl IntoIterator<Item = &'a Command>) {
        if commands.into_iter().any(super::wakes) {
            let bell = {
                let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
                shared.as_ref().map(|shared| shared.bell.clone())
            };
            // A waker may come back to this store.
            bell.iter().for_each(Bell::ring);
        }
    }

    /// Nobody can wait there.
    #[cfg(target_arch = "wasm32")]
    fn tell<'a>(&self, _: impl IntoIterator<Item = &'a Command>) {}

    /// Runs one command.
    pub fn execute(&self, command: &Command) -> Result<Reply> {
        let result = self.with(|engine, tick| engine.apply(command, tick));
        self.tell([command]);
        result
    }

    /// Runs commands, each with its own result.
    pub fn execute_all(&self, commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let results = self.with(|engine, tick| Ok(engine.apply_all(commands, tick)));
        self.tell(commands);
        results
    }

    /// Runs commands isolated from others, at one time, if the checks hold.
    pub fn transaction(&self, checks: &[Check], commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let results = self.with(|engine, tick| {
            for (key, expected) in checks {
                if !engine.holds(key.as_bytes(), expected.as_deref(), tick)? {
                    return Err(Error::new(Kind::Conflict, "(checks) do not hold: nothing was run"));
                }
            }
            let checked: Vec<&Key> = checks.iter().map(|(key, _)| key).collect();
            Ok(engine.apply_together(&checked, commands, tick))
        });
        self.tell(commands);
        results
    }

    /// Counts the keys that begin with the prefix, and the bytes of the whole store.
    pub fn stats(&self, prefix: &str) -> Result<Stats> {
        self.with(|engine, tick| {
            let counts = engine.counts(prefix.as_bytes(), tick)?;
            Ok(Stats {
                keys: counts.keys,
                expiring_keys: counts.expiring,
                hits: Some(self.hits.load(Ordering::Relaxed)),
                misses: Some(self.misses.load(Ordering::Relaxed)),
                bytes: Some(engine.used_bytes()),
                evicted: Some(engine.evicted()),
                server: Default::default(),
            })
        })
    }

    /// What a memory store guarantees.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: true,
            ordered: true,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: MAX_VALUE_BYTES as u64,
            max_value_bytes: MAX_VALUE_BYTES as u64,
            records: true,
            consistency: "strong",
        }
    }

    /// Closes the handle; afterwards every call fails with `closed`. Closing the last handle drops the entries.
    pub fn close(&self) {
        *self.shared.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Dropping a handle does not close it: it happens at the end of any scope, and in JavaScript at any garbage
/// collection. Entries of a named store must not depend on that, so a reference to them is leaked.
impl Drop for Memory {
    fn drop(&mut self) {
        let shared = self.shared.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(shared) = shared.filter(|shared| shared.is_named)
            && !shared.is_kept.swap(true, Ordering::Relaxed)
        {
            std::mem::forget(shared);
        }
    }
}

fn closed() -> Error {
    Error::new(Kind::Closed, "(store) is closed")
}

impl Backend for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(ready(self.execute(command)))
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(ready(self.execute_all(commands)))
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(ready(self.transaction(checks, commands)))
    }

    fn stats<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Stats>> {
        Box::pin(ready(self.stats(prefix)))
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities()
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn changed(&self) -> Option<BoxFuture<'static, ()>> {
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        let listener = shared.as_ref()?.bell.listen();
        Some(Box::pin(listener))
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(self.another()?))
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        self.close();
        Box::pin(ready(Ok(())))
    }
}
