// postgres://: from a URL to connections, which handles on it share. No knowledge of commands.

use super::{RETRIES, TIMEOUT, refuse_limits};
use crate::backend::Backend;
use crate::backend::postgres::{self, Encryption, Pool, Settings};
use crate::error::{Error, Kind, Result};
use crate::host::Network;
use crate::host::socket::Tls;
use crate::location::{Location, Query, decoded};
use crate::options::{Options, Remote};
use std::sync::{Arc, Weak};

/// PostgreSQL's default port.
const PORT: u16 = 5432;

/// The default number of connections.
const POOL_SIZE: u32 = 4;

/// The parameters that a URL may have after its question mark. Those of other clients that say how to connect mean the same.
const PARAMETERS: [&str; 10] = [
    "application_name",
    "channel_binding",
    "password",
    "pool_size",
    "retries",
    "schema",
    "sslmode",
    "sslrootcert",
    "timeout",
    "user",
];

/// Opens a handle on the database at this URL.
pub(super) fn open(location: &Location, options: &Options) -> Result<Arc<dyn Backend>> {
    refuse_limits(options)?;
    let settings = settings(location, options)?;
    let pool = match &options.remote.network {
        Some(network) => lent(settings, network)?,
        None => with_pools(|pools| find_or(pools, (None, settings), |(_, settings)| system(settings)))?,
    };
    Ok(Arc::new(postgres::open(pool, options)?))
}

/// Connections by the system's sockets.
#[cfg(not(target_arch = "wasm32"))]
fn system(settings: &Settings) -> Result<Arc<Pool>> {
    Pool::native(settings.clone()).map(Arc::new)
}

#[cfg(target_arch = "wasm32")]
fn system(_: &Settings) -> Result<Arc<Pool>> {
    Err(Error::new(Kind::Unsupported, "(url) needs sockets: bring a network"))
}

/// Connections by a host's sockets.
fn lent(settings: Settings, network: &Network) -> Result<Arc<Pool>> {
    let Some(sockets) = &network.sockets else {
        let message = "(url) needs sockets, which are not here: put `npx omnikv serve --url postgres://...` before the \
            database, and open that by upstash+http:// or upstash://";
        return Err(Error::new(Kind::Unsupported, message));
    };
    if matches!(settings.encryption, Encryption::Always(_)) && !sockets.has_tls() {
        let message =
            "(url) needs TLS, which these sockets have not: use ?sslmode=disable on a network you trust";
        return Err(Error::new(Kind::Unsupported, message));
    }
    let make = |(_, settings): &(Option<u64>, Settings)| {
        Pool::lent(settings.clone(), Arc::clone(sockets), Arc::clone(&network.timer)).map(Arc::new)
    };
    match sockets.shared() {
        None => make(&(None, settings)),
        // The system's own have no number.
        Some(number) => with_pools(|pools| find_or(pools, (Some(number), settings), make)),
    }
}

fn settings(location: &Location, options: &Options) -> Result<Settings> {
    let (query, remote) = (&location.query, &options.remote);
    query.expect_only(&PARAMETERS)?;
    if remote.db.is_some_and(|db| db != 0) {
        let message = "(db) is a number for redis://: name the database in the URL, postgres://host/name";
        return Err(Error::invalid_argument(message));
    }
    if query.get("channel_binding") == Some("require") {
        let message =
            "(url) expects channel_binding to be left out: use sslmode=verify-full to know the server";
        return Err(Error::new(Kind::Unsupported, message));
    }
    let given = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let mut hosts = match location.host.is_empty() {
        true => vec![(given(remote.host.as_deref()).unwrap_or_else(|| "localhost".to_owned()), PORT)],
        false => location.places(PORT)?,
    };
    if let (None, Some(port), [(_, place)]) = (location.port, remote.port, hosts.as_mut_slice()) {
        *place = port;
    }
    let user = given(Some(&location.user)).or_else(|| given(query.get("user")));
    let user = user.or_else(|| given(remote.username.as_deref())).unwrap_or_else(|| "postgres".to_owned());
    let password = location.password.clone().or_else(|| given(query.get("password")));
    let database = given(Some(&decoded(location.path.trim_start_matches('/'))?));
    let pool_size = query.count("pool_size")?.unwrap_or(POOL_SIZE);
    if pool_size == 0 {
        return Err(Error::invalid_argument("(url) expects at least 1 as pool_size"));
    }
    Ok(Settings {
        hosts,
        database: database.unwrap_or_else(|| user.clone()),
        user,
        password: password.or_else(|| given(remote.password.as_deref())),
        schema: query.get("schema").unwrap_or_default().to_owned(),
        application_name: query.get("application_name").unwrap_or("omnikv").to_owned(),
        encryption: encryption(query, remote)?,
        pool_size: pool_size as usize,
        timeout: query.seconds("timeout")?.or(remote.timeout).unwrap_or(TIMEOUT),
        retries: query.count("retries")?.or(remote.retries).unwrap_or(RETRIES),
    })
}

