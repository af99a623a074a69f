// From a URL to a backend: the only list of backends. No knowledge of operations, prefixes or default TTLs.

use crate::backend::memory::Shared;
use crate::backend::{Backend, Memory};
use crate::error::{Error, Kind, Result};
use crate::location::unknown_parameter;
use crate::options::Options;
use std::sync::{Arc, Weak};

#[cfg(feature = "net")]
pub(crate) mod cloudflare;
#[cfg(feature = "memcached")]
mod memcached;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "net")]
mod redis;
#[cfg(feature = "rqlite")]
mod rqlite;

#[cfg(feature = "net")]
use {
    crate::backend::redis::Redis,
    crate::backend::upstash::{Settings, Upstash},
    crate::dialect::json::Encoding,
    crate::host::network,
    crate::location::Location,
    std::time::Duration,
};

/// The default timeout of an operation over a network.
#[cfg(feature = "net")]
const TIMEOUT: Duration = Duration::from_secs(10);

/// The default number of retries.
#[cfg(feature = "net")]
const RETRIES: u32 = 5;

/// Opens a handle on the store at this URL.
pub(crate) async fn open(url: &str, options: &Options) -> Result<Arc<dyn Backend>> {
    let url = url.trim();
    if let Some(name) = memory_name(url)? {
        return Ok(Arc::new(open_memory(name, options)?));
    }
    #[cfg(all(feature = "sqlite", not(target_arch = "wasm32")))]
    if let Some(location) = url.strip_prefix("sqlite:") {
        return Ok(Arc::new(crate::backend::sqlite::open(location, options).await?));
    }
    #[cfg(feature = "net")]
    if let Some(opened) = cloudflare::open_binding(url, options) {
        return opened;
    }
    #[cfg(feature = "net")]
    if let Some((scheme, _)) = url.split_once("://") {
        match scheme.to_ascii_lowercase().as_str() {
            "upstash" | "upstash+http" | "https" | "http" => {
                return open_upstash(&Location::parse(url)?, options);
            }
            "redis" | "rediss" | "redis+cluster" | "rediss+cluster" | "redis+sentinel"
            | "rediss+sentinel" => {
                return redis::open(Location::parse(url)?, options);
            }
            #[cfg(feature = "rqlite")]
            "rqlite" | "rqlites" => return rqlite::open(Location::parse(url)?, options),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => return postgres::open(&Location::parse(url)?, options),
            #[cfg(feature = "memcached")]
            "memcached" => return memcached::open(Location::parse(url)?, options),
            #[cfg(feature = "cloudflare-kv")]
            "cloudflare-kv" => return cloudflare::open_rest(&Location::parse(url)?, options),
            _ => {}
        }
    }
    Err(not_opened(url))
}

/// Refuses limits that only memory stores have: a server has its own.
#[cfg(feature = "net")]
fn refuse_limits(options: &Options) -> Result<()> {
    if options.max_bytes.is_some() || options.max_keys.is_some() || options.eviction.is_some() {
        let message = "(maxBytes, maxKeys, eviction) are limits of memory: stores and only memory: has them";
        return Err(Error::new(Kind::Unsupported, message));
    }
    Ok(())
}

/// Rejects options for a location that a URL of this scheme cannot have.
#[cfg(feature = "net")]
fn refuse_places(scheme: &str, given: &[(&str, bool)]) -> Result<()> {
    match given.iter().find(|(_, is_given)| *is_given) {
        Some((name, _)) => {
            let message = format!("({name}) is for redis:// and rediss://, and not for {scheme}");
            Err(Error::new(Kind::Unsupported, message))
        }
        None => Ok(()),
    }
}

/// The options for a location, and whether each is given.
#[cfg(feature = "net")]
fn places_of(remote: &crate::options::Remote) -> [(&'static str, bool); 4] {
    [
        ("host", remote.host.is_some()),
        ("port", remote.port.is_some()),
        ("db", remote.db.is_some_and(|db| db != 0)),
        ("tls", remote.tls.as_ref().is_some_and(|tls| !tls.is_plain())),
    ]
}

/// The bearer token for the server.
#[cfg(feature = "net")]
fn token(location: &Location, options: &Options) -> Option<String> {
    let remote = &options.remote;
    location.password.as_ref().or(remote.token.as_ref()).or(remote.password.as_ref()).cloned()
}

/// The certificates in a file.
#[cfg(all(feature = "net", not(target_arch = "wasm32")))]
fn certificates(path: &str) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        Error::invalid_argument(format!(
            "(url) names a file of certificates that cannot be read: {}",
            error.kind()
        ))
        .caused_by(error)
    })
}

