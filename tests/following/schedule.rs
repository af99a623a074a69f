// Schedules. Which moments an expression has is tested beside the code.

use crate::world::{World, each, until};
use futures_util::future::join3;
use omnikv::{Error, Kind, Task, TaskStatus, prelude::*};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const EACH_SECOND: &str = "* * * * * *";

/// The IDs of all tasks.
async fn ids(world: &World) -> BTreeSet<String> {
    let tasks = world.other.tasks().list::<Value>(Default::default()).await.unwrap();
    tasks.into_iter().map(|task| task.id).collect()
}

#[test]
fn each_moment_has_one_task_however_many_hold_the_schedule() {
    each(async |world| {
        let schedules =
            [&world.kv, &world.other].map(|kv| kv.tasks().schedule("tick", EACH_SECOND).payload(&7));
        let stops = schedules.each_ref().map(omnikv::Schedule::stopper);
        let [first, second] = schedules;
        let watching = async {
            until(async || ids(&world).await.len() > 2).await;
            stops.iter().for_each(omnikv::Stop::stop);
        };
        let (first, second, ()) = join3(first.run(), second.run(), watching).await;
        first.and(second).unwrap();
        let tasks = world.kv.tasks().list::<u64>(Default::default()).await.unwrap();
        for task in &tasks {
            let moment = chrono::DateTime::from_timestamp_millis(task.scheduled_for as i64).unwrap();
            let id = format!("tick@{}", moment.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
            assert_eq!((&task.id, task.payload, &*task.name), (&id, 7, "tick"));
        }
        let apart: Vec<_> = tasks.windows(2).map(|two| two[1].scheduled_for - two[0].scheduled_for).collect();
        assert!(apart.iter().all(|apart| *apart >= 1000 && apart % 1000 == 0), "{apart:?}");
    });
}

#[test]
fn a_worker_holds_schedules_while_it_runs() {
    let working = async {
        let kv = omnikv::Store::connect("memory:", Default::default()).await.unwrap();
        let done = Arc::new(Mutex::new(Vec::new()));
        let schedule = kv.tasks().schedule("tick", EACH_SECOND).max_retries(0);
        let worker = kv.tasks().worker().schedule(schedule);
        let (stop, kept, store) = (worker.stopper(), Arc::clone(&done), kv.clone());
        let worker = worker.handler("tick", move |task: Task<()>| {
            let (stop, kept, store) = (stop.clone(), Arc::clone(&kept), store.clone());
            async move {
                kept.lock().unwrap().push(task.id);
                // The task for the next moment comes soon.
                let pending = || omnikv::TaskOptions::new().status(TaskStatus::Pending);
                while store.tasks().list::<()>(pending()).await?.len() != 1 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                if kept.lock().unwrap().len() == 2 {
                    stop.stop();
                }
                Ok::<_, Error>(())
            }
        });
        assert_eq!(worker.run().await.unwrap().completed, 2);
        assert!(done.lock().unwrap().is_sorted());

        let handler = |_: Task<()>| async { Ok::<_, Error>(()) };
        for (name, expression) in [("other", EACH_SECOND), ("tick", "* *"), ("tick", "0 0 30 2 *")] {
            let schedule = kv.tasks().schedule(name, expression);
            let ended = kv.tasks().worker().handler("tick", handler).schedule(schedule).run().await;
            assert_eq!(ended.unwrap_err().kind(), Kind::InvalidArgument, "{name} {expression}");
        }
    };
    tokio::runtime::Runtime::new().unwrap().block_on(working);
}

#[test]
fn it_tries_again_when_the_store_is_out_of_reach() {
    let world = World::far_away();
    let errors = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&errors);
    let working = async {
        let schedule = world.kv.tasks().schedule("tick", EACH_SECOND);
        world.fail(Kind::Unavailable);
        assert_eq!(schedule.run().await.unwrap_err().kind(), Kind::Unavailable);
        world.fail(None);
        let schedule = world.kv.tasks().schedule("tick", EACH_SECOND);
        let schedule = schedule.on_error(move |error| told.lock().unwrap().push(error.kind()));
        let mending = async {
            until(async || ids(&world).await.len() == 1).await;
            world.fail(Kind::Unavailable);
            until(async || !errors.lock().unwrap().is_empty()).await;
            world.fail(None);
            until(async || ids(&world).await.len() > 1).await;
        };
        schedule.run_until(mending).await.unwrap();
        // A closed store ends it.
        let schedule = world.kv.tasks().schedule("other", EACH_SECOND);
        let closing = async {
            until(async || ids(&world).await.iter().any(|id| id.starts_with("other@"))).await;
            world.kv.close().await.unwrap();
        };
        let (ended, ()) = futures_util::future::join(schedule.run(), closing).await;
        ended.unwrap();
    };
    let patience = Duration::from_secs(60);
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        tokio::time::timeout(patience, working).await.expect("an end");
    });
}
