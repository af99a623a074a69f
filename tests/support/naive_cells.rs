// A store of entries, simple enough to be right and as unpleasant as a store may be: random conflicts, pages of two
// keys and, if requested, no versions.

use omnikv::backend::cells::{Cell, CellStore, Commit, Head, Listing, Loaded, Outcome, Span, Write};
use omnikv::backend::{BoxFuture, Capabilities};
use omnikv::command::Key;
use omnikv::error::Result;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// The store's properties.
#[derive(Clone, Copy)]
pub struct Nature {
    pub atomic: bool,
    /// One in this many commits reports a conflict; 0: none.
    pub one_conflict_in: u32,
    /// The most keys in a page.
    pub page: usize,
    pub max_value_bytes: u64,
}

/// Atomic, with small pages and occasional conflicts.
pub const STRONG: Nature = Nature { atomic: true, one_conflict_in: 5, page: 2, max_value_bytes: 128 << 20 };

/// Without versions.
pub const WEAK: Nature = Nature { atomic: false, one_conflict_in: 0, ..STRONG };

#[derive(Default)]
struct State {
    cells: BTreeMap<Key, Cell>,
    commits: u64,
}

pub struct NaiveCells {
    nature: Nature,
    state: Mutex<State>,
    /// The store's own clock, if any.
    clock: Option<Arc<dyn Fn() -> u64 + Send + Sync>>,
}

impl NaiveCells {
    pub fn new(nature: Nature) -> NaiveCells {
        NaiveCells { nature, state: Mutex::default(), clock: None }
    }

    pub fn with_clock(nature: Nature, clock: impl Fn() -> u64 + Send + Sync + 'static) -> NaiveCells {
        NaiveCells { clock: Some(Arc::new(clock)), ..NaiveCells::new(nature) }
    }

    /// The stored cell, even if it has expired.
    pub fn cell(&self, key: &str) -> Option<Cell> {
        self.lock().cells.get(&Key(key.into())).cloned()
    }

    /// The number of commits.
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }

    /// Writes like another program.
    pub fn put(&self, key: &str, cell: Cell) {
        self.lock().cells.insert(Key(key.into()), cell);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic in between")
    }

    fn now_ms(&self) -> Option<u64> {
        self.clock.as_ref().map(|clock| clock())
    }

    fn commit_now(&self, commit: &Commit) -> Outcome {
        let mut state = self.lock();
        let is_overtaken = self.nature.one_conflict_in > 0
            && !commit.checks.is_empty()
            && fastrand::u32(..self.nature.one_conflict_in) == 0;
        assert!(self.nature.atomic || commit.checks.is_empty(), "this store has no versions to check");
        let is_changed =
            |(key, version): &(Key, Option<u64>)| state.cells.get(key).map(|cell| cell.version) != *version;
        if is_overtaken || commit.checks.iter().any(is_changed) {
            return Outcome::Conflict;
        }
        state.commits += 1;
        let version = if self.nature.atomic { state.commits } else { 0 };
        for write in &commit.writes {
            match write.clone() {
                Write::Put { key, value, kind, deadline, .. } => {
                    assert!(
                        deadline.is_none_or(|deadline| deadline > commit.now_ms),
                        "it has expired already"
                    );
                    assert!(value.len() as u64 <= self.nature.max_value_bytes);
                    state.cells.insert(key, Cell { value, kind, is_long: false, deadline, version });
                }
                Write::Delete { key } => drop(state.cells.remove(&key)),
            }
        }
        Outcome::Committed
    }

    fn list_now(&self, span: &Span, from: Option<&str>, limit: usize) -> Listing {
        let state = self.lock();
        let is_ahead = |key: &str| match (from, span.reverse) {
            (None, _) => true,
            (Some(last), false) => key > last,
            (Some(last), true) => key < last,
        };
        let mut heads: Vec<Head> = state
            .cells
            .iter()
            .filter(|(key, _)| span.contains(key.as_str()) && is_ahead(key.as_str()))
            .map(|(key, cell)| Head {
                key: key.clone(),
                kind: cell.kind,
                deadline: cell.deadline,
                version: cell.version,
            })
            .collect();
        assert!(heads.iter().all(|head| head.key.as_str().starts_with(&span.prefix)));
        if span.reverse {
            heads.reverse();
        }
        let limit = limit.min(self.nature.page);
        let has_more = heads.len() > limit;
        heads.truncate(limit);
        let next = heads.last().filter(|_| has_more).map(|head| head.key.0.clone());
        Listing { heads, next, now_ms: self.now_ms() }
    }
}

impl CellStore for NaiveCells {
    fn name(&self) -> &'static str {
        "naive"
    }

    fn load<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Loaded>> {
        let state = self.lock();
        let cells = keys.iter().map(|key| state.cells.get(key).cloned()).collect();
        Box::pin(async { Ok(Loaded { cells, now_ms: self.now_ms() }) })
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async { Ok(self.commit_now(commit)) })
    }

    fn list<'a>(
        &'a self,
        span: &'a Span,
        from: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Listing>> {
        Box::pin(async move { Ok(self.list_now(span, from, limit)) })
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            atomic: self.nature.atomic,
            ordered: true,
            exact_counts: true,
            ttl_minimum_ms: 1,
            max_key_bytes: 128 << 20,
            max_value_bytes: self.nature.max_value_bytes,
            records: false,
            consistency: "strong",
        }
    }

    fn has_clock(&self) -> bool {
        self.clock.is_some()
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }
}
