// The thread that runs all network I/O of the process, so that stores work with any executor, and its timers. What it
// runs does not matter here.

use super::BoxFuture;
use super::network::Timer;
use crate::error::{Error, Kind, Result};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Runs the network I/O of all stores of the process.
static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    #[cfg(any(feature = "http", feature = "postgres", feature = "redis"))]
    // Ignore the error: another part of the program may have installed its TLS provider already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Builder::new_multi_thread().worker_threads(1).thread_name("omnikv").enable_all().build()
});

/// The process's network runtime.
pub(crate) fn runtime() -> Result<&'static Runtime> {
    RUNTIME.as_ref().map_err(|error| {
        Error::new(Kind::Unavailable, format!("(network) could not start its thread: {}", error.kind()))
    })
}

/// Runs work on the runtime's thread and waits for it on any thread. If the returned future is dropped, the work is
/// aborted and its sockets and timers are closed.
///
/// # Errors
///
/// `unavailable` if the thread cannot start or has ended.
pub(crate) async fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T> {
    // A `JoinSet` aborts its tasks when dropped; a `JoinHandle` does not.
    let mut tasks = JoinSet::new();
    tasks.spawn_on(work, runtime()?.handle());
    let done = tasks.join_next().await;
    done.and_then(|done| done.ok()).ok_or_else(|| Error::new(Kind::Unavailable, "(network) has ended"))
}

/// The runtime's timers.
pub(crate) struct Clockwork;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Timer for Clockwork {
    fn now_ms(&self) -> u64 {
        u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let _ = run(async move {
                match time.is_zero() {
                    true => tokio::task::yield_now().await,
                    false => tokio::time::sleep(time).await,
                }
            })
            .await;
        })
    }

    fn spawn(&self, work: BoxFuture<'static, ()>) {
        if let Ok(runtime) = runtime() {
            runtime.spawn(work);
        }
    }
}
