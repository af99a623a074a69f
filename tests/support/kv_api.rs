// Cloudflare's REST API for KV, as documented, over a naive namespace, and a network that leads only there. It fails on
// demand.

use super::naive_kv::NaiveKv;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use omnikv::backend::BoxFuture;
use omnikv::command::Key;
use omnikv::error::{Error, Kind, Result};
use omnikv::host::Network;
use omnikv::host::kv::{KvNamespace, Pair};
use omnikv::host::network::{Http, Request, Response, Timer};
use percent_encoding::percent_decode_str;
use pollster::block_on;
use serde_json::{Value as Json, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const ENDPOINT: &str = "https://api.test/client/v4";
pub const TOKEN: &str = "secret-token";
const BASE: &str = "https://api.test/client/v4/accounts/an%20account/storage/kv/namespaces/names/";

/// A fault for one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Trouble {
    /// Answer with this status and do nothing.
    Status(u16),
    /// Run it, but lose the answer.
    AnswerLost,
    /// Leave out every key except the first.
    OneKeyOnly,
}

pub struct KvApi {
    kv: Arc<NaiveKv>,
    trouble: Mutex<VecDeque<Trouble>>,
    requests: Mutex<Vec<String>>,
}

impl KvApi {
    pub fn new(kv: Arc<NaiveKv>) -> Arc<KvApi> {
        Arc::new(KvApi { kv, trouble: Mutex::default(), requests: Mutex::default() })
    }

    /// Applies each of these faults to one of the next requests.
    pub fn trouble(&self, trouble: impl IntoIterator<Item = Trouble>) {
        self.trouble.lock().unwrap().extend(trouble);
    }

