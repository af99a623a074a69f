// Workers.

use crate::world::{World, each, until};
use futures_util::future::join;
use omnikv::{Error, Kind, NewTask, Report, Store, Task, TaskStatus, Worker, prelude::*};
use serde_json::Value;
use std::future::pending;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Barrier, Notify};

const LONG: Duration = Duration::from_secs(3600);
/// Renewed every second, so that a slow machine does not lose it.
const KEPT: Duration = Duration::from_secs(3);
/// As long as a store that is out of reach is waited for.
const SHORT: Duration = Duration::from_millis(500);

type Done = Result<(), Error>;

async fn create(kv: &Store, name: &str, id: &str) {
    kv.tasks().create(NewTask::new(name, &id).id(id).max_retries(0)).await.unwrap();
}

async fn get(kv: &Store, id: &str) -> Task<Value> {
    kv.tasks().get(id).await.unwrap().unwrap()
}

/// A worker that takes its time for nothing.
fn worker(kv: &Store) -> Worker {
    kv.tasks().worker().poll_interval(Duration::from_millis(5))
}

/// The outcomes of tasks: ID, new state, error.
type Outcomes = Arc<Mutex<Vec<(String, Option<TaskStatus>, Option<String>)>>>;

/// A worker that keeps the outcomes, and stops after so many.
fn reporting(worker: Worker, count: usize) -> (Worker, Outcomes) {
    let outcomes = Outcomes::default();
    let (stop, kept) = (worker.stopper(), Arc::clone(&outcomes));
    let worker = worker.report(move |Report { task, status, error, .. }| {
        let mut kept = kept.lock().unwrap();
        kept.push((task.id, status, error.map(|error| error.to_string())));
        if kept.len() == count {
            stop.stop();
        }
    });
    (worker, outcomes)
}

#[test]
fn it_does_what_is_due_and_stops() {
    each(async |world| {
        let (done, kept) = (Arc::new(Mutex::new(Vec::new())), &world.kv);
        create(kept, "mail", "1").await;
        let seen = Arc::clone(&done);
        let worker = worker(kept).concurrency(2).handler("mail", move |task: Task<String>| {
            let seen = Arc::clone(&seen);
            async move {
                tokio::task::yield_now().await;
                seen.lock().unwrap().push(task.payload);
                Done::Ok(())
            }
        });
        let (worker, outcomes) = reporting(worker, 3);
        let creating = async {
            create(&world.other, "mail", "2").await;
            until(async || get(kept, "2").await.status == TaskStatus::Completed).await;
            create(&world.other, "mail", "3").await;
        };
        let (summary, ()) = join(worker.run(), creating).await;
        let summary = summary.unwrap();
        assert_eq!((summary.completed, summary.retried, summary.failed, summary.lost), (3, 0, 0, 0));
        let mut done = done.lock().unwrap().clone();
        done.sort();
        assert_eq!(done, ["1", "2", "3"]);
        let done = |(id, status, error): &(String, _, Option<String>)| {
            !id.is_empty() && *status == Some(TaskStatus::Completed) && error.is_none()
        };
        assert!(outcomes.lock().unwrap().iter().all(done));
        create(kept, "mail", "4").await;
        assert_eq!(get(kept, "4").await.status, TaskStatus::Pending);
    });
}

#[test]
fn it_keeps_why_a_task_has_failed() {
    each(async |world| {
        let kv = &world.kv;
        for name in ["bad", "panic", "payload"] {
            create(kv, name, name).await;
        }
        let slow = NewTask::new("slow", &1).id("slow").max_retries(0).timeout(Duration::from_millis(5));
        kv.tasks().create(slow).await.unwrap();
        kv.tasks().create(NewTask::new("bad", &1).id("again")).await.unwrap();
        let worker = worker(kv)
            .handler("bad", |_: Task<Value>| async { Err("it broke") })
            .handler("panic", |_: Task<Value>| async { panic!("as the test wants") as Done })
            .handler("payload", |_: Task<Vec<u8>>| async { Done::Ok(()) })
            .handler("slow", |_: Task<Value>| pending::<Done>());
        let (worker, outcomes) = reporting(worker, 5);
        let summary = worker.run().await.unwrap();
        assert_eq!((summary.completed, summary.retried, summary.failed, summary.lost), (0, 1, 4, 0));
        let outcomes = outcomes.lock().unwrap().clone();
        for (id, status, message) in [
            ("bad", TaskStatus::Failed, "it broke"),
            ("again", TaskStatus::Pending, "it broke"),
            ("panic", TaskStatus::Failed, "panicked"),
            ("payload", TaskStatus::Failed, "(payload) is not the JSON"),
            ("slow", TaskStatus::Failed, "longer than its timeout"),
        ] {
            let task = get(kv, id).await;
            assert_eq!(task.status, status, "{id}");
            let error = task.error.unwrap();
            assert!(error.contains(message), "{id}: {error}");
            assert!(outcomes.contains(&(id.into(), Some(status), Some(error))), "{id}");
        }
    });
}

