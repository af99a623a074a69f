// When a request is sent again, and how long to wait before. Whether it may be is decided where its effect is known.

use crate::error::{Error, Kind};
use crate::host::{Clock, random};
use std::time::Duration;

/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause that we choose.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The attempts at one request.
pub(crate) struct Attempts<'a> {
    clock: &'a dyn Clock,
    deadline_ms: u64,
    retries_left: u32,
    next_pause: Duration,
}

impl<'a> Attempts<'a> {
    /// Attempts that may take so long together, and be so many beside the first.
    pub fn new(timeout: Duration, retries: u32, clock: &'a dyn Clock) -> Attempts<'a> {
        let timeout = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
        let deadline_ms = clock.now_ms().saturating_add(timeout);
        Attempts { clock, deadline_ms, retries_left: retries, next_pause: FIRST_PAUSE }
    }

    /// How long this operation may still take.
    pub fn left(&self) -> Duration {
        Duration::from_millis(self.deadline_ms.saturating_sub(self.clock.now_ms()).max(1))
    }

    /// How long to wait before the next attempt; nothing when there is none.
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
