// The handles that programs hold: `MemoryStore`, synchronous, and `Store`, asynchronous. They join a scope and a
// backend; they must not know any single operation.

#[doc(hidden)]
pub mod direct;
mod patterns;

use crate::backend::{Backend, BoxFuture, Capabilities, Check, Memory, Stats};
use crate::command::{Command, Reply};
use crate::error::{Error, Kind, Result};
use crate::operations::Run;
use crate::options::Options;
use crate::registry;
use crate::scope::{Names, Scope};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A store in memory: synchronous, and shared between threads by reference.
///
/// Its operations are the provided methods of [`Keyspace`](crate::Keyspace), [`Strings`](crate::Strings),
/// [`Lists`](crate::Lists), [`Hashes`](crate::Hashes) and [`Sets`](crate::Sets).
///
/// ```
/// use omnikv::{MemoryStore, prelude::*};
///
/// let kv = MemoryStore::new();
/// kv.rpush("queue", ["a", "b"])?;
/// assert_eq!(kv.lpop::<String>("queue")?, Some("a".to_owned()));
/// # Ok::<(), omnikv::Error>(())
/// ```
///
/// # How long a store lives
///
/// A private store (`memory:`) lives as long as a handle on it: dropping or closing the last one drops the entries. A named
/// store (`memory:name`) lives until each of its handles has been [closed](Self::close), else as long as the process.
/// Dropping a handle never ends a named store: one that was dropped without being closed keeps the store for good.
///
/// ```
/// # use omnikv::{MemoryStore, Options, prelude::*};
/// let open = || MemoryStore::connect("memory:sessions", Options::default());
/// open()?.set("1", "Alice")?; // dropped, not closed
/// assert_eq!(open()?.get("1")?.as_deref(), Some("Alice"));
/// # Ok::<(), omnikv::Error>(())
/// ```
pub struct MemoryStore {
    scope: Scope,
    memory: Memory,
}

impl MemoryStore {
    /// A private, empty store.
    ///
    /// # Panics
    ///
    /// On `wasm32-unknown-unknown` when no binding has installed a clock and a seed; there use
    /// [`with_options`](Self::with_options).
    pub fn new() -> MemoryStore {
        match MemoryStore::with_options(Options::default()) {
            Ok(store) => store,
            Err(error) => panic!("{error}"),
        }
    }

    /// A private, empty store with these options.
    pub fn with_options(options: Options) -> Result<MemoryStore> {
        MemoryStore::connect("memory:", options)
    }

    /// A handle on a store in memory: `memory:` and `:memory:` are private and new each time, `memory:name` is one
    /// store per name in the process, which lives until each of its handles has been closed. Dropping a handle does not
    /// close it.
    ///
    /// # Errors
    ///
    /// `unsupported` for any other URL; `invalid-argument` when `clock`, `max_bytes`, `max_keys` or `eviction` contradict
    /// the open store's.
    pub fn connect(url: &str, options: Options) -> Result<MemoryStore> {
        let memory = registry::open_sync(url, &options).map_err(|error| error.in_op("connect"))?;
        // A handle that nobody is given must not keep a named store.
        let scope = Scope::of(&options, &memory).inspect_err(|_| memory.close());
        Ok(MemoryStore { scope: scope.map_err(|error| error.in_op("connect"))?, memory })
    }

    /// Another handle on the same store, within this one's prefix: `users` and `users:` both put `users:` between this
    /// handle's prefix and every key. It has hits and misses of its own, and closing either handle leaves the other open.
    ///
    /// ```
    /// # use omnikv::{MemoryStore, prelude::*};
    /// let kv = MemoryStore::new();
    /// let users = kv.with_prefix("users")?;
    /// users.set("1", "Alice")?;
    /// assert_eq!(kv.get("users:1")?.as_deref(), Some("Alice"));
    /// # Ok::<(), omnikv::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `closed` once this handle is closed.
    pub fn with_prefix(&self, prefix: &str) -> Result<MemoryStore> {
        let memory = self.memory.again().map_err(|error| named(error, "with-prefix", &self.memory))?;
        Ok(MemoryStore { scope: self.scope.within(prefix), memory })
    }

