// Changes as they happen. How changes are stored does not matter here.

use super::{Feed, Waits, of};
use crate::error::{Error, Kind, Result};
use crate::operations::{Change, ChangeOptions, Changes, Documents};
use crate::store::Store;
use serde::de::DeserializeOwned;

/// How many changes are read at once, unless the options say.
const MANY: u64 = 256;

impl Changes<'_, Store> {
    /// Iterates over changes as they happen, from a seq or from now on (which is when the stream is first polled). It
    /// waits for what is to come: in memory and on Redis until something changes, elsewhere by asking in growing intervals
    /// of up to a second. On Redis, watchers share a connection of their own for it. It ends after an error; go on with another, from the seq after the last.
    ///
    /// `limit` is how many changes are read at once, 256 unless given.
    ///
    /// ```
    /// # pollster::block_on(async {
    /// use omnikv::{Action, ChangeOptions, Options, Store, prelude::*};
    ///
    /// let kv = Store::connect("memory:", Options::default()).await?;
    /// let people = ChangeOptions::new().from(1).prefix("person:");
    /// let mut changes = kv.changes().watch::<serde_json::Value>(people);
    /// kv.records().put("person:alice", -1, &serde_json::json!({ "age": 30 })).await?;
    /// while let Some(change) = changes.next().await {
    ///     let change = change?;
    ///     assert_eq!((change.action, &*change.record.key), (Action::Create, "person:alice"));
    ///     break;
    /// }
    /// # Ok::<(), omnikv::Error>(())
    /// # }).unwrap();
    /// ```
    pub fn watch<T>(&self, options: ChangeOptions) -> Feed<Change<T>>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let state = (self.0.clone(), options, Vec::new().into_iter(), None);
        Feed::of(state, |(store, mut options, mut found, waits)| async move {
            if !store.capabilities().records {
                // It can be read, and there is nothing; to wait for more would be to wait for ever.
                let error = Error::new(
                    Kind::Unsupported,
                    "waits for changes of records, which this store cannot have",
                );
                return Err(of("changes.watch", &store)(error));
            }
            let mut waits = waits.unwrap_or_else(|| Waits::new(&store));
            loop {
                if let Some(change) = found.next() {
                    waits.found();
                    return Ok(Some((change, (store, options, found, Some(waits)))));
                }
                let pause = waits.look(&store);
                let seen = look(&store, &options).await.map_err(of("changes.watch", &store))?;
                options.from = Some(seen.latest + 1);
                if seen.found.is_empty() {
                    pause.await;
                }
                found = seen.found.into_iter();
            }
        })
    }
}

/// What a look at the stream of changes has found.
pub(super) struct Seen<T> {
    pub found: Vec<Change<T>>,
    /// There are no others that match up to this seq.
    pub latest: u64,
}

/// Reads changes from `from` on, or if there is none, finds out where to begin.
pub(super) async fn look<T: DeserializeOwned + 'static>(
    store: &Store,
    options: &ChangeOptions,
) -> Result<Seen<T>> {
    // In this order: what is written in between is found, or comes later.
    let latest = store.changes().latest().await?;
    let Some(from) = options.from else { return Ok(Seen { found: Vec::new(), latest }) };
    let limit = options.limit.unwrap_or(MANY);
    let found: Vec<Change<T>> = store.changes().read(options.clone().limit(limit)).await?;
    let latest = match found.last() {
        Some(last) if found.len() as u64 >= limit => last.seq,
        Some(last) => last.seq.max(latest),
        None => latest.max(from.saturating_sub(1)),
    };
    Ok(Seen { found, latest })
}
