// Whole scans as iterators. They request page after page; what a scan finds does not matter here, nor does the backend.

use crate::command::{Command, Key, Reply};
use crate::error::Result;
use crate::operations::{MatchOptions, Run, ScanOptions};
use crate::reply::{FromReply, Page, key_page, scored_page};
use crate::store::{MemoryStore, Store};
use crate::value::FromValue;
use std::fmt;
use std::vec;

/// Scans as iterators: all pages of [`scan`](crate::Keyspace::scan), [`hscan`](crate::Hashes::hscan),
/// [`sscan`](crate::Sets::sscan) and [`zscan`](crate::SortedSets::zscan).
///
/// An item that is present throughout the scan is returned at least once, possibly twice. One that is added or removed
/// meanwhile may or may not be returned. Pages are fetched on demand, so a scan can be dropped at any time.
///
/// On a [`MemoryStore`] they are iterators:
///
/// ```
/// # use omnikv::{MatchOptions, MemoryStore, ScanOptions, prelude::*};
/// let kv = MemoryStore::new();
/// kv.mset([("user:1", "Alice"), ("user:2", "Bob"), ("job:1", "mail")])?;
/// for key in kv.scan_iter(ScanOptions::new().matching("user:*")) {
///     assert!(key?.starts_with("user:"));
/// }
///
/// kv.hset_many("ages", [("Alice", 30), ("Bob", 40)])?;
/// let ages = kv.hscan_iter::<String, u32>("ages", MatchOptions::new()).collect::<Result<Vec<_>, _>>()?;
/// assert_eq!(ages.len(), 2);
/// # Ok::<(), omnikv::Error>(())
/// ```
///
/// On a [`Store`], await the next item:
///
/// ```
/// # pollster::block_on(async {
/// # use omnikv::{MatchOptions, Options, Store, prelude::*};
/// let kv = Store::connect("memory:", Options::default()).await?;
/// kv.sadd("tags", ["new", "red", "big"]).await?;
///
/// let mut tags = kv.sscan_iter::<String>("tags", MatchOptions::new());
/// let mut found = Vec::new();
/// while let Some(tag) = tags.next().await? {
///     found.push(tag);
/// }
/// assert_eq!(found.len(), 3);
/// # Ok::<(), omnikv::Error>(())
/// # }).unwrap();
/// ```
pub trait Scans: Run + Sized {
    /// Iterates over the keys.
    ///
    /// O(keys of the store) in all. Redis: <https://redis.io/commands/scan>
    fn scan_iter(&self, options: ScanOptions) -> ScanIter<'_, Self, String> {
        let ScanOptions { pattern, count, kind } = options;
        let first = Command::Scan { cursor: BEGINNING.to_owned(), pattern, count, kind };
        ScanIter::over(self, first, key_page)
    }

    /// Iterates over the fields of a hash and their values.
    ///
    /// O(fields) in all. Redis: <https://redis.io/commands/hscan>
    fn hscan_iter<F: FromValue, V: FromValue>(
        &self,
        key: impl Into<Key>,
        options: MatchOptions,
    ) -> ScanIter<'_, Self, (F, V)> {
        let MatchOptions { pattern, count } = options;
        let (key, cursor) = (key.into(), BEGINNING.to_owned());
        ScanIter::over(self, Command::HScan { key, cursor, pattern, count }, Page::from_reply)
    }

    /// Iterates over the members of a set.
    ///
    /// O(members) in all. Redis: <https://redis.io/commands/sscan>
    fn sscan_iter<T: FromValue>(&self, key: impl Into<Key>, options: MatchOptions) -> ScanIter<'_, Self, T> {
        let MatchOptions { pattern, count } = options;
        let (key, cursor) = (key.into(), BEGINNING.to_owned());
        ScanIter::over(self, Command::SScan { key, cursor, pattern, count }, Page::from_reply)
    }

    /// Iterates over the members of a sorted set and their scores, in no particular order.
    ///
    /// O(members) in all. Redis: <https://redis.io/commands/zscan>
    fn zscan_iter<T: FromValue>(
        &self,
        key: impl Into<Key>,
        options: MatchOptions,
    ) -> ScanIter<'_, Self, (T, f64)> {
        let MatchOptions { pattern, count } = options;
        let (key, cursor) = (key.into(), BEGINNING.to_owned());
        ScanIter::over(self, Command::ZScan { key, cursor, pattern, count }, scored_page)
    }
}

impl Scans for MemoryStore {}
impl Scans for Store {}

/// The cursor at the beginning and at the end of every scan.
const BEGINNING: &str = "0";

/// A running scan. It ends after the first error.
///
/// On a [`MemoryStore`] it is an [`Iterator`] of results; on a [`Store`], await its [`next`](ScanIter::next).
pub struct ScanIter<'a, H, T> {
    store: &'a H,
    /// The command for the next page; `None` after the last.
    ask: Option<Command>,
    read: fn(Reply) -> Result<Page<T>>,
    items: vec::IntoIter<T>,
}

impl<'a, H, T> ScanIter<'a, H, T> {
    fn over(store: &'a H, first: Command, read: fn(Reply) -> Result<Page<T>>) -> ScanIter<'a, H, T> {
        ScanIter { store, ask: Some(first), read, items: Vec::new().into_iter() }
    }

    /// Stores the page's items, and the command for the next page.
    fn turn(&mut self, mut asked: Command, page: Page<T>) {
        if !page.is_last()
            && let Command::Scan { cursor, .. }
            | Command::HScan { cursor, .. }
            | Command::SScan { cursor, .. }
            | Command::ZScan { cursor, .. } = &mut asked
        {
            *cursor = page.cursor;
            self.ask = Some(asked);
        }
        self.items = page.items.into_iter();
    }
}

impl<T: 'static> Iterator for ScanIter<'_, MemoryStore, T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        loop {
            if let Some(item) = self.items.next() {
                return Some(Ok(item));
            }
            let ask = self.ask.take()?;
            match self.store.read(Ok(ask.clone()), self.read) {
                Ok(page) => self.turn(ask, page),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

impl<T: 'static> ScanIter<'_, Store, T> {
    /// The next item, if any.
    ///
    /// # Errors
    ///
    /// Those of fetching a page; the scan then ends.
    pub async fn next(&mut self) -> Result<Option<T>> {
        loop {
            if let Some(item) = self.items.next() {
                return Ok(Some(item));
            }
            let Some(ask) = self.ask.take() else { return Ok(None) };
            let page = self.store.read(Ok(ask.clone()), self.read).await?;
            self.turn(ask, page);
        }
    }
}

impl<H, T> fmt::Debug for ScanIter<'_, H, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The items are a user's values, so they are not shown.
        let op = self.ask.as_ref().map(Command::name);
        f.debug_struct("ScanIter")
            .field("asks", &op)
            .field("fetched", &self.items.len())
            .finish_non_exhaustive()
    }
}
