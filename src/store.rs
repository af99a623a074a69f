// The handles that programs use: `MemoryStore`, synchronous, and `Store`, asynchronous. They connect a scope and a
// backend; no single operation belongs here.

#[doc(hidden)]
pub mod direct;
mod patterns;

use crate::backend::{Backend, BoxFuture, Capabilities, Check, Memory, Stats, Watch};
#[cfg(feature = "gateway")]
use crate::command::Key;
use crate::command::{Command, Reply};
use crate::error::{Error, Kind, Result};
#[cfg(not(target_arch = "wasm32"))]
use crate::host::bell::Bell;
use crate::operations::Run;
use crate::options::Options;
use crate::registry;
use crate::scope::{Names, Scope};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A memory store: synchronous, and shared between threads by reference.
///
/// Its operations are the provided methods of [`Keyspace`](crate::Keyspace), [`Strings`](crate::Strings),
/// [`Lists`](crate::Lists), [`Hashes`](crate::Hashes), [`Sets`](crate::Sets) and [`SortedSets`](crate::SortedSets).
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
/// A private store (`memory:`) lives as long as it has a handle: dropping or closing the last one drops the entries. A
/// named store (`memory:name`) lives until all of its handles have been [closed](Self::close), otherwise as long as the
/// process. Dropping a handle never ends a named store: if one of its handles is dropped without being closed, the
/// store stays until the process ends.
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
    /// Creates a private, empty store.
    ///
    /// # Panics
    ///
    /// On `wasm32-unknown-unknown`, if no binding has installed a clock and a seed; use
    /// [`with_options`](Self::with_options) there.
    pub fn new() -> MemoryStore {
        match MemoryStore::with_options(Options::default()) {
            Ok(store) => store,
            Err(error) => panic!("{error}"),
        }
    }

    /// Creates a private, empty store with these options.
    pub fn with_options(options: Options) -> Result<MemoryStore> {
        MemoryStore::connect("memory:", options)
    }

    /// Opens a handle on a memory store. `memory:` and `:memory:` are private and new each time; `memory:name` is one
    /// store per name in the process and lives until all of its handles have been closed. Dropping a handle does not
    /// close it.
    ///
    /// # Errors
    ///
    /// `unsupported` for any other URL; `invalid-argument` if `clock`, `max_bytes`, `max_keys` or `eviction` contradict
    /// those of the open store.
    pub fn connect(url: &str, options: Options) -> Result<MemoryStore> {
        let memory = registry::open_sync(url, &options).map_err(|error| error.in_op("connect"))?;
        // A handle that nobody is given must not keep a named store.
        let scope = Scope::of(&options, &memory).inspect_err(|_| memory.close());
        Ok(MemoryStore { scope: scope.map_err(|error| error.in_op("connect"))?, memory })
    }

    /// Creates another handle on the same store, within this one's prefix: `users` and `users:` both put `users:`
    /// between this handle's prefix and every key. It has its own hits and misses, and closing either handle leaves the
    /// other open.
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
    /// `closed` if this handle is closed.
    pub fn with_prefix(&self, prefix: &str) -> Result<MemoryStore> {
        let memory = self.memory.another().map_err(|error| named(error, "with-prefix", &self.memory))?;
        Ok(MemoryStore { scope: self.scope.within(prefix), memory })
    }

    /// Runs one command.
    pub fn execute(&self, command: Command) -> Result<Reply> {
        let names = Names::in_reply_to(&command);
        let mut command = self.scope.prepare(command)?;
        match self.memory.execute(&command) {
            Ok(reply) => Ok(self.scope.reveal(names, reply)),
            Err(error) => Err(named(self.scope.name_key(error, &mut command), command.name(), &self.memory)),
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

    /// Runs commands without any other in between, if every key still holds the value in its check.
    ///
    /// # Errors
    ///
    /// `conflict` if a check fails, or the error of a malformed command. In both cases nothing has run. A command that
    /// fails while it runs has its error in its position, and the effects of the others remain.
    pub fn transaction(&self, checks: Vec<Check>, commands: Vec<Command>) -> Result<Vec<Result<Reply>>> {
        let checks = qualified(&self.scope, checks)?;
        let mut batch = Batch::new(&self.scope, commands).whole()?;
        let replies = self.memory.transaction(&checks, &batch.commands);
        replies
            .map(|replies| batch.results(replies, &self.memory))
            .map_err(|error| named(error, "transaction", &self.memory))
    }

    /// Returns this handle's keys, hits and misses, and the bytes of the whole store.
    pub fn stats(&self) -> Result<Stats> {
        self.memory.stats(self.scope.prefix()).map_err(|error| named(error, "stats", &self.memory))
    }

    /// What the store guarantees.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities { max_key_bytes: self.scope.max_key_bytes() as u64, ..self.memory.capabilities() }
    }

    /// Closes the handle: afterwards every call fails with `closed`. Closing twice is fine. Closing the last handle on
    /// a store drops its entries.
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

/// A store at any URL: asynchronous, and shared between tasks by reference. Its futures own what they need and run on
/// any executor.
///
/// Its operations are the provided methods of [`Keyspace`](crate::Keyspace), [`Strings`](crate::Strings),
/// [`Lists`](crate::Lists), [`Hashes`](crate::Hashes), [`Sets`](crate::Sets) and [`SortedSets`](crate::SortedSets).
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
    /// Rings when this handle, or one made from it, has changed something that others wait for.
    #[cfg(not(target_arch = "wasm32"))]
    bell: Bell,
}

