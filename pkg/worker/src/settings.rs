// The Worker's configuration: variables and secrets by name. None of them may be shown.

use omnikv::gateway::{self, Token};
use omnikv::{Error, Kind, Options, Result};
use worker::Env;
use worker::js_sys::Reflect;

/// Upstash allows longer keys than every store does; stores with these schemes allow them too.
const MAX_KEY_BYTES: usize = 32 << 10;
const TAKE_LONG_KEYS: [&str; 8] =
    ["memory:", ":memory:", "d1:", "durable-object:", "redis", "rqlite", "upstash", "http"];

/// Read again for each request.
#[derive(PartialEq, Eq)]
pub struct Settings {
    /// The store.
    pub url: String,
    prefix: String,
    token: Option<String>,
    read_only_token: Option<String>,
    origins: Vec<String>,
    max_request_bytes: Option<usize>,
}

impl Settings {
    /// # Errors
    ///
    /// `invalid-argument` for a setting that is missing or out of range.
    pub fn read(env: &Env) -> Result<Settings> {
        let text = |name: &str| {
            let given = Reflect::get(env, &name.into()).ok().and_then(|given| given.as_string());
            given.filter(|text| !text.is_empty())
        };
        let expects = |message: &str| Error::new(Kind::InvalidArgument, message);
        let url = text("OMNIKV_URL").ok_or_else(|| expects("(OMNIKV_URL) is needed: the URL of a store"))?;
        let token = text("OMNIKV_TOKEN");
        let read_only_token = text("OMNIKV_READ_ONLY_TOKEN");
        if token.is_none() && read_only_token.is_none() {
            return Err(expects("(OMNIKV_TOKEN) is needed: `wrangler secret put OMNIKV_TOKEN`"));
        }
        if token == read_only_token {
            return Err(expects("(OMNIKV_READ_ONLY_TOKEN) expects another than OMNIKV_TOKEN"));
        }
        let origins = text("OMNIKV_ORIGINS").unwrap_or_default();
        let limit = |limit: String| match limit.parse() {
            Ok(bytes) if bytes > 0 => Ok(bytes),
            _ => Err(expects("(OMNIKV_MAX_REQUEST_BYTES) expects a positive number of bytes")),
        };
        Ok(Settings {
            url,
            prefix: text("OMNIKV_PREFIX").unwrap_or_default(),
            token,
            read_only_token,
            origins: origins.split([',', ' ']).filter(|each| !each.is_empty()).map(str::to_owned).collect(),
            max_request_bytes: text("OMNIKV_MAX_REQUEST_BYTES").map(limit).transpose()?,
        })
    }

    /// Whether the store is in the isolate's memory.
    pub fn is_memory(&self) -> bool {
        self.url.starts_with("memory:") || self.url == ":memory:"
    }

    /// The options for opening the store.
    pub fn store(&self) -> Options {
        let takes_long_keys = TAKE_LONG_KEYS.iter().any(|scheme| self.url.starts_with(scheme));
        Options {
            prefix: self.prefix.clone(),
            max_key_bytes: takes_long_keys.then_some(MAX_KEY_BYTES),
            ..Options::default()
        }
    }

    /// The options of the gateway.
    pub fn access(&self) -> gateway::Options {
        let defaults = gateway::Options::default();
        let all = self.token.iter().map(Token::new);
        gateway::Options {
            tokens: all.chain(self.read_only_token.iter().map(Token::read_only)).collect(),
            allowed_origins: self.origins.clone(),
            max_request_bytes: self.max_request_bytes.unwrap_or(defaults.max_request_bytes),
            ..defaults
        }
    }
}
