// Ranges, counts and removals on a server without ordered keys: they look at every key with `SCAN`. Bounds are full
// keys; handles' prefixes are unknown here.

use super::link::Link;
use super::{ask, ask_all, is_reserved};
use crate::command::{Bytes, Command, Key, Reply};
use crate::engine::glob;
use crate::error::{Error, Kind, Result};
use std::collections::BTreeSet;

/// How many keys one round trip scans or sends.
const PAGE: u64 = 1_000;

/// A half-open range of keys in byte order; without an end, the keys that begin with `start`.
pub(super) struct Bounds<'a> {
    pub start: &'a str,
    pub end: Option<&'a str>,
}

impl Bounds<'_> {
    fn hold(&self, key: &[u8]) -> bool {
        if is_reserved(key) {
            return false;
        }
        match self.end {
            Some(end) => key >= self.start.as_bytes() && key < end.as_bytes(),
            None => key.starts_with(self.start.as_bytes()),
        }
    }

    /// The common prefix of all keys within the bounds.
    fn common_prefix(&self) -> &str {
        let Some(end) = self.end else { return self.start };
        let same = self.start.char_indices().zip(end.chars()).find(|((_, start), end)| start != end);
        let length = same.map_or(self.start.len().min(end.len()), |((at, _), _)| at);
        self.start.get(..length).unwrap_or_default()
    }

    /// The keys within the bounds, in order.
    pub async fn keys(&self, link: &dyn Link) -> Result<BTreeSet<Bytes>> {
        let mut found = BTreeSet::new();
        if self.end.is_some_and(|end| end <= self.start) {
            return Ok(found);
        }
        let prefix = self.common_prefix();
        let pattern = (!prefix.is_empty()).then(|| format!("{}*", glob::escape(prefix)));
        let mut cursor = "0".to_owned();
        loop {
            let scan = Command::Scan { cursor, pattern: pattern.clone(), count: Some(PAGE), kind: None };
            let Reply::Page(next, keys) = ask(link, &scan).await? else { return Ok(found) };
            found.extend(keys.into_iter().filter(|key| self.hold(key)));
            if next == "0" {
                return Ok(found);
            }
            cursor = next;
        }
    }
}

/// The entries between the bounds: keys and their strings, nothing for another type, or where they are not asked for.
pub(super) async fn range(
    link: &dyn Link,
    bounds: &Bounds<'_>,
    after: Option<&[u8]>,
    limit: Option<u64>,
    reverse: bool,
    with_values: bool,
) -> Result<Reply> {
    let mut keys = bounds.keys(link).await?;
    keys.retain(|key| after.is_none_or(|after| if reverse { &**key < after } else { &**key > after }));
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let keys: Vec<Key> = match reverse {
        false => keys.into_iter().take(limit).filter_map(text).collect(),
        true => keys.into_iter().rev().take(limit).filter_map(text).collect(),
    };
    if !with_values {
        let pair = |key: Key| [Some(key.0.into_bytes()), None];
        return Ok(Reply::List(keys.into_iter().flat_map(pair).collect()));
    }
    let mut entries = Vec::with_capacity(2 * keys.len());
    for keys in keys.chunks(PAGE as usize) {
        for (key, value) in keys.iter().zip(values(link, keys).await?) {
            if let Some(value) = value {
                entries.extend([Some(key.as_bytes().to_vec()), value]);
            }
        }
    }
    Ok(Reply::List(entries))
}

/// The strings of these keys: inner `None` for another type, outer `None` for a key that no longer exists.
async fn values(link: &dyn Link, keys: &[Key]) -> Result<Vec<Option<Option<Bytes>>>> {
    if !link.is_one_place() {
        let asked: Vec<_> = keys.iter().map(|key| Command::Get { key: key.clone() }).collect();
        let read = |reply| match reply {
            Ok(Reply::Bytes(value)) => Ok(Some(Some(value))),
            Err(error) if Error::kind(&error) == Kind::WrongType => Ok(Some(None)),
            Ok(_) => Ok(None),
            Err(error) => Err(error),
        };
        return ask_all(link, &asked).await?.into_iter().map(read).collect();
    }
    let Reply::List(values) = ask(link, &Command::MGet { keys: keys.to_vec() }).await? else {
        return Ok(Vec::new());
    };
    let without = keys.iter().zip(&values).filter(|(_, value)| value.is_none());
    let asked: Vec<_> = without.map(|(key, _)| Command::Exists { keys: vec![key.clone()] }).collect();
    let mut exist = ask_all(link, &asked).await?.into_iter();
    let mut is_there = || Ok(exist.next().transpose()? == Some(Reply::Int(1)));
    let read = |value: Option<Bytes>| Ok(if value.is_some() || is_there()? { Some(value) } else { None });
    values.into_iter().map(read).collect()
}

/// Removes the keys within the bounds, and counts them.
pub(super) async fn delete(link: &dyn Link, bounds: &Bounds<'_>) -> Result<i64> {
    let keys: Vec<Key> = bounds.keys(link).await?.into_iter().filter_map(text).collect();
    let mut deleted = 0;
    for keys in keys.chunks(PAGE as usize) {
        let together = if link.is_one_place() { keys.len() } else { 1 };
        let asked: Vec<_> = keys.chunks(together).map(|keys| Command::Del { keys: keys.to_vec() }).collect();
        // If some keys are removed already, a failure means that the command has been applied in part.
        let in_part = |error: Error| if deleted > 0 { error.maybe_applied() } else { error };
        let replies = ask_all(link, &asked).await.map_err(in_part)?;
        for reply in replies {
            let in_part = |error: Error| if deleted > 0 { error.maybe_applied() } else { error };
            if let Reply::Int(count) = reply.map_err(in_part)? {
                deleted += count;
            }
        }
    }
    Ok(deleted)
}

/// How many of the keys have a deadline.
pub(super) async fn count_expiring(link: &dyn Link, keys: &BTreeSet<Bytes>) -> Result<u64> {
    let mut expiring = 0;
    let asked: Vec<_> = keys.iter().cloned().filter_map(text).map(|key| Command::PTtl { key }).collect();
    for asked in asked.chunks(PAGE as usize) {
        let deadlines = ask_all(link, asked).await?;
        expiring += deadlines.iter().filter(|reply| matches!(reply, Ok(Reply::Int(0..)))).count() as u64;
    }
    Ok(expiring)
}

/// A key that is not UTF-8 belongs to another program and cannot be named in this API.
fn text(key: Bytes) -> Option<Key> {
    String::from_utf8(key).ok().map(Key)
}