impl Store {
    /// Opens the store at this URL.
    ///
    /// | URL | | feature |
    /// | --- | --- | --- |
    /// | `memory:`, `:memory:` | private and new each time | |
    /// | `memory:name` | one store per name in the process, until all of its handles have been [closed](Self::close) | |
    /// | `sqlite:path`, `sqlite:path?timeout=seconds` | a file, shared with other processes | `sqlite` |
    /// | `redis://[user][:password@]host:port/db`, `rediss://` | a Redis server over TCP or TLS | `redis` |
    /// | `redis+cluster://host:port,host:port`, `redis+sentinel://host:port/service` | a Redis Cluster; the master reported by Sentinels | `redis` |
    /// | `rqlite://[user:password@]host:port,host:port`, `rqlites://` | an rqlite cluster over HTTP or HTTPS | `rqlite`, `http` |
    /// | `memcached://[user:password@]host:port` | strings in a memcached server | `memcached` |
    /// | `upstash://:TOKEN@host`, `upstash+http://`, `https://` with a `token` in the options | Upstash's REST protocol over HTTPS or HTTP | `http` |
    ///
    /// A private memory store lives as long as it has a handle. Dropping a handle on a named one does not close it: if
    /// a handle was dropped without being closed, the store lives as long as the process.
    ///
    /// With Upstash's protocol, commands that are issued together are sent together. Handles on the same `redis://` URL
    /// share one connection. URLs of remote stores may end in `?timeout=seconds` and `retries=count`, like the options
    /// in [`Remote`](crate::Remote).
    ///
    /// # Errors
    ///
    /// `unsupported` for any other URL, or if the URL's feature is not built in; `invalid-argument` if `clock`,
    /// `max_bytes`, `max_keys` or `eviction` contradict those of the open store.
    pub async fn connect(url: &str, options: Options) -> Result<Store> {
        let backend = registry::open(url, &options).await.map_err(|error| error.in_op("connect"))?;
        let opened = Store::over(Arc::clone(&backend), &options);
        if opened.is_err() {
            // Close the handle on failure, or it would keep a named store alive.
            let _ = backend.close().await;
        }
        opened
    }

    /// Creates a handle over your own backend. Of the options, only those of a handle are used: the prefix, the default
    /// TTL and the longest key.
    pub fn over(backend: Arc<dyn Backend>, options: &Options) -> Result<Store> {
        let scope = Scope::of(options, &*backend).map_err(|error| error.in_op("connect"))?;
        Ok(Store::of(scope, backend))
    }

    fn of(scope: Scope, backend: Arc<dyn Backend>) -> Store {
        let inner = Inner {
            scope,
            backend,
            closed: AtomicBool::new(false),
            #[cfg(not(target_arch = "wasm32"))]
            bell: Bell::default(),
        };
        Store { inner: Arc::new(inner) }
    }

    /// Creates another handle on the same store, within this one's prefix: `users` and `users:` both put `users:`
    /// between this handle's prefix and every key. It has its own hits and misses, and closing either handle leaves the
    /// other open.
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
    /// `closed` if this handle is closed.
    pub fn with_prefix(&self, prefix: &str) -> Result<Store> {
        let backend = self.inner.open("with-prefix")?;
        let again = backend.another().map_err(|error| named(error, "with-prefix", backend))?;
        let inner = Inner {
            scope: self.inner.scope.within(prefix),
            backend: again,
            closed: AtomicBool::new(false),
            #[cfg(not(target_arch = "wasm32"))]
            bell: self.inner.bell.clone(),
        };
        Ok(Store { inner: Arc::new(inner) })
    }

    /// The same store through another backend, which stands before this one.
    #[cfg(feature = "gateway")]
    pub(crate) fn through(&self, before: impl FnOnce(Arc<dyn Backend>) -> Arc<dyn Backend>) -> Store {
        Store::of(self.inner.scope.clone(), before(Arc::clone(&self.inner.backend)))
    }

    /// The key as the backend knows it.
    #[cfg(feature = "gateway")]
    pub(crate) fn qualified(&self, mut key: Key) -> Result<Key> {
        self.inner.scope.qualify(&mut key)?;
        Ok(key)
    }

    /// Runs one command.
    pub async fn execute(&self, command: Command) -> Result<Reply> {
        self.inner.execute(command).await
    }

    /// Runs commands as a pipeline, in one round trip: each has its own result, in order.
    pub async fn execute_all(&self, commands: Vec<Command>) -> Result<Vec<Result<Reply>>> {
        let backend = self.inner.open("pipeline")?;
        let mut batch = Batch::new(&self.inner.scope, commands);
        let replies = backend.execute_all(&batch.commands).await;
        self.inner.tell(&batch.commands);
        match replies {
            Ok(replies) => Ok(batch.results(replies, backend)),
            Err(error) => Err(named(error, "pipeline", backend)),
        }
    }

