// When to retry, and how long to wait before. What is retried, and how it travels, does not matter here.

use super::redis::Repeat;
use crate::error::Result;
use crate::error::{Error, Kind};
use crate::host::network::Timer;
use crate::host::random;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The first pause; each one after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause that we choose ourselves.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The attempts of one operation.
pub(crate) struct Attempts<'a> {
    timer: &'a dyn Timer,
    deadline_ms: u64,
    retries_left: u32,
    next_pause: Duration,
    /// Whether an attempt may have changed something.
    in_doubt: bool,
}

impl<'a> Attempts<'a> {
    /// Creates attempts that share this timeout.
    pub fn new(timeout: Duration, retries: u32, timer: &'a dyn Timer) -> Attempts<'a> {
        let timeout = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        Attempts::until(timer.now_ms().saturating_add(timeout), retries, timer)
    }

    /// Creates attempts that end at this time of the timer.
    pub fn until(deadline_ms: u64, retries: u32, timer: &'a dyn Timer) -> Attempts<'a> {
        Attempts { timer, deadline_ms, retries_left: retries, next_pause: FIRST_PAUSE, in_doubt: false }
    }

    /// The remaining time.
    pub fn left(&self) -> Duration {
        Duration::from_millis(self.deadline_ms.saturating_sub(self.timer.now_ms()).max(1))
    }

    /// The operation's deadline, by the timer.
    pub fn deadline_ms(&self) -> u64 {
        self.deadline_ms
    }

    /// How long to wait before the next attempt; `None` if there is none. The server may request a pause.
    pub fn pause(&mut self, failure: &Failure) -> Option<Duration> {
        let transient = matches!(
            failure.error.kind(),
            Kind::Unavailable | Kind::Timeout | Kind::RateLimited | Kind::Internal
        );
        if !transient || self.retries_left == 0 {
            return None;
        }
        self.retries_left -= 1;
        self.pause_for(failure.retry_after)
    }

    /// How long to wait before an attempt that does not count as a retry; `None` if there is no time left.
    #[cfg(feature = "rqlite")]
    pub fn wait(&mut self) -> Option<Duration> {
        self.pause_for(None)
    }

    fn pause_for(&mut self, requested: Option<Duration>) -> Option<Duration> {
        let pause = requested.unwrap_or_else(|| jittered(self.next_pause));
        self.next_pause = (self.next_pause * 2).min(LONGEST_PAUSE);
        (pause < self.left()).then_some(pause)
    }

    /// How long to wait after a failed attempt. Its error is marked `maybe-applied` unless the server has certainly run
    /// nothing.
    ///
    /// # Errors
    ///
    /// The error to return if there is no next attempt, because it would not help or because a possibly applied
    /// operation must not be repeated.
    pub fn after(&mut self, error: Error, repeat: Repeat) -> Result<Duration> {
        self.in_doubt |= error.is_maybe_applied() && repeat != Repeat::Harmless;
        let pause = match repeat {
            Repeat::Never if self.in_doubt => None,
            _ => self.pause(&Failure::from(error.clone())),
        };
        match pause {
            Some(pause) => Ok(pause),
            None if self.in_doubt => Err(error.maybe_applied()),
            None => Err(error.not_applied()),
        }
    }
}

/// Runs `work` until `given_up` reports that nobody waits any longer. Then the work is dropped, which cancels what it
/// has in flight, and the result is `None`.
pub(crate) async fn unless<T>(
    mut given_up: impl FnMut(&mut Context<'_>) -> Poll<()>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(|context| match given_up(context) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => work.as_mut().poll(context).map(Some),
    })
    .await
}

/// A random time between half of the pause and all of it, so that clients that failed together do not retry together.
fn jittered(pause: Duration) -> Duration {
    let part = random::seed().unwrap_or_default() % 1000;
    pause.mul_f64(0.5 + part as f64 / 2000.0)
}

/// Why a request failed.
pub(crate) struct Failure {
    pub error: Error,
    /// The pause that the server requests.
    pub retry_after: Option<Duration>,
}

impl Failure {
    pub fn of(error: Error, maybe_applied: bool) -> Failure {
        let error = if maybe_applied { error.maybe_applied() } else { error };
        Failure { error, retry_after: None }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { error, retry_after: None }
    }
}
