// Jobs that share transactions of a database: runs all that wait as one transaction, and answers them once it is
// committed. Used by a thread natively and between turns of the event loop in JavaScript. What the jobs do does not
// matter here, nor who waits for a lock.

use super::connection::Connection;
use super::driver::is_locked;
use crate::error::{Error, Result};
use crate::host::MaybeSend;
use futures_channel::oneshot;
use std::time::Duration;

/// The first and the longest pause before asking again for a lock that another program holds.
const PAUSES: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(25)];

/// The pauses while another program holds a lock, each twice as long as the one before.
pub(super) struct Pauses(Duration);

impl Pauses {
    pub fn new() -> Pauses {
        Pauses(PAUSES[0])
    }

    pub fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = PAUSES[1].min(pause * 2);
        pause
    }
}

/// A caller's job.
pub(super) trait Job: MaybeSend {
    fn writes(&self) -> bool;
    fn is_wanted(&self) -> bool;
    /// Until when it may wait for a lock, by the worker's clock.
    fn deadline(&self) -> Duration;
    /// Runs the job and keeps the result. A job that fails has changed nothing.
    fn run(&mut self);
    /// Sends the result, or the failure if there is none.
    fn answer(self: Box<Self>, failure: Option<Error>);
}

pub(super) type Jobs = Vec<Box<dyn Job>>;

struct Call<R, W> {
    work: W,
    writes: bool,
    deadline: Duration,
    result: Option<Result<R>>,
    sender: oneshot::Sender<Result<R>>,
}

/// A job that runs `work` within a transaction, possibly twice if the transaction fails; not at all if the answer's
/// receiver is dropped first.
pub(super) fn job<R: MaybeSend + 'static>(
    writes: bool,
    deadline: Duration,
    work: impl Fn() -> Result<R> + MaybeSend + 'static,
) -> (Box<dyn Job>, oneshot::Receiver<Result<R>>) {
    let (sender, answer) = oneshot::channel();
    (Box::new(Call { work, writes, deadline, result: None, sender }), answer)
}

impl<R: MaybeSend, W: Fn() -> Result<R> + MaybeSend> Job for Call<R, W> {
    fn writes(&self) -> bool {
        self.writes
    }

    fn is_wanted(&self) -> bool {
        !self.sender.is_canceled()
    }

    fn deadline(&self) -> Duration {
        self.deadline
    }

    fn run(&mut self) {
        self.result = Some((self.work)());
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        let result = match (self.result, failure) {
            (Some(Ok(_)) | None, Some(failure)) => Err(failure),
            // The job's own error says more than the transaction's failure.
            (Some(result), _) => result,
            (None, None) => Err(super::ended()),
        };
        let _ = self.sender.send(result);
    }
}

/// Runs the jobs as one transaction and answers them. Returns those that must wait for another program's lock. `now` is
/// the worker's clock.
pub(super) fn run(connection: &Connection, mut jobs: Jobs, now: &dyn Fn() -> Duration) -> Jobs {
    // A caller may have stopped waiting.
    jobs.retain(|job| job.is_wanted());
    if jobs.is_empty() {
        return jobs;
    }
    match connection.begin(jobs.iter().any(|job| job.writes())) {
        Ok(()) => {}
        Err(error) if is_locked(&error) => {
            // Reading needs less than writing: try the readers alone.
            let (writes, reads): (Jobs, Jobs) = jobs.into_iter().partition(|job| job.writes());
            if !writes.is_empty() && !reads.is_empty() {
                return [run(connection, reads, now), run(connection, writes, now)]
                    .into_iter()
                    .flatten()
                    .collect();
            }
            let now = now();
            let (late, waiting): (Jobs, Jobs) =
                writes.into_iter().chain(reads).partition(|job| job.deadline() <= now);
            answer(late, Some(&error));
            return waiting;
        }
        Err(error) => {
            answer(jobs, Some(&error));
            return Jobs::new();
        }
    }
    for job in &mut jobs {
        // A caller may have stopped waiting while the file was locked, and a full disk may have ended the transaction.
        if job.is_wanted() && connection.is_in_transaction() {
            job.run();
        }
    }
    match connection.commit() {
        Ok(()) => answer(jobs, None),
        // Everything is rolled back. Run each job alone, so that only the one at fault fails.
        Err(_) if jobs.len() > 1 => {
            return jobs.into_iter().flat_map(|job| run(connection, vec![job], now)).collect();
        }
        Err(error) => answer(jobs, Some(&error)),
    }
    Jobs::new()
}

fn answer(jobs: Jobs, failure: Option<&Error>) {
    jobs.into_iter().for_each(|job| job.answer(failure.cloned()));
}
