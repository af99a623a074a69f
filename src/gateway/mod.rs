// Upstash's REST protocol from the server's side: an HTTP request in, a response out, over any store. It must not listen,
// read a body or know the host it runs in: that is who calls it.

//! A gateway: Upstash's REST protocol (<https://upstash.com/docs/redis/features/restapi>) before any [`Store`], so that
//! other people's clients work with it.
//!
//! The host brings HTTP and hands over requests; the gateway says who may come in, runs the commands and words the answer.
//!
//! ```
//! # pollster::block_on(async {
//! use omnikv::gateway::{Gateway, Options, Request, Token};
//! use omnikv::Store;
//!
//! let store = Store::connect("memory:", omnikv::Options::default()).await?;
//! let gateway = Gateway::new(store, Options { tokens: vec![Token::new("secret")], ..Options::default() })?;
//! let response = gateway
//!     .handle(Request {
//!         method: "POST".into(),
//!         path: "/".into(),
//!         headers: vec![("Authorization".into(), "Bearer secret".into())],
//!         body: br#"["SET", "greeting", "hello"]"#.to_vec(),
//!         ..Request::default()
//!     })
//!     .await;
//! assert_eq!((response.status, response.body.as_slice()), (200, &br#"{"result":"OK"}"#[..]));
//! # Ok::<(), omnikv::Error>(())
//! # }).unwrap();
//! ```

mod access;
mod run;
mod words;

pub use access::{Rights, Token};

use crate::backend::upstash::SPEAKER_HEADER;
use crate::dialect::Value;
use crate::dialect::json::{Answer, Encoding};
use crate::error::{Error, Kind, Result};
use crate::host::{Clock, clock};
use crate::store::Store;
use access::Origin;
use run::Runner;
use serde::Serialize;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use words::Asked;

/// By this header a client reads its own writes. It counts the writes that have come this way: a store of ours has no stale
/// reads, so what a client sends back need not be waited for.
const SYNC_HEADER: &str = "upstash-sync-token";

/// Upstash takes requests of 10 MB.
const MAX_REQUEST_BYTES: usize = 10 << 20;

/// More commands than any client means to send at once.
const MAX_COMMANDS: usize = 100_000;

/// What a gateway allows.
#[derive(Clone)]
pub struct Options {
    /// Who may come in. None, unless `open`: then nobody could.
    pub tokens: Vec<Token>,
    /// Whether everybody may come in, without a token.
    pub open: bool,
    /// Pages of these origins (`https://example.com`; `*`: all) may send requests: none. A request of any other page is
    /// refused.
    pub allowed_origins: Vec<String>,
    /// The largest request, in bytes of its body, or of its path and query: 10 MiB.
    pub max_request_bytes: usize,
    /// The most commands of a pipeline or transaction: 100,000.
    pub max_commands: usize,
    /// What `TIME` shows: the system's clock.
    pub clock: Option<Arc<dyn Clock>>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            tokens: Vec::new(),
            open: false,
            allowed_origins: Vec::new(),
            max_request_bytes: MAX_REQUEST_BYTES,
            max_commands: MAX_COMMANDS,
            clock: None,
        }
    }
}

/// One HTTP request.
#[derive(Clone, Default)]
pub struct Request {
    /// In capitals.
    pub method: String,
    /// As it was sent, percent-encoded, without the query.
    pub path: String,
    /// As it was sent, percent-encoded, without the question mark; empty for none.
    pub query: String,
    /// Names in any case.
    pub headers: Vec<(String, String)>,
    /// The whole body. A host need not read on past [`Gateway::max_request_bytes`] and one more.
    pub body: Vec<u8>,
}

impl Request {
    /// The first header of this name, which is in lower case.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether strings are to be written in base64.
    fn encoding(&self) -> Encoding {
        match self.header("upstash-encoding") {
            Some(encoding) if encoding.eq_ignore_ascii_case("base64") => Encoding::Base64,
            _ => Encoding::Plain,
        }
    }
}

/// What it holds may be secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

/// One HTTP response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// `200`, `400`, ...
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or nothing.
    pub body: Vec<u8>,
}

impl Response {
    fn of(status: u16, answer: &impl Serialize) -> Response {
        let headers = vec![("content-type", "application/json".to_owned())];
        // Writing to memory does not fail.
        Response { status, headers, body: serde_json::to_vec(answer).unwrap_or_default() }
    }

