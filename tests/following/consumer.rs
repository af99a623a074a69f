// Consumers of the stream of changes.

use crate::world::{World, each, until};
use futures_util::future::join;
use omnikv::{Change, CommitMode, Consumer, ConsumerOptions, Feed, Kind, PutOptions, Store, prelude::*};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

async fn write(kv: &Store, values: impl IntoIterator<Item = u64>) {
    for value in values {
        kv.records().put(format!("k:{value}"), -1, &value).await.unwrap();
    }
}

fn values(batch: Vec<Change<u64>>) -> Vec<u64> {
    batch.into_iter().map(|change| change.record.value).collect()
}

async fn next(batches: &mut Feed<Vec<Change<u64>>>) -> Vec<u64> {
    values(batches.next().await.unwrap().unwrap())
}

async fn latest(world: &World) -> u64 {
    world.kv.changes().latest().await.unwrap()
}

/// The position and how far it is behind.
async fn position(consumer: &Consumer) -> (u64, u64) {
    let status = consumer.status().await.unwrap();
    (status.position, status.lag)
}

/// Its claim is extended every second, so that a slow machine does not lose it.
fn kept() -> ConsumerOptions {
    ConsumerOptions::new().lock_duration(Duration::from_secs(3))
}

#[test]
fn a_batch_is_committed_when_the_next_is_asked_for() {
    each(async |world| {
        write(&world.kv, 1..=5).await;
        let mailer = world.kv.consumer("mailer", ConsumerOptions::new().limit(2));
        let mut batches = mailer.stream();
        assert_eq!(next(&mut batches).await, [1, 2]);
        assert_eq!(position(&mailer).await, (0, 5));
        assert_eq!(next(&mut batches).await, [3, 4]);
        assert_eq!(position(&mailer).await, (2, 3));
        // What was not finished is read again.
        drop(batches);
        let mut batches = mailer.stream();
        assert_eq!(next(&mut batches).await, [3, 4]);
        assert_eq!(next(&mut batches).await, [5]);
        // Claims draw numbers of the same counter.
        let (latest, (next, ())) =
            (latest(&world).await, join(next(&mut batches), write(&world.other, [6])).await);
        assert_eq!(next, [6]);
        assert_eq!(position(&mailer).await.0, latest);
    });
}

#[test]
fn each_change_is_committed_alone_or_none_is() {
    each(async |world| {
        write(&world.kv, 1..=3).await;
        let each = world.kv.consumer("each", ConsumerOptions::new().commit(CommitMode::Each));
        let mut batches = each.stream();
        for (n, behind) in [(1, 3), (2, 2), (3, 1)] {
            assert_eq!(next(&mut batches).await, [n]);
            assert_eq!(position(&each).await, (n - 1, behind));
        }

        let none = world.kv.consumer("none", ConsumerOptions::new().limit(1).commit(CommitMode::None));
        let mut batches = none.stream();
        assert_eq!(next(&mut batches).await, [1]);
        assert_eq!(next(&mut batches).await, [2]);
        assert_eq!(position(&none).await, (0, 3));
        none.commit(None).await.unwrap();
        assert_eq!(position(&none).await, (2, 1));
        none.commit(1).await.unwrap();
        assert_eq!(position(&none).await, (1, 2));
    });
}

#[test]
fn what_is_not_meant_for_it_is_committed_in_passing() {
    each(async |world| {
        let typed = async |kind: &str, n: u64| {
            world.kv.records().put_with("k", -1, &n, PutOptions::new().kind(kind)).await.unwrap();
        };
        typed("Person", 1).await;
        typed("Order", 2).await;
        let people = world.kv.consumer("people", ConsumerOptions::new().kind("Person"));
        let mut batches = people.stream();
        assert_eq!(next(&mut batches).await, [1]);
        let (found, ()) = join(next(&mut batches), async {
            until(async || position(&people).await == (2, 0)).await;
            typed("Person", 3).await;
        })
        .await;
        assert_eq!(found, [3]);
    });
}

#[test]
fn one_at_a_time_reads() {
    each(async |world| {
        write(&world.kv, 1..=2).await;
        let options = ConsumerOptions::new().limit(1);
        let first = world.kv.consumer("mailer", options.clone().id("first"));
        let second = world.other.consumer("mailer", options);
        let mut batches = first.stream();
        assert_eq!(next(&mut batches).await, [1]);
        let holder = second.status().await.unwrap().holder.unwrap();
        assert!(holder.owner.starts_with("first-"));
        for error in [second.get::<u64>().await.unwrap_err(), second.commit(2).await.unwrap_err()] {
            assert_eq!(error.kind(), Kind::Conflict);
        }
        let waiting = tokio::spawn(async move { next(&mut second.stream()).await });
        first.commit(None).await.unwrap();
        drop(batches);
        // The claim is released in the background.
        assert_eq!(waiting.await.unwrap(), [2]);
    });
}

