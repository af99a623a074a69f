// A namespace of Cloudflare KV, as a host lends it: by the binding in a Worker, by the REST API elsewhere. It must not know cells
// or commands.

//! Namespaces of Cloudflare KV: what [`cloudflare_kv`](crate::backend::cloudflare_kv) asks of the place we run in.

use super::{BoxFuture, MaybeSend};
use crate::command::{Bytes, Key};
use crate::error::{Error, Kind, Result};

/// The most keys of one [`KvNamespace::get`].
pub const MOST_GETS: usize = 100;

/// The fewest and the most keys that one listing can be asked for.
pub const LIST_LIMITS: (usize, usize) = (10, 1000);

/// A value and its metadata, which is JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes.
    pub value: Bytes,
    /// What was written beside it, as JSON.
    pub metadata: Option<String>,
    /// When the platform removes it, in seconds since 1970, where that is told: a binding does not.
    pub expiration: Option<u64>,
}

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Its key: 1 to 512 bytes, not `.` or `..`.
    pub key: Key,
    /// Its bytes, at most 25 MiB.
    pub value: Bytes,
    /// What stands beside it, as JSON of at most 1024 bytes; nothing: no metadata.
    pub metadata: Option<String>,
    /// After how many seconds the platform removes it, at least 60; nothing: never.
    pub expiration_ttl: Option<u64>,
}

/// A key of a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The key.
    pub key: Key,
    /// When the platform removes it, in seconds since 1970.
    pub expiration: Option<u64>,
    /// As [`Stored::metadata`].
    pub metadata: Option<String>,
}

/// A page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// In byte order.
    pub names: Vec<Name>,
    /// Where the next page begins; nothing: this was the last.
    pub cursor: Option<String>,
}

/// A way to a namespace: the binding in a Worker, the REST API elsewhere.
///
/// Errors have their kinds: 429 is `rate-limited`, 401 and 403 `permission-denied`; a write that may have happened is marked
/// [`maybe_applied`](Error::maybe_applied).
pub trait KvNamespace: MaybeSend {
    /// The values of up to [`MOST_GETS`] keys, in their order, byte by byte: the binding's bulk get of texts puts U+FFFD in
    /// place of what is not UTF-8, so that a text with one must be asked for again as an `arrayBuffer`.
    fn get<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<Option<Stored>>>>;

    /// Writes values, in this order where it takes several trips.
    fn put<'a>(&'a self, pairs: &'a [Pair]) -> BoxFuture<'a, Result<()>>;

    /// Removes keys, which may not be there.
    fn delete<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<()>>;

    /// Up to `limit` keys that begin with `prefix`, in byte order; `limit` is within [`LIST_LIMITS`].
    fn list<'a>(
        &'a self,
        prefix: &'a str,
        cursor: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Names>>;
}

/// Why a binding refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// One write a second per key.
    RateLimited,
    /// A value, or values asked for together, of this size.
    TooLarge,
    /// More operations in one request.
    Limit,
    /// Anything else.
    Broken,
}

impl Refusal {
    /// What the platform means, which tells by words alone: `KV PUT failed: 429 Too Many Requests`.
    pub fn of(message: &str) -> Refusal {
        let has = |code: &str| message.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == code);
        let message = message.to_ascii_lowercase();
        match () {
            () if has("429") => Refusal::RateLimited,
            () if has("413") => Refusal::TooLarge,
            () if message.contains("too many api requests") || message.contains("too many subrequests") => {
                Refusal::Limit
            }
            () => Refusal::Broken,
        }
    }

    /// How it is told.
    pub fn error(self) -> Error {
        match self {
            Refusal::RateLimited => Error::new(
                Kind::RateLimited,
                "(namespace) allows one write per second and key: try again later",
            ),
            Refusal::TooLarge => Error::new(Kind::TooLarge, "(namespace) rejects a value of this size"),
            Refusal::Limit => Error::new(
                Kind::RateLimited,
                "(namespace) allows no more operations in this request: Cloudflare's limit is 1000",
            ),
            Refusal::Broken => Error::new(Kind::Unavailable, "(namespace) does not respond").maybe_applied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_words_are_understood() {
        for (message, refusal) in [
            ("KV PUT failed: 429 Too Many Requests", Refusal::RateLimited),
            ("KV GET_BULK failed: 413 Total size of request exceeds the limit of 25MB", Refusal::TooLarge),
            ("Too many API requests by single worker invocation.", Refusal::Limit),
            ("KV PUT failed: 500 1429", Refusal::Broken),
            ("", Refusal::Broken),
        ] {
            assert_eq!(Refusal::of(message), refusal, "{message}");
        }
    }
}
