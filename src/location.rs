// A store's URL in parts. It does not know which URLs can be opened, and never shows a password.

use crate::error::{Error, Result};
use crate::options::seconds;
use percent_encoding::percent_decode_str;
use std::time::Duration;

/// A parsed URL.
pub(crate) struct Location {
    /// In lower case.
    pub scheme: String,
    /// Empty if there is none.
    pub user: String,
    pub password: Option<String>,
    /// A name or an address (IPv6 in brackets), or several with their ports, separated by commas.
    pub host: String,
    pub port: Option<u16>,
    /// With its leading slash, or empty.
    pub path: String,
    query: Vec<(String, String)>,
}

impl Location {
    /// Parses `scheme://[user][:password@]host[:port][/path][?name=value&...]`; `None` if the URL has another form.
    pub fn parse(url: &str) -> Option<Location> {
        let (scheme, rest) = url.split_once("://")?;
        // A password may contain any of the characters that end a host.
        let (user_info, rest) = match rest.rsplit_once('@') {
            Some((user_info, rest)) => (Some(user_info), rest),
            None => (None, rest),
        };
        let (user, password) = match user_info.map(|info| info.split_once(':').unwrap_or((info, ""))) {
            Some((user, "")) => (decoded(user)?, None),
            Some((user, password)) => (decoded(user)?, Some(decoded(password)?)),
            None => (String::new(), None),
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_at(place.find('/').unwrap_or(place.len()));
        let (host, port) = match authority.rsplit_once(':') {
            // Several hosts, each with its own port.
            _ if authority.contains(',') => (authority, None),
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (authority, None),
        };
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decoded(name)?, decoded(value)?))
        };
        Some(Location {
            scheme: scheme.to_ascii_lowercase(),
            user,
            password,
            host: host.to_owned(),
            port,
            path: path.to_owned(),
            query: query.split('&').filter(|each| !each.is_empty()).map(pair).collect::<Option<_>>()?,
        })
    }

    /// Host and port.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// Each host, without brackets, and its port.
    pub fn places(&self, port: u16) -> Result<Vec<(String, u16)>> {
        let place = |place: &str| {
            let (host, port) = match place.rsplit_once(':') {
                Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
                _ => (place, port),
            };
            let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            (!bare.is_empty()).then(|| (bare.to_owned(), port))
        };
        let places = self.authority().split(',').map(place).collect::<Option<_>>();
        places
            .ok_or_else(|| Error::invalid_argument("(url) expects host:port, or several separated by commas"))
    }

    /// The value of this query parameter.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A query parameter that is a time in seconds.
    pub fn seconds(&self, name: &str) -> Result<Option<Duration>> {
        self.option(name).map(|text| seconds(name, text)).transpose()
    }

    /// A query parameter that is a number.
    pub fn count(&self, name: &str) -> Result<Option<u32>> {
        let number = |text: &str| {
            text.parse().map_err(|_| Error::invalid_argument(format!("(url) expects a number as {name}")))
        };
        self.option(name).map(number).transpose()
    }
}

fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_all_parts() {
        let url = "rediss://ada:p%40ss@example.com:6380/2?timeout=1.5&tls=";
        let location = Location::parse(url).unwrap();
        assert_eq!((location.scheme.as_str(), location.user.as_str()), ("rediss", "ada"));
        assert_eq!(location.password.as_deref(), Some("p@ss"));
        assert_eq!((location.authority().as_str(), location.path.as_str()), ("example.com:6380", "/2"));
        assert_eq!(location.seconds("timeout"), Ok(Some(Duration::from_millis(1500))));
        assert_eq!((location.option("tls"), location.option("db")), (Some(""), None));
    }

    #[test]
    fn a_url_with_few_parts() {
        let location = Location::parse("upstash://:a:b@c?d@[::1]").unwrap();
        assert_eq!((location.password.as_deref(), location.authority().as_str()), (Some("a:b@c?d"), "[::1]"));
        let several = Location::parse("redis+sentinel://[::1]:1,b,c:3/service/2").unwrap();
        assert_eq!(
            several.places(9),
            Ok(vec![("::1".to_owned(), 1), ("b".to_owned(), 9), ("c".to_owned(), 3)])
        );
        assert!(Location::parse("redis+cluster://a:1,b:x").unwrap().places(9).is_err());
        assert!(Location::parse("memory:").is_none());
        assert!(Location::parse("redis://host:port").is_none());
        assert!(Location::parse("redis://h?timeout=-1").unwrap().seconds("timeout").is_err());
        let retries = |url| Location::parse(url).unwrap().count("retries");
        assert_eq!((retries("redis://h?retries=0"), retries("redis://h")), (Ok(Some(0)), Ok(None)));
        assert!(retries("redis://h?retries=-1").is_err());
    }
}
