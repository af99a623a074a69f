// Cloudflare KV as a store of entries: how a cell becomes a value with metadata, and the platform's rules.
// `KvNamespace` hides how a namespace is reached (a binding, the REST API). No knowledge of commands.

//! A store in a Cloudflare KV namespace.
//!
//! A string without a deadline is stored as a plain value, and values written by other programs are read as strings.
//! The type and the exact deadline are metadata: `{"omnikv": {"type": "list", "deadline": 1700000000000}}`. Deadlines
//! are exact to the millisecond on reads; the platform itself removes an entry at least a minute after it was written.
//! Writing a value removes metadata that other programs stored with it.
//!
//! The platform is eventually consistent (other locations see a write after about a minute), allows one write a second
//! per key and has no compare-and-swap, so the store is not atomic.

#[cfg(feature = "net")]
pub mod rest;

use super::cells::{Cell, CellStore, Cells, Commit, Head, Listing, Loaded, Outcome, Span, Write};
use super::{BoxFuture, Capabilities};
use crate::command::{Key, ValueType};
use crate::error::{Error, Kind, Result};
use crate::host::kv::{KvNamespace, LIST_LIMITS, MOST_GETS, Name, Pair, Stored};
use crate::options::Options;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::Arc;

const MAX_KEY_BYTES: u64 = 512;
const MAX_VALUE_BYTES: u64 = 25 << 20;
/// The shortest TTL that the platform accepts, in seconds.
const MIN_TTL: u64 = 60;
/// Later deadlines are only kept in the metadata.
const MAX_TTL: u64 = i32::MAX as u64;

/// A handle on the store in a namespace. With `nonatomic` it does by plain reading, changing and writing what the platform
/// cannot do in one step.
///
/// # Errors
///
/// `unsupported` for options that only memory stores have.
pub fn open(namespace: Arc<dyn KvNamespace>, options: &Options, nonatomic: bool) -> Result<Cells> {
    let cells = Cells::new(Arc::new(CloudflareKv { namespace }), options)?;
    Ok(if nonatomic { cells.allow_nonatomic() } else { cells })
}

struct CloudflareKv {
    namespace: Arc<dyn KvNamespace>,
}

/// Our part of a value's metadata; others may store theirs beside it.
#[derive(Serialize, Deserialize)]
struct Metadata {
    omnikv: Beside,
}

#[derive(Serialize, Deserialize)]
struct Beside {
    /// Absent for a string.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    kind: Option<String>,
    /// In milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deadline: Option<u64>,
}

/// The metadata of a value with this type and deadline; `None` if it needs none.
fn write_metadata(kind: ValueType, deadline: Option<u64>) -> Option<String> {
    let kind = (kind != ValueType::String).then(|| kind.name().to_owned());
    if kind.is_none() && deadline.is_none() {
        return None;
    }
    serde_json::to_string(&Metadata { omnikv: Beside { kind, deadline } }).ok()
}

/// Reads type and deadline from metadata. Without our part, the value is a string.
fn read_metadata(metadata: Option<&str>) -> Result<(ValueType, Option<u64>)> {
    let ours = metadata.and_then(|json| serde_json::from_str::<Metadata>(json).ok());
    let Some(Metadata { omnikv: Beside { kind, deadline } }) = ours else {
        return Ok((ValueType::String, None));
    };
    let kind = match kind {
        None => ValueType::String,
        Some(name) => ValueType::from_name(&name)
            .ok_or_else(|| Error::invalid_value("(key) holds a type that this version does not know"))?,
    };
    Ok((kind, deadline))
}

/// Like [`read_metadata`], but also considers the platform's expiration: values of other programs may expire too.
fn read_beside(metadata: Option<&str>, expiration: Option<u64>) -> Result<(ValueType, Option<u64>)> {
    let (kind, deadline) = read_metadata(metadata)?;
    Ok((kind, deadline.or(expiration.map(|seconds| seconds.saturating_mul(1000)))))
}

