// A store of the memory store's module, lent by TypeScript (pkg/src/net/lender.ts) for features that only this module
// has. No operation semantics; its arguments are not trusted.

use std::sync::Arc;

use js_sys::{Array, Promise, Uint8Array};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use super::read;
use omnikv::backend::{Backend, BoxFuture, Capabilities, Check, Stats};
use omnikv::command::{Command, Reply};
use omnikv::error::{Error, Kind, Result};
use omnikv_js::objects::property;
use omnikv_js::reply;

#[wasm_bindgen]
extern "C" {
    /// A lent store.
    #[derive(Clone)]
    pub type Lender;

    /// Runs commands, each given as words, and returns their encoded replies. With checks, each a key and the value it
    /// must hold or undefined, they run as a transaction.
    #[wasm_bindgen(method, catch)]
    fn run(this: &Lender, checks: Option<Array>, commands: Array) -> std::result::Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn stats(this: &Lender) -> std::result::Result<JsValue, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn capabilities(this: &Lender) -> std::result::Result<JsValue, JsValue>;
}

/// What the store guarantees.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Promised {
    atomic: bool,
    ordered: bool,
    exact_counts: bool,
    ttl_minimum_ms: u64,
    max_key_bytes: u64,
    max_value_bytes: u64,
}

/// The lent store as a backend.
pub(super) struct Lent(pub Lender);

impl Lent {
    async fn run(&self, checks: Option<&[Check]>, commands: &[Command]) -> Result<Vec<Result<Reply>>> {
        let bytes = |bytes: &[u8]| JsValue::from(Uint8Array::from(bytes));
        let check = |(key, expected): &Check| {
            let expected = expected.as_ref().map_or(JsValue::NULL, |expected| bytes(expected));
            JsValue::from(Array::of2(&key.as_str().into(), &expected))
        };
        let checks = checks.map(|checks| checks.iter().map(check).collect::<Array>());
        let words = |command: &Command| {
            let words = command.to_argv();
            JsValue::from(words.iter().map(|word| bytes(word)).collect::<Array>())
        };
        let sent = self.0.run(checks, commands.iter().map(words).collect());
        let replies = settled(sent).await?.dyn_into::<Array>().map_err(|_| unreadable())?;
        let read = |given: JsValue| {
            let given = given.dyn_into::<Uint8Array>().map_err(|_| unreadable())?;
            reply::read(&given.to_vec()).unwrap_or_else(|| Err(unreadable()))
        };
        Ok(replies.iter().map(read).collect())
    }
}

impl Backend for Lent {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn execute<'a>(&'a self, command: &'a Command) -> BoxFuture<'a, Result<Reply>> {
        Box::pin(async move {
            let replies = self.run(None, std::slice::from_ref(command)).await?;
            replies.into_iter().next().unwrap_or_else(|| Err(unreadable()))
        })
    }

    fn execute_all<'a>(&'a self, commands: &'a [Command]) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.run(None, commands))
    }

    fn transaction<'a>(
        &'a self,
        checks: &'a [Check],
        commands: &'a [Command],
    ) -> BoxFuture<'a, Result<Vec<Result<Reply>>>> {
        Box::pin(self.run(Some(checks), commands))
    }

    /// The lender adds its own prefix.
    fn stats<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Stats>> {
        Box::pin(async move { read(settled(self.0.stats()).await?).map_err(|_| unreadable()) })
    }

    fn capabilities(&self) -> Capabilities {
        let promised = self.0.capabilities().unwrap_or_default();
        let Promised { atomic, ordered, exact_counts, ttl_minimum_ms, max_key_bytes, max_value_bytes } =
            read(promised).unwrap_or_default();
        Capabilities {
            atomic,
            ordered,
            exact_counts,
            ttl_minimum_ms,
            max_key_bytes,
            max_value_bytes,
            records: false,
            consistency: "strong",
        }
    }

    fn another(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(Lent(self.0.clone())))
    }

    /// The lender closes it.
    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

/// The result of a call, or of its promise; a thrown value is one of the package's errors.
async fn settled(given: std::result::Result<JsValue, JsValue>) -> Result<JsValue> {
    let given = match given {
        Ok(given) => JsFuture::from(Promise::resolve(&given)).await,
        Err(thrown) => Err(thrown),
    };
    given.map_err(|thrown| {
        let kind = property(&thrown, "code").as_string().and_then(|code| Kind::from_code(&code));
        let message = property(&thrown, "message").as_string().filter(|_| kind.is_some());
        let message = message.as_deref().map_or("(store) cannot be asked", str::trim_start);
        Error::new(kind.unwrap_or(Kind::Internal), message)
    })
}

fn unreadable() -> Error {
    Error::new(Kind::Internal, "(store) sent a reply that cannot be read")
}
