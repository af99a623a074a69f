// A running worker: takes due tasks and runs their handlers. How tasks are stored, and what handlers do, does not matter here.

use super::{BoxError, Report, Worker, WorkerSummary};
use crate::command::{Ending, Key, TaskStatus};
use crate::error::{Error, Kind, Result};
use crate::host::background;
use crate::operations::{Documents, Task};
use crate::records::renewal::Renewal;
use crate::records::{of, pause};
#[cfg(feature = "cron")]
use futures_util::future::join_all;
use futures_util::future::{Either, FutureExt, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::time::{Duration, Instant};

impl Worker {
    /// Works until this future completes, then takes no more tasks, and waits for the running ones.
    ///
    /// # Errors
    ///
    /// Like [`run`](Self::run).
    pub async fn run_until(self, shutdown: impl Future) -> Result<WorkerSummary> {
        let stop = self.stopper();
        match select(pin!(self.run()), pin!(shutdown)).await {
            Either::Left((summary, _)) => summary,
            Either::Right((_, work)) => {
                stop.stop();
                work.await
            }
        }
    }

    /// Works until it is [stopped](Self::stopper) or the store is closed: then takes no more tasks, and waits for the
    /// running ones. If the future is dropped, the handlers are, and others take their tasks over when `lock_duration` is
    /// over.
    ///
    /// # Errors
    ///
    /// If it can never work: `invalid-argument` without handlers or for an invalid name or schedule, `unsupported` if the
    /// store has no tasks.
    #[cfg_attr(not(feature = "cron"), allow(unused_mut, reason = "there are no schedules to take out"))]
    pub async fn run(mut self) -> Result<WorkerSummary> {
        let op = of("tasks.worker", &self.store);
        if self.handlers.is_empty() {
            return Err(op(Error::invalid_argument("(handlers) expects at least one handler")));
        }
        #[cfg(feature = "cron")]
        {
            let schedules = std::mem::take(&mut self.schedules);
            if schedules.iter().any(|schedule| !self.handlers.contains_key(schedule.name())) {
                return Err(op(Error::invalid_argument("(schedules) expects a handler for each name")));
            }
            let held = schedules.into_iter().map(|schedule| async {
                // What ends one ends all.
                let ended = schedule.ending_with(&self.stop).run().await;
                ended.inspect_err(|_| self.stop.stop())
            });
            let (summary, held) = futures_util::future::join(self.work(), join_all(held)).await;
            held.into_iter().collect::<Result<()>>()?;
            summary.map_err(op)
        }
        #[cfg(not(feature = "cron"))]
        self.work().await.map_err(op)
    }

    async fn work(&self) -> Result<WorkerSummary> {
        let names: Vec<Key> = self.handlers.keys().map(|name| name.as_str().into()).collect();
        let mut summary = WorkerSummary::default();
        let mut running = FuturesUnordered::new();
        let mut outcome = Ok(());
        while !self.stop.is_stopped() {
            if running.len() >= self.concurrency {
                let stopped = pin!(self.stop.stopped());
                if let Either::Left((Some(status), _)) = select(running.next(), stopped).await {
                    summary.count(status);
                }
                continue;
            }
            let pause = pause(&self.store, self.poll_interval);
            // What a lock under way takes must be run.
            let lock = self.store.tasks().lock(self.id.as_str(), self.lock_duration, &*names);
            match beside(&mut running, &mut summary, lock).await {
                Ok(Some(task)) => {
                    running.push(self.run_task(task));
                    continue;
                }
                Ok(None) => {}
                Err(error) if is_final(&error) => {
                    self.stop.stop();
                    if error.kind() != Kind::Closed {
                        outcome = Err(error);
                    }
                }
                Err(error) => self.tell(error),
            }
            let (pause, stopped) = (pin!(pause), pin!(self.stop.stopped()));
            beside(&mut running, &mut summary, select(pause, stopped)).await;
        }
        while let Some(status) = running.next().await {
            summary.count(status);
        }
        outcome.map(|()| summary)
    }

    /// Runs a task; returns its new state, nothing if the worker no longer held it.
    async fn run_task(&self, task: Task) -> Option<TaskStatus> {
        let token = task.token.unwrap_or_default();
        let heartbeat = {
            let (store, id) = (self.store.clone(), task.id.clone());
            let (lasting, on_error) = (self.lock_duration, self.on_error.clone());
            move || {
                let (extended, on_error) =
                    (store.tasks().heartbeat(id.as_str(), token, lasting), on_error.clone());
                async move {
                    extended.await.inspect_err(|error| on_error.iter().for_each(|tell| tell(error.clone())))
                }
            }
        };
        let renewal = Renewal::start(Instant::now(), self.lock_duration, heartbeat);
        let result = self.handle(&task, &renewal).await;
        renewal.stop().await;
        let tasks = self.store.tasks();
        let released = match &result {
            Ok(()) => tasks.release(task.id.as_str(), token, Ending::Completed, None).await,
            Err(error) => {
                tasks.release(task.id.as_str(), token, Ending::Failed, Some(&error.to_string())).await
            }
        };
        match released {
            Ok(status) => {
                if let Some(report) = &self.report {
                    report(Report { task, status, error: result.err() });
                }
                status
            }
            Err(error) => {
                self.tell(error);
                None
            }
        }
    }

    /// Runs a task's handler, until its time is over or the task is lost.
    async fn handle(&self, task: &Task, renewal: &Renewal) -> std::result::Result<(), BoxError> {
        let failed = |kind, message| of("tasks.worker", &self.store)(Error::new(kind, message));
        let Some(handler) = self.handlers.get(&task.name) else {
            return Err(failed(Kind::Internal, "got a task of a name that it has not asked for").into());
        };
        let run = AssertUnwindSafe(async { handler(task.clone()).await }).catch_unwind();
        let timeout = async {
            match task.timeout_ms {
                Some(timeout) => background::sleep(Duration::from_millis(timeout)).await,
                None => std::future::pending().await,
            }
        };
        let end = async {
            match select(pin!(timeout), pin!(renewal.lost())).await {
                Either::Left(_) => failed(Kind::Timeout, "has taken longer than its timeout"),
                Either::Right(_) => {
                    failed(Kind::Conflict, "has lost the task: it was cancelled, or another has it")
                }
            }
        };
        match select(pin!(run), pin!(end)).await {
            Either::Left((Ok(result), _)) => result,
            Either::Left((Err(_), _)) => Err("the handler has panicked".into()),
            Either::Right((error, _)) => Err(error.into()),
        }
    }

    fn tell(&self, error: Error) {
        if let Some(on_error) = &self.on_error {
            on_error(error);
        }
    }
}

/// Whether asking again cannot help.
fn is_final(error: &Error) -> bool {
    matches!(error.kind(), Kind::Closed | Kind::InvalidArgument | Kind::Unsupported)
}

/// Waits for something while the running tasks go on.
async fn beside<T>(
    running: &mut FuturesUnordered<impl Future<Output = Option<TaskStatus>>>,
    summary: &mut WorkerSummary,
    work: impl Future<Output = T>,
) -> T {
    let mut work = pin!(work);
    while !running.is_empty() {
        match select(work.as_mut(), running.next()).await {
            Either::Left((result, _)) => return result,
            Either::Right((ended, _)) => ended.into_iter().for_each(|status| summary.count(status)),
        }
    }
    work.await
}

impl WorkerSummary {
    fn count(&mut self, status: Option<TaskStatus>) {
        match status {
            Some(TaskStatus::Completed) => self.completed += 1,
            Some(TaskStatus::Failed) => self.failed += 1,
            Some(_) => self.retried += 1,
            None => self.lost += 1,
        }
    }
}
