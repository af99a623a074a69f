// When a request is sent again, and how long to wait before. Whether it may be is decided where its commands are known.

use super::{Failure, Settings};
use crate::error::{Error, Kind};
use crate::host::network::Response;
use crate::host::{Clock, random};
use std::time::Duration;

/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause that we choose.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The attempts at one request.
pub(super) struct Attempts<'a> {
    clock: &'a dyn Clock,
    deadline_ms: u64,
    retries_left: u32,
    next_pause: Duration,
}

impl<'a> Attempts<'a> {
    pub fn new(settings: &Settings, clock: &'a dyn Clock) -> Attempts<'a> {
        let timeout = u64::try_from(settings.timeout.as_millis()).unwrap_or(u64::MAX);
        let deadline_ms = clock.now_ms().saturating_add(timeout);
        Attempts { clock, deadline_ms, retries_left: settings.retries, next_pause: FIRST_PAUSE }
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

/// A response with an answer in it, or why there is none.
pub(super) fn check_status(response: Response) -> Result<Response, Failure> {
    let (kind, message, maybe_applied) = match response.status {
        // Of a command that is wrong the answer says so.
        200..300 | 400 => return Ok(response),
        401 | 403 => (Kind::PermissionDenied, "(token) was refused by the server", false),
        404 | 405 => {
            (Kind::Unsupported, "(url) leads to a server that has not all of Upstash's REST protocol", false)
        }
        413 => (Kind::TooLarge, "(value) is larger than the server takes", false),
        429 => (Kind::RateLimited, "(server) asks to slow down", false),
        _ => (Kind::Unavailable, "(server) has failed to answer", true),
    };
    let retry_after = response.header("retry-after").and_then(|seconds| seconds.trim().parse().ok());
    let error = Error::new(kind, message);
    let error = if maybe_applied { error.maybe_applied() } else { error };
    Err(Failure { error, retry_after: retry_after.map(Duration::from_secs) })
}
