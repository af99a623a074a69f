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

/// How to reach a store that is elsewhere. What the URL says counts more. A store in memory, which needs none of it, takes it all the
/// same; elsewhere, what would lead to another place than the URL does is refused.
#[cfg(feature = "net")]
#[derive(Clone, Default)]
pub struct Remote {
    /// The server's name or address, where the URL holds none (`redis://`, `upstash://`): for Redis `localhost`.
    pub host: Option<String>,
    /// The server's port: the scheme's own.
    pub port: Option<u16>,
    /// A user of a Redis server: the default one.
    pub username: Option<String>,
    /// What a Redis server asks for. A server that is reached over HTTP is shown it where there is no token.
    pub password: Option<String>,
    /// The number of a Redis server's database: 0.
    pub db: Option<u32>,
    /// How TLS is spoken with a Redis server: `redis://` with it is `rediss://`.
    pub tls: Option<Tls>,
    /// What the server is shown: the bearer token of an Upstash REST endpoint, an API token. A Redis server is shown it where there is
    /// no password.
    pub token: Option<String>,
    /// The timeout of an operation, including all retries. Default: 10 seconds.
    pub timeout: Option<Duration>,
    /// How many times a failed request is retried if it may be repeated. Default: 5.
    pub retries: Option<u32>,
    /// Whether commands of the same tick are sent as one request. Default: true.
    pub automatic_pipelining: Option<bool>,
    /// Whether an Upstash REST endpoint is asked for its strings as they are, which not all bytes survive: as base64.
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
        // No secret is shown.
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
