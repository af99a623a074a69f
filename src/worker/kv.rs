// A Cloudflare KV namespace bound to a Worker. It calls the binding directly: the `worker` crate's bulk read fails if
// one of the keys is missing. No knowledge of cells.

use super::message_of;
use crate::command::Key;
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use crate::host::kv::{KvNamespace, Name, Names, Pair, Refusal, Stored};
use js_sys::{Array, ArrayBuffer, JSON, Map, Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type Bound;

    #[wasm_bindgen(method, catch, js_name = getWithMetadata)]
    fn get(this: &Bound, keys: &JsValue, kind: &str) -> std::result::Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn put(
        this: &Bound,
        key: &str,
        value: &Uint8Array,
        options: &Object,
    ) -> std::result::Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn delete(this: &Bound, key: &str) -> std::result::Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn list(this: &Bound, options: &Object) -> std::result::Result<Promise, JsValue>;
}

/// The namespace of a binding.
pub(super) struct Namespace(Bound);

impl Namespace {
    pub fn new(binding: JsValue) -> Namespace {
        Namespace(binding.unchecked_into())
    }

    async fn one(&self, key: &Key) -> Result<Option<Stored>> {
        let held = settled(self.0.get(&key.as_str().into(), "arrayBuffer")).await.map_err(read_only)?;
        let value = property(&held, "value");
        if value.is_null() {
            return Ok(None);
        }
        let value = value.dyn_into::<ArrayBuffer>().map_err(|_| unreadable())?;
        Ok(Some(stored(Uint8Array::new(&value).to_vec(), &held)))
    }

    /// Reads all keys at once as text; `None` if together they exceed the platform's limit.
    async fn texts(&self, keys: &[Key]) -> Result<Option<Map>> {
        let names: Array = keys.iter().map(|key| JsValue::from_str(key.as_str())).collect();
        match settled(self.0.get(&names, "text")).await {
            Ok(texts) => texts.dyn_into().map(Some).map_err(|_| unreadable()),
            Err(error) if error.kind() == Kind::TooLarge => Ok(None),
            Err(error) => Err(read_only(error)),
        }
    }

    async fn many(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>> {
        let texts = if keys.len() > 1 { self.texts(keys).await? } else { None };
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            found.push(match among(texts.as_ref(), key) {
                Some(held) => held,
                None => self.one(key).await?,
            });
        }
        Ok(found)
    }

    async fn put_one(&self, pair: &Pair) -> Result<()> {
        let options = Object::new();
        if let Some(metadata) = &pair.metadata {
            set(&options, "metadata", &JSON::parse(metadata).unwrap_or_default());
        }
        if let Some(seconds) = pair.expiration_ttl {
            set(&options, "expirationTtl", &(seconds as f64).into());
        }
        let value = Uint8Array::from(pair.value.as_slice());
        settled(self.0.put(pair.key.as_str(), &value, &options)).await.map(|_| ())
    }

    async fn page(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<Names> {
        let options = Object::new();
        set(&options, "limit", &(limit as f64).into());
        if !prefix.is_empty() {
            set(&options, "prefix", &prefix.into());
        }
        if let Some(cursor) = cursor {
            set(&options, "cursor", &cursor.into());
        }
        let page = settled(self.0.list(&options)).await.map_err(read_only)?;
        let keys = property(&page, "keys").dyn_into::<Array>().map_err(|_| unreadable())?;
        let cursor = match property(&page, "list_complete").is_truthy() {
            true => None,
            false => property(&page, "cursor").as_string().filter(|cursor| !cursor.is_empty()),
        };
        Ok(Names { names: keys.iter().map(|each| name(&each)).collect::<Result<_>>()?, cursor })
    }
}

impl KvNamespace for Namespace {
    fn get<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Stored>>>> {
        Box::pin(self.many(keys))
    }

    fn put<'a>(&'a self, pairs: &'a [Pair]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            for (index, pair) in pairs.iter().enumerate() {
                self.put_one(pair).await.map_err(|error| after(index, error))?;
            }
            Ok(())
        })
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            for (index, key) in keys.iter().enumerate() {
                settled(self.0.delete(key.as_str())).await.map_err(|error| after(index, error))?;
            }
            Ok(())
        })
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        cursor: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Names>> {
        Box::pin(self.page(prefix, cursor, limit))
    }
}

/// Awaits a promise of the platform and converts its error, which only has a message.
async fn settled(promised: std::result::Result<Promise, JsValue>) -> Result<JsValue> {
    let given = match promised {
        Ok(promise) => JsFuture::from(promise).await,
        Err(thrown) => Err(thrown),
    };
    given.map_err(|thrown| Refusal::of(&message_of(&thrown)).error())
}

/// One key's value in the platform's bulk answer; `None` if it must be read individually.
fn among(texts: Option<&Map>, key: &Key) -> Option<Option<Stored>> {
    let name = JsValue::from_str(key.as_str());
    // The platform's map holds names such as `10` as numbers, and may lack `__proto__`.
    let held = texts.filter(|texts| texts.has(&name))?.get(&name);
    let value = if held.is_object() { property(&held, "value") } else { JsValue::NULL };
    if value.is_null() {
        return Some(None);
    }
    // Bytes that are not UTF-8 became U+FFFD.
    let text = value.as_string().filter(|text| !text.contains('\u{fffd}'))?;
    Some(Some(stored(text.into_bytes(), &held)))
}

/// The same error, without the mark that something may have been applied.
fn read_only(error: Error) -> Error {
    error.not_applied()
}

/// The error after this many writes.
fn after(written: usize, error: Error) -> Error {
    if written == 0 { error } else { error.maybe_applied() }
}

fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or_default()
}

fn set(object: &Object, name: &str, value: &JsValue) {
    // It only fails on frozen objects and proxies.
    let _ = Reflect::set(object, &name.into(), value);
}

fn stored(value: Vec<u8>, held: &JsValue) -> Stored {
    Stored { value, metadata: metadata(held), expiration: None }
}

/// The metadata of a value or a name, as JSON, if any.
fn metadata(held: &JsValue) -> Option<String> {
    let metadata = property(held, "metadata");
    let is_none = metadata.is_null() || metadata.is_undefined();
    if is_none { None } else { JSON::stringify(&metadata).ok()?.as_string() }
}

fn name(given: &JsValue) -> Result<Name> {
    Ok(Name {
        key: Key(property(given, "name").as_string().ok_or_else(unreadable)?),
        expiration: property(given, "expiration").as_f64().map(|seconds| seconds as u64),
        metadata: metadata(given),
    })
}

fn unreadable() -> Error {
    Error::new(Kind::Unavailable, "(namespace) does not reply like Cloudflare KV")
}
