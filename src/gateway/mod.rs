// The server side of Upstash's REST protocol: an HTTP request in, a response out, over any store. Listening, reading
// bodies and everything about the host is the caller's job.

//! A gateway: serves Upstash's REST protocol (<https://upstash.com/docs/redis/features/restapi>) over any [`Store`], so
//! that existing clients can use it.
//!
//! The host receives HTTP requests and passes them to the gateway, which authenticates them, runs the commands and
//! returns the response.
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
pub(crate) mod run;
mod words;

pub use access::{Rights, Token};

use crate::backend::upstash::SPEAKER_HEADER;
use crate::command::Bytes;
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

/// With this header a client reads its own writes. It counts the writes through this gateway. Our stores have no stale
/// reads, so the value that a client sends back needs no waiting.
const SYNC_HEADER: &str = "upstash-sync-token";

/// Upstash accepts requests of up to 10 MB.
const MAX_REQUEST_BYTES: usize = 10 << 20;

/// More commands than any client sends on purpose.
const MAX_COMMANDS: usize = 100_000;

/// A gateway's options.
#[derive(Clone)]
pub struct Options {
    /// The accepted tokens. At least one, unless `open` is set.
    pub tokens: Vec<Token>,
    /// Whether requests need no token.
    pub open: bool,
    /// Origins whose pages may send requests (`https://example.com`; `*` for all). Default: none. Requests from other
    /// pages are refused.
    pub allowed_origins: Vec<String>,
    /// The largest request, in bytes of its body, or of its path and query. Default: 10 MiB.
    pub max_request_bytes: usize,
    /// The most commands in a pipeline or transaction. Default: 100,000.
    pub max_commands: usize,
    /// The clock for `TIME`. Default: the system's.
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
    /// In capital letters.
    pub method: String,
    /// The path as sent, percent-encoded, without the query.
    pub path: String,
    /// The query as sent, percent-encoded, without the question mark; empty if there is none.
    pub query: String,
    /// Names in any case.
    pub headers: Vec<(String, String)>,
    /// The whole body. A host may stop reading one byte after [`Gateway::max_request_bytes`].
    pub body: Vec<u8>,
}

impl Request {
    /// The first header with this name; `name` is in lower case.
    fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The encoding of strings in the response.
    fn encoding(&self) -> Encoding {
        match self.header("upstash-encoding") {
            Some(encoding) if encoding.eq_ignore_ascii_case("base64") => Encoding::Base64,
            _ => Encoding::Plain,
        }
    }
}

/// Hides the content, which may be secret.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

/// One HTTP response.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// For example `200` or `400`.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// JSON, or empty.
    pub body: Vec<u8>,
}

impl Response {
    fn of(status: u16, answer: &impl Serialize) -> Response {
        let headers = vec![("content-type", "application/json".to_owned())];
        // Writing to memory cannot fail.
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

    /// The response to a single command.
    fn to_command(answer: Result<Value>, encoding: Encoding) -> Response {
        let status = answer.as_ref().map_or_else(status_of, |_| 200);
        Response::to_one(status, &value_of(answer), encoding)
    }

    /// The response to several commands, each with its own result or error.
    fn to_many(answers: Vec<Result<Value>>, encoding: Encoding) -> Response {
        let values: Vec<Value> = answers.into_iter().map(value_of).collect();
        let answers: Vec<_> = values.iter().map(|value| Answer { value, encoding }).collect();
        Response::of(200, &answers)
    }
}

fn value_of(answer: Result<Value>) -> Value {
    answer.unwrap_or_else(|error| Value::from(Err(error)))
}

/// The status of a request that failed as a whole: the command is wrong, or the store does not answer.
fn status_of(error: &Error) -> u16 {
    match error.kind() {
        Kind::Internal => 500,
        Kind::Timeout => 504,
        // The server has not run anything, and says so.
        Kind::RateLimited if !error.is_maybe_applied() => 429,
        Kind::Unavailable | Kind::RateLimited | Kind::Cancelled | Kind::Closed => 503,
        _ => 400,
    }
}

/// Upstash's REST protocol over a store.
pub struct Gateway {
    runner: Runner,
    options: Options,
}

impl Gateway {
    /// Creates a gateway over a store. The store's prefix, default TTL and limits apply to all of its clients.
    ///
    /// # Errors
    ///
    /// `invalid-argument` if there is no token, or an empty one, and the gateway is not `open`.
    pub fn new(store: Store, options: Options) -> Result<Gateway> {
        if options.tokens.is_empty() != options.open {
            return Err(Error::invalid_argument(
                "(tokens) expects at least one token, or `open`, but not both",
            ));
        }
        if options.tokens.iter().any(Token::is_empty) {
            return Err(Error::invalid_argument("(tokens) expects tokens that are not empty"));
        }
        let clock = match &options.clock {
            Some(clock) => Arc::clone(clock),
            None => clock::system()?,
        };
        Ok(Gateway { runner: Runner { store, clock, writes: AtomicU64::new(0) }, options })
    }

    /// The most bytes of a body that a host has to read; if there is one more, the request is too large.
    pub fn max_request_bytes(&self) -> usize {
        self.options.max_request_bytes
    }

    /// Runs the words of one command, as a client with all rights would: also those that are not ours, such as `PING` or
    /// `SETEX`.
    ///
    /// # Errors
    ///
    /// The command's own.
    pub async fn run(&self, argv: &[Bytes]) -> Result<Value> {
        self.runner.one(argv, Rights::All).await
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

    /// Adds the headers that every response has.
    fn finish(&self, mut response: Response, request: &Request) -> Response {
        let writes = self.runner.writes.load(Ordering::Relaxed).to_string();
        response =
            response.with(SPEAKER_HEADER, "1").with(SYNC_HEADER, writes).with("cache-control", "no-store");
        if request.method == "HEAD" {
            response.body = Vec::new();
        }
        response
    }

    /// The rights of the request's token; `None` if there is no known token.
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
