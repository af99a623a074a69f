// A Cloudflare KV namespace bound to a Worker (provided by pkg/src/net/lent-bindings.ts). It is not trusted: it may
// return anything. No knowledge of cells.

use js_sys::{Array, JSON, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use omnikv::command::Key;
use omnikv::error::{Error, Kind, Result};
use omnikv::host::BoxFuture;
use omnikv::host::kv::{KvNamespace, Name, Names, Pair, Refusal, Stored};
use omnikv_js::objects::{object, property};
use omnikv_js::request::leaves_room;

#[wasm_bindgen]
extern "C" {
    /// The binding, provided by TypeScript. Each promise resolves to a result, or to `{ failure }`.
    #[derive(Clone)]
    pub type LentNamespace;

    /// For each key `{ value, metadata }`, with the value as bytes, or undefined.
    #[wasm_bindgen(method, catch)]
    fn get(this: &LentNamespace, keys: Array) -> std::result::Result<Promise, JsValue>;

    /// Writes `{ key, value, metadata, expirationTtl }`, one after the other.
    #[wasm_bindgen(method, catch)]
    fn put(this: &LentNamespace, pairs: Array) -> std::result::Result<Promise, JsValue>;

    /// Removes keys.
    #[wasm_bindgen(method, catch)]
    fn delete(this: &LentNamespace, keys: Array) -> std::result::Result<Promise, JsValue>;

    /// `{ keys: [{ name, expiration, metadata }], cursor }`.
    #[wasm_bindgen(method, catch)]
    fn list(
        this: &LentNamespace,
        prefix: &str,
        cursor: Option<String>,
        limit: u32,
    ) -> std::result::Result<Promise, JsValue>;
}

/// The binding's result, unless it returns a word for a failure.
async fn kept(promised: std::result::Result<Promise, JsValue>) -> Result<JsValue> {
    let answer = JsFuture::from(promised.map_err(|_| failure(""))?).await.map_err(|_| failure(""))?;
    match property(&answer, "failure").as_string() {
        Some(word) => Err(failure(&word)),
        None => Ok(answer),
    }
}

/// Why there is no answer, in the words of pkg/src/net/lent-bindings.ts.
fn failure(word: &str) -> Error {
    let refusal = match word {
        "rate-limited" => Refusal::RateLimited,
        "too-large" => Refusal::TooLarge,
        "limit" => Refusal::Limit,
        _ => Refusal::Broken,
    };
    refusal.error()
}

fn unreadable() -> Error {
    Error::new(Kind::Unavailable, "(namespace) does not reply like Cloudflare KV")
}

fn names(keys: &[Key]) -> Array {
    keys.iter().map(|key| JsValue::from_str(key.as_str())).collect()
}

/// Metadata as JSON, if any.
fn metadata(given: &JsValue) -> Option<String> {
    let is_none = given.is_null() || given.is_undefined();
    if is_none { None } else { JSON::stringify(given).ok()?.as_string() }
}

fn stored(given: &JsValue) -> Result<Option<Stored>> {
    if given.is_null() || given.is_undefined() {
        return Ok(None);
    }
    let value = property(given, "value").dyn_into::<Uint8Array>().map_err(|_| unreadable())?;
    if !leaves_room(value.length() as usize) {
        return Err(Error::new(Kind::OutOfMemory, "has a value that does not fit into the memory left"));
    }
    Ok(Some(Stored {
        value: value.to_vec(),
        metadata: metadata(&property(given, "metadata")),
        expiration: None,
    }))
}

fn name(given: &JsValue) -> Result<Name> {
    Ok(Name {
        key: Key(property(given, "name").as_string().ok_or_else(unreadable)?),
        expiration: property(given, "expiration").as_f64().map(|seconds| seconds as u64),
        metadata: metadata(&property(given, "metadata")),
    })
}

impl KvNamespace for LentNamespace {
    fn get<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Stored>>>> {
        let asked = LentNamespace::get(self, names(keys));
        Box::pin(async move {
            let found = kept(asked).await.map_err(|error| error.not_applied())?;
            let found: Vec<_> = found
                .dyn_into::<Array>()
                .map_err(|_| unreadable())?
                .iter()
                .map(|each| stored(&each))
                .collect();
            if found.len() == keys.len() { found.into_iter().collect() } else { Err(unreadable()) }
        })
    }

    fn put<'a>(&'a self, pairs: &'a [Pair]) -> BoxFuture<'a, Result<()>> {
        let write = |pair: &Pair| {
            object([
                ("key", pair.key.as_str().into()),
                ("value", Uint8Array::from(pair.value.as_slice()).into()),
                ("metadata", pair.metadata.as_deref().map_or(JsValue::UNDEFINED, Into::into)),
                ("expirationTtl", pair.expiration_ttl.map_or(JsValue::UNDEFINED, |ttl| (ttl as f64).into())),
            ])
        };
        let done = LentNamespace::put(self, pairs.iter().map(write).collect());
        let is_many = pairs.len() > 1;
        Box::pin(async move {
            // Some of several values may have been written.
            let failed = |error: Error| if is_many { error.maybe_applied() } else { error };
            kept(done).await.map(|_| ()).map_err(failed)
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<()>> {
        let done = LentNamespace::delete(self, names(keys));
        let is_many = keys.len() > 1;
        Box::pin(async move {
            let failed = |error: Error| if is_many { error.maybe_applied() } else { error };
            kept(done).await.map(|_| ()).map_err(failed)
        })
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        cursor: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Names>> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let asked = LentNamespace::list(self, prefix, cursor.map(str::to_owned), limit);
        Box::pin(async move {
            let page = kept(asked).await.map_err(|error| error.not_applied())?;
            let keys = property(&page, "keys").dyn_into::<Array>().map_err(|_| unreadable())?;
            let names = keys.iter().map(|each| name(&each)).collect::<Result<_>>()?;
            let cursor = property(&page, "cursor").as_string().filter(|cursor| !cursor.is_empty());
            Ok(Names { names, cursor })
        })
    }
}