#[test]
fn it_extends_its_hold() {
    each(async |world| {
        create(&world.kv, "long", "1").await;
        let (begun, extended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let waits = (Arc::clone(&begun), Arc::clone(&extended));
        let worker = worker(&world.kv).lock_duration(KEPT).handler("long", move |_: Task| {
            let (begun, extended) = waits.clone();
            async move {
                begun.notify_one();
                extended.notified().await;
                Done::Ok(())
            }
        });
        let (worker, _) = reporting(worker, 1);
        let watching = async {
            begun.notified().await;
            let first = get(&world.other, "1").await.locked_until;
            world.advance(Duration::from_millis(1));
            until(async || get(&world.other, "1").await.locked_until > first).await;
            extended.notify_one();
        };
        let (summary, ()) = join(worker.run(), watching).await;
        assert_eq!(summary.unwrap().completed, 1);
    });
}

#[test]
fn a_cancelled_task_is_stopped_and_not_overwritten() {
    each(async |world| {
        create(&world.kv, "long", "1").await;
        let begun = Arc::new(Notify::new());
        let begins = Arc::clone(&begun);
        let worker = worker(&world.kv).lock_duration(KEPT).handler("long", move |_: Task| {
            begins.notify_one();
            pending::<Done>()
        });
        let (worker, outcomes) = reporting(worker, 1);
        let cancelling = async {
            begun.notified().await;
            assert!(world.other.tasks().cancel("1").await.unwrap());
        };
        let (summary, ()) = join(worker.run(), cancelling).await;
        assert_eq!(summary.unwrap().lost, 1);
        assert_eq!(outcomes.lock().unwrap()[0].1, None);
        assert_eq!(get(&world.kv, "1").await.status, TaskStatus::Cancelled);

        // Neither by a handler that has come to its end.
        create(&world.kv, "quick", "2").await;
        let kv = world.other.clone();
        let worker = self::worker(&world.kv).handler("quick", move |task: Task| {
            let cancel = kv.tasks().cancel(task.id.as_str());
            async move { cancel.await.map(drop) }
        });
        let (worker, _) = reporting(worker, 1);
        assert_eq!(worker.run().await.unwrap().lost, 1);
        assert_eq!(get(&world.kv, "2").await.status, TaskStatus::Cancelled);
    });
}

#[test]
fn a_lost_worker_s_task_is_taken_over_after_its_lock() {
    each(async |world| {
        world.kv.tasks().create(NewTask::new("long", &1).id("1")).await.unwrap();
        let begun = Arc::new(Notify::new());
        let begins = Arc::clone(&begun);
        let first = worker(&world.kv).lock_duration(LONG).id("first").handler("long", move |_: Task| {
            begins.notify_one();
            pending::<Done>()
        });
        tokio::select! {
            _ = first.run() => unreachable!(),
            () = begun.notified() => {}
        }
        let held = get(&world.kv, "1").await;
        assert_eq!(
            (held.status, held.worker.as_deref(), held.tries),
            (TaskStatus::Running, Some("first"), 1)
        );
        let found = world.other.tasks().lock::<Value>("another", LONG, "long").await.unwrap();
        assert_eq!(found, None);

        let second = worker(&world.other).id("second").handler("long", |_: Task| async { Done::Ok(()) });
        let (second, _) = reporting(second, 1);
        let (summary, ()) = join(second.run(), async { world.advance(LONG) }).await;
        assert_eq!(summary.unwrap().completed, 1);
        let done = get(&world.kv, "1").await;
        assert_eq!((done.worker.as_deref(), done.tries), (Some("second"), 2));
        // The first could not overwrite that.
        let late = world.kv.tasks().release("1", held.token.unwrap(), omnikv::Ending::Failed, None);
        assert_eq!(late.await.unwrap(), None);
    });
}

#[test]
fn a_graceful_stop_waits_for_running_handlers() {
    each(async |world| {
        create(&world.kv, "long", "1").await;
        create(&world.kv, "long", "2").await;
        let (begun, stopped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let waits = (Arc::clone(&begun), Arc::clone(&stopped));
        let worker = worker(&world.kv).handler("long", move |_: Task| {
            let (begun, stopped) = waits.clone();
            async move {
                begun.notify_one();
                stopped.notified().await;
                Done::Ok(())
            }
        });
        let stop = worker.stopper();
        let shutdown = async {
            begun.notified().await;
        };
        let ending = async {
            until(async || stop.is_stopped()).await;
            stopped.notify_one();
        };
        let (summary, ()) = join(worker.run_until(shutdown), ending).await;
        assert_eq!(summary.unwrap().completed, 1);
        assert_eq!(get(&world.kv, "1").await.status, TaskStatus::Completed);
        assert_eq!(get(&world.kv, "2").await.status, TaskStatus::Pending);
    });
}

#[test]
fn as_many_run_at_once_as_it_is_told() {
    each(async |world| {
        for id in ["1", "2", "3", "4", "5", "6"] {
            create(&world.kv, "meet", id).await;
        }
        let (barrier, running) = (Arc::new(Barrier::new(3)), Arc::new(AtomicUsize::new(0)));
        let worker = worker(&world.kv).concurrency(3).handler("meet", move |_: Task| {
            let (barrier, running) = (Arc::clone(&barrier), Arc::clone(&running));
            async move {
                assert!(running.fetch_add(1, Ordering::SeqCst) < 3);
                barrier.wait().await;
                running.fetch_sub(1, Ordering::SeqCst);
                Done::Ok(())
            }
        });
        let (worker, _) = reporting(worker, 6);
        assert_eq!(worker.run().await.unwrap().completed, 6);
    });
}

#[test]
fn many_workers_do_each_task_once() {
    each(async |world| {
        for n in 0..40 {
            create(&world.kv, "n", &n.to_string()).await;
        }
        let done = Arc::new(Mutex::new(Vec::new()));
        let workers = [&world.kv, &world.other, &world.kv].map(|kv| {
            let done = Arc::clone(&done);
            let worker = worker(kv).concurrency(4);
            let stop = worker.stopper();
            let worker = worker.handler("n", move |task: Task<String>| {
                done.lock().unwrap().push(task.payload);
                async {
                    tokio::task::yield_now().await;
                    Done::Ok(())
                }
            });
            (worker, stop)
        });
        let (workers, stops): (Vec<_>, Vec<_>) = workers.into_iter().unzip();
        let stopping = async {
            until(async || {
                let options = omnikv::TaskOptions::new().status(TaskStatus::Completed);
                world.kv.tasks().list::<Value>(options).await.unwrap().len() == 40
            })
            .await;
            stops.iter().for_each(omnikv::Stop::stop);
        };
        let running = futures_util::future::join_all(workers.into_iter().map(Worker::run));
        let (summaries, ()) = join(running, stopping).await;
        assert_eq!(summaries.into_iter().map(|summary| summary.unwrap().completed).sum::<u64>(), 40);
        let mut done = done.lock().unwrap().clone();
        done.sort();
        done.dedup();
        assert_eq!(done.len(), 40);
    });
}

#[test]
fn it_goes_on_when_the_store_is_back() {
    let world = World::far_away();
    let errors = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&errors);
    let working = async {
        create(&world.kv, "n", "1").await;
        world.fail(Kind::Unavailable);
        let worker = worker(&world.kv)
            .on_error(move |error| told.lock().unwrap().push((error.kind(), error.op())))
            .handler("n", |_: Task| async { Done::Ok(()) });
        let (worker, _) = reporting(worker, 1);
        let mending = async {
            until(async || !errors.lock().unwrap().is_empty()).await;
            world.fail(None);
        };
        let (summary, ()) = join(worker.run(), mending).await;
        assert_eq!(summary.unwrap().completed, 1);
    };
    tokio::runtime::Runtime::new().unwrap().block_on(working);
    assert_eq!(errors.lock().unwrap()[0], (Kind::Unavailable, "tasks.lock"));
}

#[test]
fn a_task_is_stopped_when_the_store_stays_out_of_reach() {
    let world = World::far_away();
    let working = async {
        create(&world.kv, "long", "1").await;
        let (begun, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let waits = (Arc::clone(&begun), Arc::clone(&dropped));
        let worker = worker(&world.kv).lock_duration(SHORT).handler("long", move |_: Task| {
            let (begun, dropped) = waits.clone();
            struct Telling(Arc<Notify>);
            impl Drop for Telling {
                fn drop(&mut self) {
                    self.0.notify_one();
                }
            }
            async move {
                let _telling = Telling(dropped);
                begun.notify_one();
                pending::<Done>().await
            }
        });
        let stop = worker.stopper();
        let failing = async {
            begun.notified().await;
            world.fail(Kind::Unavailable);
            stop.stop();
            dropped.notified().await;
        };
        let (summary, ()) = join(worker.run(), failing).await;
        assert_eq!(summary.unwrap().lost, 1);
    };
    tokio::runtime::Runtime::new().unwrap().block_on(working);
}

#[test]
fn it_ends_when_it_can_never_work() {
    each(async |world| {
        let handled = || worker(&world.kv).handler("n", |_: Task| async { Done::Ok(()) });
        let none = worker(&world.kv).run().await.unwrap_err();
        let unnamed =
            worker(&world.kv).handler("", |_: Task| async { Done::Ok(()) }).run().await.unwrap_err();
        assert_eq!((none.kind(), unnamed.kind()), (Kind::InvalidArgument, Kind::InvalidArgument));
        let (ended, closed) = join(handled().run(), world.kv.close()).await;
        closed.unwrap();
        assert_eq!(ended.unwrap().completed, 0);
    });
    let world = World::far_away();
    world.fail(Kind::Unsupported);
    let ended = pollster::block_on(worker(&world.kv).handler("n", |_: Task| async { Done::Ok(()) }).run());
    assert_eq!(ended.unwrap_err().kind(), Kind::Unsupported);
}
