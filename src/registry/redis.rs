// redis:// and its kin: from a URL to a link, which all handles on it share. It must not know commands.

use super::{RETRIES, TIMEOUT};
use crate::backend::Backend;
use crate::backend::redis::{Link, Redis};
use crate::error::{Error, Kind, Result};
use crate::location::Location;
use crate::store::Options;
use std::sync::Arc;

/// Redis's own port, and that of its Sentinels.
#[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
const PORTS: (u16, u16) = (6379, 26379);

/// A handle on the server that the URL names.
pub(super) fn open(location: &Location, options: &Options) -> Result<Arc<dyn Backend>> {
    if options.max_bytes.is_some() || options.max_keys.is_some() || options.eviction.is_some() {
        let message = "(maxBytes, maxKeys, eviction) are limits of memory: stores and only memory: has them";
        return Err(Error::new(Kind::Unsupported, message));
    }
    Ok(Arc::new(Redis::new(link(location, options)?)))
}

/// No way to a server from here.
#[cfg(not(all(feature = "redis", not(target_arch = "wasm32"))))]
fn link(_: &Location, _: &Options) -> Result<Arc<dyn Link>> {
    Err(Error::new(Kind::Unsupported, "(url) needs sockets: build with feature `redis`"))
}

#[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
fn link(location: &Location, options: &Options) -> Result<Arc<dyn Link>> {
    use crate::backend::tcp::{Cluster, Place, Settings, Tcp};
    let settings = Settings {
        timeout: location.seconds("timeout")?.or(options.remote.timeout).unwrap_or(TIMEOUT),
        retries: options.remote.retries.unwrap_or(RETRIES),
        clock: crate::host::clock::system()?,
    };
    let (scheme, kind) = location.scheme.split_once('+').unwrap_or((&location.scheme, ""));
    let path = location.path.trim_matches('/');
    let (service, db) = match kind {
        "sentinel" => path.split_once('/').unwrap_or((path, "")),
        _ => ("", path),
    };
    let access = native::access(location, scheme == "rediss", db)?;
    let key = native::Key {
        kind: kind.to_owned(),
        hosts: location.places(if kind == "sentinel" { PORTS.1 } else { PORTS.0 })?,
        service: service.to_owned(),
        access,
        timeout: settings.timeout,
        retries: settings.retries,
    };
    native::shared(key, |key| {
        let (hosts, access) = (key.hosts.clone(), key.access.clone());
        Ok(match (kind, hosts.as_slice()) {
            ("cluster", _) if access.db != 0 => {
                return Err(Error::invalid_argument("(url) expects database 0: a cluster has no other"));
            }
            ("cluster", _) => Arc::new(Cluster::new(hosts, access, settings)),
            ("sentinel", _) if service.is_empty() => {
                let message = "(url) expects the name of a service: redis+sentinel://host:port/service";
                return Err(Error::invalid_argument(message));
            }
            ("sentinel", hosts) => Arc::new(Tcp::new(Place::of_sentinels(hosts, service, access)?, settings)),
            (_, [(host, port)]) => {
                let (host, port) = (host.clone(), *port);
                Arc::new(Tcp::new(Place::Server { host, port, access }, settings))
            }
            _ => {
                let message = "(url) expects one host: several are redis+cluster:// or redis+sentinel://";
                return Err(Error::invalid_argument(message));
            }
        })
    })
}

#[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
mod native {
    use super::*;
    use crate::backend::tcp::Access;
    use std::sync::{Mutex, PoisonError, Weak};
    use std::time::Duration;

    /// What makes two URLs lead to the same connection.
    #[derive(PartialEq, Eq)]
    pub struct Key {
        pub kind: String,
        pub hosts: Vec<(String, u16)>,
        pub service: String,
        pub access: Access,
        pub timeout: Duration,
        pub retries: u32,
    }

    /// The links that are open, as long as a handle holds them. They are few.
    static LINKS: Mutex<Vec<(Key, Weak<dyn Link>)>> = Mutex::new(Vec::new());

    /// The open link with this key, or a new one.
    pub fn shared(key: Key, make: impl FnOnce(&Key) -> Result<Arc<dyn Link>>) -> Result<Arc<dyn Link>> {
        let mut links = LINKS.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|(_, link)| link.strong_count() > 0);
        if let Some(link) = links.iter().find(|(known, _)| *known == key).and_then(|(_, link)| link.upgrade())
        {
            return Ok(link);
        }
        let link = make(&key)?;
        links.push((key, Arc::downgrade(&link)));
        Ok(link)
    }

    /// What the server is shown.
    pub fn access(location: &Location, tls: bool, db: &str) -> Result<Access> {
        let db = match db {
            "" => 0,
            digits => digits.parse().map_err(|_| {
                Error::invalid_argument("(url) expects the number of a database as its path: redis://host/0")
            })?,
        };
        let read = |path| {
            std::fs::read(path).map_err(|error| {
                Error::invalid_argument(format!("(url) names a ca that cannot be read: {}", error.kind()))
            })
        };
        let ca = location.option("ca").map(read).transpose()?;
        Ok(Access { user: location.user.clone(), password: location.password.clone(), db, tls, ca })
    }
}
