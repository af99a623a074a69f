// redis:// and related schemes: from a URL to a link, which handles on it share. No knowledge of commands.

#[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
mod native;

use super::{RETRIES, TIMEOUT, refuse_limits};
use crate::backend::Backend;
use crate::backend::cluster::{self, Cluster};
use crate::backend::redis::{Link, Redis};
use crate::backend::resp::{self, Hello, Resp, Sentinels, Servers};
use crate::backend::wire;
use crate::error::{Error, Kind, Result};
use crate::host::Network;
use crate::host::socket::{Address, Family, Tls};
use crate::location::{Location, Query};
use crate::options::{Options, Remote};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Redis's default port.
const PORT: u16 = 6379;

/// The Sentinels' default port.
const SENTINEL_PORT: u16 = 26379;

/// The parameters that a URL may have after its question mark.
const PARAMETERS: [&str; 10] =
    ["ca", "db", "family", "password", "pool_size", "protocol", "retries", "timeout", "tls", "username"];

/// How to reach a server: from the URL or else from the options.
struct Way {
    hosts: Vec<(String, u16)>,
    /// The Sentinels' name of the service; otherwise empty.
    service: String,
    user: String,
    password: Option<String>,
    db: u32,
    tls: Option<Tls>,
    family: Family,
    /// Whether to use RESP2 from the start.
    is_old: bool,
    timeout: Duration,
    retries: u32,
}

/// Opens a handle on the server at this URL.
pub(super) fn open(location: Location, options: &Options) -> Result<Arc<dyn Backend>> {
    refuse_limits(options)?;
    let (scheme, kind) = location.scheme.split_once('+').unwrap_or((&location.scheme, ""));
    let (is_secure, kind) = (scheme == "rediss", kind.to_owned());
    let way = way(location, options, &kind, is_secure)?;
    match kind.as_str() {
        "cluster" if way.db != 0 => {
            return Err(Error::invalid_argument("(url) expects database 0: a cluster has no other"));
        }
        "sentinel" if way.service.is_empty() => {
            let message = "(url) expects the name of a service: redis+sentinel://host:port/service";
            return Err(Error::invalid_argument(message));
        }
        "cluster" | "sentinel" => {}
        _ if way.hosts.len() > 1 => {
            let message = "(url) expects one host: for several use redis+cluster:// or redis+sentinel://";
            return Err(Error::invalid_argument(message));
        }
        _ => {}
    }
    let link = match &options.remote.network {
        Some(network) => lent(way, options, network, &kind),
        None => system(way, &kind),
    };
    Ok(Arc::new(Redis::new(link?)))
}

fn way(mut location: Location, options: &Options, kind: &str, is_secure: bool) -> Result<Way> {
    let (query, remote) = (std::mem::take(&mut location.query), &options.remote);
    query.expect_only(&PARAMETERS)?;
    let path = location.path.trim_matches('/');
    let (service, db) = match kind {
        "sentinel" => path.split_once('/').unwrap_or((path, "")),
        _ => ("", path),
    };
    let (service, db) =
        (service.to_owned(), said_once("db", Some(db).filter(|db| !db.is_empty()), query.get("db"))?);
    let db = db.map(|digits| database(&digits)).transpose()?;
    let user = said_once(
        "username",
        Some(location.user.as_str()).filter(|user| !user.is_empty()),
        query.get("username"),
    )?;
    let password = said_once("password", location.password.as_deref(), query.get("password"))?;
    let family = [("4", Family::V4), ("6", Family::V6), ("0", Family::Any)];
    let protocol = [("2", true), ("3", false), ("resp2", true), ("resp3", false)];
    if location.host.is_empty() {
        location.host = given(&remote.host).unwrap_or_else(|| "localhost".to_owned());
        // An IPv6 address needs brackets if a port may follow.
        if location.host.contains(':') && !location.host.starts_with('[') {
            location.host = format!("[{}]", location.host);
        }
    }
    location.port = location.port.or_else(|| remote.port.filter(|_| !location.host.contains(',')));
    let port = if kind == "sentinel" { SENTINEL_PORT } else { PORT };
    Ok(Way {
        hosts: location.places(port)?,
        service,
        user: user.or_else(|| given(&remote.username)).unwrap_or_default(),
        password: password.or_else(|| given(&remote.password)).or_else(|| given(&remote.token)),
        db: db.or(remote.db).unwrap_or_default(),
        tls: tls(&query, remote, is_secure)?,
        family: query.word("family", &family)?.unwrap_or_default(),
        is_old: query.word("protocol", &protocol)?.unwrap_or_default(),
        timeout: query.seconds("timeout")?.or(remote.timeout).unwrap_or(TIMEOUT),
        retries: query.count("retries")?.or(remote.retries).unwrap_or(RETRIES),
    })
}

/// An option's text; an empty one counts as not given.
fn given(text: &Option<String>) -> Option<String> {
    text.clone().filter(|text| !text.is_empty())
}