/// The platform's TTL: at least the minimum it accepts, and never shorter than the deadline.
fn expiration_ttl(deadline: Option<u64>, now_ms: u64) -> Option<u64> {
    let seconds = deadline?.saturating_sub(now_ms).div_ceil(1000).max(MIN_TTL);
    (seconds <= MAX_TTL).then_some(seconds)
}

fn check_key(key: &Key) -> Result<()> {
    match key.as_str() {
        "." | ".." => Err(Error::invalid_argument(
            "(key) expects a name other than . and .., which Cloudflare KV does not allow",
        )),
        _ => Ok(()),
    }
}

/// Where a listing continues: the page's cursor, and the last key of it that was returned.
type Continuation = (Option<String>, Option<String>);

impl CloudflareKv {
    async fn load_all(&self, keys: &[Key]) -> Result<Loaded> {
        keys.iter().try_for_each(check_key)?;
        let mut cells = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MOST_GETS) {
            for stored in self.namespace.get(keys).await? {
                let cell = stored.map(|Stored { value, metadata, expiration }| {
                    let (kind, deadline) = read_beside(metadata.as_deref(), expiration)?;
                    Ok(Cell { value, kind, is_long: false, deadline, version: 0 })
                });
                cells.push(cell.transpose()?);
            }
        }
        Ok(Loaded { cells, now_ms: None })
    }

    async fn commit_all(&self, commit: &Commit) -> Result<Outcome> {
        if !commit.checks.is_empty() {
            return Err(Error::new(Kind::Internal, "(checks) are not possible on Cloudflare KV"));
        }
        let (mut pairs, mut gone) = (Vec::new(), Vec::new());
        for write in &commit.writes {
            check_key(write.key())?;
            match write {
                Write::Put { key, value, kind, deadline, .. } => pairs.push(Pair {
                    key: key.clone(),
                    value: value.clone(),
                    metadata: write_metadata(*kind, *deadline),
                    expiration_ttl: expiration_ttl(*deadline, commit.now_ms),
                }),
                Write::Delete { key } => gone.push(key.clone()),
            }
        }
        // When moving a value, write it to the new key before deleting the old one.
        if !pairs.is_empty() {
            self.namespace.put(&pairs).await?;
        }
        if !gone.is_empty() {
            let deleted = self.namespace.delete(&gone).await;
            deleted.map_err(|error| if pairs.is_empty() { error } else { error.maybe_applied() })?;
        }
        Ok(Outcome::Committed)
    }

    async fn list_page(&self, span: &Span, from: Option<&str>, limit: usize) -> Result<Listing> {
        if span.prefix.len() as u64 > MAX_KEY_BYTES {
            // The platform rejects a prefix that is too long for any key.
            return Ok(Listing::default());
        }
        if span.reverse {
            return self.list_backwards(span).await;
        }
        let (least, most) = LIST_LIMITS;
        // If the span begins or ends inside the prefix, the keys before it have to be listed too.
        let is_whole = *span == Span::under(&span.prefix);
        let asked = if is_whole { limit.clamp(least, most) } else { most };
        let (cursor, after): Continuation = match from {
            None => (None, None),
            Some(place) => serde_json::from_str(place).map_err(|_| {
                Error::invalid_argument("(cursor) expects \"0\" or the cursor of the previous page")
            })?,
        };
        let page = self.namespace.list(&span.prefix, cursor.as_deref(), asked).await?;
        let ends_here = page.names.last().is_some_and(|name| is_past(span, name.key.as_str()));
        let is_ahead =
            |key: &str| span.contains(key) && after.as_ref().is_none_or(|after| key > after.as_str());
        let mut ahead: VecDeque<Name> =
            page.names.into_iter().filter(|name| is_ahead(name.key.as_str())).collect();
        let more_here = ahead.len() > limit;
        ahead.truncate(limit);
        let next: Option<Continuation> = match (more_here, page.cursor) {
            (true, _) => Some((cursor, ahead.back().map(|name| name.key.0.clone()))),
            (false, Some(cursor)) if !ends_here => Some((Some(cursor), None)),
            (false, _) => None,
        };
        let next = next.map(|place| serde_json::json!(place).to_string());
        let heads = ahead.into_iter().map(read_name).collect::<Result<_>>()?;
        Ok(Listing { heads, next, now_ms: None })
    }

    /// The platform only lists forwards, so list the whole span and reverse it.
    async fn list_backwards(&self, span: &Span) -> Result<Listing> {
        let mut heads = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.namespace.list(&span.prefix, cursor.as_deref(), LIST_LIMITS.1).await?;
            let ends_here = page.names.last().is_some_and(|name| is_past(span, name.key.as_str()));
            for name in page.names {
                if span.contains(name.key.as_str()) {
                    heads.push(read_name(name)?);
                }
            }
            cursor = page.cursor;
            if cursor.is_none() || ends_here {
                break;
            }
        }
        heads.reverse();
        Ok(Listing { heads, next: None, now_ms: None })
    }
}

