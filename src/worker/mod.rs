// What a Worker in Rust lends a store, by the `worker` crate: its bindings, its network, its clock, and requests for a gateway.
// It must not know commands, nor keep what belongs to one request.

//! Stores in a Cloudflare Worker that is written in Rust (feature `worker`, on `wasm32-unknown-unknown`).
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
//! [`connect`] opens `cloudflare-kv:NAME` and `durable-object:NAME`, which name bindings, and what [`Store::connect`] opens
//! elsewhere: `memory:`, `upstash://`, `redis://`, `cloudflare-kv://ACCOUNT/NAMESPACE`. Open the store in the request that uses it: what a
//! Worker is connected with belongs to one request. Only a store in memory outlives it, for this isolate, as long as a handle is kept.
//!
//! The class behind `durable-object:NAME` is the Worker's own, and hands what it is asked to an [`Object`]; [`answer`] puts a
//! [`Gateway`](crate::gateway::Gateway) before the web.

mod gateway;
mod kv;
mod network;
mod object;
mod objects;
mod sockets;

pub use gateway::answer;
pub use object::Object;

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
    /// Fills an array with numbers that nobody can guess. Workers have it within requests alone.
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn get_random_values(array: &mut [u8]) -> std::result::Result<JsValue, JsValue>;
}

/// Opens the store that the URL names, in a Worker whose bindings `env` holds. What the options say of network and binding
/// counts more than what the Worker has.
///
/// # Errors
///
/// Those of [`Store::connect`]; `invalid-argument` when `env` has no such binding by the name in the URL.
pub async fn connect(env: &Env, url: &str, mut options: Options) -> Result<Store> {
    let url = url.trim();
    open(env, url, &mut options).map_err(|error| error.in_op("connect"))?;
    Store::connect(url, options).await
}

/// Lends what the Worker has.
fn open(env: &Env, url: &str, options: &mut Options) -> Result<()> {
    install();
    let remote = &mut options.remote;
    if let (Some((scheme, what, name, query)), None) = (bound(url), &remote.binding) {
        if scheme == "cloudflare-kv:" {
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

/// The Worker's network, with this for its HTTP.
fn network_by(http: Arc<dyn Http>) -> Network {
    Network { http, timer: Arc::new(network::Clockwork), sockets: Some(Arc::new(sockets::Connections)) }
}

/// Makes the Worker's clock and randomness those of the stores that bring none.
fn install() {
    clock::install(|| match Date::now() {
        // There is no time outside of requests.
        0.0 => NO_TIME,
        now => now as u64,
    });
    random::install(|| {
        let mut bytes = [0; 8];
        // At global scope there is none; nor is there a store.
        let _ = get_random_values(&mut bytes);
        u64::from_le_bytes(bytes)
    });
}

/// The binding of this name, if it is what it is taken for: one of another kind may stand under the name.
fn held(env: &Env, name: &str, what: &str, methods: &[&str]) -> Result<JsValue> {
    let held = Reflect::get(env, &name.into()).unwrap_or_default();
    let has = |method: &&str| {
        Reflect::get(&held, &(*method).into()).is_ok_and(|found| found.is_instance_of::<Function>())
    };
    if held.is_object() && methods.iter().all(has) {
        return Ok(held);
    }
    Err(Error::invalid_argument(format!("(env) has no binding to {what} by the name in the URL")))
}

/// What JavaScript says of an error.
fn message_of(thrown: &JsValue) -> String {
    let message = Reflect::get(thrown, &"message".into()).ok();
    message.and_then(|message| message.as_string()).unwrap_or_default()
}

/// What the platform has said.
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
