// The options for opening a store. They do not know stores, nor which backends accept which option.

use crate::backend::Backend;
use crate::engine::Eviction;
use crate::error::{Error, Result};
use crate::host::Clock;
#[cfg(feature = "net")]
use crate::host::{Network, socket::Tls};
use crate::scope::Scope;
#[cfg(feature = "net")]
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Options for opening a store.
#[derive(Clone, Default)]
pub struct Options {
    /// A namespace: `myapp` and `myapp:` both put `myapp:` before every key. Keys outside the namespace are neither
    /// seen nor changed.
    pub prefix: String,
    /// Default TTL for strings written without one. Zero means never.
    pub default_ttl: Option<Duration>,
    /// The most bytes the store may use. Default: unlimited natively, 1 GiB on wasm32.
    pub max_bytes: Option<u64>,
    /// The most keys the store may hold. Default: unlimited.
    pub max_keys: Option<u64>,
    /// What makes room when the store is full. Default: nothing, so that writes fail with `out-of-memory`.
    pub eviction: Option<Eviction>,
    /// The longest key, in bytes of UTF-8 including the prefix. Default: 512, which every store accepts.
    pub max_key_bytes: Option<usize>,
    /// The store's clock, for tests. Default: the system's.
    pub clock: Option<Arc<dyn Clock>>,
    /// The seed of hashes and random choices, for tests. Default: unpredictable.
    pub seed: Option<u64>,
    /// How to reach a remote store.
    #[cfg(feature = "net")]
    pub remote: Remote,
}

/// How to reach a remote store. The URL takes precedence over these options. Memory stores accept and ignore them;
/// other stores reject options that contradict the URL.
#[cfg(feature = "net")]
#[derive(Clone, Default)]
pub struct Remote {
    /// The server's name or address, if the URL contains none (`redis://`, `upstash://`). Default for Redis:
    /// `localhost`.
    pub host: Option<String>,
    /// The server's port. Default: the scheme's.
    pub port: Option<u16>,
    /// The user of a Redis server. Default: the server's default user.
    pub username: Option<String>,
    /// The password of a Redis server. A server over HTTP gets it if there is no token.
    pub password: Option<String>,
    /// The number of a Redis server's database. Default: 0.
    pub db: Option<u32>,
    /// TLS options for a Redis server: with them, `redis://` behaves like `rediss://`.
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
pub enum Binding {
    /// A namespace of Cloudflare KV.
    #[cfg(feature = "cloudflare-kv")]
    Namespace(Arc<dyn crate::backend::cloudflare_kv::KvNamespace>),
    /// Durable Objects. Requests reach them through the network, as described at
    /// [`open`](crate::backend::durable_object::open).
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
    /// The scope of a handle on this backend; `invalid-argument` if the backend does not support such long keys.
    pub(crate) fn scope(&self, backend: &dyn Backend) -> Result<Scope> {
        let scope = Scope::new(&self.prefix, self.default_ttl, self.max_key_bytes);
        let most = backend.capabilities().max_key_bytes;
        if scope.max_key_bytes() as u64 > most {
            let message = ["(maxKeyBytes) expects at most ", &most.to_string(), " for this store"].concat();
            return Err(Error::invalid_argument(message));
        }
        Ok(scope)
    }
}