    /// Runs one command.
    pub fn execute(&self, command: Command) -> Result<Reply> {
        let names = Names::in_reply_to(&command);
        let mut command = self.scope.prepare(command)?;
        match self.memory.execute(&command) {
            Ok(reply) => Ok(self.scope.reveal(names, reply)),
            Err(error) => Err(named(self.scope.told(error, &mut command), command.name(), &self.memory)),
        }
    }

    /// Runs commands as a pipeline: each has its own result, in order.
    pub fn execute_all(&self, commands: Vec<Command>) -> Result<Vec<Result<Reply>>> {
        let mut batch = Batch::new(&self.scope, commands);
        let replies = self.memory.execute_all(&batch.commands);
        replies
            .map(|replies| batch.results(replies, &self.memory))
            .map_err(|error| named(error, "pipeline", &self.memory))
    }

    /// Runs commands with no other command in between, if every key still holds what its check says.
    ///
    /// # Errors
    ///
    /// `conflict` when a check does not hold; whatever makes a command malformed. Nothing has run then. A command
    /// that fails while it runs has its error in its place, and the others' effects stay.
    pub fn transaction(&self, checks: Vec<Check>, commands: Vec<Command>) -> Result<Vec<Result<Reply>>> {
        let checks = qualified(&self.scope, checks)?;
        let mut batch = Batch::new(&self.scope, commands).whole()?;
        let replies = self.memory.transaction(&checks, &batch.commands);
        replies
            .map(|replies| batch.results(replies, &self.memory))
            .map_err(|error| named(error, "transaction", &self.memory))
    }

    /// Counts this handle's keys, its hits and misses, and the bytes of the whole store.
    pub fn stats(&self) -> Result<Stats> {
        self.memory.stats(self.scope.prefix()).map_err(|error| named(error, "stats", &self.memory))
    }

    /// What the store promises.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities { max_key_bytes: self.scope.max_key_bytes() as u64, ..self.memory.capabilities() }
    }

    /// Gives the handle up: afterwards everything answers `closed`. Closing twice is fine. When every handle on a store
    /// has been closed, its entries are dropped.
    pub fn close(&self) -> Result<()> {
        self.memory.close();
        Ok(())
    }
}

impl Default for MemoryStore {
    fn default() -> MemoryStore {
        MemoryStore::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("prefix", &self.scope.prefix()).finish_non_exhaustive()
    }
}

impl Run for MemoryStore {
    type Output<T> = Result<T>;

    fn read<T: 'static>(&self, command: Result<Command>, read: fn(Reply) -> Result<T>) -> Result<T> {
        let command = command?;
        let op = command.name();
        self.execute(command).and_then(|reply| read(reply).map_err(|error| named(error, op, &self.memory)))
    }
}

/// A store behind any URL: asynchronous, and shared between tasks by reference. Its futures own what they need and run
/// on any executor.
///
/// Its operations are the provided methods of [`Keyspace`](crate::Keyspace), [`Strings`](crate::Strings),
/// [`Lists`](crate::Lists), [`Hashes`](crate::Hashes) and [`Sets`](crate::Sets).
///
/// ```
/// # pollster::block_on(async {
/// use omnikv::{Options, Store, prelude::*};
///
/// let kv = Store::connect("memory:", Options::default()).await?;
/// kv.set("user:1", "Alice").await?;
/// assert_eq!(kv.get("user:1").await?.as_deref(), Some("Alice"));
/// # Ok::<(), omnikv::Error>(())
/// # }).unwrap();
/// ```
///
/// A clone is the same handle: closing one closes the other. [`with_prefix`](Self::with_prefix) opens another.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    scope: Scope,
    backend: Arc<dyn Backend>,
    closed: AtomicBool,
}

