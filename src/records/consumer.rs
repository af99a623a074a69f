// A consumer of the stream of changes: reads it from the position that the store keeps, while it holds the consumer. How
// positions and claims are stored does not matter here.

mod options;

pub use options::{CommitMode, ConsumerOptions};

use super::renewal::{Hold, Renewal};
use super::stop::{Flag, RaisedAtEnd};
use super::watch::{Seen, look};
use super::{Feed, Pauses, Waits, of, unguessable};
use crate::command::Key;
use crate::error::{Error, Kind, Result};
use crate::host::BoxFuture;
use crate::operations::{Change, ChangeOptions, ConsumerStatus, Documents};
use crate::store::Store;
use futures_util::future::select;
use serde::de::DeserializeOwned;
use std::collections::VecDeque;
use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// A named reader of the stream of changes, made by [`Store::consumer`]. The store keeps its position, the last change
/// that is done. One at a time holds a consumer, however many processes use its name; each change is read at least once.
///
/// ```
/// # pollster::block_on(async {
/// use omnikv::{ConsumerOptions, Options, Store, prelude::*};
///
/// let kv = Store::connect("memory:", Options::default()).await?;
/// kv.records().put("order:1", 0, &"a book").await?;
///
/// let mailer = kv.consumer("mailer", ConsumerOptions::new().prefix("order:"));
/// let mut batches = mailer.stream::<String>();
/// while let Some(batch) = batches.next().await {
///     for change in batch? {
///         assert_eq!(change.record.value, "a book");
///     }
///     // Asking for the next batch commits this one; so does this.
///     mailer.commit(None).await?;
///     break;
/// }
/// assert_eq!(mailer.status().await?.lag, 0);
/// # Ok::<(), omnikv::Error>(())
/// # }).unwrap();
/// ```
///
/// A clone is the same consumer.
#[derive(Clone)]
pub struct Consumer(Arc<Inner>);

struct Inner {
    store: Store,
    name: Key,
    owner: String,
    options: ConsumerOptions,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The fencing token of the claim.
    token: Option<u64>,
    /// The last change that was handed out.
    read: Option<u64>,
    is_streaming: bool,
    /// Raised when the last stream has given its claim back.
    ended: Option<Arc<Flag>>,
}

impl Store {
    /// Returns the consumer of this name. It claims the name when it first reads.
    pub fn consumer(&self, name: impl Into<Key>, options: ConsumerOptions) -> Consumer {
        let owner = options.id.iter().cloned().chain([unguessable()]).collect::<Vec<_>>().join("-");
        let (name, store) = (name.into(), self.clone());
        Consumer(Arc::new(Inner { store, name, owner, options, state: Mutex::default() }))
    }
}

