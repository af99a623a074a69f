// Keeps a lock, a claim or a task by extending it in time, on the library's own thread, so that work which does not yield
// keeps it too. What is held does not matter here.

use super::stop::Flag;
use crate::error::Result;
use crate::host::{BoxFuture, background};
use futures_util::future::{AbortHandle, Either, abortable, select};
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Extends a hold until this is stopped or dropped.
pub(super) struct Renewal {
    flags: Arc<Flags>,
    abort: AbortHandle,
}

#[derive(Default)]
struct Flags {
    lost: Flag,
    stop: Flag,
    ended: Flag,
}

/// Whoever waits for the end is told of it, also if a renewal has panicked.
struct AtEnd(Arc<Flags>);

impl Drop for AtEnd {
    fn drop(&mut self) {
        if !self.0.stop.is_up() {
            self.0.lost.raise();
        }
        self.0.ended.raise();
    }
}

impl Renewal {
    /// Extends a hold that was taken at this moment and lasts for this time. `renew` tells whether it is still held;
    /// while it fails, the hold counts as held until its time is over.
    pub fn start<F>(mut held: Instant, lasting: Duration, renew: impl Fn() -> F + Send + 'static) -> Renewal
    where
        F: Future<Output = Result<bool>> + Send,
    {
        let flags = Arc::new(Flags::default());
        let end = AtEnd(Arc::clone(&flags));
        let (work, abort) = abortable(async move {
            let shared = &end.0;
            loop {
                let pause = background::sleep(lasting / 3);
                if let Either::Right(_) = select(pause, pin!(shared.stop.until_up())).await {
                    break;
                }
                let begun = Instant::now();
                let end = background::sleep(lasting.saturating_sub(held.elapsed()));
                let is_held = match select(pin!(renew()), end).await {
                    Either::Left((Ok(is_held), _)) => {
                        held = begun;
                        is_held
                    }
                    // The store may be reachable again before the hold ends.
                    Either::Left((Err(_), _)) => held.elapsed() < lasting,
                    Either::Right(_) => false,
                };
                if !is_held {
                    break;
                }
            }
        });
        background::spawn(async move {
            let _ = work.await;
        });
        Renewal { flags, abort }
    }

    pub fn is_lost(&self) -> bool {
        self.flags.lost.is_up()
    }

    /// Completes when the hold is lost.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + use<> {
        let flags = Arc::clone(&self.flags);
        async move { flags.lost.until_up().await }
    }

    /// Stops it, and waits for a renewal that is under way: it would take the hold again after its release.
    pub async fn stop(self) {
        self.flags.stop.raise();
        self.flags.ended.until_up().await;
    }
}

impl Drop for Renewal {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// A hold that is extended, and given back at its end: in the background if this is dropped.
pub(super) struct Hold {
    /// Both are there until it ends.
    renewal: Option<Renewal>,
    release: Option<BoxFuture<'static, ()>>,
}

impl Hold {
    pub fn new(renewal: Renewal, release: impl Future<Output = ()> + Send + 'static) -> Hold {
        Hold { renewal: Some(renewal), release: Some(Box::pin(release)) }
    }

    pub fn is_lost(&self) -> bool {
        self.renewal.as_ref().is_none_or(Renewal::is_lost)
    }

    /// Completes when the hold is lost.
    pub fn lost(&self) -> impl Future<Output = ()> + Send + use<> {
        let lost = self.renewal.as_ref().map(Renewal::lost);
        async move {
            if let Some(lost) = lost {
                lost.await;
            }
        }
    }

    /// Gives it back.
    pub async fn end(mut self) {
        self.take_end().await;
    }

    fn take_end(&mut self) -> impl Future<Output = ()> + Send + use<> {
        let (renewal, release) = (self.renewal.take(), self.release.take());
        async move {
            if let (Some(renewal), Some(release)) = (renewal, release) {
                renewal.stop().await;
                release.await;
            }
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.renewal.is_some() {
            background::spawn(self.take_end());
        }
    }
}
