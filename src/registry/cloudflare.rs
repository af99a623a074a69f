// Cloudflare's stores: a Worker's bindings, and KV over its REST API. No knowledge of commands.

use crate::backend::Backend;
use crate::error::{Error, Kind, Result};
#[cfg(any(feature = "cloudflare-kv", feature = "durable-object"))]
use crate::location::Query;
#[cfg(any(feature = "cloudflare-kv", feature = "durable-object"))]
use crate::options::Binding;
use crate::options::Options;
use std::sync::Arc;

/// The URL schemes of bindings, and what each binding is.
const BOUND: [(&str, &str); 3] = [
    ("cloudflare-kv:", "a KV namespace"),
    ("d1:", "a D1 database"),
    ("durable-object:", "a Durable Object namespace"),
];

/// A binding's URL: its scheme with the colon, what the binding is, the binding's name, and the query.
type Bound<'u> = (&'static str, &'static str, &'u str, &'u str);

/// Parses a binding's URL; `None` for any other URL.
pub(crate) fn bound(url: &str) -> Option<Bound<'_>> {
    BOUND.iter().find_map(|(scheme, what)| {
        let rest = url.strip_prefix(scheme).filter(|rest| !rest.starts_with("//"))?;
        let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
        Some((*scheme, *what, name, query))
    })
}

#[cfg_attr(
    not(any(feature = "cloudflare-kv", feature = "durable-object")),
    allow(unused_variables, reason = "then there is only the refusal")
)]
/// Opens a handle on the Worker's binding that the URL names; `None` for any other URL.
pub(super) fn open_binding(url: &str, options: &Options) -> Option<Result<Arc<dyn Backend>>> {
    let (scheme, what, _, query) = bound(url)?;
    Some(match &options.remote.binding {
        #[cfg(feature = "cloudflare-kv")]
        Some(Binding::Namespace(namespace)) if scheme.starts_with("cloudflare-kv") => Query::parse(query)
            .and_then(|query| nonatomic(&query, &["nonatomic"], options))
            .and_then(|allowed| kv(Arc::clone(namespace), options, allowed)),
        #[cfg(feature = "durable-object")]
        Some(Binding::Objects { shards }) if scheme.starts_with("durable-object") => {
            shards_of(query, *shards).and_then(|shards| objects(shards, options))
        }
        _ => {
            let message =
                ["(url) names ", what, ", which only a Worker has: pass it, or `env` in the options"]
                    .concat();
            Err(Error::new(Kind::Unsupported, message))
        }
    })
}

/// The number of objects that the URL's query specifies, or else `otherwise`.
#[cfg(feature = "durable-object")]
pub(crate) fn shards_of(query: &str, otherwise: u64) -> Result<u64> {
    let query = Query::parse(query)?;
    query.expect_only(&["shards"])?;
    let expects = |_| Error::invalid_argument("(shards) expects a number from 1 to 1024");
    query.get("shards").map_or(Ok(otherwise), |digits| digits.parse().map_err(expects))
}

#[cfg(feature = "durable-object")]
fn objects(shards: u64, options: &Options) -> Result<Arc<dyn Backend>> {
    let network = options.remote.network.as_ref();
    let network =
        network.ok_or_else(|| Error::new(Kind::Unsupported, "(network) is required to reach objects"))?;
    crate::backend::durable_object::open(network, shards, options)
}

/// Whether a store that is not atomic may run updates as a read followed by a write.
#[cfg(feature = "cloudflare-kv")]
fn nonatomic(query: &Query, known: &[&str], options: &Options) -> Result<bool> {
    query.expect_only(known)?;
    Ok(query.word("nonatomic", &[("allow", true)])?.unwrap_or(options.remote.nonatomic))
}

#[cfg(feature = "cloudflare-kv")]
fn kv(
    namespace: Arc<dyn crate::host::kv::KvNamespace>,
    options: &Options,
    nonatomic: bool,
) -> Result<Arc<dyn Backend>> {
    let cells = crate::backend::cloudflare_kv::open(namespace, options, nonatomic)?;
    Ok(match &options.remote.network {
        Some(network) => Arc::new(cells.with_pause(Arc::new(network.clone()))),
        None => Arc::new(cells),
    })
}

/// Opens a handle on a namespace over Cloudflare's REST API: `cloudflare-kv://ACCOUNT/NAMESPACE`.
#[cfg(feature = "cloudflare-kv")]
pub(super) fn open_rest(location: &crate::location::Location, options: &Options) -> Result<Arc<dyn Backend>> {
    use super::{RETRIES, TIMEOUT};
    use crate::backend::cloudflare_kv::rest::{ENDPOINT, Rest, Settings};
    use crate::host::network;
    let remote = &options.remote;
    let namespace = location.path.trim_matches('/');
    if location.host.is_empty() || namespace.is_empty() || namespace.contains('/') {
        let message = "(url) expects an account and a namespace: cloudflare-kv://ACCOUNT/NAMESPACE";
        return Err(Error::invalid_argument(message));
    }
    super::refuse_places("Cloudflare KV", &super::places_of(remote))?;
    let query = &location.query;
    let allowed = nonatomic(query, &["endpoint", "nonatomic", "retries", "timeout"], options)?;
    let Some(token) = super::token(location, options) else {
        return Err(Error::invalid_argument("(token) is needed: an API token that may edit Workers KV"));
    };
    let network = match &remote.network {
        Some(network) => network.clone(),
        None => network::system()?,
    };
    let settings = Settings {
        endpoint: query.get("endpoint").unwrap_or(ENDPOINT).trim_end_matches('/').to_owned(),
        account: location.host.clone(),
        namespace: namespace.to_owned(),
        token,
        timeout: query.seconds("timeout")?.or(remote.timeout).unwrap_or(TIMEOUT),
        retries: query.count("retries")?.or(remote.retries).unwrap_or(RETRIES),
    };
    kv(Arc::new(Rest::new(settings, network)), options, allowed)
}
