// IndexedDB as JavaScript lends it (pkg/src/net/indexeddb.ts), as a store of entries. It is not trusted: it may return
// anything. No knowledge of commands.

mod rows;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Array, ArrayBuffer, Promise, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use omnikv::backend::Capabilities;
use omnikv::backend::cells::{
    Asked, Cell as Entry, CellStore, Cells, Commit, Field, Listing, Loaded, LoadedRows, Outcome, Pause,
    Query, RecordCommit, RecordStore, Rows, Span, Write, read_cell, read_head,
};
use omnikv::backend::indexeddb::{CAPABILITIES, Location, NAME, Refusal};
use omnikv::command::Key;
use omnikv::error::{Error, Kind, Result};
use omnikv::host::BoxFuture;
use omnikv::{Options, Store};
use omnikv_js::objects::property;
use omnikv_js::reply::Kept;
use omnikv_js::request::leaves_room;

use super::rows as columns;

#[wasm_bindgen]
extern "C" {
    /// A database, provided by TypeScript. Each promise resolves to a result, or to `{ failure, cause }`.
    #[derive(Clone)]
    pub type LentIndexedDb;

    /// Opens the database.
    #[wasm_bindgen(method, catch)]
    fn open(this: &LentIndexedDb, name: &str, is_strict: bool) -> std::result::Result<Promise, JsValue>;

    /// `{ entries, rows, sequence }`: for each key `[value, type, deadline, version]` or undefined, for each query what it
    /// finds, and the last number that was drawn.
    #[wasm_bindgen(method, catch)]
    fn load(
        this: &LentIndexedDb,
        keys: Array,
        queries: Array,
        now_ms: f64,
    ) -> std::result::Result<Promise, JsValue>;

    /// Writes `[key, value, type, deadline]` if the checks `[key, version]` hold. `decide` gets what the queries have
    /// found and the last number that was drawn, and returns more writes, or undefined if they must not happen. Resolves
    /// to that number, or null.
    #[wasm_bindgen(method, catch)]
    fn commit(
        this: &LentIndexedDb,
        checks: Array,
        writes: Array,
        queries: Array,
        decide: &JsValue,
        now_ms: f64,
    ) -> std::result::Result<Promise, JsValue>;

    /// `{ rows: [[key, type, deadline, version]], hasMore }`.
    #[wasm_bindgen(method, catch)]
    fn list(
        this: &LentIndexedDb,
        lower: Uint8Array,
        is_after: bool,
        upper: Option<Uint8Array>,
        is_reverse: bool,
        limit: u32,
    ) -> std::result::Result<Promise, JsValue>;

    /// Closes the connection.
    #[wasm_bindgen(method, catch)]
    fn close(this: &LentIndexedDb) -> std::result::Result<Promise, JsValue>;
}

/// Opens the store at an `indexeddb:` URL.
pub(super) async fn open(
    location: &str,
    options: &Options,
    lent: LentIndexedDb,
    sent: Rc<Cell<u32>>,
    pause: Arc<dyn Pause>,
) -> Result<Store> {
    let open = async {
        let Location { name, is_strict } = Location::parse(location)?;
        let database = Database { lent, name, sent };
        database
            .kept(database.lent.open(&database.name, is_strict))
            .await
            .map_err(|error| error.not_applied())?;
        Ok(Cells::new(Arc::new(database), options)?.with_pause(pause))
    };
    let cells = open.await.map_err(|error: Error| error.in_op("connect").in_backend(NAME))?;
    Store::over(Arc::new(cells), options)
}

struct Database {
    lent: LentIndexedDb,
    name: String,
    /// Counts the commits, so that a call that is cancelled knows whether it may have written.
    sent: Rc<Cell<u32>>,
}

