// The options for opening a store. They do not know stores, nor which backends accept which option.

use crate::engine::Eviction;
use crate::host::Clock;
#[cfg(feature = "net")]
use crate::host::{Network, socket::Tls};
#[cfg(feature = "net")]
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How to open a store: built method by method, each of which says one thing.
///
/// ```
/// use omnikv::{Eviction, MemoryStore, Options};
/// use std::time::Duration;
///
/// let options = Options::new().prefix("sessions").default_ttl(Duration::from_secs(3600));
/// let kv = MemoryStore::with_options(options.max_bytes(64 << 20).eviction(Eviction::AllKeysLru))?;
/// # Ok::<(), omnikv::Error>(())
/// ```
///
/// The fields hold what the methods were told.
#[derive(Clone, Default)]
pub struct Options {
    /// A namespace: `myapp` and `myapp:` both put `myapp:` before every key. Keys outside the namespace are neither
    /// seen nor changed.
    pub prefix: String,
    /// Default TTL for strings written without one. Zero means never.
    pub default_ttl: Option<Duration>,
    /// The most bytes the store may use: keys, values and an overhead per entry. A record counts once in the table and
    /// once in each of its changes. Default: unlimited natively, 1 GiB on wasm32.
    pub max_bytes: Option<u64>,
    /// The most keys the store may hold. Records and what is built on them only count in `max_bytes`. Default: unlimited.
    pub max_keys: Option<u64>,
    /// What makes room when the store is full. Default: nothing, so that writes fail with `out-of-memory`.
    pub eviction: Option<Eviction>,
    /// The longest key, in bytes of UTF-8 including the prefix. Default: 512, which every store accepts.
    pub max_key_bytes: Option<usize>,
    /// The store's clock, for tests. Default: the system's.
    pub clock: Option<Arc<dyn Clock>>,
    /// The seed of hashes and random choices, for tests. Default: unpredictable.
    pub seed: Option<u64>,
    /// From how many elements on a database keeps a collection in parts, for tests. Default: 128.
    #[doc(hidden)]
    pub long_from: Option<usize>,
    /// How to reach a remote store.
    #[cfg(feature = "net")]
    pub remote: Remote,
}

/// How to reach a remote store. The URL takes precedence over these options. Memory stores accept and ignore them;
/// other stores reject options that contradict the URL.
#[cfg(feature = "net")]
#[derive(Clone, Default)]
pub struct Remote {
    /// The server's name or address, if the URL contains none (`redis://`, `postgres://`, `upstash://`). Default:
    /// `localhost`.
    pub host: Option<String>,
    /// The server's port. Default: the scheme's.
    pub port: Option<u16>,
    /// The user of a Redis server or an rqlite cluster. Default: the server's default user.
    pub username: Option<String>,
    /// The password of a Redis server or an rqlite cluster. A server over HTTP gets it if there is no token.
    pub password: Option<String>,
    /// The number of a Redis server's database. Default: 0.
    pub db: Option<u32>,
    /// TLS options: with them, `redis://` behaves like `rediss://`, and `postgres://` verifies the server.
    pub tls: Option<Tls>,
    /// The bearer token of an Upstash REST endpoint, or an API token. A Redis server gets it if there is no password.
    pub token: Option<String>,
    /// The timeout of an operation, including all retries. Default: 10 seconds.
    pub timeout: Option<Duration>,
    /// How many times a failed request is retried if it may be repeated. Default: 5.
    pub retries: Option<u32>,
    /// Whether commands of the same tick are sent as one request. Default: true.
    pub automatic_pipelining: Option<bool>,
    /// Whether to request unencoded strings from an Upstash REST endpoint, which damages bytes that are not UTF-8.
    /// Default: base64.
    pub plain_strings: bool,
    /// Whether to run commands that the store cannot run atomically, as a read followed by a write.
    pub nonatomic: bool,
    /// The network, if not the system's.
    pub network: Option<Network>,
    /// The binding that `cloudflare-kv:NAME` and `durable-object:NAME` refer to in a Worker.
    pub binding: Option<Binding>,
}

/// A Worker's binding.
#[cfg(feature = "net")]
#[derive(Clone)]
#[non_exhaustive]
pub enum Binding {
    /// A namespace of Cloudflare KV.
    #[cfg(feature = "cloudflare-kv")]
    Namespace(Arc<dyn crate::host::kv::KvNamespace>),
    /// Durable Objects. Requests reach them by the network, as [`open`](crate::backend::durable_object::open) says.
    #[cfg(feature = "durable-object")]
    Objects {
        /// The number of objects that the keys are distributed over.
        shards: u64,
    },
}