impl Store {
    /// Opens the store that the URL names.
    ///
    /// | URL | | feature |
    /// | --- | --- | --- |
    /// | `memory:`, `:memory:` | private and new each time | |
    /// | `memory:name` | one store per name in the process, until each of its handles has been [closed](Self::close) | |
    /// | `sqlite:path`, `sqlite:path?timeout=seconds` | a file, shared with other processes | `sqlite` |
    /// | `redis://[user][:password@]host:port/db`, `rediss://` | a Redis server over TCP, over TLS | `redis` |
    /// | `redis+cluster://host:port,host:port`, `redis+sentinel://host:port/service` | a Redis Cluster; the master that Sentinels name | `redis` |
    /// | `upstash://:TOKEN@host`, `upstash+http://`, `https://` with a `token` in the options | Upstash's REST protocol over HTTPS, over HTTP | `http` |
    ///
    /// A private store in memory lives as long as a handle on it. Dropping a handle on a named one does not close it:
    /// a store with a handle that was dropped and never closed lives as long as the process.
    ///
    /// Commands over Upstash's protocol that are issued together travel together. Handles on one `redis://` URL share one
    /// connection. URLs of stores elsewhere may end in `?timeout=seconds` and `retries=count`, as [`Remote`](crate::Remote) has them.
    ///
    /// # Errors
    ///
    /// `unsupported` for any other URL, and for one whose feature is not built in; `invalid-argument` when `clock`, `max_bytes`, `max_keys` or `eviction` contradict
    /// the open store's.
    pub async fn connect(url: &str, options: Options) -> Result<Store> {
        let backend = registry::open(url, &options).await.map_err(|error| error.in_op("connect"))?;
        let opened = Store::over(Arc::clone(&backend), &options);
        if opened.is_err() {
            // A handle that nobody is given must not keep a named store.
            let _ = backend.close().await;
        }
        opened
    }

    /// A handle over a backend of one's own making. Of the options, those of a handle count: the prefix, the default
    /// TTL, the longest key.
    pub fn over(backend: Arc<dyn Backend>, options: &Options) -> Result<Store> {
        let scope = Scope::of(options, &*backend).map_err(|error| error.in_op("connect"))?;
        Ok(Store::of(scope, backend))
    }

    fn of(scope: Scope, backend: Arc<dyn Backend>) -> Store {
        Store { inner: Arc::new(Inner { scope, backend, closed: AtomicBool::new(false) }) }
    }

    /// Another handle on the same store, within this one's prefix: `users` and `users:` both put `users:` between this
    /// handle's prefix and every key. It has hits and misses of its own, and closing either handle leaves the other open.
    ///
    /// ```
    /// # pollster::block_on(async {
    /// # use omnikv::{Options, Store, prelude::*};
    /// let kv = Store::connect("memory:", Options::default()).await?;
    /// let users = kv.with_prefix("users")?;
    /// users.set("1", "Alice").await?;
    /// assert_eq!(kv.get("users:1").await?.as_deref(), Some("Alice"));
    /// # Ok::<(), omnikv::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// `closed` once this handle is closed.
    pub fn with_prefix(&self, prefix: &str) -> Result<Store> {
        let backend = self.inner.open("with-prefix")?;
        let again = backend.again().map_err(|error| named(error, "with-prefix", backend))?;
        Ok(Store::of(self.inner.scope.within(prefix), again))
    }

    /// Runs one command.
    pub async fn execute(&self, command: Command) -> Result<Reply> {
        self.inner.execute(command).await
    }

    /// Runs commands as a pipeline, in one trip: each has its own result, in order.
    pub async fn execute_all(&self, commands: Vec<Command>) -> Result<Vec<Result<Reply>>> {
        let backend = self.inner.open("pipeline")?;
        let mut batch = Batch::new(&self.inner.scope, commands);
        match backend.execute_all(&batch.commands).await {
            Ok(replies) => Ok(batch.results(replies, backend)),
            Err(error) => Err(named(error, "pipeline", backend)),
        }
    }

    /// Runs commands with no other command in between, if every key still holds what its check says.
    ///
    /// # Errors
    ///
    /// `conflict` when a check does not hold; whatever makes a command malformed. Nothing has run then. A command
    /// that fails while it runs has its error in its place, and the others' effects stay.
    pub async fn transaction(
        &self,
        checks: Vec<Check>,
        commands: Vec<Command>,
    ) -> Result<Vec<Result<Reply>>> {
        let backend = self.inner.open("transaction")?;
        let checks = qualified(&self.inner.scope, checks)?;
        let mut batch = Batch::new(&self.inner.scope, commands).whole()?;
        match backend.transaction(&checks, &batch.commands).await {
            Ok(replies) => Ok(batch.results(replies, backend)),
            Err(error) => Err(named(error, "transaction", backend)),
        }
    }

    /// Counts this handle's keys, its hits and misses, and what the store knows of itself.
    pub async fn stats(&self) -> Result<Stats> {
        let backend = self.inner.open("stats")?;
        backend.stats(self.inner.scope.prefix()).await.map_err(|error| named(error, "stats", backend))
    }

