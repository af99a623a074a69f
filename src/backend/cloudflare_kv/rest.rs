// A Cloudflare KV namespace over Cloudflare's REST API, from anywhere. No knowledge of cells.

//! Cloudflare's REST API for KV: <https://developers.cloudflare.com/api/resources/kv/>.

use crate::backend::retry::{Attempts, Failure};
use crate::command::Key;
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use crate::host::kv::{KvNamespace, Name, Names, Pair, Stored};
use crate::host::network::{Network, Request, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

/// The URL of Cloudflare's API.
pub const ENDPOINT: &str = "https://api.cloudflare.com/client/v4";

/// The most pairs or keys in one write.
const MOST_WRITES: usize = 10_000;
/// Requests may have up to 100 MB.
const REQUEST_BYTES: usize = 90 << 20;

/// The namespace, and how to reach it.
#[derive(Clone)]
pub struct Settings {
    /// [`ENDPOINT`], or a compatible server; without a trailing slash.
    pub endpoint: String,
    /// The account ID.
    pub account: String,
    /// The namespace ID.
    pub namespace: String,
    /// An API token with read and write access to Workers KV.
    pub token: String,
    /// The timeout of an operation, including all retries.
    pub timeout: Duration,
    /// How many times a request is retried. All requests may be: reads change nothing, and writing twice equals writing
    /// once.
    pub retries: u32,
}

/// Hides the token.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("namespace", &self.namespace).finish_non_exhaustive()
    }
}

/// A namespace over the REST API.
pub struct Rest {
    settings: Settings,
    network: Network,
    /// The common beginning of the namespace's URLs.
    base: String,
}

/// The object around every result of the API.
#[derive(Deserialize)]
struct Envelope<T> {
    result: Option<T>,
    result_info: Option<Info>,
}

#[derive(Deserialize)]
struct Info {
    cursor: Option<String>,
}

#[derive(Deserialize)]
struct Values {
    values: HashMap<String, Option<Value>>,
}

/// A value's metadata, unparsed: another program may have written it.
type Metadata = Option<Box<RawValue>>;

#[derive(Deserialize)]
struct Value {
    value: String,
    metadata: Metadata,
    #[serde(default)]
    expiration: Option<u64>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    metadata: Metadata,
    #[serde(default)]
    expiration: Option<u64>,
}

/// The result of a bulk write.
#[derive(Default, Deserialize)]
struct Written {
    #[serde(default)]
    unsuccessful_keys: Vec<String>,
}

/// A request to send.
struct Ask<'a> {
    method: &'static str,
    path: String,
    body: Option<&'a Json>,
    writes: bool,
}

impl Ask<'_> {
    fn get(path: String) -> Ask<'static> {
        Ask { method: "GET", path, body: None, writes: false }
    }
}

impl Rest {
    /// Creates a client. Sends nothing yet.
    pub fn new(settings: Settings, network: Network) -> Rest {
        let Settings { endpoint, account, namespace, .. } = &settings;
        let base =
            format!("{endpoint}/accounts/{}/storage/kv/namespaces/{}", encoded(account), encoded(namespace));
        Rest { settings, network, base }
    }

