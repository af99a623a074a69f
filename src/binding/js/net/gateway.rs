// The gateway for hosts that run JavaScript, which bring HTTP (pkg/src/gateway.ts). It must not know what is asked.

use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use super::Net;
use super::host::words;
use super::lent::{Lender, Lent};
use super::objects::{natural, object, thrown, told};
use crate::Store;
use crate::backend::Backend;
use crate::error::Result;
use crate::gateway::{Gateway, Options, Request, Token};
use crate::host::Clock;

/// A gateway before a store.
#[wasm_bindgen]
pub struct Gate {
    gateway: Rc<Gateway>,
}

impl Gate {
    fn before(store: Store, options: &JsValue, clock: Option<Arc<dyn Clock>>) -> Result<Gate> {
        let defaults = Options::default();
        let texts = |name| told(options, name).dyn_into::<Array>().map_or(Vec::new(), |texts| words(&texts));
        let count = |name, otherwise| {
            natural(options, name).map_or(otherwise, |count| usize::try_from(count).unwrap_or(usize::MAX))
        };
        let mut tokens: Vec<Token> = texts("tokens").into_iter().map(Token::new).collect();
        tokens.extend(texts("readOnlyTokens").into_iter().map(Token::read_only));
        let options = Options {
            tokens,
            open: told(options, "open").as_bool().unwrap_or_default(),
            allowed_origins: texts("allowedOrigins"),
            max_request_bytes: count("maxRequestBytes", defaults.max_request_bytes),
            max_commands: count("maxCommands", defaults.max_commands),
            clock,
        };
        Ok(Gate { gateway: Rc::new(Gateway::new(store, options)?) })
    }
}

#[wasm_bindgen]
impl Gate {
    /// Before the store of a handle, which closes it. `options`: `tokens`, `readOnlyTokens`,
    /// `allowedOrigins`, `open`, `maxRequestBytes`, `maxCommands`.
    #[wasm_bindgen(constructor)]
    pub fn new(handle: &Net, options: JsValue) -> std::result::Result<Gate, JsValue> {
        Gate::before(handle.store.same(), &options, handle.clock.clone()).map_err(thrown)
    }

    /// Before a store of the other module, which its own handle closes.
    pub fn lent(
        lender: Lender,
        options: JsValue,
        clock: Option<js_sys::Function>,
    ) -> std::result::Result<Gate, JsValue> {
        super::clock::install();
        let clock = clock.map(super::clock::of);
        let backend = Lent(lender);
        // The lender's handle has a limit of its own.
        let most = backend.capabilities().max_key_bytes;
        let wide = crate::Options {
            max_key_bytes: usize::try_from(most).ok(),
            clock: clock.clone(),
            ..Default::default()
        };
        let store = Store::over(Arc::new(backend), &wide).map_err(thrown)?;
        Gate::before(store, &options, clock).map_err(thrown)
    }

    /// How much of a body the host has to read, at most: one byte more is too much.
    #[wasm_bindgen(getter, js_name = maxRequestBytes)]
    pub fn max_request_bytes(&self) -> f64 {
        self.gateway.max_request_bytes() as f64
    }

    /// Answers a request: promises `{ status, headers, body }`, where headers are names and values in turn, as they are given.
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

/// Answers a request as [`Gate::handle`] does.
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
