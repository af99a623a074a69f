// Keyspace commands, over listings: page by page, without expired entries, which are also removed. No knowledge of any
// particular store.

use super::run::{TRIES, overtaken};
use super::{CellStore, Cells, Commit, Head, Listing, Loaded, Outcome, Span, Write};
use crate::backend::Stats;
use crate::command::{Bytes, CURSOR_MARK, Command, Key, Reply, ValueType};
use crate::engine::glob;
use crate::engine::reply::Gather;
use crate::error::{Error, Kind, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::ops::ControlFlow;
use std::sync::atomic::Ordering;

/// Entries per page when only the keys are needed.
const PAGE: usize = 1000;

/// Entries per page when the values are needed too.
const VALUES_PAGE: usize = 100;

/// How many entries a scan call visits by default.
const SCAN_COUNT: u64 = 10;

/// The most pages that one scan call requests if the store returns short pages.
const SCAN_PAGES: usize = 32;

impl Cells {
    pub(super) async fn run_on_keyspace(&self, store: &dyn CellStore, command: &Command) -> Result<Reply> {
        let count = |count: u64| Reply::Int(i64::try_from(count).unwrap_or(i64::MAX));
        Ok(match command {
            Command::Keys { pattern } => Reply::List(self.keys(store, pattern).await?),
            Command::Scan { cursor, pattern, count, kind } => {
                let (next, keys) = self.scan(store, cursor, pattern.as_deref(), *count, *kind).await?;
                Reply::Page(next, keys)
            }
            Command::RandomKey { prefix } => {
                self.randomkey(store, prefix).await?.map_or(Reply::Nil, Reply::Bytes)
            }
            Command::Range { start, end, after, limit, reverse, keys_only } => {
                let mut span = Span { reverse: *reverse, ..Span::between(start, end.as_deref()) };
                if let Some(after) = after {
                    span.go_on_after(after);
                }
                Reply::List(self.range(store, &span, *limit, !*keys_only).await?)
            }
            Command::Count { start, end } => {
                count(self.count(store, &Span::between(start, end.as_deref())).await?.0)
            }
            Command::DeleteRange { start, end } => {
                count(self.delete(store, &Span::between(start, end.as_deref()), true).await?)
            }
            Command::Flush { prefix } => {
                self.delete(store, &Span::under(prefix), false).await?;
                if let Some(session) = store.session() {
                    self.flush_records(session, prefix)?;
                } else if let Some(records) = store.records() {
                    self.flush_rows(records, prefix).await?;
                }
                Reply::Ok
            }
            other => {
                return Err(Error::new(
                    Kind::Internal,
                    format!("{} is no command on the keyspace", other.name()),
                ));
            }
        })
    }

    pub(super) async fn count_for_stats(&self, prefix: &str) -> Result<Stats> {
        let store = self.open()?;
        let (keys, expiring_keys) = self.count(&*store, &Span::under(prefix)).await?;
        Ok(Stats {
            keys,
            expiring_keys,
            hits: Some(self.tally.hits.load(Ordering::Relaxed)),
            misses: Some(self.tally.misses.load(Ordering::Relaxed)),
            ..Stats::default()
        })
    }

    async fn keys(&self, store: &dyn CellStore, pattern: &str) -> Result<Vec<Option<Bytes>>> {
        let mut keys = Gather::new();
        let visit = |head: Head| {
            if glob::matches(pattern.as_bytes(), head.key.as_bytes()) {
                keys.push(Some(head.key.as_bytes()));
            }
            // Stop early once the reply is too large.
            keys.check().map(ControlFlow::Continue)
        };
        self.each(store, &span_of_pattern(pattern), visit).await?;
        keys.finish()
    }

    async fn scan(
        &self,
        store: &dyn CellStore,
        cursor: &str,
        pattern: Option<&str>,
        count: Option<u64>,
        kind: Option<ValueType>,
    ) -> Result<(String, Vec<Bytes>)> {
        let mut from = read_cursor(cursor)?;
        let limit = match count.unwrap_or(SCAN_COUNT) {
            0 => return Err(Error::invalid_argument("(count) expects at least 1")),
            count => usize::try_from(count).unwrap_or(PAGE).min(PAGE),
        };
        let span = pattern.map_or_else(|| Span::under(""), span_of_pattern);
        let mut keys = Vec::new();
        let mut left = limit;
        for _ in 0..SCAN_PAGES {
            let mut listing = store.list(&span, from.as_deref(), left).await?;
            left = left.saturating_sub(listing.heads.len());
            self.drop_expired(store, &mut listing).await?;
            let is_wanted = |head: &Head| {
                kind.is_none_or(|kind| kind == head.kind)
                    && pattern.is_none_or(|pattern| glob::matches(pattern.as_bytes(), head.key.as_bytes()))
            };
            keys.extend(listing.heads.into_iter().filter(is_wanted).map(|head| head.key.0.into_bytes()));
            from = listing.next;
            if left == 0 || from.is_none() {
                break;
            }
        }
        Ok((from.map_or("0".to_owned(), |next| write_cursor(&next)), keys))
    }

    /// A random key with the prefix, each equally likely.
    async fn randomkey(&self, store: &dyn CellStore, prefix: &str) -> Result<Option<Bytes>> {
        let (mut random, mut seen, mut chosen) = (self.random(), 0_usize, None);
        let visit = |head: Head| {
            seen += 1;
            if random.below(seen) == 0 {
                chosen = Some(head.key.0.into_bytes());
            }
            Ok(ControlFlow::Continue(()))
        };
        self.each(store, &Span::under(prefix), visit).await?;
        Ok(chosen)
    }

    async fn range(
        &self,
        store: &dyn CellStore,
        span: &Span,
        limit: Option<u64>,
        with_values: bool,
    ) -> Result<Vec<Option<Bytes>>> {
        let mut left = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let mut pairs = Gather::new();
        let mut from = None;
        while left > 0 && !span.is_empty() {
            let mut listing = store.list(span, from.as_deref(), left.min(VALUES_PAGE)).await?;
            self.drop_expired(store, &mut listing).await?;
            for heads in listing.heads.chunks(VALUES_PAGE) {
                let found = match with_values {
                    true => self.values(store, heads).await?,
                    false => heads.iter().map(|head| (&head.key, None)).collect(),
                };
                for (key, value) in found.iter().take(left) {
                    pairs.push(Some(key.as_bytes()));
                    pairs.push(value.as_deref());
                }
                pairs.check()?;
                left = left.saturating_sub(found.len());
                if left == 0 {
                    break;
                }
            }
            from = listing.next;
            if from.is_none() {
                break;
            }
        }
        pairs.finish()
    }

    /// The keys that still exist, each with its string, or `None` for a collection.
    async fn values<'h>(
        &self,
        store: &dyn CellStore,
        heads: &'h [Head],
    ) -> Result<Vec<(&'h Key, Option<Bytes>)>> {
        let strings = heads.iter().filter(|head| head.kind == ValueType::String);
        let strings: Vec<Key> = strings.map(|head| head.key.clone()).collect();
        let loaded = match strings.is_empty() {
            true => Loaded::nothing(),
            false => store.load(&strings).await?,
        };
        let mut cells = loaded.cells.into_iter();
        let mut found = Vec::with_capacity(heads.len());
        for head in heads {
            if head.kind != ValueType::String {
                found.push((&head.key, None));
            } else if let Some(cell) = cells.next().flatten()
                && !self.is_expired(cell.deadline, loaded.now_ms)?
            {
                // The key may have become a collection since it was listed.
                found.push((&head.key, (cell.kind == ValueType::String).then_some(cell.value)));
            }
        }
        Ok(found)
    }

    /// How many keys there are, and how many of them expire.
    async fn count(&self, store: &dyn CellStore, span: &Span) -> Result<(u64, u64)> {
        let (mut keys, mut expiring) = (0, 0);
        let visit = |head: Head| {
            keys += 1;
            expiring += u64::from(head.deadline.is_some());
            Ok(ControlFlow::Continue(()))
        };
        self.each(store, span, visit).await?;
        Ok((keys, expiring))
    }

    /// Removes every key of the span, page by page, and returns how many there were. If `counted`, a page whose keys
    /// have changed meanwhile is listed again.
    async fn delete(&self, store: &dyn CellStore, span: &Span, counted: bool) -> Result<u64> {
        let (mut removed, mut tries) = (0, 0);
        let mut from: Option<String> = None;
        while !span.is_empty() {
            let listing = store.list(span, from.as_deref(), PAGE).await?;
            let commit = Commit {
                checks: match counted && self.has_checks(store) {
                    true => listing.heads.iter().map(|head| (head.key.clone(), Some(head.version))).collect(),
                    false => Vec::new(),
                },
                writes: deletes(&listing.heads),
                now_ms: self.now(listing.now_ms),
            };
            if !commit.writes.is_empty() && store.commit(&commit).await? == Outcome::Conflict {
                tries += 1;
                if tries == TRIES {
                    return Err(overtaken());
                }
                self.back_off(tries).await;
                continue;
            }
            tries = 0;
            for head in &listing.heads {
                removed += u64::from(!self.is_expired(head.deadline, listing.now_ms)?);
            }
            from = listing.next;
            if from.is_none() {
                break;
            }
        }
        Ok(removed)
    }

    /// Calls `visit` with every unexpired entry of the span, until it says stop.
    async fn each(
        &self,
        store: &dyn CellStore,
        span: &Span,
        mut visit: impl FnMut(Head) -> Result<ControlFlow<()>>,
    ) -> Result<()> {
        let mut from: Option<String> = None;
        while !span.is_empty() {
            let mut listing = store.list(span, from.as_deref(), PAGE).await?;
            self.drop_expired(store, &mut listing).await?;
            for head in listing.heads {
                if visit(head)?.is_break() {
                    return Ok(());
                }
            }
            from = listing.next;
            if from.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Drops expired entries from the page, and from the store if that cannot remove a newer value.
    async fn drop_expired(&self, store: &dyn CellStore, listing: &mut Listing) -> Result<()> {
        let mut expired = Vec::new();
        let mut live = Vec::with_capacity(listing.heads.len());
        for head in listing.heads.drain(..) {
            match self.is_expired(head.deadline, listing.now_ms)? {
                true => expired.push(head),
                false => live.push(head),
            }
        }
        listing.heads = live;
        if !expired.is_empty() && self.capabilities.atomic {
            let check = |head: &Head| (head.key.clone(), Some(head.version));
            let checks = match self.has_checks(store) {
                true => expired.iter().map(check).collect(),
                false => Vec::new(),
            };
            let commit = Commit { checks, writes: deletes(&expired), now_ms: self.now(listing.now_ms) };
            // Ignore failures: the next reader can clean up as well, and reads must work where writes do not.
            let _ = store.commit(&commit).await;
        }
        Ok(())
    }

    fn is_expired(&self, deadline: Option<u64>, now_of_store: Option<u64>) -> Result<bool> {
        let Some(deadline) = deadline else { return Ok(false) };
        let clock = || self.now(now_of_store);
        Ok(deadline <= crate::engine::Tick::new(&clock).now()?)
    }
}

fn deletes(heads: &[Head]) -> Vec<Write> {
    heads.iter().map(|head| Write::Delete { key: head.key.clone() }).collect()
}

/// The keys that may match a glob: those with its literal prefix.
fn span_of_pattern(pattern: &str) -> Span {
    let literal = glob::literal_prefix(pattern.as_bytes());
    // The cut is at an ASCII character, so the prefix is still valid UTF-8.
    Span::under(str::from_utf8(&literal).unwrap_or_default())
}

fn write_cursor(next: &str) -> String {
    format!("{CURSOR_MARK}{}", BASE64_URL_SAFE_NO_PAD.encode(next))
}

/// The position at which a scan continues; `None` at its start.
fn read_cursor(cursor: &str) -> Result<Option<String>> {
    if cursor == "0" {
        return Ok(None);
    }
    let bytes = cursor.strip_prefix(CURSOR_MARK).and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
    let next = bytes.and_then(|bytes| String::from_utf8(bytes).ok()).filter(|next| !next.is_empty());
    match next {
        Some(next) => Ok(Some(next)),
        None => Err(Error::invalid_argument("(cursor) expects \"0\" or the cursor of the previous page")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_opaque_and_never_a_number() {
        for next in ["0", "key", "\u{1f600}", "\0"] {
            let cursor = write_cursor(next);
            assert!(cursor.starts_with('k') && cursor.is_ascii(), "{cursor}");
            assert_eq!(read_cursor(&cursor).unwrap().as_deref(), Some(next));
        }
        assert_eq!(read_cursor("0").unwrap(), None);
        for faulty in ["", "1", "00", "k", "k*", "k_w", "x"] {
            assert!(read_cursor(faulty).is_err(), "{faulty}");
        }
    }

    #[test]
    fn a_pattern_narrows_the_listing() {
        assert_eq!(span_of_pattern("user:\\**").prefix, "user:*");
        assert_eq!(span_of_pattern("*").prefix, "");
        assert_eq!(span_of_pattern("\\\u{e9}x?").prefix, "\u{e9}x");
    }
}