    /// Sends a request, with retries; `None` if its target does not exist.
    async fn ask(&self, ask: Ask<'_>) -> Result<Option<Response>> {
        let mut attempts = Attempts::new(self.settings.timeout, self.settings.retries, &*self.network.timer);
        loop {
            let mut headers = vec![("authorization", format!("Bearer {}", self.settings.token))];
            headers.extend(ask.body.map(|_| ("content-type", "application/json".to_owned())));
            let request = Request {
                method: ask.method,
                url: format!("{}/{}", self.base, ask.path),
                headers,
                body: ask.body.map(|body| body.to_string().into_bytes()).unwrap_or_default(),
                looks_at: &["retry-after"],
                timeout: Some(attempts.left()),
            };
            let failure = match self.network.http.send(request).await.map_err(Failure::from) {
                Ok(response) if response.status == 404 => return Ok(None),
                Ok(response) => match checked(response) {
                    Ok(response) => return Ok(Some(response)),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            match attempts.pause(&failure) {
                Some(pause) => self.network.timer.sleep(pause).await,
                None if ask.writes => return Err(failure.error),
                // A read has changed nothing, so it is not `maybe_applied`.
                None => return Err(Error::new(failure.error.kind(), failure.error.message())),
            }
        }
    }

    async fn ask_json<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<Envelope<T>> {
        let writes = ask.writes;
        let Some(response) = self.ask(ask).await? else {
            let message = "(url) names no KV namespace of this account: cloudflare-kv://ACCOUNT/NAMESPACE";
            return Err(Error::invalid_argument(message));
        };
        serde_json::from_slice(&response.body)
            .map_err(|_| if writes { garbled().maybe_applied() } else { garbled() })
    }

    async fn get_all(&self, keys: &[Key]) -> Result<Vec<Option<Stored>>> {
        let names: Vec<&str> = keys.iter().map(Key::as_str).collect();
        let body = json!({ "keys": names, "type": "text", "withMetadata": true });
        let ask = Ask { method: "POST", path: "bulk/get".to_owned(), body: Some(&body), writes: false };
        let mut values = match self.ask_json::<Values>(ask).await {
            Ok(envelope) => envelope.result.ok_or_else(garbled)?.values,
            // More than 25 MB together, or not text: read them one by one.
            Err(error) if matches!(error.kind(), Kind::TooLarge | Kind::InvalidValue) => {
                let mut found = Vec::with_capacity(keys.len());
                for key in keys {
                    found.push(self.get_one(key).await?);
                }
                return Ok(found);
            }
            Err(error) => return Err(error),
        };
        let mut found = Vec::with_capacity(keys.len());
        for key in keys {
            let stored = match values.remove(key.as_str()).flatten() {
                None => None,
                // U+FFFD may replace bytes that are not text, or be in the value itself.
                Some(text) if text.value.contains(char::REPLACEMENT_CHARACTER) => {
                    self.value(key).await?.map(|value| Stored {
                        value,
                        metadata: metadata(text.metadata),
                        expiration: text.expiration,
                    })
                }
                Some(text) => Some(Stored {
                    value: text.value.into_bytes(),
                    metadata: metadata(text.metadata),
                    expiration: text.expiration,
                }),
            };
            found.push(stored);
        }
        Ok(found)
    }

    async fn get_one(&self, key: &Key) -> Result<Option<Stored>> {
        let Some(value) = self.value(key).await? else { return Ok(None) };
        let beside = self.ask(Ask::get(format!("metadata/{}", encoded(key.as_str())))).await?;
        let beside = match beside {
            Some(response) => {
                serde_json::from_slice::<Envelope<Box<RawValue>>>(&response.body)
                    .map_err(|_| garbled())?
                    .result
            }
            None => None,
        };
        Ok(Some(Stored { value, metadata: metadata(beside), expiration: None }))
    }

    async fn value(&self, key: &Key) -> Result<Option<Vec<u8>>> {
        let response = self.ask(Ask::get(format!("values/{}", encoded(key.as_str())))).await?;
        Ok(response.map(|response| response.body))
    }

    async fn put_all(&self, pairs: &[Pair]) -> Result<()> {
        let mut rest = pairs;
        while !rest.is_empty() {
            let mut bytes = 0_usize;
            let fits = |pair: &&Pair| {
                bytes = bytes.saturating_add(pair.key.as_bytes().len() + pair.value.len() / 3 * 4 + 256);
                bytes <= REQUEST_BYTES
            };
            let count = rest.iter().take(MOST_WRITES).take_while(fits).count().max(1);
            let (chunk, others) = rest.split_at(count);
            rest = others;
            let body = Json::Array(chunk.iter().map(written_pair).collect::<Result<_>>()?);
            self.write("PUT", "bulk", body).await?;
        }
        Ok(())
    }

    async fn delete_all(&self, keys: &[Key]) -> Result<()> {
        for chunk in keys.chunks(MOST_WRITES) {
            let body = chunk.iter().map(Key::as_str).collect();
            self.write("POST", "bulk/delete", body).await?;
        }
        Ok(())
    }

    /// Writes, and retries the part that the API reports as not written.
    async fn write(&self, method: &'static str, path: &str, mut body: Json) -> Result<()> {
        for _ in 0..=self.settings.retries {
            let ask = Ask { method, path: path.to_owned(), body: Some(&body), writes: true };
            let written: Envelope<Written> = self.ask_json(ask).await?;
            let left = written.result.unwrap_or_default().unsuccessful_keys;
            if left.is_empty() {
                return Ok(());
            }
            let Json::Array(items) = &mut body else { break };
            items.retain(|item| {
                let name = item.get("key").unwrap_or(item).as_str();
                name.is_some_and(|name| left.iter().any(|left| left == name))
            });
            // The usual reason is more than one write a second to a key.
            self.network.timer.sleep(Duration::from_secs(1)).await;
        }
        Err(Error::new(Kind::Unavailable, "(server) has not written every key").maybe_applied())
    }

    async fn list_page(&self, prefix: &str, cursor: Option<&str>, limit: usize) -> Result<Names> {
        let mut path = format!("keys?limit={limit}&prefix={}", encoded(prefix));
        if let Some(cursor) = cursor {
            path.push_str("&cursor=");
            path.push_str(&encoded(cursor));
        }
        let page: Envelope<Vec<Listed>> = self.ask_json(Ask::get(path)).await?;
        let name = |listed: Listed| Name {
            key: Key(listed.name),
            expiration: listed.expiration,
            metadata: metadata(listed.metadata),
        };
        Ok(Names {
            names: page.result.ok_or_else(garbled)?.into_iter().map(name).collect(),
            // An empty cursor means that this is the last page.
            cursor: page.result_info.and_then(|info| info.cursor).filter(|cursor| !cursor.is_empty()),
        })
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn metadata(json: Metadata) -> Option<String> {
    json.map(|json| json.get().to_owned())
}

fn written_pair(pair: &Pair) -> Result<Json> {
    let mut written = match str::from_utf8(&pair.value) {
        Ok(text) => json!({ "key": pair.key.as_str(), "value": text }),
        Err(_) => {
            json!({ "key": pair.key.as_str(), "value": BASE64_STANDARD.encode(&pair.value), "base64": true })
        }
    };
    if let Some(ttl) = pair.expiration_ttl {
        written["expiration_ttl"] = json!(ttl);
    }
    if let Some(metadata) = &pair.metadata {
        written["metadata"] = serde_json::from_str(metadata)
            .map_err(|_| Error::new(Kind::Internal, "(metadata) expects JSON"))?;
    }
    Ok(written)
}

/// Returns the response if it has a result, otherwise the error. The API's own messages may quote a key, so they are
/// not shown.
fn checked(response: Response) -> Result<Response, Failure> {
    let (kind, message, maybe_applied) = match response.status {
        200..300 => return Ok(response),
        401 | 403 => (Kind::PermissionDenied, "(token) was refused by Cloudflare for this namespace", false),
        413 => (Kind::TooLarge, "(value) is larger than Cloudflare KV takes", false),
        429 => (Kind::RateLimited, "(server) asks to slow down", false),
        400..500 => (Kind::InvalidValue, "(request) was refused by Cloudflare KV", false),
        _ => (Kind::Unavailable, "(server) has failed to answer", true),
    };
    let retry_after = response.header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    let failure = Failure::of(Error::new(kind, message), maybe_applied);
    Err(Failure { retry_after: retry_after.map(Duration::from_secs), ..failure })
}

fn garbled() -> Error {
    Error::new(Kind::Unavailable, "(server) gave an answer that is not of Cloudflare's API")
}

impl KvNamespace for Rest {
    fn get<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Stored>>>> {
        Box::pin(self.get_all(keys))
    }

    fn put<'a>(&'a self, pairs: &'a [Pair]) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.put_all(pairs))
    }

    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.delete_all(keys))
    }

    fn list<'a>(
        &'a self,
        prefix: &'a str,
        cursor: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Names>> {
        Box::pin(self.list_page(prefix, cursor, limit))
    }
}
