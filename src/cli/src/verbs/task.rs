// The verbs on tasks.

use super::read_json;
use crate::app::{App, Outcome};
use crate::args::{Task, TaskStatus};
use crate::host::{Host, Stream};
use crate::time::milliseconds;
use futures_util::future::{Either, select};
use omnikv::command::Command;
use omnikv::prelude::*;
use omnikv::{Expiry, Report};
use serde_json::value::RawValue;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub async fn run(app: &App, task: Task) -> Outcome {
    match task {
        Task::New { name, id, after, max_retries, timeout, unique, priority } => {
            let payload = read_json(app, "the task's payload, in JSON")?;
            let due = after.map_or(Expiry::Unstated, |after| Expiry::After(milliseconds(after)));
            let command = Command::TasksCreate {
                name: name.into(),
                payload,
                id: id.map(Into::into),
                due,
                max_retries,
                timeout: timeout.map(milliseconds),
                unique: unique.map(Into::into),
                priority,
                prefix: None,
            };
            app.execute(command).await
        }
        Task::List { window, status, name } => {
            let command = Command::TasksList {
                status: status.map(status_of),
                name: name.map(Into::into),
                offset: Some(window.offset).filter(|offset| *offset > 0),
                limit: window.most(),
                prefix: None,
            };
            app.execute(command).await
        }
        Task::Get { id } => app.execute(Command::TasksGet { id: id.into() }).await,
        Task::Cancel { id } => app.execute(Command::TasksCancel { id: id.into() }).await,
        Task::Run { runner_id, poll_interval, lock_duration, end_after } => {
            let store = app.store().await?;
            let worker = store.tasks().worker().poll_interval(poll_interval).lock_duration(lock_duration);
            let worker = match runner_id {
                Some(id) => worker.id(id),
                None => worker,
            };
            work(app, worker, end_after).await
        }
    }
}

/// Works until a signal comes, or this many tasks are done.
async fn work(app: &App, worker: omnikv::Worker, end_after: Option<u64>) -> Outcome {
    let stop = worker.stopper();
    let left = AtomicU64::new(end_after.unwrap_or(u64::MAX));
    let (host, quiet, ender) = (Arc::clone(&app.host), app.globals.quiet, stop.clone());
    let tell = move |text: String| {
        if !quiet {
            // Who reads our messages may have gone; the tasks go on.
            _ = host.write(Stream::Err, format!("{text}\n").as_bytes());
        }
    };
    let worker = worker
        .handler("log", printer(&app.host, true))
        .handler("echo", printer(&app.host, false))
        .on_error({
            let tell = tell.clone();
            move |error| tell(format!("{error} [{}]: trying again", error.kind()))
        })
        .report(move |report: Report| {
            let status = report.status.map_or("lost", |status| status.name());
            let error = report.error.map(|error| format!(": {error}")).unwrap_or_default();
            tell(format!("{} {} {status}{error}", report.task.name, report.task.id));
            if left.fetch_sub(1, Ordering::Relaxed) <= 1 {
                ender.stop();
            }
        });
    app.say("Working on tasks named log and echo. Ctrl+C ends it.")?;
    let summary = match select(pin!(worker.run()), app.host.interrupted()).await {
        Either::Left((summary, _)) => summary?,
        Either::Right(((), work)) => {
            stop.stop();
            work.await?
        }
    };
    let omnikv::WorkerSummary { completed, retried, failed, lost, .. } = summary;
    app.say(&format!("{completed} completed, {retried} to be tried again, {failed} failed, {lost} lost"))?;
    Ok(0)
}

/// A handler that prints the payload.
fn printer(
    host: &Arc<dyn Host>,
    is_pretty: bool,
) -> impl Fn(omnikv::Task<Box<RawValue>>) -> std::future::Ready<Result<(), io::Error>> + Send + Sync + use<> {
    let host = Arc::clone(host);
    move |task| {
        let text = match serde_json::from_str::<serde_json::Value>(task.payload.get()) {
            Ok(value) if is_pretty => format!("{value:#}\n"),
            _ => format!("{}\n", task.payload.get()),
        };
        let written = host.write(Stream::Out, text.as_bytes()).and_then(|()| host.flush());
        std::future::ready(written)
    }
}

fn status_of(status: TaskStatus) -> omnikv::TaskStatus {
    match status {
        TaskStatus::Pending => omnikv::TaskStatus::Pending,
        TaskStatus::Running => omnikv::TaskStatus::Running,
        TaskStatus::Completed => omnikv::TaskStatus::Completed,
        TaskStatus::Failed => omnikv::TaskStatus::Failed,
        TaskStatus::Cancelled => omnikv::TaskStatus::Cancelled,
    }
}