#[cfg(feature = "net")]
impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Hides secrets.
        f.debug_struct("Remote").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl Options {
    /// A store without limits and prefix, whose strings never expire unless they are told to.
    pub fn new() -> Options {
        Options::default()
    }

    /// Puts `prefix:` before every key. Nothing outside it is seen or touched. A colon at its end may be left out.
    pub fn prefix(self, prefix: impl Into<String>) -> Options {
        Options { prefix: prefix.into(), ..self }
    }

    /// The TTL of strings that are written without one. Zero: they never expire.
    pub fn default_ttl(self, ttl: Duration) -> Options {
        Options { default_ttl: Some(ttl), ..self }
    }

    /// How many bytes a store in memory may use.
    pub fn max_bytes(self, bytes: u64) -> Options {
        Options { max_bytes: Some(bytes), ..self }
    }

    /// How many keys a store in memory may hold.
    pub fn max_keys(self, keys: u64) -> Options {
        Options { max_keys: Some(keys), ..self }
    }

    /// What makes room when a store in memory is full.
    pub fn eviction(self, policy: Eviction) -> Options {
        Options { eviction: Some(policy), ..self }
    }

    /// The longest key, in bytes of UTF-8 with the prefix. 512 unless given, the most that every store takes.
    pub fn max_key_bytes(self, bytes: usize) -> Options {
        Options { max_key_bytes: Some(bytes), ..self }
    }

    /// The store's clock, for tests: a [`Clock`], such as a closure that gives milliseconds since 1970.
    pub fn clock(self, clock: Arc<dyn Clock>) -> Options {
        Options { clock: Some(clock), ..self }
    }

    /// The seed of hashes and random choices, for tests.
    pub fn seed(self, seed: u64) -> Options {
        Options { seed: Some(seed), ..self }
    }

    /// How to reach a store that is elsewhere.
    #[cfg(feature = "net")]
    pub fn remote(self, remote: Remote) -> Options {
        Options { remote, ..self }
    }
}

#[cfg(feature = "net")]
impl Remote {
    /// What the URL says, and nothing more.
    pub fn new() -> Remote {
        Remote::default()
    }

    /// The server's name or address, where the URL holds none.
    pub fn host(self, host: impl Into<String>) -> Remote {
        Remote { host: Some(host.into()), ..self }
    }

    /// The server's port.
    pub fn port(self, port: u16) -> Remote {
        Remote { port: Some(port), ..self }
    }

    /// A user of a Redis server or an rqlite cluster.
    pub fn username(self, username: impl Into<String>) -> Remote {
        Remote { username: Some(username.into()), ..self }
    }

    /// What a Redis server or an rqlite cluster asks for.
    pub fn password(self, password: impl Into<String>) -> Remote {
        Remote { password: Some(password.into()), ..self }
    }

    /// The number of a Redis server's database.
    pub fn db(self, db: u32) -> Remote {
        Remote { db: Some(db), ..self }
    }

    /// How TLS is spoken with a Redis server.
    pub fn tls(self, tls: Tls) -> Remote {
        Remote { tls: Some(tls), ..self }
    }

    /// The bearer token of an Upstash REST endpoint, or an API token.
    pub fn token(self, token: impl Into<String>) -> Remote {
        Remote { token: Some(token.into()), ..self }
    }

    /// How long an operation may take, with everything that is tried again.
    pub fn timeout(self, timeout: Duration) -> Remote {
        Remote { timeout: Some(timeout), ..self }
    }

    /// How often a request is sent again that has failed and may be repeated.
    pub fn retries(self, times: u32) -> Remote {
        Remote { retries: Some(times), ..self }
    }

    /// Whether commands of the same tick travel as one request.
    pub fn automatic_pipelining(self, is_on: bool) -> Remote {
        Remote { automatic_pipelining: Some(is_on), ..self }
    }

    /// Asks an Upstash REST endpoint for strings as they are, not as base64; not all bytes survive it.
    pub fn plain_strings(self) -> Remote {
        Remote { plain_strings: true, ..self }
    }

    /// Runs by reading and then writing what a store cannot run as a whole.
    pub fn nonatomic(self) -> Remote {
        Remote { nonatomic: true, ..self }
    }

    /// The network, where it is not the system's.
    pub fn network(self, network: Network) -> Remote {
        Remote { network: Some(network), ..self }
    }

    /// What `cloudflare-kv:NAME` and `durable-object:NAME` name in a Worker.
    pub fn binding(self, binding: Binding) -> Remote {
        Remote { binding: Some(binding), ..self }
    }
}