    /// Runs commands without any other in between, if every key still holds the value in its check.
    ///
    /// # Errors
    ///
    /// `conflict` if a check fails, or the error of a malformed command. In both cases nothing has run. A command that
    /// fails while it runs has its error in its position, and the effects of the others remain.
    pub async fn transaction(
        &self,
        checks: Vec<Check>,
        commands: Vec<Command>,
    ) -> Result<Vec<Result<Reply>>> {
        let backend = self.inner.open("transaction")?;
        let checks = qualified(&self.inner.scope, checks)?;
        let mut batch = Batch::new(&self.inner.scope, commands).whole()?;
        let replies = backend.transaction(&checks, &batch.commands).await;
        self.inner.tell(&batch.commands);
        match replies {
            Ok(replies) => Ok(batch.results(replies, backend)),
            Err(error) => Err(named(error, "transaction", backend)),
        }
    }

    /// Counts this handle's keys, its hits and misses, and reports what the store knows about itself.
    pub async fn stats(&self) -> Result<Stats> {
        let backend = self.inner.open("stats")?;
        backend.stats(self.inner.scope.prefix()).await.map_err(|error| named(error, "stats", backend))
    }

    /// The backend's name, as errors have it: `memory`, `redis`, `sqlite`.
    pub fn backend(&self) -> &'static str {
        self.inner.backend.name()
    }

    /// What the store guarantees.
    pub fn capabilities(&self) -> Capabilities {
        let max_key_bytes = self.inner.scope.max_key_bytes() as u64;
        Capabilities { max_key_bytes, ..self.inner.backend.capabilities() }
    }

    /// Completes when the store tells of a change after this call. One that cannot tell of the changes of others tells of
    /// those by this handle.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn changed(&self) -> BoxFuture<'static, ()> {
        self.inner.backend.changed().unwrap_or_else(|| Box::pin(self.inner.bell.listen()))
    }

    /// Starts to watch for changes of records, where the store can tell of them.
    #[doc(hidden)]
    pub fn watch(&self) -> Option<Arc<dyn Watch>> {
        self.inner.backend.watch()
    }

    /// Closes the handle: afterwards every call fails with `closed`. Closing twice is fine. Closing the last handle on
    /// a memory store drops its entries.
    pub async fn close(&self) -> Result<()> {
        if self.inner.closed.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        let backend = &*self.inner.backend;
        backend.close().await.map_err(|error| named(error, "close", backend))
    }
}

impl Inner {
    /// The backend, if the handle is open.
    fn open(&self, op: &'static str) -> Result<&dyn Backend> {
        if self.closed.load(Ordering::Acquire) {
            let error = Error::new(Kind::Closed, "(store) is closed");
            return Err(named(error, op, &*self.backend));
        }
        Ok(&*self.backend)
    }

    async fn execute(&self, command: Command) -> Result<Reply> {
        let backend = self.open(command.name())?;
        let names = Names::in_reply_to(&command);
        let mut command = self.scope.prepare(command)?;
        let reply = backend.execute(&command).await;
        self.tell([&command]);
        match reply {
            Ok(reply) => Ok(self.scope.reveal(names, reply)),
            Err(error) => Err(named(self.scope.name_key(error, &mut command), command.name(), backend)),
        }
    }

    /// Wakes those who wait for a change, if one of these commands may have been it.
    #[cfg(not(target_arch = "wasm32"))]
    fn tell<'a>(&self, commands: impl IntoIterator<Item = &'a Command>) {
        if commands.into_iter().any(crate::backend::wakes) {
            self.bell.ring();
        }
    }

    /// Nobody can wait there.
    #[cfg(target_arch = "wasm32")]
    fn tell<'a>(&self, _: impl IntoIterator<Item = &'a Command>) {}
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

/// Adds the operation and the backend to an error.
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

/// Commands for a backend, and the positions of their replies.
struct Batch<'a> {
    scope: &'a Scope,
    /// The valid commands.
    commands: Vec<Command>,
    /// For each command of the caller: where its reply contains names, or why it was not sent.
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

    /// The batch, if every command is valid.
    fn whole(self) -> Result<Batch<'a>> {
        match self.places.iter().find_map(|place| place.as_ref().err()) {
            Some(error) => Err(error.clone()),
            None => Ok(self),
        }
    }

    /// Puts the backend's replies into their positions.
    fn results(&mut self, replies: Vec<Result<Reply>>, backend: &dyn Backend) -> Vec<Result<Reply>> {
        let mut answers = self.commands.iter_mut().zip(replies);
        let mut next = |names| match answers.next() {
            Some((_, Ok(reply))) => Ok(self.scope.reveal(names, reply)),
            Some((command, Err(error))) => {
                Err(named(self.scope.name_key(error, command), command.name(), backend))
            }
            None => Err(Error::new(Kind::Internal, "(pipeline) got fewer replies than commands")),
        };
        std::mem::take(&mut self.places).into_iter().map(|place| place.and_then(&mut next)).collect()
    }
}
