// The connections that handles share, and what is repeated when it fails. What is asked for is the business of `jobs.rs`.

use super::jobs::{Ask, Job, Single, Waiting};
use super::lanes::Lanes;
#[cfg(not(target_arch = "wasm32"))]
use super::native;
use super::session::Session;
use super::{Settings, connect, lent};
use crate::backend::BoxFuture;
use crate::backend::redis::Repeat;
use crate::backend::retry::Attempts;
use crate::error::{Error, Kind, Result};
use crate::host::network::Timer;
use crate::host::socket::Sockets;
use crate::host::{MaybeSend, random};
use futures_channel::oneshot;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// Connections that handles share. Dropping the last reference closes them.
pub struct Pool {
    pub(super) lanes: Arc<Lanes>,
    /// The version of the next commit. Each is used once, and a client begins anywhere, so that two never use the same.
    versions: AtomicU64,
    /// By how much the server's clock is ahead of ours, in milliseconds.
    pub(super) ahead_ms: AtomicI64,
    /// Whether that is known.
    pub(super) is_clock_read: AtomicBool,
    /// Whether a caller may do I/O for another: in a Worker, it may belong to another request.
    pub(super) is_for_all: bool,
}

impl Pool {
    /// Connections by the system's sockets, on the network's own thread. None is opened yet.
    ///
    /// # Errors
    ///
    /// `unavailable` if the thread cannot start.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn native(settings: Settings) -> Result<Pool> {
        crate::host::runtime::runtime()?;
        Pool::over(settings, Arc::new(native::Native), Arc::new(crate::host::runtime::Clockwork), true)
    }

    /// Connections by the host's sockets. None is opened yet.
    ///
    /// # Errors
    ///
    /// `unsupported` if there is no source of randomness.
    pub fn lent(settings: Settings, sockets: Arc<dyn Sockets>, timer: Arc<dyn Timer>) -> Result<Pool> {
        let is_for_all = sockets.shared().is_some();
        Pool::over(settings, Arc::new(lent::Lent(sockets)), timer, is_for_all)
    }

    fn over(
        settings: Settings,
        connect: Arc<dyn connect::Connect>,
        timer: Arc<dyn Timer>,
        is_for_all: bool,
    ) -> Result<Pool> {
        Ok(Pool {
            lanes: Arc::new(Lanes::new(settings, connect, timer)),
            versions: AtomicU64::new(random::seed()?),
            ahead_ms: AtomicI64::new(0),
            is_clock_read: AtomicBool::new(false),
            is_for_all,
        })
    }

    /// Waits for the answer to a job that may be repeated, and repeats it when it fails for the moment.
    pub(super) async fn ask<T>(&self, repeat: Repeat, ask: impl Fn(Waiting<T>) -> Ask) -> Result<T> {
        self.ask_in_doubt(repeat, ask).await.map(|(answer, _)| answer)
    }

    /// The same, and whether the job may have been done before it was repeated.
    pub(super) async fn ask_in_doubt<T>(
        &self,
        repeat: Repeat,
        ask: impl Fn(Waiting<T>) -> Ask,
    ) -> Result<(T, bool)> {
        let Settings { timeout, retries, .. } = self.lanes.settings;
        let timer = Arc::clone(&self.lanes.timer);
        let mut attempts = Attempts::new(timeout, retries, &*timer);
        let mut in_doubt = false;
        loop {
            let (waiting, answer) = oneshot::channel();
            self.lanes.add(Job { ask: ask(waiting), deadline_ms: attempts.deadline_ms() });
            let answer = answer.await.unwrap_or_else(|_| Err(Error::new(Kind::Closed, "(store) is closed")));
            match answer {
                Ok(answer) => return Ok((answer, in_doubt)),
                Err(error) => {
                    in_doubt |= error.is_maybe_applied();
                    timer.sleep(attempts.after(error, repeat)?).await;
                }
            }
        }
    }

    /// Like [`ask`](Pool::ask), for a job that shares its statements with no other.
    pub(super) async fn alone<T: MaybeSend + 'static>(
        &self,
        repeat: Repeat,
        work: impl for<'s> Fn(&'s mut Session) -> BoxFuture<'s, Result<T>> + Clone + MaybeSend + 'static,
    ) -> Result<T> {
        let job = |waiting| {
            let single = Single { work: work.clone(), answer: None, waiting };
            Ask::Alone(Box::new(single))
        };
        self.ask(repeat, job).await
    }

    /// The version of a commit that begins now. Positive, so that it looks the same everywhere.
    pub(super) fn next_version(&self) -> u64 {
        self.versions.fetch_add(1, Ordering::Relaxed) & (u64::MAX >> 1)
    }
}