#[test]
fn a_handle_reads_one_way_at_a_time() {
    each(async |world| {
        write(&world.kv, 1..=2).await;
        let mailer = world.kv.consumer("mailer", ConsumerOptions::new());
        let mut batches = mailer.stream();
        assert_eq!(next(&mut batches).await, [1, 2]);
        assert_eq!(mailer.get::<u64>().await.unwrap_err().kind(), Kind::Conflict);
        let error = mailer.stream::<u64>().next().await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.op()), (Kind::Conflict, "consumer.stream"));
        drop(batches);
        assert_eq!(values(mailer.get().await.unwrap()), [1, 2]);
        let mut batches = mailer.stream();
        assert_eq!(next(&mut batches).await, [1, 2]);
        drop(batches);
        mailer.commit(None).await.unwrap();
        assert_eq!(mailer.status().await.unwrap().lag, 0);
    });
}

#[test]
fn batches_can_be_got_and_committed_one_by_one() {
    each(async |world| {
        let mailer = world.kv.consumer("mailer", ConsumerOptions::new().limit(2));
        assert_eq!(mailer.commit(None).await.unwrap_err().kind(), Kind::InvalidArgument);
        assert!(mailer.get::<u64>().await.unwrap().is_empty());
        write(&world.kv, 1..=3).await;
        assert_eq!(values(mailer.get().await.unwrap()), [1, 2]);
        assert_eq!(values(mailer.get().await.unwrap()), [1, 2]);
        mailer.commit(None).await.unwrap();
        assert_eq!(values(mailer.get().await.unwrap()), [3]);
        mailer.commit(latest(&world).await).await.unwrap();
        assert_eq!(position(&mailer).await.1, 0);
        assert!(mailer.unlock().await.unwrap());
        assert!(!mailer.unlock().await.unwrap());
        assert!(mailer.delete().await.unwrap());
        assert_eq!(position(&mailer).await.0, 0);
    });
}

#[test]
fn a_former_holder_cannot_commit() {
    each(async |world| {
        write(&world.kv, 1..=2).await;
        let options = ConsumerOptions::new().lock_duration(LONG);
        let (first, second) = (world.kv.consumer("m", options.clone()), world.other.consumer("m", options));
        // Its claim is not extended, as after a crash.
        assert_eq!(values(first.get().await.unwrap()), [1, 2]);
        world.advance(LONG);
        assert_eq!(values(second.get().await.unwrap()), [1, 2]);
        assert_eq!(first.commit(None).await.unwrap_err().kind(), Kind::Conflict);
        assert_eq!(position(&first).await, (0, 2));
        second.commit(None).await.unwrap();
        assert_eq!(position(&first).await, (2, 0));
    });
}

#[test]
fn a_stream_ends_when_another_has_taken_over() {
    each(async |world| {
        write(&world.kv, 1..=2).await;
        let first = world.kv.consumer("m", ConsumerOptions::new().lock_duration(LONG));
        let second = world.other.consumer("m", ConsumerOptions::new());
        let mut batches = first.stream();
        assert_eq!(next(&mut batches).await, [1, 2]);
        world.advance(LONG);
        let mut others = second.stream();
        assert_eq!(next(&mut others).await, [1, 2]);
        assert_eq!(batches.next().await.unwrap().unwrap_err().kind(), Kind::Conflict);
        assert!(batches.next().await.is_none());
        write(&world.kv, [3]).await;
        assert_eq!(next(&mut others).await, [3]);
    });
}

#[test]
fn a_stream_that_waits_is_told_that_it_has_lost_the_consumer() {
    each(async |world| {
        let first = world.kv.consumer("m", kept());
        let mut batches = first.stream::<u64>();
        let losing = async {
            until(async || first.status().await.unwrap().holder.is_some()).await;
            world.advance(LONG);
            // Its next extension comes too late.
            until(async || {
                let claim = world.other.consumers().claim("m", "another", LONG * 2).await.unwrap();
                claim.is_some() || {
                    world.advance(LONG);
                    false
                }
            })
            .await;
        };
        let (ended, ()) = join(batches.next(), losing).await;
        let error = ended.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.op()), (Kind::Conflict, "consumer.stream"));
    });
}

#[test]
fn the_claim_is_extended_while_a_batch_is_worked_on() {
    let World { kv, other, .. } = {
        let world = World::in_memory();
        pollster::block_on(write(&world.kv, [1]));
        let mailer = world.kv.consumer("m", kept());
        let mut batches = mailer.stream();
        assert_eq!(pollster::block_on(next(&mut batches)), [1]);
        let until_of =
            || pollster::block_on(world.other.consumers().status("m")).unwrap().holder.unwrap().until;
        let first = until_of();
        world.advance(Duration::from_millis(1));
        // Nobody polls the stream meanwhile.
        while until_of() == first {
            std::thread::sleep(Duration::from_millis(1));
        }
        drop(batches);
        world
    };
    // The stream's end gives the claim back without an executor, too.
    while pollster::block_on(other.consumers().status("m")).unwrap().holder.is_some() {
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(kv);
}