    /// The requests since the last call, as method and path.
    pub fn requests(&self) -> Vec<String> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }

    /// A network whose timers take no time.
    pub fn network(self: &Arc<Self>) -> Network {
        struct Way(Arc<KvApi>);
        impl Http for Way {
            fn send(&self, request: Request) -> BoxFuture<'static, Result<Response>> {
                let api = Arc::clone(&self.0);
                Box::pin(async move { api.answer(&request) })
            }
        }
        struct NoTime;
        impl Timer for NoTime {
            fn now_ms(&self) -> u64 {
                0
            }

            fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
                Box::pin(std::future::ready(()))
            }
            fn spawn(&self, _: BoxFuture<'static, ()>) {
                unreachable!("nothing happens in the background")
            }
        }
        Network { http: Arc::new(Way(Arc::clone(self))), timer: Arc::new(NoTime), sockets: None }
    }

    /// The response at the endpoint for tests.
    pub fn answer(&self, request: &Request) -> Result<Response> {
        let path = request.url.strip_prefix(BASE).unwrap_or_else(|| panic!("{}", request.url));
        self.requests.lock().unwrap().push(format!("{} {path}", request.method));
        let token = request.headers.iter().find(|(name, _)| *name == "authorization");
        if token.is_none_or(|(_, value)| *value != format!("Bearer {TOKEN}")) {
            return Ok(response(403, json!({ "success": false, "errors": [{ "code": 10000 }] })));
        }
        let trouble = self.trouble.lock().unwrap().pop_front();
        if let Some(Trouble::Status(status)) = trouble {
            return Ok(response(status, json!({ "success": false, "errors": [{ "code": 10000 }] })));
        }
        let body: Json = match request.body.as_slice() {
            [] => Json::Null,
            body => serde_json::from_slice(body).expect("JSON"),
        };
        let done = self.act(request.method, path, body, trouble == Some(Trouble::OneKeyOnly));
        match trouble {
            Some(Trouble::AnswerLost) => {
                Err(Error::new(Kind::Unavailable, "(server) broke the connection off").maybe_applied())
            }
            _ => Ok(done),
        }
    }

    fn act(&self, method: &str, path: &str, body: Json, one_key_only: bool) -> Response {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let words: Vec<String> = path.split('/').map(decoded).collect();
        match (method, words.iter().map(String::as_str).collect::<Vec<_>>().as_slice()) {
            ("POST", ["bulk", "get"]) => {
                assert_eq!((&body["type"], &body["withMetadata"]), (&json!("text"), &json!(true)));
                let keys = strings(&body["keys"]);
                let found = block_on(self.kv.get(&keys)).unwrap();
                let value = |(key, stored): (&Key, Option<omnikv::host::kv::Stored>)| {
                    let value = stored.map(|stored| {
                        json!({
                            "value": String::from_utf8_lossy(&stored.value),
                            "metadata": stored.metadata.map(|text| serde_json::from_str::<Json>(&text).unwrap()),
                            "expiration": self.kv.entry(key.as_str()).and_then(|(_, expiration)| expiration),
                        })
                    });
                    (key.0.clone(), json!(value))
                };
                let values: serde_json::Map<_, _> = keys.iter().zip(found).map(value).collect();
                success(json!({ "values": values }))
            }
            ("GET", ["values", key]) => match block_on(self.kv.get(&[Key((*key).into())])).unwrap().remove(0)
            {
                Some(stored) => Response { status: 200, headers: Vec::new(), body: stored.value },
                None => response(404, json!({ "success": false })),
            },
            ("GET", ["metadata", key]) => {
                match block_on(self.kv.get(&[Key((*key).into())])).unwrap().remove(0) {
                    Some(stored) => success(
                        stored.metadata.map_or(Json::Null, |text| serde_json::from_str(&text).unwrap()),
                    ),
                    None => response(404, json!({ "success": false })),
                }
            }
            ("PUT", ["bulk"]) => {
                let mut pairs: Vec<Pair> = body.as_array().unwrap().iter().map(read_pair).collect();
                assert!((1..=10_000).contains(&pairs.len()));
                let left: Vec<Pair> = pairs.split_off(if one_key_only { 1 } else { pairs.len() });
                block_on(self.kv.put(&pairs)).unwrap();
                written(pairs.len(), left.into_iter().map(|pair| pair.key))
            }
            ("POST", ["bulk", "delete"]) => {
                let mut keys = strings(&body);
                let left = keys.split_off(if one_key_only { 1 } else { keys.len() });
                block_on(self.kv.delete(&keys)).unwrap();
                written(keys.len(), left)
            }
            ("GET", ["keys"]) => {
                let option = |name: &str| {
                    let found = query.split('&').filter_map(|pair| pair.split_once('='));
                    found.filter(|(known, _)| *known == name).map(|(_, value)| decoded(value)).next()
                };
                let limit = option("limit").unwrap().parse().unwrap();
                let page =
                    block_on(self.kv.list(&option("prefix").unwrap(), option("cursor").as_deref(), limit));
                let page = page.unwrap();
                let names: Vec<Json> = page
                    .names
                    .into_iter()
                    .map(|name| {
                        let mut listed = json!({ "name": name.key.0 });
                        if let Some(expiration) = name.expiration {
                            listed["expiration"] = json!(expiration);
                        }
                        if let Some(metadata) = name.metadata {
                            listed["metadata"] = serde_json::from_str(&metadata).unwrap();
                        }
                        listed
                    })
                    .collect();
                let info = json!({ "count": names.len(), "cursor": page.cursor.unwrap_or_default() });
                response(200, json!({ "success": true, "result": names, "result_info": info }))
            }
            other => panic!("{other:?}"),
        }
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned()
}

fn strings(json: &Json) -> Vec<Key> {
    json.as_array().unwrap().iter().map(|key| Key(key.as_str().unwrap().into())).collect()
}

fn read_pair(json: &Json) -> Pair {
    let value = json["value"].as_str().unwrap();
    Pair {
        key: Key(json["key"].as_str().unwrap().into()),
        value: match json["base64"] == true {
            true => BASE64_STANDARD.decode(value).unwrap(),
            false => value.into(),
        },
        metadata: json.get("metadata").map(Json::to_string),
        expiration_ttl: json.get("expiration_ttl").map(|ttl| ttl.as_u64().unwrap()),
    }
}

fn success(result: Json) -> Response {
    response(200, json!({ "success": true, "errors": [], "messages": [], "result": result }))
}

fn written(count: usize, left: impl IntoIterator<Item = Key>) -> Response {
    let left: Vec<String> = left.into_iter().map(|key| key.0).collect();
    success(json!({ "successful_key_count": count, "unsuccessful_keys": left }))
}

fn response(status: u16, body: Json) -> Response {
    Response {
        status,
        headers: vec![("retry-after".into(), "0".into())],
        body: body.to_string().into_bytes(),
    }
}
