// rqlite:// and rqlites://: from a URL to a cluster. No knowledge of commands.

use super::{RETRIES, TIMEOUT, places_of, refuse_places};
use crate::backend::Backend;
use crate::backend::rqlite::{self, Level, Settings};
use crate::error::{Error, Result};
use crate::host::network;
use crate::location::Location;
use crate::options::Options;
use std::sync::Arc;

/// rqlite's default port.
const PORT: u16 = 4001;

/// The parameters that a URL may have after its question mark.
const PARAMETERS: [&str; 5] = ["freshness", "level", "redirect", "retries", "timeout"];

/// Opens a handle on the cluster at this URL.
pub(super) fn open(mut location: Location, options: &Options) -> Result<Arc<dyn Backend>> {
    let remote = &options.remote;
    let [_, _, db, tls] = places_of(remote);
    refuse_places("rqlite", &[db, tls])?;
    let settings = settings(&mut location, options)?;
    let network = match &remote.network {
        Some(network) => network.clone(),
        None => network::system()?,
    };
    Ok(Arc::new(rqlite::open(settings, network, options)?))
}

fn settings(location: &mut Location, options: &Options) -> Result<Settings> {
    let (remote, query) = (&options.remote, &location.query);
    query.expect_only(&PARAMETERS)?;
    let levels = [Level::None, Level::Weak, Level::Linearizable, Level::Strong, Level::Auto];
    let level = query.word("level", &levels.map(|level| (level.name(), level)))?.unwrap_or_default();
    let freshness = query.seconds("freshness")?;
    if freshness.is_some() && !matches!(level, Level::None | Level::Auto) {
        let message = "(url) says freshness, which limits how old the data of a read is, without level=none";
        return Err(Error::invalid_argument(message));
    }
    let yes_no = [("true", true), ("false", false)];
    let redirect = query.word("redirect", &yes_no)?.unwrap_or_default();
    let timeout = query.seconds("timeout")?.or(remote.timeout).unwrap_or(TIMEOUT);
    let retries = query.count("retries")?.or(remote.retries).unwrap_or(RETRIES);
    let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let user = Some(location.user.clone()).filter(|user| !user.is_empty()).or_else(|| said(&remote.username));
    let password = location.password.clone().or_else(|| said(&remote.password));
    if location.host.is_empty() {
        location.host = said(&remote.host).unwrap_or_else(|| "localhost".to_owned());
    }
    let scheme = if location.scheme == "rqlites" { "https" } else { "http" };
    let path = location.path.trim_end_matches('/');
    let url = |(host, port): (String, u16)| match host.contains(':') {
        true => format!("{scheme}://[{host}]:{port}{path}"),
        false => format!("{scheme}://{host}:{port}{path}"),
    };
    Ok(Settings {
        hosts: location.places(remote.port.unwrap_or(PORT))?.into_iter().map(url).collect(),
        credentials: match (user, password) {
            (None, None) => None,
            (user, password) => Some((user.unwrap_or_default(), password.unwrap_or_default())),
        },
        level,
        freshness,
        redirect,
        timeout,
        retries,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn of(url: &str) -> Result<Settings> {
        settings(&mut Location::parse(url)?, &Options::default())
    }

    #[test]
    fn a_url_names_nodes() {
        let settings = of("rqlite://ada:p%40ss@a,[::1]:4011,c:5?level=linearizable&timeout=2.5").unwrap();
        assert_eq!(settings.hosts, ["http://a:4001", "http://[::1]:4011", "http://c:5"]);
        assert_eq!(settings.credentials, Some(("ada".into(), "p@ss".into())));
        assert_eq!((settings.level, settings.timeout), (Level::Linearizable, Duration::from_millis(2500)));
        assert!(!format!("{settings:?}").contains("p@ss"));
        let plain = of("rqlites://host/behind/").unwrap();
        assert_eq!(
            (plain.hosts.as_slice(), plain.credentials),
            (&["https://host:4001/behind".to_owned()][..], None)
        );
        assert_eq!(of("rqlite://").unwrap().hosts, ["http://localhost:4001"]);
        let stale = of("rqlite://h?level=none&freshness=0.5").unwrap();
        assert_eq!(stale.freshness, Some(Duration::from_millis(500)));
    }

    #[test]
    fn mistakes_are_explained() {
        let refused = |url| of(url).unwrap_err().message().to_owned();
        assert!(refused("rqlite://h?level=eventual").contains("none or weak or linearizable"));
        assert!(refused("rqlite://h?freshness=1").contains("level=none"));
        assert!(refused("rqlite://h?consistency=weak").contains("freshness, level, redirect"));
    }
}
