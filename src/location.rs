// A store's URL in parts. It does not know which URLs can be opened, and never shows a password.

use crate::error::Error;
#[cfg(any(feature = "net", all(feature = "sqlite", not(target_arch = "wasm32"))))]
use {crate::error::Result, percent_encoding::percent_decode_str, std::time::Duration};

/// The error for a URL parameter that its scheme does not support. The value may be a secret.
#[cold]
pub(crate) fn unknown_parameter(name: &str, known: &[&str]) -> Error {
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Error::invalid_argument(["(url) has no parameter \"", name, "\"; known parameters: ", &known].concat())
}

/// The parameters after the question mark.
#[cfg(any(feature = "net", all(feature = "sqlite", not(target_arch = "wasm32"))))]
#[derive(Default)]
pub(crate) struct Query(Vec<(String, String)>);

#[cfg(any(feature = "net", all(feature = "sqlite", not(target_arch = "wasm32"))))]
impl Query {
    /// Parses `name=value&...`.
    pub fn parse(text: &str) -> Result<Query> {
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decoded(name)?, decoded(value)?))
        };
        text.split('&').filter(|each| !each.is_empty()).map(pair).collect::<Result<_>>().map(Query)
    }

    /// Rejects unknown and repeated parameters.
    pub fn expect_only(&self, known: &[&str]) -> Result<()> {
        for (index, (name, _)) in self.0.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(unknown_parameter(name, known));
            }
            if self.0.iter().take(index).any(|(before, _)| before == name) {
                return Err(Error::invalid_argument(format!("(url) says {name} twice")));
            }
        }
        Ok(())
    }

    /// The value of this parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A time in seconds.
    pub fn seconds(&self, name: &str) -> Result<Option<Duration>> {
        let read =
            |text: &str| match text.parse().ok().and_then(|time| Duration::try_from_secs_f64(time).ok()) {
                Some(time) if !time.is_zero() => Ok(time),
                _ => Err(Error::invalid_argument(format!(
                    "(url) expects a positive number of seconds as {name}"
                ))),
            };
        self.get(name).map(read).transpose()
    }

    /// A number.
    #[cfg(feature = "net")]
    pub fn count(&self, name: &str) -> Result<Option<u32>> {
        let number = |text: &str| {
            text.parse().map_err(|_| Error::invalid_argument(format!("(url) expects a number as {name}")))
        };
        self.get(name).map(number).transpose()
    }

    /// The value for the parameter's word, which must be one of these.
    pub fn word<V: Copy>(&self, name: &str, words: &[(&str, V)]) -> Result<Option<V>> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        found.map(Some).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            Error::invalid_argument(format!("(url) expects {} as {name}", words.join(" or ")))
        })
    }
}

#[cfg(any(feature = "net", all(feature = "sqlite", not(target_arch = "wasm32"))))]
pub(crate) fn decoded(text: &str) -> Result<String> {
    percent_decode_str(text).decode_utf8().map(|text| text.into_owned()).map_err(|_| {
        Error::invalid_argument("(url) expects percent signs only before two digits of UTF-8 in hexadecimal")
    })
}

/// A parsed URL.
#[cfg(feature = "net")]
pub(crate) struct Location {
    /// In lower case.
    pub scheme: String,
    /// Empty if there is none.
    pub user: String,
    pub password: Option<String>,
    /// A name or an address (IPv6 in brackets), several of them with their ports, separated by commas, or empty.
    pub host: String,
    pub port: Option<u16>,
    /// With its leading slash, or empty.
    pub path: String,
    pub query: Query,
}

#[cfg(feature = "net")]
impl Location {
    /// Parses `scheme://[user][:password@]host[:port][/path][?name=value&...]`.
    pub fn parse(url: &str) -> Result<Location> {
        let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
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
        // Several hosts have their own ports.
        let (host, port) =
            if authority.contains(',') { (authority, None) } else { host_and_port(authority)? };
        Ok(Location {
            scheme: scheme.to_ascii_lowercase(),
            user,
            password,
            host: host.to_owned(),
            port,
            path: path.to_owned(),
            query: Query::parse(query)?,
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
            let (host, own) = host_and_port(place)?;
            let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            if bare.is_empty() {
                let message = "(url) expects host:port, or several separated by commas";
                return Err(Error::invalid_argument(message));
            }
            Ok((bare.to_owned(), own.unwrap_or(port)))
        };
        self.authority().split(',').map(place).collect()
    }
}

/// A host and its port, if given.
#[cfg(feature = "net")]
fn host_and_port(place: &str) -> Result<(&str, Option<u16>)> {
    match place.rsplit_once(':') {
        // The colon is part of an IPv6 address.
        Some((_, port)) if port.ends_with(']') => Ok((place, None)),
        Some((host, "")) => Ok((host, None)),
        Some((host, digits)) => match digits.parse() {
            Ok(port) if port != 0 => Ok((host, Some(port))),
            _ => {
                // Anything else may be a password of a URL whose host is missing.
                let is_number = digits.len() <= 5 && digits.bytes().all(|byte| byte.is_ascii_digit());
                let got = if is_number { [", got ", digits].concat() } else { String::new() };
                Err(Error::invalid_argument(["(port) expects a number from 1 to 65535", &got].concat()))
            }
        },
        None => Ok((place, None)),
    }
}

#[cfg(all(test, feature = "net"))]
mod tests {
    use super::*;

    #[test]
    fn a_url_with_all_parts() {
        let url = "rediss://ada:p%40ss@example.com:6380/2?timeout=1.5&tls=";
        let location = Location::parse(url).unwrap();
        assert_eq!((location.scheme.as_str(), location.user.as_str()), ("rediss", "ada"));
        assert_eq!(location.password.as_deref(), Some("p@ss"));
        assert_eq!((location.authority().as_str(), location.path.as_str()), ("example.com:6380", "/2"));
        assert_eq!(location.query.seconds("timeout"), Ok(Some(Duration::from_millis(1500))));
        assert_eq!((location.query.get("tls"), location.query.get("db")), (Some(""), None));
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
        assert_eq!(Location::parse("redis://host:").unwrap().port, None);
        assert!(Location::parse("redis://h?timeout=-1").unwrap().query.seconds("timeout").is_err());
        let retries = |url| Location::parse(url).unwrap().query.count("retries");
        assert_eq!((retries("redis://h?retries=0"), retries("redis://h")), (Ok(Some(0)), Ok(None)));
        assert!(retries("redis://h?retries=-1").is_err());
    }

    #[test]
    fn a_port_is_shown_unless_it_may_be_a_password() {
        let refused = |url| Location::parse(url).err().unwrap().message().to_owned();
        assert_eq!(refused("redis://h:99999"), "(port) expects a number from 1 to 65535, got 99999");
        assert_eq!(refused("redis://h:0"), "(port) expects a number from 1 to 65535, got 0");
        assert_eq!(refused("redis://user:s3cret"), "(port) expects a number from 1 to 65535");
        assert_eq!(refused("redis://user:1234567"), "(port) expects a number from 1 to 65535");
    }

    #[test]
    fn an_unknown_parameter_is_shown_without_its_value() {
        let location = Location::parse("redis://h?db=2&pasword=s3cret").unwrap();
        let refused = location.query.expect_only(&["db", "password"]).unwrap_err();
        let told = "(url) has no parameter \"pasword\"; known parameters: db, password";
        assert_eq!(refused.message(), told);
        assert!(location.query.expect_only(&["db", "pasword"]).is_ok());
        assert!(Query::parse("db=1&db=2").unwrap().expect_only(&["db"]).is_err());
    }
}
