// Changes as they happen.

use crate::world::{each, until};
use futures_util::future::{join, join_all};
use futures_util::{StreamExt, TryStreamExt};
use omnikv::{
    Action, Change, ChangeOptions, Error, Kind, NewTask, PutOptions, Stop, Task, Worker, prelude::*,
};
use std::time::Duration;

fn seen(change: &Change<u64>) -> (u64, Action, &str) {
    (change.seq, change.action, &change.record.key)
}

#[test]
fn it_gives_what_was_there_and_what_comes() {
    each(async |world| {
        let (records, others) = (world.kv.records(), world.other.records());
        records.put("a:1", -1, &1).await.unwrap();
        records.put("b:1", -1, &2).await.unwrap();
        let mut changes = world.kv.changes().watch::<u64>(ChangeOptions::new().from(1).prefix("a:"));
        assert_eq!(seen(&changes.next().await.unwrap().unwrap()), (1, Action::Create, "a:1"));
        let (next, _) = join(changes.next(), async {
            others.put("b:2", -1, &2).await.unwrap();
            others.put("a:2", -1, &3).await.unwrap();
        })
        .await;
        assert_eq!(seen(&next.unwrap().unwrap()), (4, Action::Create, "a:2"));
        let (next, _) = join(changes.next(), others.delete("a:1")).await;
        assert_eq!(seen(&next.unwrap().unwrap()), (5, Action::Delete, "a:1"));
    });
}

#[test]
fn without_a_seq_it_gives_what_comes() {
    each(async |world| {
        world.kv.records().put("a", -1, &1).await.unwrap();
        let changes = world.kv.changes().watch::<u64>(ChangeOptions::new());
        let writing = async {
            // Nobody can tell when the watcher has begun.
            let mut n = 0;
            loop {
                n += 1;
                world.other.records().put("b", -1, &n).await.unwrap();
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let found: Vec<Change<u64>> = tokio::select! {
            found = changes.take(3).try_collect() => found.unwrap(),
            () = writing => unreachable!(),
        };
        assert!(found.iter().all(|change| change.record.key == "b"));
        assert_eq!(found[2].seq, found[0].seq + 2);
    });
}

#[test]
fn it_reads_on_beyond_what_is_read_at_once() {
    each(async |world| {
        for n in 0..10 {
            world.kv.records().put("a", -1, &n).await.unwrap();
        }
        let changes = world.kv.changes().watch::<u64>(ChangeOptions::new().from(3).limit(2));
        let values: Vec<u64> =
            changes.take(8).map_ok(|change| change.record.value).try_collect().await.unwrap();
        assert_eq!(values, [2, 3, 4, 5, 6, 7, 8, 9]);
    });
}

#[test]
fn an_expired_record_is_seen_as_deleted() {
    each(async |world| {
        let minute = PutOptions::new().expiry(Duration::from_secs(60));
        world.kv.records().put_with("a", -1, &1, minute).await.unwrap();
        let mut changes = world.kv.changes().watch::<u64>(ChangeOptions::new().from(2));
        let (next, ()) = join(changes.next(), async { world.advance(Duration::from_secs(60)) }).await;
        assert_eq!(seen(&next.unwrap().unwrap()), (2, Action::Delete, "a"));
    });
}

#[test]
fn it_ends_after_an_error() {
    each(async |world| {
        world.kv.records().put("a", -1, &"text").await.unwrap();
        let mut changes = world.kv.changes().watch::<u64>(ChangeOptions::new().from(1));
        let error = changes.next().await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.op()), (Kind::InvalidValue, "changes.read"));
        assert!(changes.next().await.is_none());

        let mut changes = world.kv.changes().watch::<u64>(ChangeOptions::new().from(2));
        let (next, _) = join(changes.next(), world.kv.close()).await;
        assert_eq!(next.unwrap().unwrap_err().kind(), Kind::Closed);
    });
}

// Watchers and workers that woke each other by looking would leave no turn for anything else.
#[test]
fn many_who_wait_leave_each_other_alone() {
    each(async |world| {
        let kv = &world.kv;
        let workers = [1, 2, 3].map(|_| {
            let handler = |_: Task| async { Ok::<_, Error>(()) };
            kv.tasks().worker().concurrency(2).handler("n", handler)
        });
        let stops = workers.each_ref().map(Worker::stopper);
        let [mut first, mut second] = [(), ()].map(|()| kv.changes().watch::<u64>(ChangeOptions::new()));
        let working = async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            kv.tasks().create(NewTask::new("n", &1).id("1")).await.unwrap();
            let is_done = async || kv.tasks().get::<u64>("1").await.unwrap().unwrap().ended.is_some();
            until(is_done).await;
            kv.records().put("a", -1, &1).await.unwrap();
            stops.iter().for_each(Stop::stop);
        };
        let running = join_all(workers.map(Worker::run));
        let (summaries, first, second, ()) = tokio::join!(running, first.next(), second.next(), working);
        assert_eq!(summaries.into_iter().map(|summary| summary.unwrap().completed).sum::<u64>(), 1);
        assert_eq!((first.unwrap().unwrap().seq, second.unwrap().unwrap().record.value), (3, 1));
    });
}
