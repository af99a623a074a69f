// When something is sent again, and how long to wait before. It must not know what it is, nor how it travels.

#[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
use super::redis::Repeat;
#[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
use crate::error::Result;
use crate::error::{Error, Kind};
use crate::host::network::Timer;
use crate::host::random;
use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause that we choose.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The attempts at one operation.
pub(crate) struct Attempts<'a> {
    timer: &'a dyn Timer,
    deadline_ms: u64,
    retries_left: u32,
    next_pause: Duration,
    /// Whether an attempt may have changed something.
    #[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
    in_doubt: bool,
}

impl<'a> Attempts<'a> {
    /// The timeout is that of all attempts together.
    pub fn new(timeout: Duration, retries: u32, timer: &'a dyn Timer) -> Attempts<'a> {
        let timeout = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        Attempts::until(timer.now_ms().saturating_add(timeout), retries, timer)
    }

    /// Attempts that end at this moment of the timer.
    pub fn until(deadline_ms: u64, retries: u32, timer: &'a dyn Timer) -> Attempts<'a> {
        Attempts {
            timer,
            deadline_ms,
            retries_left: retries,
            next_pause: FIRST_PAUSE,
            #[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
            in_doubt: false,
        }
    }

    /// How long the operation may still take.
    pub fn left(&self) -> Duration {
        Duration::from_millis(self.deadline_ms.saturating_sub(self.timer.now_ms()).max(1))
    }

    /// When the operation has to have ended, by the timer.
    pub fn deadline_ms(&self) -> u64 {
        self.deadline_ms
    }

    /// How long to wait before the next attempt; nothing when there is none. The server may ask for a time.
    pub fn pause(&mut self, failure: &Failure) -> Option<Duration> {
        let transient = matches!(
            failure.error.kind(),
            Kind::Unavailable | Kind::Timeout | Kind::RateLimited | Kind::Internal
        );
        if !transient || self.retries_left == 0 {
            return None;
        }
        self.retries_left -= 1;
        let pause = failure.retry_after.unwrap_or_else(|| jittered(self.next_pause));
        self.next_pause = (self.next_pause * 2).min(LONGEST_PAUSE);
        (pause < self.left()).then_some(pause)
    }

    /// How long to wait after an attempt that has failed, before the next one. Its error is marked `maybe-applied` unless
    /// the server has certainly run nothing.
    ///
    /// # Errors
    ///
    /// What to answer when there is no next attempt: it would not help, or what has perhaps been done must not be repeated.
    #[cfg(all(feature = "redis", not(target_arch = "wasm32")))]
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

/// Does the work until this says that nobody waits for it any longer. Then the work is dropped, which gives up what it has under
/// way, and nothing comes of it.
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

/// Between half of the time and all of it: those who failed together do not come back together.
fn jittered(pause: Duration) -> Duration {
    let part = random::seed().unwrap_or_default() % 1000;
    pause.mul_f64(0.5 + part as f64 / 2000.0)
}

/// Why a request has failed.
pub(crate) struct Failure {
    pub error: Error,
    /// How long the server asks to wait.
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