#[cfg(all(feature = "net", target_arch = "wasm32"))]
fn certificates(_: &str) -> Result<String> {
    let message = "(ca) names a file, which is read natively: give its text as the option tls.ca";
    Err(Error::new(Kind::Unsupported, message))
}

/// Opens a handle on a server with Upstash's REST protocol.
#[cfg(feature = "net")]
fn open_upstash(location: &Location, options: &Options) -> Result<Arc<dyn Backend>> {
    refuse_limits(options)?;
    let remote = &options.remote;
    let query = &location.query;
    query.expect_only(&["encoding", "retries", "timeout"])?;
    let is_secure = matches!(location.scheme.as_str(), "upstash" | "https");
    let [_, _, db, tls] = places_of(remote);
    refuse_places("HTTP", &[db, tls])?;
    if !is_secure && remote.tls.is_some() {
        return Err(Error::invalid_argument("(tls) contradicts the URL: upstash:// and https:// speak it"));
    }
    let mut place = location.authority();
    if location.host.is_empty() {
        let host = remote
            .host
            .as_ref()
            .ok_or_else(|| Error::invalid_argument("(host) is needed: the URL has none"))?;
        place = host.clone();
    }
    if let (None, Some(port)) = (location.port, remote.port) {
        place = format!("{place}:{port}");
    }
    let network = match &remote.network {
        Some(network) => network.clone(),
        None => network::system()?,
    };
    let scheme = if is_secure { "https" } else { "http" };
    let is_plain = query.word("encoding", &[("base64", false), ("none", true)])?;
    let settings = Settings {
        endpoint: format!("{scheme}://{place}{}", location.path.trim_end_matches('/')),
        token: token(location, options).unwrap_or_default(),
        timeout: query.seconds("timeout")?.or(remote.timeout).unwrap_or(TIMEOUT),
        retries: query.count("retries")?.or(remote.retries).unwrap_or(RETRIES),
        automatic_pipelining: remote.automatic_pipelining.unwrap_or(true),
        encoding: if is_plain.unwrap_or(remote.plain_strings) { Encoding::Plain } else { Encoding::Base64 },
    };
    Ok(Arc::new(Redis::new(Arc::new(Upstash::new(settings, network)))))
}

/// Opens a handle on the memory store at this URL; remote stores have no synchronous form.
pub(crate) fn open_sync(url: &str, options: &Options) -> Result<Memory> {
    let url = url.trim();
    match memory_name(url)? {
        Some(name) => open_memory(name, options),
        None => Err(unsupported(url)),
    }
}

/// The name in a memory store's URL, empty for a private store; `None` for any other URL.
pub(crate) fn memory_name(url: &str) -> Result<Option<&str>> {
    if url == ":memory:" {
        return Ok(Some(""));
    }
    let Some(rest) = url.strip_prefix("memory:") else { return Ok(None) };
    let name = rest.strip_prefix("//").unwrap_or(rest);
    match name.split_once('?') {
        Some((_, query)) => {
            let parameter = query.split(['=', '&']).next().unwrap_or_default();
            Err(unknown_parameter(parameter, &[]))
        }
        None => Ok(Some(name)),
    }
}

/// Whether the URL names a store in memory that is open.
pub(crate) fn is_open(url: &str) -> bool {
    let is_it = |(name, shared): &(String, Weak<Shared>)| {
        memory_name(url).ok().flatten() == Some(name.as_str()) && shared.strong_count() > 0
    };
    with_named(|named| named.iter().any(is_it))
}

fn open_memory(name: &str, options: &Options) -> Result<Memory> {
    if name.is_empty() {
        return Ok(Memory::new(Arc::new(Shared::new(options, false)?)));
    }
    with_named(|named| {
        named.retain(|(_, shared)| shared.strong_count() > 0);
        let open = named.iter().find(|(other, _)| other == name).and_then(|(_, shared)| shared.upgrade());
        if let Some(shared) = open {
            shared.agrees_with(options)?;
            return Ok(Memory::new(shared));
        }
        let shared = Arc::new(Shared::new(options, true)?);
        named.push((name.to_owned(), Arc::downgrade(&shared)));
        Ok(Memory::new(shared))
    })
}

/// The named memory stores, until all of their handles have been closed. There are few of them.
type Named = Vec<(String, Weak<Shared>)>;