impl Consumer {
    /// Claims the consumer and returns the next batch after its position; it is empty if there are no more changes. The
    /// same batch comes again until it is committed. The claim lasts for `lock_duration` from here on, or until
    /// [`unlock`](Self::unlock).
    ///
    /// # Errors
    ///
    /// `conflict` if another holds the consumer, or a stream of this one reads.
    pub async fn get<T: DeserializeOwned + 'static>(&self) -> Result<Vec<Change<T>>> {
        let get = async {
            if self.state().is_streaming {
                return Err(streaming());
            }
            self.until_ended().await;
            let Some(token) = self.claim().await? else {
                return Err(Error::new(Kind::Conflict, "cannot read: another holds the consumer"));
            };
            self.state().token = Some(token);
            let position = self.position().await?;
            let seen = look(&self.0.store, &self.after(position)).await?;
            self.state().read = Some(seen.latest);
            Ok(seen.found)
        };
        get.await.map_err(of("consumer.get", &self.0.store))
    }

    /// Waits while another holds the consumer, and then for changes, again and again: batches of changes after the
    /// position, committed as [`CommitMode`] says. While the stream lives, the claim is extended; when it is dropped, the
    /// claim is released in the background.
    ///
    /// It ends after an error: `conflict` if the claim was lost because this process did not extend it in time, or if a
    /// stream of this consumer reads already.
    pub fn stream<T: DeserializeOwned + Send + 'static>(&self) -> Feed<Vec<Change<T>>> {
        Feed::of((self.clone(), None), |(consumer, reading)| async move {
            let next = async {
                let mut reading = match reading {
                    Some(reading) => reading,
                    None => consumer.begin().await?,
                };
                let batch = reading.next().await?;
                Ok((batch, reading))
            };
            let (batch, reading) = next.await.map_err(of("consumer.stream", &consumer.0.store))?;
            Ok(Some((batch, (consumer, Some(reading)))))
        })
    }

    /// Commits the position: changes up to this seq are done; `None` means the last one of what was last returned by
    /// [`get`](Self::get) or by a stream.
    ///
    /// # Errors
    ///
    /// `conflict` if another holds the consumer, or has held it since the claim; nothing has changed. `invalid-argument`
    /// if the seq is beyond the latest change, or is `None` and nothing has been read yet.
    pub async fn commit(&self, seq: impl Into<Option<u64>>) -> Result<()> {
        let seq = seq.into();
        let commit = async {
            if !self.state().is_streaming {
                self.until_ended().await;
            }
            let (seq, token) = {
                let state = self.state();
                (seq.or(state.read), state.token)
            };
            let missing = || Error::invalid_argument("(seq) is missing: nothing has been read yet");
            let seq = seq.ok_or_else(missing)?;
            self.0.store.consumers().commit(self.0.name.clone(), seq, token).await
        };
        commit.await.map_err(of("consumer.commit", &self.0.store))
    }

    /// Returns the consumer's position, the last change of the store, the lag between them, and the holder.
    pub fn status(&self) -> BoxFuture<'static, Result<ConsumerStatus>> {
        self.0.store.consumers().status(self.0.name.clone())
    }

    /// Deletes the position, so that the consumer starts from the first change. Returns whether there was one.
    pub fn delete(&self) -> BoxFuture<'static, Result<bool>> {
        self.0.store.consumers().delete(self.0.name.clone())
    }

    /// Releases the claim of [`get`](Self::get). Returns whether the consumer was held. A stream that reads has lost the
    /// consumer then.
    pub fn unlock(&self) -> BoxFuture<'static, Result<bool>> {
        self.state().token = None;
        self.0.store.consumers().release(self.0.name.clone(), self.0.owner.clone())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the last stream has given its claim back: it would take that of the next.
    async fn until_ended(&self) {
        let ended = self.state().ended.clone();
        if let Some(ended) = ended {
            ended.until_up().await;
        }
    }

    fn claim(&self) -> BoxFuture<'static, Result<Option<u64>>> {
        let Inner { store, name, owner, options, .. } = &*self.0;
        store.consumers().claim(name.clone(), owner.clone(), options.lock_duration)
    }

    async fn position(&self) -> Result<u64> {
        Ok(self.status().await?.position)
    }

    /// The options that read on after this seq.
    fn after(&self, seq: u64) -> ChangeOptions {
        let ConsumerOptions { kind, prefix, limit, .. } = self.0.options.clone();
        ChangeOptions { from: Some(seq.saturating_add(1)), limit: Some(limit.max(1)), kind, prefix }
    }

    /// Waits for the claim.
    async fn begin<T>(&self) -> Result<Reading<T>> {
        if std::mem::replace(&mut self.state().is_streaming, true) {
            return Err(streaming());
        }
        let streaming = Streaming(self.clone());
        self.until_ended().await;
        let ended = RaisedAtEnd(Arc::default());
        self.state().ended = Some(Arc::clone(&ended.0));
        let mut pauses = Pauses::default();
        let (token, begun) = loop {
            let pause = pauses.look(&self.0.store);
            let begun = Instant::now();
            if let Some(token) = self.claim().await? {
                break (token, begun);
            }
            pause.await;
        };
        self.state().token = Some(token);
        let consumer = self.clone();
        let renewal = Renewal::start(begun, self.0.options.lock_duration, move || {
            let extended = consumer.claim();
            // A new token means a new hold: another may have held the consumer in between.
            async move { Ok(extended.await? == Some(token)) }
        });
        let Inner { store, name, owner, .. } = &*self.0;
        let release = store.consumers().release(name.clone(), owner.clone());
        let hold = Hold::new(renewal, async move {
            // If it fails, the claim expires by itself.
            let _ = release.await;
            drop(ended);
        });
        let position = self.position().await?;
        Ok(Reading {
            consumer: self.clone(),
            hold,
            position,
            next: position,
            found: VecDeque::new(),
            is_handed_out: false,
            waits: Waits::new(&self.0.store),
            _streaming: streaming,
        })
    }
}

fn streaming() -> Error {
    Error::new(Kind::Conflict, "cannot read: a stream of this consumer does")
}

/// That a stream reads. Ends when it is dropped.
struct Streaming(Consumer);

impl Drop for Streaming {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.is_streaming = false;
        state.token = None;
    }
}

/// A stream that holds the consumer.
struct Reading<T> {
    consumer: Consumer,
    hold: Hold,
    /// What is committed.
    position: u64,
    /// There are no changes up to here but those in `found`.
    next: u64,
    found: VecDeque<Change<T>>,
    /// Whether a batch was handed out and is not committed.
    is_handed_out: bool,
    waits: Waits,
    _streaming: Streaming,
}

impl<T: DeserializeOwned + Send + 'static> Reading<T> {
    /// Commits the last batch, and waits for the next.
    async fn next(&mut self) -> Result<Vec<Change<T>>> {
        let mode = self.consumer.0.options.commit;
        if std::mem::take(&mut self.is_handed_out) && mode != CommitMode::None {
            let read = self.consumer.state().read.unwrap_or(self.position);
            self.commit(read).await?;
        }
        self.waits.found();
        loop {
            if self.hold.is_lost() {
                let message = "has lost the consumer: another may hold it now";
                return Err(Error::new(Kind::Conflict, message));
            }
            let count = if mode == CommitMode::Each { 1 } else { self.found.len() };
            let batch: Vec<_> = self.found.drain(..count.min(self.found.len())).collect();
            if let Some(last) = batch.last() {
                self.consumer.state().read = Some(last.seq);
                self.is_handed_out = true;
                return Ok(batch);
            }
            let pause = self.waits.look(&self.consumer.0.store);
            let Seen { found, latest } =
                look(&self.consumer.0.store, &self.consumer.after(self.next)).await?;
            self.next = latest;
            self.found = found.into();
            if self.found.is_empty() {
                // No change up to there was meant for this consumer. Otherwise it would seem to lag.
                if mode != CommitMode::None && latest > self.position {
                    self.commit(latest).await?;
                }
                select(pin!(pause), pin!(self.hold.lost())).await;
            }
        }
    }

    async fn commit(&mut self, seq: u64) -> Result<()> {
        self.consumer.commit(seq).await?;
        self.position = seq;
        Ok(())
    }
}

impl fmt::Debug for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer").field("name", &self.0.name).finish_non_exhaustive()
    }
}
