// The gateway for JavaScript hosts, which handle HTTP (pkg/src/gateway.ts). What is requested does not matter here.

use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Array, Promise, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::Net;
use super::host::words;
use super::lent::{Lender, Lent};
use super::read;
use omnikv::Store;
use omnikv::backend::Backend;
use omnikv::error::Result;
use omnikv::gateway::{Gateway, Options, Request, Token};
use omnikv::host::Clock;
use omnikv_js::clock;
use omnikv_js::objects::{object, thrown};

/// A gateway over a store.
#[wasm_bindgen]
pub struct Gate {
    gateway: Rc<Gateway>,
}

/// Options of a gateway (`GatewayOptions` in pkg/src/gateway.ts, which checks them).
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct GateOptions {
    tokens: Vec<String>,
    read_only_tokens: Vec<String>,
    open: bool,
    allowed_origins: Vec<String>,
    max_request_bytes: Option<f64>,
    max_commands: Option<f64>,
}

impl Gate {
    fn before(store: Store, options: JsValue, clock: Option<Arc<dyn Clock>>) -> Result<Gate> {
        let defaults = Options::default();
        let given: GateOptions = read(options)?;
        let mut tokens: Vec<Token> = given.tokens.into_iter().map(Token::new).collect();
        tokens.extend(given.read_only_tokens.into_iter().map(Token::read_only));
        let options = Options {
            tokens,
            open: given.open,
            allowed_origins: given.allowed_origins,
            max_request_bytes: given
                .max_request_bytes
                .map_or(defaults.max_request_bytes, |most| most as usize),
            max_commands: given.max_commands.map_or(defaults.max_commands, |most| most as usize),
            clock,
        };
        Ok(Gate { gateway: Rc::new(Gateway::new(store, options)?) })
    }
}

#[wasm_bindgen]
impl Gate {
    /// Creates a gateway over the store of a handle, which closes it. `options`: `tokens`, `readOnlyTokens`,
    /// `allowedOrigins`, `open`, `maxRequestBytes`, `maxCommands`.
    #[wasm_bindgen(constructor)]
    pub fn new(handle: &Net, options: JsValue) -> std::result::Result<Gate, JsValue> {
        Gate::before((*handle.store).clone(), options, handle.clock.clone()).map_err(thrown)
    }

    /// Creates a gateway over a store of the other module, whose own handle closes it.
    pub fn lent(
        lender: Lender,
        options: JsValue,
        clock: Option<js_sys::Function>,
    ) -> std::result::Result<Gate, JsValue> {
        clock::install();
        let clock = clock.map(clock::of);
        let backend = Lent(lender);
        // The lender's handle has its own limit.
        let most = backend.capabilities().max_key_bytes;
        let wide = omnikv::Options {
            max_key_bytes: usize::try_from(most).ok(),
            clock: clock.clone(),
            ..Default::default()
        };
        let store = Store::over(Arc::new(backend), &wide).map_err(thrown)?;
        Gate::before(store, options, clock).map_err(thrown)
    }

    /// The most bytes of a body that the host has to read; if there is one more, the request is too large.
    #[wasm_bindgen(getter, js_name = maxRequestBytes)]
    pub fn max_request_bytes(&self) -> f64 {
        self.gateway.max_request_bytes() as f64
    }

    /// Answers a request. Resolves to `{ status, headers, body }`; headers are names and values alternately, as in the
    /// argument.
    pub fn handle(
        &self,
        method: String,
        path: String,
        query: String,
        headers: Array,
        body: Vec<u8>,
    ) -> Promise {
        answer(&self.gateway, method, path, query, &headers, body)
    }
}

/// Answers a request like [`Gate::handle`].
pub(super) fn answer(
    gateway: &Rc<Gateway>,
    method: String,
    path: String,
    query: String,
    headers: &Array,
    body: Vec<u8>,
) -> Promise {
    let gateway = Rc::clone(gateway);
    let headers = words(headers);
    let pairs = headers.chunks_exact(2);
    let headers = pairs.filter_map(|pair| Some((pair.first()?.clone(), pair.get(1)?.clone()))).collect();
    future_to_promise(async move {
        let response = gateway.handle(Request { method, path, query, headers, body }).await;
        let headers = Array::new();
        for (name, value) in &response.headers {
            headers.push(&(*name).into());
            headers.push(&value.into());
        }
        Ok(object([
            ("status", response.status.into()),
            ("headers", headers.into()),
            ("body", Uint8Array::from(response.body.as_slice()).into()),
        ]))
    })
}