/// Accesses the named stores of the process.
#[cfg(not(target_arch = "wasm32"))]
fn with_named<R>(work: impl FnOnce(&mut Named) -> R) -> R {
    use std::sync::{LazyLock, Mutex, PoisonError};
    static NAMED: LazyLock<Mutex<Named>> = LazyLock::new(Default::default);
    work(&mut NAMED.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Accesses the named stores of the page, isolate or component. It has one thread, and the stores' clocks must not
/// leave it.
#[cfg(target_arch = "wasm32")]
fn with_named<R>(work: impl FnOnce(&mut Named) -> R) -> R {
    use std::cell::RefCell;
    thread_local!(static NAMED: RefCell<Named> = RefCell::default());
    NAMED.with_borrow_mut(work)
}

/// Why no backend opens the URL, and what to do.
fn not_opened(url: &str) -> Error {
    let shown = without_secrets(url);
    if url.starts_with("indexeddb:") {
        let fix = ": only browsers have IndexedDB. Data that survives a restart is in sqlite:file.db or on a server";
        return Error::new(Kind::Unsupported, ["Unsupported KVS URL: ", &shown, fix].concat());
    }
    if let Some(feature) = missing_feature(url) {
        let fix =
            [": this build has no feature \"", feature, "\": add it to omnikv's features in Cargo.toml"];
        return Error::new(Kind::Unsupported, ["Unsupported KVS URL: ", &shown, &fix.concat()].concat());
    }
    let fix = match nearest_scheme(url) {
        _ if is_bare_address(url) => ["a Redis server there is redis://", &shown, ". "].concat(),
        Some(scheme) => ["did you mean ", scheme, "? "].concat(),
        None => String::new(),
    };
    let schemes = SCHEMES.join(", ");
    let message = ["Unsupported KVS URL: ", &shown, ": ", &fix, "URLs begin with one of ", &schemes];
    Error::new(Kind::Unsupported, message.concat())
}

/// What URLs may begin with here.
const SCHEMES: &[&str] = &[
    "memory:",
    #[cfg(not(target_arch = "wasm32"))]
    "sqlite:",
    #[cfg(any(feature = "postgres", not(target_arch = "wasm32")))]
    "postgres://",
    #[cfg(any(feature = "net", not(target_arch = "wasm32")))]
    "redis://",
    #[cfg(any(feature = "net", not(target_arch = "wasm32")))]
    "rediss://",
    #[cfg(any(feature = "net", not(target_arch = "wasm32")))]
    "upstash://",
    #[cfg(any(feature = "net", not(target_arch = "wasm32")))]
    "https://",
    #[cfg(any(feature = "net", not(target_arch = "wasm32")))]
    "cloudflare-kv:",
    #[cfg(any(feature = "rqlite", not(target_arch = "wasm32")))]
    "rqlite://",
    #[cfg(any(feature = "memcached", not(target_arch = "wasm32")))]
    "memcached://",
    #[cfg(all(feature = "net", target_arch = "wasm32"))]
    "durable-object:",
    #[cfg(all(feature = "d1", target_arch = "wasm32"))]
    "d1:",
    #[cfg(all(feature = "indexeddb", target_arch = "wasm32"))]
    "indexeddb:",
];

/// The scheme that the URL's differs from by one or two letters.
fn nearest_scheme(url: &str) -> Option<&'static str> {
    let (scheme, _) = url.split_once(':')?;
    let distance = |known: &&&str| edits(known.split(':').next().unwrap_or_default(), scheme);
    SCHEMES.iter().min_by_key(distance).filter(|known| distance(known) <= 2).copied()
}

/// How many letters must be inserted, removed or replaced to make one text of the other.
fn edits(from: &str, to: &str) -> usize {
    let mut row: Vec<usize> = (0..=to.chars().count()).collect();
    for (i, a) in from.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in to.chars().enumerate() {
            let replaced = diagonal + usize::from(!a.eq_ignore_ascii_case(&b));
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

/// The feature of this crate that opens the URL, where it is not built in.
#[cfg(not(target_arch = "wasm32"))]
fn missing_feature(url: &str) -> Option<&'static str> {
    let (scheme, rest) = url.split_once(':')?;
    match scheme.to_ascii_lowercase().as_str() {
        "sqlite" if cfg!(not(feature = "sqlite")) => Some("sqlite"),
        _ if !rest.starts_with("//") => None,
        "redis" | "rediss" | "redis+cluster" | "rediss+cluster" | "redis+sentinel" | "rediss+sentinel"
            if cfg!(not(feature = "net")) =>
        {
            Some("redis")
        }
        "postgres" | "postgresql" if cfg!(not(feature = "postgres")) => Some("postgres"),
        "upstash" | "upstash+http" | "https" | "http" if cfg!(not(feature = "net")) => Some("http"),
        "rqlite" | "rqlites" if cfg!(not(feature = "rqlite")) => Some("rqlite"),
        "memcached" if cfg!(not(feature = "memcached")) => Some("memcached"),
        "cloudflare-kv" if cfg!(not(feature = "cloudflare-kv")) => Some("cloudflare-kv"),
        _ => None,
    }
}

/// A wasm file has all that can be opened there.
#[cfg(target_arch = "wasm32")]
fn missing_feature(_: &str) -> Option<&'static str> {
    None
}

/// Whether this is `host:port`, or `host:port/db`: a server's address without its scheme.
fn is_bare_address(url: &str) -> bool {
    let Some((host, rest)) = url.split_once(':') else { return false };
    let port = rest.split('/').next().unwrap_or_default();
    !host.is_empty() && port.parse::<u16>().is_ok()
}

fn unsupported(url: &str) -> Error {
    Error::new(Kind::Unsupported, "Unsupported KVS URL: ".to_owned() + &without_secrets(url))
}

/// The URL without user info and query: a mistyped scheme must not leak a password.
fn without_secrets(url: &str) -> String {
    let end = url.bytes().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(url.len());
    let (shown, hidden) = url.split_at_checked(end).unwrap_or((url, ""));
    // A password may contain a raw `?` or `#`; then its end is unknown.
    let is_in_doubt = hidden.bytes().any(|byte| byte == b'@');
    let (scheme, rest) = shown.split_once(':').unwrap_or(("", shown));
    let (slashes, rest) = rest.strip_prefix("//").map_or(("", rest), |rest| ("//", rest));
    let host = if is_in_doubt { "..." } else { rest.rsplit_once('@').map_or(rest, |(_, host)| host) };
    let colon = if scheme.is_empty() { "" } else { ":" };
    [scheme, colon, slashes, host].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        for (url, shown) in [
            ("invalid-url", "invalid-url"),
            ("rediz://user:secret@host:1/0?token=secret", "rediz://host:1/0"),
            ("upstahs://:sec@ret@host", "upstahs://host"),
            ("rediz:user:secret@host", "rediz:host"),
            ("rediz://:sec?ret@host", "rediz://..."),
            ("user:secret@host", "user:host"),
            ("https://host/path?_token=secret", "https://host/path"),
        ] {
            assert_eq!(without_secrets(url), shown);
            assert!(!unsupported(url).message().contains("secret"));
        }
    }

    #[test]
    fn an_address_without_its_scheme_is_told_which_it_needs() {
        let message = |url| not_opened(url).message().to_owned();
        assert!(message("localhost:6379").starts_with(
            "Unsupported KVS URL: localhost:6379: a Redis server there is redis://localhost:6379. URLs begin with one of memory:, "
        ));
        assert!(message("127.0.0.1:6380/2").contains("redis://127.0.0.1:6380/2"));
    }

    #[test]
    fn a_mistyped_scheme_is_told_the_nearest_one() {
        for (url, near) in [
            ("rediz://host:1/0", Some("redis://")),
            ("Rediss//://host", Some("rediss://")),
            ("redsi:", Some("redis://")),
            ("memroy:", Some("memory:")),
            ("upstahs://host", Some("upstash://")),
            ("htps://host", Some("https://")),
            ("postgers://host", Some("postgres://")),
            ("invalid-url", None),
            ("user:secret@host", None),
            (":6379", None),
        ] {
            assert_eq!(nearest_scheme(url), near, "{url}");
        }
        let error = not_opened("rediz://user:secret@host:1/0?token=secret");
        assert!(error.message().starts_with(
            "Unsupported KVS URL: rediz://host:1/0: did you mean redis://? URLs begin with one of memory:, sqlite:, postgres://, redis://, "
        ));
        assert!(
            not_opened("s3")
                .message()
                .starts_with("Unsupported KVS URL: s3: URLs begin with one of memory:, ")
        );
        assert!(!error.message().contains("secret"));
    }

    #[test]
    fn a_store_of_browsers_is_told_what_to_use_here() {
        let error = not_opened("indexeddb:app");
        assert_eq!(error.kind(), Kind::Unsupported);
        assert!(
            error.message().contains("only browsers have IndexedDB") && error.message().contains("sqlite:")
        );
    }

    #[test]
    fn memory_urls_have_several_spellings() {
        for (url, name) in [
            ("memory:", Some("")),
            (":memory:", Some("")),
            ("memory://", Some("")),
            ("memory:cache", Some("cache")),
            ("memory://cache", Some("cache")),
            ("memor:", None),
        ] {
            assert_eq!(memory_name(url), Ok(name));
        }
        let refused = memory_name("memory:?prefix=x").unwrap_err();
        assert_eq!(refused.message(), "(url) has no parameter \"prefix\"; known parameters: none");
    }
}
