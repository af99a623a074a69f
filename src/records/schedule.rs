// Schedules: tasks at the moments of a cron expression. Who runs these tasks does not matter here.

use super::stop::Stop;
use super::{AGAIN, of};
use crate::error::{Error, Kind, Result};
use crate::host::background;
use crate::operations::{Documents, NewTask, Tasks};
use crate::store::Store;
use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use croner::Cron;
use futures_util::future::{Either, select};
use serde::Serialize;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// How long to sleep at most: the system's clock may be set meanwhile.
const LONGEST: Duration = Duration::from_secs(60);

/// Creates a task at each moment of a cron expression. Made by [`Tasks::schedule`].
///
/// ```
/// # pollster::block_on(async {
/// use omnikv::{Options, Store, prelude::*};
///
/// let kv = Store::connect("memory:", Options::default()).await?;
/// let schedule = kv.tasks().schedule("clean-up", "*/5 * * * *").timezone("Europe/Berlin");
/// // A program would rather stop at Ctrl-C, or give the schedule to a worker.
/// let stop = schedule.stopper();
/// stop.stop();
/// schedule.run().await?;
/// let next = &kv.tasks().list::<()>(Default::default()).await?[0];
/// assert!(next.id.starts_with("clean-up@"));
/// # Ok::<(), omnikv::Error>(())
/// # }).unwrap();
/// ```
pub struct Schedule {
    store: Store,
    expression: String,
    timezone: String,
    task: NewTask,
    name: String,
    on_error: Option<Arc<dyn Fn(Error) + Send + Sync>>,
    stop: Stop,
}

impl Tasks<'_, Store> {
    /// Creates a task of this name at each moment of a cron expression: five fields, or six with seconds first. Each
    /// moment's task has an ID that follows from name and moment, so it is created once, however many processes hold the
    /// schedule. The task for the next moment is always in the store, so one firing is made up for after a time when
    /// nobody ran, and not more.
    ///
    /// It begins with [`run`](Schedule::run), or in a worker.
    pub fn schedule(&self, name: impl Into<String>, expression: impl Into<String>) -> Schedule {
        let name = name.into();
        Schedule {
            store: self.0.clone(),
            expression: expression.into(),
            timezone: "UTC".into(),
            task: NewTask::new(name.as_str(), &()),
            name,
            on_error: None,
            stop: Stop::default(),
        }
    }
}

impl Schedule {
    /// Data for the worker. Default: null.
    pub fn payload(self, payload: &(impl Serialize + ?Sized)) -> Schedule {
        Schedule { task: self.task.payload(payload), ..self }
    }

    /// How often each task is retried. Default: 3.
    pub fn max_retries(self, retries: u64) -> Schedule {
        Schedule { task: self.task.max_retries(retries), ..self }
    }

    /// How long an attempt may take.
    pub fn timeout(self, timeout: Duration) -> Schedule {
        Schedule { task: self.task.timeout(timeout), ..self }
    }

    /// Among due tasks, higher priorities go first. Default: 0.
    pub fn priority(self, priority: i64) -> Schedule {
        Schedule { task: self.task.priority(priority), ..self }
    }

    /// The time zone of the expression, such as `Europe/Berlin`. Default: `UTC`.
    pub fn timezone(self, timezone: impl Into<String>) -> Schedule {
        Schedule { timezone: timezone.into(), ..self }
    }

    /// Called with errors of the store; the schedule tries again.
    pub fn on_error(self, on_error: impl Fn(Error) + Send + Sync + 'static) -> Schedule {
        Schedule { on_error: Some(Arc::new(on_error)), ..self }
    }