impl Database {
    /// The result, unless it is a word for a failure.
    async fn kept(&self, promised: std::result::Result<Promise, JsValue>) -> Result<JsValue> {
        let broken = |_| Refusal::Failed.error(&self.name);
        let answer = JsFuture::from(promised.map_err(broken)?).await.map_err(broken)?;
        let Some(word) = property(&answer, "failure").as_string() else { return Ok(answer) };
        let error = Refusal::of(&word).error(&self.name);
        Err(match property(&answer, "cause").as_f64() {
            Some(number) => error.caused_by(Kept(number as u32)),
            None => error,
        })
    }

    fn unreadable(&self) -> Error {
        let message = ["(database) ", &self.name, " holds something that omnikv did not write"].concat();
        Error::new(Kind::InvalidValue, message)
    }

    fn cells(&self, found: &JsValue, asked: usize) -> Result<Vec<Option<Entry>>> {
        let found = found.dyn_ref::<Array>().ok_or_else(|| self.unreadable())?;
        if found.length() as usize != asked {
            return Err(self.unreadable());
        }
        let bytes: f64 =
            found.iter().filter_map(|row| property(&property_at(&row, 0), "length").as_f64()).sum();
        if !leaves_room(bytes as usize) {
            return Err(Error::new(Kind::OutOfMemory, "has values that do not fit into the memory left"));
        }
        let cell = |row: JsValue| match row.is_undefined() {
            true => Ok(None),
            false => {
                let row = columns::read_row(&row, read_field).ok_or_else(|| self.unreadable())?;
                read_cell(row).map(Some).map_err(|_| self.unreadable())
            }
        };
        found.iter().map(cell).collect()
    }

    async fn loaded(&self, keys: &[Key], queries: &[Query], now_ms: u64) -> Result<JsValue> {
        let queries = queries.iter().map(rows::query).collect();
        let found = self.lent.load(keys.iter().map(key_bytes).collect(), queries, now_ms as f64);
        self.kept(found).await.map_err(|error| error.not_applied())
    }

    /// Commits entries, and whatever `decide` returns. Returns the last number that was drawn before.
    async fn committed(
        &self,
        entries: &Commit,
        queries: Array,
        decide: &JsValue,
        now_ms: u64,
    ) -> Result<Option<u64>> {
        let checks = entries.checks.iter().map(check).collect();
        let writes = entries.writes.iter().map(write).collect();
        self.sent.set(self.sent.get().wrapping_add(1));
        let done = self.kept(self.lent.commit(checks, writes, queries, decide, now_ms as f64)).await?;
        Ok(done.as_f64().map(|number| number as u64))
    }

    async fn list_page(&self, span: &Span, from: Option<&str>, limit: usize) -> Result<Listing> {
        let (lower, upper) = match (span.reverse, from) {
            (true, Some(last)) => (span.start.as_str(), Some(last)),
            (_, last) => (last.unwrap_or(&span.start), span.end.as_deref()),
        };
        if upper.is_some_and(|upper| upper <= lower) {
            return Ok(Listing::default());
        }
        let is_after = from.is_some() && !span.reverse;
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let page = self.lent.list(bytes(lower), is_after, upper.map(bytes), span.reverse, limit);
        let page = self.kept(page).await.map_err(|error| error.not_applied())?;
        let rows = columns::read(&property(&page, "rows"), read_field).ok_or_else(|| self.unreadable())?;
        let heads = rows.into_iter().map(read_head).collect::<Result<Vec<_>>>();
        let heads = heads.map_err(|_| self.unreadable())?;
        let has_more = property(&page, "hasMore").is_truthy();
        let next = heads.last().filter(|_| has_more).map(|head| head.key.0.clone());
        Ok(Listing { heads, next, now_ms: None })
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A handle that was closed during a call does not wait for it. Closing twice is fine.
        let _ = self.lent.close();
    }
}

fn bytes(key: &str) -> Uint8Array {
    Uint8Array::from(key.as_bytes())
}

fn key_bytes(key: &Key) -> JsValue {
    bytes(key.as_str()).into()
}

fn property_at(row: &JsValue, index: u32) -> JsValue {
    row.dyn_ref::<Array>().map_or(JsValue::UNDEFINED, |row| row.get(index))
}

