// redis:// natively, with the redis crate: servers, clusters, Sentinels. No knowledge of commands.

use super::{Links, Way, find_or};
use crate::backend::cluster::{self, Cluster};
use crate::backend::redis::Link;
use crate::backend::tcp::{Access, Endpoint, Servers, Settings, Tcp};
use crate::error::Result;
use crate::host::runtime::Clockwork;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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

/// The link for this way.
pub(super) fn link(way: Way, kind: &str) -> Result<Arc<dyn Link>> {
    let Way { hosts, service, user, password, db, tls, family, is_old, timeout, retries } = way;
    let access = Access { user, password, db, tls, family, is_old };
    let key = Key { kind: kind.to_owned(), hosts, service, access, timeout, retries };
    find_or(&mut LINKS.lock().unwrap_or_else(PoisonError::into_inner), key, make)
}

fn make(key: &Key) -> Result<Arc<dyn Link>> {
    let (hosts, access) = (key.hosts.clone(), key.access.clone());
    let settings = Settings { timeout: key.timeout, retries: key.retries };
    Ok(match (key.kind.as_str(), hosts.as_slice()) {
        ("cluster", _) => {
            let settings = cluster::Settings { timeout: key.timeout, retries: key.retries };
            Arc::new(Cluster::new(hosts, Arc::new(Servers(access)), settings, Arc::new(Clockwork)))
        }
        ("sentinel", hosts) => {
            Arc::new(Tcp::new(Endpoint::of_sentinels(hosts, &key.service, access)?, settings))
        }
        (_, hosts) => {
            let (host, port) = hosts.first().cloned().unwrap_or_default();
            Arc::new(Tcp::new(Endpoint::Server { host, port, access }, settings))
        }
    })
}