/// What `sslmode` says, with libpq's meaning, and the option `tls`.
fn encryption(query: &Query, remote: &Remote) -> Result<Encryption> {
    const WORDS: [(&str, Mode); 6] = [
        ("disable", Mode::Never),
        ("allow", Mode::IfPossible),
        ("prefer", Mode::IfPossible),
        ("require", Mode::Unverified),
        ("verify-ca", Mode::Verified),
        ("verify-full", Mode::Verified),
    ];
    let mode = query.word("sslmode", &WORDS)?;
    let ca =
        query.get("sslrootcert").filter(|path| *path != "system").map(super::certificates).transpose()?;
    let is_verified = ca.is_some() || query.get("sslrootcert").is_some() || remote.tls.is_some();
    let tls = remote.tls.clone().unwrap_or_default();
    let tls = Tls { ca: ca.or(tls.ca), ..tls };
    Ok(match mode {
        Some(Mode::Never) if is_verified => {
            return Err(Error::invalid_argument(
                "(url) expects another sslmode than disable where tls is given",
            ));
        }
        Some(Mode::Never) => Encryption::Never,
        // As with libpq, whoever names an authority wants it asked.
        _ if is_verified => Encryption::Always(tls),
        Some(Mode::Verified) => Encryption::Always(tls),
        Some(Mode::Unverified) => Encryption::Always(Tls { accept_any: true, ..tls }),
        Some(Mode::IfPossible) | None => Encryption::IfPossible,
    })
}

#[derive(Clone, Copy)]
enum Mode {
    Never,
    IfPossible,
    Unverified,
    Verified,
}

/// The open pools, as long as a handle uses them. There are few of them. Those over lent sockets are told apart by the
/// sockets' number.
type Pools = Vec<((Option<u64>, Settings), Weak<Pool>)>;

/// The open pool with this key, or a new one.
fn find_or(
    pools: &mut Pools,
    key: (Option<u64>, Settings),
    make: impl FnOnce(&(Option<u64>, Settings)) -> Result<Arc<Pool>>,
) -> Result<Arc<Pool>> {
    pools.retain(|(_, pool)| pool.strong_count() > 0);
    if let Some(pool) = pools.iter().find(|(known, _)| *known == key).and_then(|(_, pool)| pool.upgrade()) {
        return Ok(pool);
    }
    let pool = make(&key)?;
    pools.push((key, Arc::downgrade(&pool)));
    Ok(pool)
}

#[cfg(not(target_arch = "wasm32"))]
fn with_pools<R>(work: impl FnOnce(&mut Pools) -> R) -> R {
    use std::sync::{Mutex, PoisonError};
    static POOLS: Mutex<Pools> = Mutex::new(Vec::new());
    work(&mut POOLS.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Accesses the pools over the host's sockets; there is one thread.
#[cfg(target_arch = "wasm32")]
fn with_pools<R>(work: impl FnOnce(&mut Pools) -> R) -> R {
    use std::cell::RefCell;
    thread_local!(static POOLS: RefCell<Pools> = RefCell::default());
    POOLS.with_borrow_mut(work)
}
