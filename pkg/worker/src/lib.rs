// The Worker: reads its configuration, opens the store and lets a gateway answer. The protocol is not implemented here,
// and nothing that belongs to one request may be kept.

//! Upstash's REST protocol as a Cloudflare Worker, over any store of omnikv. See `README.md`.
#![cfg(target_arch = "wasm32")]

mod settings;

use omnikv::gateway::Gateway;
use omnikv::worker::{Object, answer, connect};
use omnikv::{Error, Store};
use settings::Settings;
use std::cell::RefCell;
use std::rc::Rc;
use worker::{Context, DurableObject, Env, Request, Response, State, durable_object, event};

thread_local! {
    /// The gateway over the memory store, which lives as long as the isolate.
    static IN_MEMORY: RefCell<Option<(Settings, Rc<Gateway>)>> = const { RefCell::new(None) };
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    match gateway(&env).await {
        Ok(gateway) => answer(&gateway, request).await,
        Err(error) => refusal(&error),
    }
}

/// The gateway of a request; a memory store's is shared by all requests.
async fn gateway(env: &Env) -> omnikv::Result<Rc<Gateway>> {
    let settings = Settings::read(env)?;
    let known = IN_MEMORY.with_borrow(|kept| {
        kept.as_ref().filter(|(known, _)| *known == settings).map(|(_, gateway)| Rc::clone(gateway))
    });
    if let Some(gateway) = known {
        return Ok(gateway);
    }
    let store: Store = connect(env, &settings.url, settings.store()).await?;
    let gateway = Rc::new(Gateway::new(store, settings.access())?);
    if settings.is_memory() {
        // No other request can have run since the check: nothing was awaited.
        IN_MEMORY.set(Some((settings, Rc::clone(&gateway))));
    }
    Ok(gateway)
}

/// The response if there is no store, in the protocol's form. Messages contain no secrets.
fn refusal(error: &Error) -> worker::Result<Response> {
    let body = serde_json::json!({ "error": format!("ERR {}", error.message()) });
    let response = Response::from_json(&body)?.with_status(503);
    response.headers().set("cache-control", "no-store")?;
    Ok(response)
}

/// The class behind `durable-object:NAME`.
#[durable_object(alarm)]
pub struct OmnikvObject(Object);

impl DurableObject for OmnikvObject {
    fn new(state: State, _: Env) -> Self {
        OmnikvObject(Object::new(state))
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        self.0.fetch(request).await
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.0.alarm().await
    }
}
