// redis:// and related schemes: from a URL to a link, which handles on it share. No knowledge of commands.

#[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
mod native;

use super::{RETRIES, TIMEOUT, refuse_limits};
use crate::backend::Backend;
use crate::backend::redis::{Link, Redis};
use crate::backend::resp::{self, Resp};
use crate::error::{Error, Kind, Result};
use crate::host::Network;
use crate::host::socket::Address;
use crate::location::Location;
use crate::options::Options;
use std::sync::{Arc, Weak};

/// Redis's default port.
const PORT: u16 = 6379;

/// Opens a handle on the server at this URL.
pub(super) fn open(location: &Location, options: &Options) -> Result<Arc<dyn Backend>> {
    refuse_limits(options)?;
    let (scheme, kind) = location.scheme.split_once('+').unwrap_or((&location.scheme, ""));
    let tls = scheme == "rediss";
    let link = match &options.remote.network {
        Some(network) => lent(location, options, network, kind, tls),
        None => system(location, options, kind, tls),
    };
    Ok(Arc::new(Redis::new(link?)))
}

#[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
fn system(location: &Location, options: &Options, kind: &str, tls: bool) -> Result<Arc<dyn Link>> {
    native::link(location, options, kind, tls)
}

#[cfg(not(all(feature = "redis", not(target_arch = "wasm32"))))]
fn system(_: &Location, _: &Options, _: &str, _: bool) -> Result<Arc<dyn Link>> {
    Err(Error::new(Kind::Unsupported, "(url) needs sockets: build with feature `redis`, or bring a network"))
}

/// A link over a host's sockets.
fn lent(
    location: &Location,
    options: &Options,
    network: &Network,
    kind: &str,
    tls: bool,
) -> Result<Arc<dyn Link>> {
    let Some(sockets) = &network.sockets else {
        let message = "(url) needs sockets, which are not here: use an Upstash REST endpoint, or put \
            `npx omnikv serve --url redis://...` before the server";
        return Err(Error::new(Kind::Unsupported, message));
    };
    if !kind.is_empty() {
        let message = "(url) expects redis:// or rediss://: clusters and Sentinels are reached natively";
        return Err(Error::new(Kind::Unsupported, message));
    }
    if tls && !sockets.has_tls() {
        let message = "(url) needs TLS, which WASI's sockets have not: use redis:// through a tunnel or a network of your own, \
            or Upstash REST over https://";
        return Err(Error::new(Kind::Unsupported, message));
    }
    if location.option("ca").is_some() {
        let message = "(ca) is read natively: elsewhere the host knows which certificates to trust";
        return Err(Error::new(Kind::Unsupported, message));
    }
    let [(host, port)] = <[_; 1]>::try_from(location.places(PORT)?).map_err(|_| one_host())?;
    let remote = &options.remote;
    let settings = resp::Settings {
        address: Address { host, port, tls },
        user: location.user.clone(),
        password: location.password.clone(),
        db: database(location.path.trim_matches('/'))?,
        timeout: location.seconds("timeout")?.or(remote.timeout).unwrap_or(TIMEOUT),
        retries: location.count("retries")?.or(remote.retries).unwrap_or(RETRIES),
        automatic_pipelining: remote.automatic_pipelining.unwrap_or(true),
    };
    let make = |settings: &resp::Settings| -> Arc<dyn Link> {
        let (sockets, timer) = (Arc::clone(sockets), Arc::clone(&network.timer));
        Arc::new(Resp::new(settings.clone(), sockets, timer))
    };
    let Some(shared) = sockets.shared() else { return Ok(make(&settings)) };
    with_lent(|links| find_or(links, (shared, settings), |(_, settings)| Ok(make(settings))))
}

fn one_host() -> Error {
    Error::invalid_argument("(url) expects one host: several are redis+cluster:// or redis+sentinel://")
}

fn database(digits: &str) -> Result<u32> {
    if digits.is_empty() {
        return Ok(0);
    }
    digits.parse().map_err(|_| {
        Error::invalid_argument("(url) expects the number of a database as its path: redis://host/0")
    })
}

/// The open links, as long as a handle uses them. There are few of them.
type Links<K> = Vec<(K, Weak<dyn Link>)>;

/// The open link with this key, or a new one.
fn find_or<K: PartialEq>(
    links: &mut Links<K>,
    key: K,
    make: impl FnOnce(&K) -> Result<Arc<dyn Link>>,
) -> Result<Arc<dyn Link>> {
    links.retain(|(_, link)| link.strong_count() > 0);
    if let Some(link) = links.iter().find(|(known, _)| *known == key).and_then(|(_, link)| link.upgrade()) {
        return Ok(link);
    }
    let link = make(&key)?;
    links.push((key, Arc::downgrade(&link)));
    Ok(link)
}

/// Accesses the links over hosts' sockets.
#[cfg(not(target_arch = "wasm32"))]
fn with_lent<R>(work: impl FnOnce(&mut Links<(u64, resp::Settings)>) -> R) -> R {
    use std::sync::{Mutex, PoisonError};
    static LENT: Mutex<Links<(u64, resp::Settings)>> = Mutex::new(Vec::new());
    work(&mut LENT.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Accesses the links over the host's sockets; there is one thread.
#[cfg(target_arch = "wasm32")]
fn with_lent<R>(work: impl FnOnce(&mut Links<(u64, resp::Settings)>) -> R) -> R {
    use std::cell::RefCell;
    thread_local!(static LENT: RefCell<Links<(u64, resp::Settings)>> = RefCell::default());
    LENT.with_borrow_mut(work)
}
