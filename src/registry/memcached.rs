// memcached://: from a URL to a server. No knowledge of commands.

use super::{RETRIES, TIMEOUT, places_of, refuse_limits, refuse_places};
use crate::backend::Backend;
use crate::backend::memcached::{self, Hello, MAX_VALUE_BYTES, Settings};
use crate::backend::wire;
use crate::error::{Error, Kind, Result};
use crate::host::network::Timer;
use crate::host::socket::{Address, Family, Sockets};
use crate::location::Location;
use crate::options::Options;
use std::sync::Arc;

/// memcached's default port.
const PORT: u16 = 11211;

/// The parameters that a URL may have after its question mark.
const PARAMETERS: [&str; 4] = ["family", "max_value_bytes", "retries", "timeout"];

/// Opens a handle on the server at this URL.
pub(super) fn open(mut location: Location, options: &Options) -> Result<Arc<dyn Backend>> {
    refuse_limits(options)?;
    let (query, remote) = (std::mem::take(&mut location.query), &options.remote);
    query.expect_only(&PARAMETERS)?;
    let [_, _, db, tls] = places_of(remote);
    refuse_places("memcached://", &[db, tls])?;
    if !location.path.trim_matches('/').is_empty() {
        return Err(Error::invalid_argument("(url) expects memcached://host:port without a path"));
    }
    if location.host.is_empty() {
        location.host = remote.host.clone().unwrap_or_else(|| "localhost".to_owned());
    }
    location.port = location.port.or(remote.port);
    let [(host, port)] = <[_; 1]>::try_from(location.places(PORT)?).map_err(|_| {
        Error::invalid_argument("(url) expects one host: keys are not spread over several servers")
    })?;
    let user = Some(location.user).filter(|user| !user.is_empty()).or_else(|| remote.username.clone());
    let password = location.password.or_else(|| remote.password.clone());
    let family = [("4", Family::V4), ("6", Family::V6), ("0", Family::Any)];
    let settings = Settings {
        wire: wire::Settings {
            address: Address {
                host,
                port,
                family: query.word("family", &family)?.unwrap_or_default(),
                ..Address::default()
            },
            timeout: query.seconds("timeout")?.or(remote.timeout).unwrap_or(TIMEOUT),
            retries: query.count("retries")?.or(remote.retries).unwrap_or(RETRIES),
            automatic_pipelining: remote.automatic_pipelining.unwrap_or(true),
        },
        hello: Hello { login: user.zip(password) },
        max_value_bytes: query.count("max_value_bytes")?.map_or(MAX_VALUE_BYTES, u64::from),
    };
    let (sockets, timer) = match &remote.network {
        Some(network) => (network.sockets.clone(), Arc::clone(&network.timer)),
        None => system()?,
    };
    let sockets = sockets.ok_or_else(|| {
        let message = "(url) needs sockets, which are not here: put `npx omnikv serve --url memcached://...` before the server";
        Error::new(Kind::Unsupported, message)
    })?;
    Ok(Arc::new(memcached::open(settings, options, sockets, timer)?))
}

type Means = (Option<Arc<dyn Sockets>>, Arc<dyn Timer>);

#[cfg(not(target_arch = "wasm32"))]
fn system() -> Result<Means> {
    crate::host::runtime::runtime()?;
    let timer = Arc::new(crate::host::runtime::Clockwork);
    Ok((Some(Arc::new(crate::host::tcp::Tcp)), timer))
}

#[cfg(target_arch = "wasm32")]
fn system() -> Result<Means> {
    Err(Error::new(Kind::Unsupported, "(url) needs a network: bring one in the options"))
}
