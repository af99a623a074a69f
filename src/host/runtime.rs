// The thread on which the networks of this process run, so that stores work on any executor, and its time. It must not know
// what runs.

use super::BoxFuture;
use super::network::Timer;
use crate::error::{Error, Kind, Result};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Runs the network of all stores of the process.
static RUNTIME: LazyLock<std::io::Result<Runtime>> = LazyLock::new(|| {
    // TLS: another part of the program may have chosen its cryptography already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Builder::new_multi_thread().worker_threads(1).thread_name("omnikv").enable_all().build()
});

/// The runtime of this process's networks.
pub(crate) fn runtime() -> Result<&'static Runtime> {
    RUNTIME.as_ref().map_err(|error| {
        Error::new(Kind::Unavailable, format!("(network) could not start its thread: {}", error.kind()))
    })
}

/// Does work on the runtime's thread, whatever thread waits for it. When nobody waits any longer, the work is aborted, and the
/// sockets and timers that it holds are closed.
///
/// # Errors
///
/// `unavailable` when the thread cannot start, or has ended.
pub(crate) async fn run<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T> {
    // Unlike a task's handle, a set aborts its tasks when it is dropped.
    let mut tasks = JoinSet::new();
    tasks.spawn_on(work, runtime()?.handle());
    let done = tasks.join_next().await;
    done.and_then(|done| done.ok()).ok_or_else(|| Error::new(Kind::Unavailable, "(network) has ended"))
}

/// Time on the runtime.
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
