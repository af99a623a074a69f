// redis:// natively, with the redis crate: servers, clusters, Sentinels. No knowledge of commands.

use super::{Links, PORT, RETRIES, TIMEOUT, database, find_or, one_host};
use crate::backend::redis::Link;
use crate::backend::tcp::{Access, Cluster, Place, Settings, Tcp};
use crate::error::{Error, Result};
use crate::location::Location;
use crate::options::Options;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The Sentinels' default port.
const SENTINEL_PORT: u16 = 26379;

/// Two URLs with an equal key share a connection.
#[derive(PartialEq, Eq)]
struct Key {
    kind: String,
    hosts: Vec<(String, u16)>,
    service: String,
    access: Access,
    timeout: Duration,
    retries: u32,
}

static LINKS: Mutex<Links<Key>> = Mutex::new(Vec::new());

/// The link for this URL.
pub(super) fn link(location: &Location, options: &Options, kind: &str, tls: bool) -> Result<Arc<dyn Link>> {
    let path = location.path.trim_matches('/');
    let (service, db) = match kind {
        "sentinel" => path.split_once('/').unwrap_or((path, "")),
        _ => ("", path),
    };
    let key = Key {
        kind: kind.to_owned(),
        hosts: location.places(if kind == "sentinel" { SENTINEL_PORT } else { PORT })?,
        service: service.to_owned(),
        access: access(location, tls, database(db)?)?,
        timeout: location.seconds("timeout")?.or(options.remote.timeout).unwrap_or(TIMEOUT),
        retries: location.count("retries")?.or(options.remote.retries).unwrap_or(RETRIES),
    };
    find_or(&mut LINKS.lock().unwrap_or_else(PoisonError::into_inner), key, make)
}

fn make(key: &Key) -> Result<Arc<dyn Link>> {
    let (hosts, access) = (key.hosts.clone(), key.access.clone());
    let settings = Settings { timeout: key.timeout, retries: key.retries };
    Ok(match (key.kind.as_str(), hosts.as_slice()) {
        ("cluster", _) if access.db != 0 => {
            return Err(Error::invalid_argument("(url) expects database 0: a cluster has no other"));
        }
        ("cluster", _) => Arc::new(Cluster::new(hosts, access, settings)),
        ("sentinel", _) if key.service.is_empty() => {
            let message = "(url) expects the name of a service: redis+sentinel://host:port/service";
            return Err(Error::invalid_argument(message));
        }
        ("sentinel", hosts) => {
            Arc::new(Tcp::new(Place::of_sentinels(hosts, &key.service, access)?, settings))
        }
        (_, [(host, port)]) => {
            let (host, port) = (host.clone(), *port);
            Arc::new(Tcp::new(Place::Server { host, port, access }, settings))
        }
        _ => return Err(one_host()),
    })
}

/// The credentials for the server.
fn access(location: &Location, tls: bool, db: u32) -> Result<Access> {
    let read = |path| {
        std::fs::read(path).map_err(|error| {
            Error::invalid_argument(format!("(url) names a ca that cannot be read: {}", error.kind()))
        })
    };
    let ca = location.option("ca").map(read).transpose()?;
    Ok(Access { user: location.user.clone(), password: location.password.clone(), db, tls, ca })
}