    /// Stops the schedule in this process from elsewhere. The task for its next moment stays in the store: cancel it if
    /// nobody holds the schedule any more.
    pub fn stopper(&self) -> Stop {
        self.stop.clone()
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The same schedule, which ends with another.
    pub(super) fn ending_with(self, stop: &Stop) -> Schedule {
        Schedule { stop: stop.clone(), ..self }
    }

    /// Holds the schedule until this future completes.
    ///
    /// # Errors
    ///
    /// Like [`run`](Self::run).
    pub async fn run_until(self, shutdown: impl Future) -> Result<()> {
        match select(pin!(self.run()), pin!(shutdown)).await {
            Either::Left((ended, _)) => ended,
            Either::Right(_) => Ok(()),
        }
    }

    /// Holds the schedule until it is [stopped](Self::stopper), the store is closed, or there are no more moments.
    ///
    /// # Errors
    ///
    /// `invalid-argument` if the expression or the time zone is malformed, or there is no such moment; also the error of
    /// creating the first task.
    pub async fn run(self) -> Result<()> {
        let op = of("tasks.schedule", &self.store);
        let moments = Moments::of(&self.expression, &self.timezone).map_err(&op)?;
        let mut next = moments.after(Utc::now());
        if next.is_none() {
            return Err(op(Error::invalid_argument("(expression) expects a moment in the future")));
        }
        let mut is_first = true;
        while let Some(moment) = next {
            match self.create(moment).await {
                Ok(()) => {}
                Err(error) if error.kind() == Kind::Closed => return Ok(()),
                Err(error) if is_first => return Err(op(error)),
                Err(error) => {
                    self.on_error.iter().for_each(|tell| tell(error.clone()));
                    if self.has_stopped_during(AGAIN).await {
                        return Ok(());
                    }
                    continue;
                }
            }
            is_first = false;
            while let Ok(left) = (moment - Utc::now()).to_std() {
                if self.has_stopped_during(left.min(LONGEST)).await {
                    return Ok(());
                }
            }
            // Moments that have passed meanwhile, because this process slept, are left out.
            next = moments.after(moment.max(Utc::now()));
        }
        Ok(())
    }

    /// Creates the task for a moment, unless somebody else has.
    async fn create(&self, moment: DateTime<Utc>) -> Result<()> {
        let id = format!("{}@{}", self.name, moment.to_rfc3339_opts(SecondsFormat::Millis, true));
        let task = self.task.clone().id(id).at(SystemTime::from(moment));
        match self.store.tasks().create(task).await {
            Err(error) if error.kind() != Kind::Conflict => Err(error),
            _ => Ok(()),
        }
    }

    async fn has_stopped_during(&self, time: Duration) -> bool {
        select(background::sleep(time), pin!(self.stop.stopped())).await;
        self.stop.is_stopped()
    }
}

/// The moments of a cron expression.
struct Moments {
    cron: Cron,
    timezone: Tz,
}

impl Moments {
    fn of(expression: &str, timezone: &str) -> Result<Moments> {
        let timezone = timezone.parse().map_err(|_| {
            Error::invalid_argument("(timezone) expects a time zone such as \"Europe/Berlin\"")
        })?;
        let cron = expression.parse().map_err(|_| {
            let message = "(expression) expects a cron expression: five fields, or six with seconds first";
            Error::invalid_argument(message)
        })?;
        Ok(Moments { cron, timezone })
    }

    /// The first moment after another one.
    fn after(&self, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // croner keeps a fraction of a second.
        let second = DateTime::from_timestamp(moment.timestamp(), 0)?.with_timezone(&self.timezone);
        let next = self.cron.find_next_occurrence(&second, false).ok()?;
        Some(next.with_timezone(&Utc))
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schedule")
            .field("name", &self.name)
            .field("expression", &self.expression)
            .field("timezone", &self.timezone)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(expression: &str, timezone: &str, moments: [&str; 2]) {
        let [before, next] = moments.map(|moment| moment.parse::<DateTime<Utc>>().unwrap());
        let found = Moments::of(expression, timezone).unwrap().after(before);
        assert_eq!(found, Some(next), "{expression} in {timezone} after {before}");
    }

    #[test]
    fn moments_come_after_the_last_one_in_their_time_zone() {
        after("*/5 * * * *", "UTC", ["2026-11-30T14:35:00Z", "2026-11-30T14:40:00Z"]);
        after("*/5 * * * *", "UTC", ["2026-11-30T14:34:59.999Z", "2026-11-30T14:35:00Z"]);
        after("*/10 * * * * *", "UTC", ["2026-11-30T14:35:00.500Z", "2026-11-30T14:35:10Z"]);
        after("0 3 * * *", "Europe/Berlin", ["2026-07-01T12:00:00Z", "2026-07-02T01:00:00Z"]);
        after("0 3 * * *", "Europe/Berlin", ["2026-12-01T12:00:00Z", "2026-12-02T02:00:00Z"]);
        // There is no 02:30 on that day, and there are two of them on the other.
        after("30 2 * * *", "Europe/Berlin", ["2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"]);
        after("30 2 * * *", "Europe/Berlin", ["2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"]);
        after("30 2 * * *", "Europe/Berlin", ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]);
    }

    #[test]
    fn what_is_malformed_is_refused() {
        for (expression, timezone) in [("* * *", "UTC"), ("a b c d e", "UTC"), ("* * * * *", "Here")] {
            let error = Moments::of(expression, timezone).err().map(|error| error.kind());
            assert_eq!(error, Some(Kind::InvalidArgument), "{expression} in {timezone}");
        }
        assert_eq!(Moments::of("0 0 30 2 *", "UTC").unwrap().after(Utc::now()), None);
    }
}