fn read_field(value: &JsValue) -> Option<Field> {
    if let Some(number) = value.as_f64() {
        return Some(Field::Int(number as i64));
    }
    // IndexedDB returns keys as buffers.
    let bytes = match value.dyn_ref::<ArrayBuffer>() {
        Some(buffer) => Uint8Array::new(buffer),
        None => value.dyn_ref::<Uint8Array>()?.clone(),
    };
    Some(Field::Blob(bytes.to_vec()))
}

fn number(number: u64) -> JsValue {
    JsValue::from_f64(number as f64)
}

fn check((key, version): &(Key, Option<u64>)) -> Array {
    Array::of2(&key_bytes(key), &version.map_or(JsValue::NULL, number))
}

fn write(write: &Write) -> Array {
    match write {
        Write::Delete { key } => Array::of1(&key_bytes(key)),
        Write::Put { key, value, kind, deadline, .. } => Array::of4(
            &key_bytes(key),
            &Uint8Array::from(value.as_slice()),
            &kind.name().into(),
            &deadline.map_or(JsValue::UNDEFINED, number),
        ),
    }
}

impl CellStore for Database {
    fn name(&self) -> &'static str {
        NAME
    }

    fn load<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Loaded>> {
        Box::pin(async move {
            let found = self.loaded(keys, &[], 0).await?;
            Ok(Loaded { cells: self.cells(&property(&found, "entries"), keys.len())?, now_ms: None })
        })
    }

    fn commit<'a>(&'a self, commit: &'a Commit) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            let done = self.committed(commit, Array::new(), &JsValue::UNDEFINED, commit.now_ms).await?;
            Ok(if done.is_some() { Outcome::Committed } else { Outcome::Conflict })
        })
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
        CAPABILITIES
    }

    fn records(&self) -> Option<&dyn RecordStore> {
        Some(self)
    }

    fn combines(&self) -> bool {
        true
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        let closed = self.lent.close();
        Box::pin(async move { self.kept(closed).await.map(|_| ()) })
    }
}

impl RecordStore for Database {
    fn load<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Result<LoadedRows>> {
        Box::pin(async move {
            let Asked { keys, queries, draws: _, now_ms } = asked;
            let found = self.loaded(keys, queries, now_ms.unwrap_or_default()).await?;
            Ok(LoadedRows {
                cells: self.cells(&property(&found, "entries"), keys.len())?,
                rows: all_found(queries, &property(&found, "rows")).ok_or_else(|| self.unreadable())?,
                drawn: property(&found, "sequence").as_f64().unwrap_or_default() as u64,
                now_ms: None,
            })
        })
    }

    fn commit<'a>(
        &'a self,
        entries: &'a Commit,
        commit: &'a RecordCommit,
    ) -> BoxFuture<'a, Result<Option<u64>>> {
        Box::pin(async move {
            let (queries, prints): (Vec<_>, Vec<_>) = commit.checks.iter().cloned().unzip();
            let asked = queries.iter().map(rows::query).collect();
            let now_ms = commit.now_ms;
            let commit = commit.clone();
            // Runs inside the transaction, which goes on with the writes.
            let decide = move |found: JsValue, sequence: f64| {
                let holds = all_found(&queries, &found)
                    .is_some_and(|found| found.iter().map(Rows::fingerprint).eq(prints.iter().cloned()));
                match holds {
                    true => rows::writes(&commit.clone().rebased(sequence as u64)).into(),
                    false => JsValue::UNDEFINED,
                }
            };
            let decide = Closure::<dyn Fn(JsValue, f64) -> JsValue>::new(decide);
            self.committed(entries, asked, decide.as_ref(), now_ms).await
        })
    }
}

/// What each query has found.
fn all_found(queries: &[Query], found: &JsValue) -> Option<Vec<Rows>> {
    let found = found.dyn_ref::<Array>()?;
    let each = queries.iter().zip(found.iter()).map(|(query, found)| rows::found(query, &found));
    (found.length() as usize == queries.len()).then(|| each.collect()).flatten()
}