    fn refused(status: u16, text: &str) -> Response {
        Response::to_one(status, &Value::Error(text.to_owned()), Encoding::Plain)
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Response {
        self.headers.push((name, value.into()));
        self
    }

    fn to_one(status: u16, value: &Value, encoding: Encoding) -> Response {
        Response::of(status, &Answer { value, encoding })
    }

    /// The answer to one command.
    fn to_command(answer: Result<Value>, encoding: Encoding) -> Response {
        let status = answer.as_ref().map_or_else(status_of, |_| 200);
        Response::to_one(status, &value_of(answer), encoding)
    }

    /// The answers to many, each with its own result or error.
    fn to_many(answers: Vec<Result<Value>>, encoding: Encoding) -> Response {
        let values: Vec<Value> = answers.into_iter().map(value_of).collect();
        let answers: Vec<_> = values.iter().map(|value| Answer { value, encoding }).collect();
        Response::of(200, &answers)
    }
}

fn value_of(answer: Result<Value>) -> Value {
    answer.unwrap_or_else(|error| Value::from(Err(error)))
}

/// The status of a request that failed as a whole: of a command that is wrong, or of a store that does not answer.
fn status_of(error: &Error) -> u16 {
    match error.kind() {
        Kind::Internal => 500,
        Kind::Timeout => 504,
        // The server has not done anything, and says so.
        Kind::RateLimited if !error.is_maybe_applied() => 429,
        Kind::Unavailable | Kind::RateLimited | Kind::Cancelled | Kind::Closed => 503,
        _ => 400,
    }
}

/// Upstash's REST protocol before a store.
pub struct Gateway {
    runner: Runner,
    options: Options,
}

impl Gateway {
    /// A gateway before a store. The store's prefix, default TTL and limits hold for everybody who comes through it.
    ///
    /// # Errors
    ///
    /// `invalid-argument` when there is no token, or an empty one, although the gateway is not to be open.
    pub fn new(store: Store, options: Options) -> Result<Gateway> {
        if options.tokens.is_empty() != options.open {
            return Err(Error::invalid_argument(
                "(tokens) expects at least one, or else `open`, and not both",
            ));
        }
        if options.tokens.iter().any(Token::is_empty) {
            return Err(Error::invalid_argument("(tokens) expects no empty one"));
        }
        let clock = match &options.clock {
            Some(clock) => Arc::clone(clock),
            None => clock::system()?,
        };
        Ok(Gateway { runner: Runner { store, clock, writes: AtomicU64::new(0) }, options })
    }

    /// How much of a body a host has to read, at most: one byte more is too much.
    pub fn max_request_bytes(&self) -> usize {
        self.options.max_request_bytes
    }

    /// Answers a request.
    pub async fn handle(&self, request: Request) -> Response {
        let origin = match Origin::of(&request, &self.options.allowed_origins) {
            Ok(origin) => origin,
            Err(text) => return self.finish(Response::refused(403, text), &request),
        };
        let response = match request.method.as_str() {
            "OPTIONS" if origin.is_some() => Response { status: 204, ..Response::default() },
            "GET" | "HEAD" | "POST" | "PUT" => self.answer(&request).await,
            _ => not_allowed("GET, HEAD, POST, PUT"),
        };
        let response = match origin {
            Some(origin) => origin.open(response, &request),
            None => response,
        };
        self.finish(response, &request)
    }

    async fn answer(&self, request: &Request) -> Response {
        let Some(rights) = self.rights(request) else {
            return Response::refused(401, "WRONGPASS invalid or missing auth token")
                .with("www-authenticate", "Bearer");
        };
        let bytes = request.body.len().max(request.path.len().saturating_add(request.query.len()));
        if bytes > self.options.max_request_bytes {
            let limit = self.options.max_request_bytes;
            let text = format!("ERR max request size exceeded. Limit: {limit} bytes, Actual: {bytes} bytes");
            return Response::refused(413, &text);
        }
        let asked = match Asked::read(request) {
            Ok(asked) => asked,
            Err(error) => return Response::to_command(Err(error), Encoding::Plain),
        };
        let encoding = request.encoding();
        let most = self.options.max_commands;
        match asked {
            Asked::Pipeline(commands) | Asked::Transaction(commands) if commands.len() > most => {
                let count = commands.len();
                let text = format!(
                    "ERR max request size exceeded. Limit: {most} commands, Actual: {count} commands"
                );
                Response::refused(413, &text)
            }
            Asked::One(argv) => Response::to_command(self.runner.one(&argv, rights).await, encoding),
            Asked::Pipeline(commands) => match self.runner.pipeline(&commands, rights).await {
                Ok(answers) => Response::to_many(answers, encoding),
                Err(error) => Response::to_command(Err(error), encoding),
            },
            Asked::Transaction(commands) => match self.runner.transaction(&commands, rights).await {
                Ok(Ok(answers)) => Response::to_many(answers, encoding),
                Ok(Err(discarded)) => Response::refused(400, &discarded),
                Err(error) => Response::to_command(Err(error), encoding),
            },
            Asked::Elsewhere => not_allowed("POST, PUT"),
        }
    }

    /// Adds what every response has.
    fn finish(&self, mut response: Response, request: &Request) -> Response {
        let writes = self.runner.writes.load(Ordering::Relaxed).to_string();
        response =
            response.with(SPEAKER_HEADER, "1").with(SYNC_HEADER, writes).with("cache-control", "no-store");
        if request.method == "HEAD" {
            response.body = Vec::new();
        }
        response
    }

    /// What the bearer of the request's token may do; nothing when it has none that is known.
    fn rights(&self, request: &Request) -> Option<Rights> {
        if self.options.open {
            return Some(Rights::All);
        }
        let bearer = request.header("authorization").and_then(|text| {
            let (scheme, token) = text.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().as_bytes().to_vec())
        });
        let given = bearer.or_else(|| words::token(&request.query))?;
        access::rights(&self.options.tokens, &given)
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("store", &self.runner.store).finish_non_exhaustive()
    }
}

fn not_allowed(methods: &str) -> Response {
    Response::refused(405, "ERR method not allowed").with("allow", methods)
}