/// A value that a URL may contain in two places, which must agree.
fn said_once(name: &str, one: Option<&str>, other: Option<&str>) -> Result<Option<String>> {
    match (one, other) {
        (Some(one), Some(other)) if one != other => {
            Err(Error::invalid_argument(format!("(url) says two things of its {name}")))
        }
        _ => Ok(one.or(other).map(str::to_owned)),
    }
}

/// The TLS options: `rediss://`, `?tls=true` and the option each enable TLS.
fn tls(query: &Query, remote: &Remote, is_secure: bool) -> Result<Option<Tls>> {
    let yes_no = [("true", true), ("false", false), ("1", true), ("0", false), ("yes", true), ("no", false)];
    let told = query.word("tls", &yes_no)?;
    if is_secure && told == Some(false) {
        return Err(Error::invalid_argument("(url) expects redis:// where tls is false"));
    }
    let ca = query.get("ca").map(super::certificates).transpose()?;
    let is_spoken = is_secure || told.unwrap_or(remote.tls.is_some());
    if !is_spoken {
        return match ca {
            Some(_) => Err(Error::invalid_argument("(url) expects rediss:// where ca is given")),
            None => Ok(None),
        };
    }
    let tls = remote.tls.clone().unwrap_or_default();
    Ok(Some(Tls { ca: ca.or(tls.ca), ..tls }))
}

#[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
fn system(way: Way, kind: &str) -> Result<Arc<dyn Link>> {
    native::link(way, kind)
}

#[cfg(not(all(feature = "redis", not(target_arch = "wasm32"))))]
fn system(_: Way, _: &str) -> Result<Arc<dyn Link>> {
    let message = "(url) needs sockets: add \"redis\" to omnikv's features in Cargo.toml, or bring a network";
    Err(Error::new(Kind::Unsupported, message))
}

/// A link over a host's sockets.
fn lent(way: Way, options: &Options, network: &Network, kind: &str) -> Result<Arc<dyn Link>> {
    let Some(sockets) = &network.sockets else {
        let message = "(url) needs sockets, which are not here: use an Upstash REST endpoint, or put \
            `npx omnikv serve --url redis://...` before the server";
        return Err(Error::new(Kind::Unsupported, message));
    };
    if way.tls.is_some() && !sockets.has_tls() {
        let message = "(url) needs TLS, which WASI's sockets have not: use redis:// through a tunnel or a network of your own, \
            or Upstash REST over https://";
        return Err(Error::new(Kind::Unsupported, message));
    }
    let address = |(host, port): &(String, u16)| Address {
        host: host.clone(),
        port: *port,
        family: way.family,
        tls: way.tls.clone(),
        starts_plain: false,
    };
    let addresses: Vec<Address> = way.hosts.iter().map(address).collect();
    let settings = resp::Settings {
        wire: wire::Settings {
            address: addresses.first().cloned().unwrap_or_default(),
            timeout: way.timeout,
            retries: way.retries,
            automatic_pipelining: options.remote.automatic_pipelining.unwrap_or(true),
        },
        hello: Hello { user: way.user, password: way.password, db: way.db, is_old: way.is_old },
        sentinels: (kind == "sentinel").then_some(Sentinels { addresses, service: way.service }),
    };
    let seeds = if kind == "cluster" { way.hosts } else { Vec::new() };
    let make = |(_, seeds, settings): &Lent| -> Arc<dyn Link> {
        let (sockets, timer) = (Arc::clone(sockets), Arc::clone(&network.timer));
        if seeds.is_empty() {
            return Arc::new(Resp::new(settings.clone(), sockets, timer));
        }
        let wire::Settings { timeout, retries, .. } = settings.wire;
        let servers = Servers { settings: settings.clone(), sockets, timer: Arc::clone(&timer) };
        let settings = cluster::Settings { timeout, retries };
        Arc::new(Cluster::new(seeds.clone(), Arc::new(servers), settings, timer))
    };
    let Some(shared) = sockets.shared() else { return Ok(make(&(0, seeds, settings))) };
    with_lent(|links| find_or(links, (shared, seeds, settings), |key| Ok(make(key))))
}

/// What makes links over lent sockets equal: the sockets, the servers of a cluster, and what is told to each.
type Lent = (u64, Vec<(String, u16)>, resp::Settings);

fn database(digits: &str) -> Result<u32> {
    digits.parse().map_err(|_| {
        Error::invalid_argument("(url) expects the number of a database as its path or as db: redis://host/0")
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
fn with_lent<R>(work: impl FnOnce(&mut Links<Lent>) -> R) -> R {
    use std::sync::{Mutex, PoisonError};
    static LENT: Mutex<Links<Lent>> = Mutex::new(Vec::new());
    work(&mut LENT.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Accesses the links over the host's sockets; there is one thread.
#[cfg(target_arch = "wasm32")]
fn with_lent<R>(work: impl FnOnce(&mut Links<Lent>) -> R) -> R {
    use std::cell::RefCell;
    thread_local!(static LENT: RefCell<Links<Lent>> = RefCell::default());
    LENT.with_borrow_mut(work)
}