fn is_past(span: &Span, key: &str) -> bool {
    span.end.as_ref().is_some_and(|end| key >= end.as_str())
}

fn read_name(name: Name) -> Result<Head> {
    let (kind, deadline) = read_beside(name.metadata.as_deref(), name.expiration)?;
    Ok(Head { key: name.key, kind, deadline, version: 0 })
}

impl CellStore for CloudflareKv {
    fn name(&self) -> &'static str {
        "cloudflare-kv"
    }

    fn load<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Loaded>> {
        Box::pin(self.load_all(keys))
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(self.commit_all(commit))
    }

    fn list<'a>(
        &'a self,
        span: &'a Span,
        from: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Listing>> {
        Box::pin(self.list_page(span, from, limit))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: false,
            ordered: true,
            exact_counts: false,
            ttl_minimum_ms: 1,
            max_key_bytes: MAX_KEY_BYTES,
            max_value_bytes: MAX_VALUE_BYTES,
            records: false,
            consistency: "eventual",
        }
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_string_has_no_metadata() {
        assert_eq!(write_metadata(ValueType::String, None), None);
        for (kind, deadline, metadata) in [
            (ValueType::String, Some(5), r#"{"omnikv":{"deadline":5}}"#),
            (ValueType::List, None, r#"{"omnikv":{"type":"list"}}"#),
            (
                ValueType::Hash,
                Some(1_700_000_000_000),
                r#"{"omnikv":{"type":"hash","deadline":1700000000000}}"#,
            ),
        ] {
            assert_eq!(write_metadata(kind, deadline).as_deref(), Some(metadata));
            assert_eq!(read_metadata(Some(metadata)), Ok((kind, deadline)));
        }
    }

    #[test]
    fn metadata_of_other_programs_is_ignored() {
        for metadata in
            [None, Some("null"), Some(r#"{"type":"image/png","deadline":1}"#), Some("[1]"), Some("{")]
        {
            assert_eq!(read_metadata(metadata), Ok((ValueType::String, None)), "{metadata:?}");
        }
        // Our metadata is read even if another program's is beside it.
        let both = r#"{"author":"x","omnikv":{"type":"set"}}"#;
        assert_eq!(read_metadata(Some(both)), Ok((ValueType::Set, None)));
        let newer = r#"{"omnikv":{"type":"stream"}}"#;
        assert_eq!(read_metadata(Some(newer)).unwrap_err().kind(), Kind::InvalidValue);
    }

    #[test]
    fn the_platform_ttl_is_never_shorter_than_the_deadline() {
        for (deadline, ttl) in [
            (None, None),
            (Some(1_000_500), Some(60)),
            (Some(1_060_000), Some(60)),
            (Some(1_060_001), Some(61)),
            (Some(900_000), Some(60)),
            (Some(i64::MAX as u64), None),
        ] {
            assert_eq!(expiration_ttl(deadline, 1_000_000), ttl, "{deadline:?}");
        }
    }
}
