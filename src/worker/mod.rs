// What a Rust Worker provides to a store, with the `worker` crate: bindings, network, clock, and requests for a
// gateway. Nothing that belongs to one request may be kept. No knowledge of commands.

//! Stores in a Cloudflare Worker written in Rust (feature `worker`, on `wasm32-unknown-unknown`).
//!
//! ```ignore
//! use omnikv::{Options, prelude::*};
//! use worker::{Context, Env, Request, Response, event};
//!
//! #[event(fetch)]
//! async fn fetch(_: Request, env: Env, _: Context) -> worker::Result<Response> {
//!     let count = async {
//!         let kv = omnikv::worker::connect(&env, "durable-object:STATE", Options::default()).await?;
//!         kv.incr("visits").await
//!     };
//!     Response::ok(format!("visit {}\n", count.await.map_err(|error| error.to_string())?))
//! }
//! ```
//!
//! [`connect`] opens `cloudflare-kv:NAME`, `d1:NAME` and `durable-object:NAME`, which refer to bindings, and the URLs of
//! [`Store::connect`]: `memory:`, `upstash://`, `redis://`, `rqlite://`, `cloudflare-kv://ACCOUNT/NAMESPACE`. Open the store in the
//! request that uses it, because a Worker's connections belong to one request. Only a memory store outlives it: in the
//! same isolate, as long as a handle is kept.
//!
//! The class behind `durable-object:NAME` is part of the Worker and passes its requests to an [`Object`]. [`answer`]
//! serves a [`Gateway`](crate::gateway::Gateway) to the web.

mod d1;
mod gateway;
mod kv;
mod network;
mod object;
mod objects;
mod sockets;

pub use gateway::answer;
pub use object::Object;

use crate::backend;
use crate::error::{Error, Kind, Result};
use crate::host::clock::NO_TIME;
use crate::host::network::Http;
use crate::host::{Network, clock, random};
use crate::options::{Binding, Options};
use crate::registry::cloudflare::{bound, shards_of};
use crate::store::Store;
use ::worker::Env;
use js_sys::{Date, Function, Reflect};
use std::sync::Arc;
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    /// Fills an array with unpredictable numbers. Workers only have this within requests.
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(array: &mut [u8]) -> std::result::Result<JsValue, JsValue>;
}

/// Opens the store at this URL, in a Worker with the bindings of `env`. A network or binding in the options takes
/// precedence over the Worker's.
///
/// # Errors
///
/// Those of [`Store::connect`]; `invalid-argument` if `env` has no such binding with the name in the URL.
pub async fn connect(env: &Env, url: &str, mut options: Options) -> Result<Store> {
    let url = url.trim();
    open(env, url, &mut options).map_err(|error| error.in_op("connect"))?;
    if let (Some(("d1:", what, name, _)), Some(network)) = (bound(url), options.remote.network.clone()) {
        let held = held(env, name, what, &["prepare", "batch"]).map_err(|error| error.in_op("connect"))?;
        let cells = backend::d1::open(Arc::new(d1::D1::new(held)), network, &options);
        return Store::over(Arc::new(cells.map_err(|error| error.in_op("connect"))?), &options);
    }
    Store::connect(url, options).await
}

/// Sets the Worker's network and binding in the options.
fn open(env: &Env, url: &str, options: &mut Options) -> Result<()> {
    install();
    let remote = &mut options.remote;
    if let (Some((scheme, what, name, query)), None) = (bound(url), &remote.binding) {
        if scheme == "d1:" {
            // It is opened by itself.
        } else if scheme == "cloudflare-kv:" {
            let held = held(env, name, what, &["getWithMetadata", "put", "delete", "list"])?;
            remote.binding = Some(Binding::Namespace(Arc::new(kv::Namespace::new(held))));
        } else {
            let held = held(env, name, what, &["idFromName", "get"])?;
            let shards = shards_of(query, 1)?;
            let objects = objects::Objects::new(held.unchecked_into(), shards);
            remote.network.get_or_insert_with(|| network_by(Arc::new(objects)));
            remote.binding = Some(Binding::Objects { shards });
        }
    }
    remote.network.get_or_insert_with(|| network_by(Arc::new(network::Web)));
    Ok(())
}

/// The Worker's network, with this HTTP client.
fn network_by(http: Arc<dyn Http>) -> Network {
    Network { http, timer: Arc::new(network::Clockwork), sockets: Some(Arc::new(sockets::Connections)) }
}

/// Makes the Worker's clock and randomness the default of all stores.
fn install() {
    clock::install(|| match Date::now() {
        // Outside of requests there is no time.
        0.0 => NO_TIME,
        now => now as u64,
    });
    random::install(|| {
        let mut bytes = [0; 8];
        // There are no random numbers at global scope, but no store is opened there either.
        let _ = get_random_values(&mut bytes);
        u64::from_le_bytes(bytes)
    });
}

/// The binding with this name. It must have these methods: a binding of another kind may have the name.
fn held(env: &Env, name: &str, what: &str, methods: &[&str]) -> Result<JsValue> {
    let held = Reflect::get(env, &name.into()).unwrap_or_default();
    let has = |method: &&str| {
        Reflect::get(&held, &(*method).into()).is_ok_and(|found| found.is_instance_of::<Function>())
    };
    if held.is_object() && methods.iter().all(has) {
        return Ok(held);
    }
    Err(Error::invalid_argument(format!("(env) has no binding to {what} with the name in the URL")))
}

/// The message of a JavaScript error.
fn message_of(thrown: &JsValue) -> String {
    let message = Reflect::get(thrown, &"message".into()).ok();
    message.and_then(|message| message.as_string()).unwrap_or_default()
}

/// The platform's message.
#[derive(Debug)]
struct Said(String);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Said {}

fn unavailable(message: &'static str) -> Error {
    Error::new(Kind::Unavailable, message)
}
