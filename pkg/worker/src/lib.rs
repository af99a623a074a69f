// The Worker: it reads what it is configured with, opens the store and lets a gateway answer. It must not know the protocol,
// nor keep what belongs to one request.

//! Upstash's REST protocol as a Cloudflare Worker, before any store of omnikv. See `README.md`.
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
    /// The gateway before the store in memory, which lives as long as the isolate.
    static IN_MEMORY: RefCell<Option<(Settings, Rc<Gateway>)>> = const { RefCell::new(None) };
}

#[event(fetch)]
async fn fetch(request: Request, env: Env, _: Context) -> worker::Result<Response> {
    match gateway(&env).await {
        Ok(gateway) => answer(&gateway, request).await,
        Err(error) => refusal(&error),
    }
}

/// The gateway of one request; that before a store in memory is the same for all.
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
        // Another request may have been here meanwhile: nothing has been awaited that would let it.
        IN_MEMORY.set(Some((settings, Rc::clone(&gateway))));
    }
    Ok(gateway)
}

/// What clients are told when there is no store to ask, in the protocol's form. No message holds a secret.
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