    /// The backend's name, as errors have it: `memory`, `redis`, `sqlite`.
    pub fn backend(&self) -> &'static str {
        self.inner.backend.name()
    }

    /// What the store promises.
    pub fn capabilities(&self) -> Capabilities {
        let max_key_bytes = self.inner.scope.max_key_bytes() as u64;
        Capabilities { max_key_bytes, ..self.inner.backend.capabilities() }
    }

    /// Gives the handle up: afterwards everything answers `closed`. Closing twice is fine. When every handle on a store in
    /// memory has been closed, its entries are dropped.
    pub async fn close(&self) -> Result<()> {
        if self.inner.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let backend = &*self.inner.backend;
        backend.close().await.map_err(|error| named(error, "close", backend))
    }
}

impl Inner {
    /// The backend, as long as the handle is open.
    fn open(&self, op: &'static str) -> Result<&dyn Backend> {
        if self.closed.load(Ordering::Acquire) {
            let error = Error::new(Kind::Closed, "(store) has been closed");
            return Err(named(error, op, &*self.backend));
        }
        Ok(&*self.backend)
    }

    async fn execute(&self, command: Command) -> Result<Reply> {
        let backend = self.open(command.name())?;
        let names = Names::in_reply_to(&command);
        let mut command = self.scope.prepare(command)?;
        match backend.execute(&command).await {
            Ok(reply) => Ok(self.scope.reveal(names, reply)),
            Err(error) => Err(named(self.scope.told(error, &mut command), command.name(), backend)),
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("backend", &self.inner.backend.name())
            .field("prefix", &self.inner.scope.prefix())
            .finish_non_exhaustive()
    }
}

impl Run for Store {
    type Output<T> = BoxFuture<'static, Result<T>>;

    fn read<T: 'static>(
        &self,
        command: Result<Command>,
        read: fn(Reply) -> Result<T>,
    ) -> BoxFuture<'static, Result<T>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let command = command?;
            let op = command.name();
            let reply = inner.execute(command).await?;
            read(reply).map_err(|error| named(error, op, &*inner.backend))
        })
    }
}

/// Says where an error came from.
fn named(error: Error, op: &'static str, backend: &dyn Backend) -> Error {
    error.in_op(op).in_backend(backend.name())
}

/// The checks of a transaction, with full keys.
fn qualified(scope: &Scope, mut checks: Vec<Check>) -> Result<Vec<Check>> {
    for (key, _) in &mut checks {
        scope.qualify(key).map_err(|error| error.in_op("transaction"))?;
    }
    Ok(checks)
}

/// Commands on their way to a backend, and the places that their replies go to.
struct Batch<'a> {
    scope: &'a Scope,
    /// Those that are well formed.
    commands: Vec<Command>,
    /// One for each command that was handed in: what its reply names, or why it was not sent.
    places: Vec<Result<Names>>,
}

impl<'a> Batch<'a> {
    fn new(scope: &'a Scope, commands: Vec<Command>) -> Batch<'a> {
        let mut batch = Batch { scope, commands: Vec::with_capacity(commands.len()), places: Vec::new() };
        for command in commands {
            let names = Names::in_reply_to(&command);
            let place = scope.prepare(command).map(|command| {
                batch.commands.push(command);
                names
            });
            batch.places.push(place);
        }
        batch
    }

    /// The batch, if every command is well formed.
    fn whole(self) -> Result<Batch<'a>> {
        match self.places.iter().find_map(|place| place.as_ref().err()) {
            Some(error) => Err(error.clone()),
            None => Ok(self),
        }
    }

    /// Puts the backend's replies in their places.
    fn results(&mut self, replies: Vec<Result<Reply>>, backend: &dyn Backend) -> Vec<Result<Reply>> {
        let mut answers = self.commands.iter_mut().zip(replies);
        let mut next = |names| match answers.next() {
            Some((_, Ok(reply))) => Ok(self.scope.reveal(names, reply)),
            Some((command, Err(error))) => {
                Err(named(self.scope.told(error, command), command.name(), backend))
            }
            None => Err(Error::new(Kind::Internal, "(pipeline) got fewer replies than it sent commands")),
        };
        std::mem::take(&mut self.places).into_iter().map(|place| place.and_then(&mut next)).collect()
    }
}
