// What is built on the commands of records, changes, locks and tasks: streams of changes, work under a lock, workers. For
// native asynchronous stores. How anything is stored does not matter here.

mod consumer;
mod feed;
pub mod handlers;
mod renewal;
#[cfg(feature = "cron")]
mod schedule;
mod stop;
mod watch;
mod with_lock;
mod worker;

pub use consumer::{CommitMode, Consumer, ConsumerOptions};
pub use feed::Feed;
#[cfg(feature = "cron")]
pub use schedule::Schedule;
pub use stop::Stop;
pub use with_lock::Held;
pub use worker::{BoxError, Report, Worker, WorkerSummary};

use crate::backend::Watch;
use crate::error::Error;
use crate::host::{BoxFuture, background, random};
use crate::store::Store;
use futures_util::future::select;
use std::sync::Arc;
use std::time::Duration;

/// A name that nobody else has.
fn unguessable() -> String {
    // Natively there always is a seed.
    let part = || random::seed().unwrap_or_default();
    format!("{:016x}{:016x}", part(), part())
}

/// The pauses before looking at a store again, in milliseconds.
const PAUSES: [u64; 6] = [25, 50, 100, 250, 500, 1_000];

/// The pause before trying again what has failed.
#[cfg(feature = "cron")]
const AGAIN: Duration = Duration::from_secs(1);

/// Growing pauses between looks at a store, which end early when the store tells of a change.
#[derive(Default)]
struct Pauses(usize);

impl Pauses {
    /// Begins a look: what changes from now on ends the pause after it.
    fn look(&mut self, store: &Store) -> impl Future<Output = ()> + use<> {
        let milliseconds = PAUSES[self.0.min(PAUSES.len() - 1)];
        self.0 += 1;
        pause(store, Duration::from_millis(milliseconds))
    }
}

/// Waits between looks at the stream of changes: until there are more where the store can tell, else in growing pauses.
struct Waits {
    watch: Option<Arc<dyn Watch>>,
    pauses: Pauses,
}

impl Waits {
    fn new(store: &Store) -> Waits {
        Waits { watch: store.watch(), pauses: Pauses::default() }
    }

    /// Begins a look: what changes from now on ends the wait after it.
    fn look(&mut self, store: &Store) -> BoxFuture<'static, ()> {
        match &self.watch {
            Some(watch) => watch.changed(),
            None => Box::pin(self.pauses.look(store)),
        }
    }

    /// Something was found: the next pause is a short one.
    fn found(&mut self) {
        self.pauses = Pauses::default();
    }
}

/// Waits for a change after this call, or at most this long.
fn pause(store: &Store, at_most: Duration) -> impl Future<Output = ()> + use<> {
    let changed = store.changed();
    async move {
        let sleep = background::sleep(at_most);
        select(changed, sleep).await;
    }
}

/// The error, of an operation of this module.
fn of(op: &'static str, store: &Store) -> impl Fn(Error) -> Error + use<> {
    let backend = store.backend();
    move |error| error.in_op(op).in_backend(backend)
}
