// Opens the store named by the environment. The values read there are neither kept nor shown.

use crate::error::{Error, Result};
use crate::options::Options;
use crate::store::Store;

/// The variables for a URL, and for the token that belongs to it. The first one that is set is used.
const VARIABLES: [Variables; 4] = [
    Variables { url: "OMNIKV_URL", token: Some("OMNIKV_TOKEN"), needs_token: false },
    Variables { url: "UPSTASH_REDIS_REST_URL", token: Some("UPSTASH_REDIS_REST_TOKEN"), needs_token: true },
    Variables { url: "KV_REST_API_URL", token: Some("KV_REST_API_TOKEN"), needs_token: true },
    Variables { url: "REDIS_URL", token: None, needs_token: false },
];

struct Variables {
    url: &'static str,
    token: Option<&'static str>,
    needs_token: bool,
}

impl Store {
    /// Opens the store named by the environment: `OMNIKV_URL`, with `OMNIKV_TOKEN` if the URL contains no token;
    /// `UPSTASH_REDIS_REST_URL` with `UPSTASH_REDIS_REST_TOKEN`; `KV_REST_API_URL` with `KV_REST_API_TOKEN`; or
    /// `REDIS_URL`. The first one that is set is used.
    ///
    /// ```no_run
    /// # async fn example() -> omnikv::Result<()> {
    /// use omnikv::{Options, Store};
    ///
    /// let kv = Store::connect_from_env(Options::new().prefix("myapp")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`connect`](Store::connect); `invalid-argument` if none of the variables is set, or a token is missing.
    pub async fn connect_from_env(options: Options) -> Result<Store> {
        Store::connect_from_variables(|name| std::env::var(name).ok(), options).await
    }

    /// Like [`connect_from_env`](Store::connect_from_env), with variables from another source: `read` returns one by
    /// name.
    pub async fn connect_from_variables(
        read: impl Fn(&str) -> Option<String>,
        options: Options,
    ) -> Result<Store> {
        let (url, options) = found(read, options).map_err(|error| error.in_op("connect-from-env"))?;
        Store::connect(&url, options).await
    }
}

/// What the environment names: the URL, and the options with the token that belongs to it; nothing if no variable for a
/// URL is set. For the command line, which has a default: no public API.
#[doc(hidden)]
pub fn named_by(
    read: impl Fn(&str) -> Option<String>,
    options: Options,
) -> Result<Option<(String, Options)>> {
    let is_set = |place: &Variables| read(place.url).is_some_and(|url| !url.is_empty());
    match VARIABLES.iter().any(is_set) {
        true => found(read, options).map(Some),
        false => Ok(None),
    }
}

/// The URL, and the options with the token that belongs to it.
fn found(read: impl Fn(&str) -> Option<String>, options: Options) -> Result<(String, Options)> {
    let read = |name: &str| read(name).filter(|text| !text.is_empty());
    let Some((place, url)) = VARIABLES.iter().find_map(|place| Some((place, read(place.url)?))) else {
        let names = VARIABLES.map(|place| place.url).join(", ");
        return Err(Error::invalid_argument(
            ["expects one of these environment variables: ", &names].concat(),
        ));
    };
    let token = token(&options).or_else(|| read(place.token?));
    if let (true, None, Some(name)) = (place.needs_token, &token, place.token) {
        let message = ["expects the environment to have ", name, " beside ", place.url].concat();
        return Err(Error::invalid_argument(message));
    }
    Ok((url, with_token(options, token)))
}

#[cfg(feature = "net")]
fn token(options: &Options) -> Option<String> {
    options.remote.token.clone()
}

#[cfg(feature = "net")]
fn with_token(options: Options, token: Option<String>) -> Options {
    let remote = crate::options::Remote { token, ..options.remote };
    Options { remote, ..options }
}

// No store in this build takes a token.
#[cfg(not(feature = "net"))]
fn token(_: &Options) -> Option<String> {
    None
}

#[cfg(not(feature = "net"))]
fn with_token(options: Options, _: Option<String>) -> Options {
    options
}

#[cfg(all(test, feature = "net"))]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn found_in(variables: &[(&str, &str)], options: Options) -> Result<(String, Option<String>)> {
        let read = |name: &str| {
            let known = variables.iter().find(|(known, _)| *known == name);
            known.map(|(_, value)| (*value).to_owned())
        };
        found(read, options).map(|(url, options)| (url, options.remote.token))
    }

    #[test]
    fn the_first_variable_that_is_set_wins() {
        let all = [
            ("REDIS_URL", "redis://h"),
            ("UPSTASH_REDIS_REST_URL", "https://u"),
            ("UPSTASH_REDIS_REST_TOKEN", "t"),
            ("OMNIKV_URL", ""),
        ];
        let upstash = ("https://u".to_owned(), Some("t".to_owned()));
        assert_eq!(found_in(&all, Options::default()), Ok(upstash));
        assert_eq!(found_in(&all[..1], Options::default()), Ok(("redis://h".to_owned(), None)));
        let mut options = Options::default();
        options.remote.token = Some("given".to_owned());
        assert_eq!(found_in(&all[1..2], options), Ok(("https://u".to_owned(), Some("given".to_owned()))));
    }

    #[test]
    fn errors_name_the_missing_variable() {
        let error = found_in(&[("KV_REST_API_URL", "https://k")], Options::default()).unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
        assert_eq!(
            error.message(),
            "expects the environment to have KV_REST_API_TOKEN beside KV_REST_API_URL"
        );
        let error = found_in(&[], Options::default()).unwrap_err();
        assert!(error.message().contains("OMNIKV_URL"));
    }

    #[test]
    fn opens_the_named_store() {
        let read = |name: &str| (name == "OMNIKV_URL").then(|| "memory:".to_owned());
        let opened = pollster::block_on(Store::connect_from_variables(read, Options::default()));
        assert!(opened.unwrap().capabilities().atomic);
    }
}
