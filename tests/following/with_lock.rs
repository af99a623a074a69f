// Work under a lock.

use crate::world::{World, each, until};
use futures_util::future::join_all;
use omnikv::{Error, Kind, Store, prelude::*};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);
/// Renewed every second, so that a slow machine does not lose it.
const KEPT: Duration = Duration::from_secs(3);
/// Renewed every ten milliseconds, and may be lost.
const SHORT: Duration = Duration::from_millis(30);

async fn owner(kv: &Store) -> Option<String> {
    kv.locks().status("report").await.unwrap().map(|lock| lock.owner)
}

/// Tells when it is dropped.
struct Dropped(Arc<AtomicBool>);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn one_at_a_time_works_and_each_gets_what_its_work_gives() {
    each(async |world| {
        let working = AtomicUsize::new(0);
        let work = async |kv: &Store, n: usize| {
            let work = async |held: omnikv::Held| {
                assert_eq!(working.fetch_add(1, Ordering::SeqCst), 0);
                tokio::task::yield_now().await;
                working.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, Error>((n, held.token))
            };
            kv.locks().with_lock("report", LONG, work).await.unwrap()
        };
        let each = (0..6).map(|n| work(if n % 2 == 0 { &world.kv } else { &world.other }, n));
        let mut given = join_all(each).await;
        assert!(given.iter().map(|(n, _)| *n).eq(0..6));
        given.sort_by_key(|(_, token)| *token);
        given.dedup_by_key(|(_, token)| *token);
        assert_eq!(given.len(), 6);
        assert_eq!(owner(&world.kv).await, None);
    });
}

#[test]
fn the_lock_is_extended_while_the_work_lasts() {
    each(async |world| {
        let until_of = async || world.other.locks().status("report").await.unwrap().unwrap().until;
        let work = async |_| {
            let first = until_of().await;
            world.advance(Duration::from_millis(1));
            until(async || until_of().await > first).await;
            Ok::<_, Error>(())
        };
        world.kv.locks().with_lock("report", KEPT, work).await.unwrap();
    });
}

#[test]
fn work_that_does_not_yield_keeps_its_lock() {
    let world = World::in_memory();
    let until_of = || pollster::block_on(world.other.locks().status("report")).unwrap().unwrap().until;
    let work = async |_| {
        let first = until_of();
        world.advance(Duration::from_millis(1));
        // The executor, which runs on this thread, can do nothing meanwhile.
        while until_of() == first {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok::<_, Error>(())
    };
    pollster::block_on(world.kv.locks().with_lock("report", KEPT, work)).unwrap();
}

#[test]
fn work_is_stopped_when_the_lock_is_lost() {
    each(async |world| {
        let is_dropped = Arc::new(AtomicBool::new(false));
        let work = async |_| {
            let _dropped = Dropped(Arc::clone(&is_dropped));
            until(async || {
                world.advance(SHORT);
                world.other.locks().acquire("report", "another", LONG).await.unwrap().is_some()
            })
            .await;
            std::future::pending::<Result<(), Error>>().await
        };
        let error = world.kv.locks().with_lock("report", SHORT, work).await.unwrap_err();
        assert_eq!((error.kind(), error.op()), (Kind::Conflict, "locks.with_lock"));
        assert!(is_dropped.load(Ordering::Relaxed));
        assert_eq!(owner(&world.kv).await.as_deref(), Some("another"));
    });
}

#[test]
fn work_is_stopped_when_the_store_stays_out_of_reach() {
    let world = World::far_away();
    let work = async |_| {
        world.fail(Kind::Unavailable);
        std::future::pending::<Result<(), Error>>().await
    };
    let error = pollster::block_on(world.kv.locks().with_lock("report", SHORT, work)).unwrap_err();
    assert_eq!((error.kind(), error.op()), (Kind::Conflict, "locks.with_lock"));
}

#[test]
fn the_lock_is_free_after_work_that_fails_or_is_dropped() {
    each(async |world| {
        let fail = async |_| Err::<(), _>(Error::new(Kind::Internal, "it broke"));
        let error = world.kv.locks().with_lock("report", LONG, fail).await.unwrap_err();
        assert_eq!(error.message(), "it broke");
        assert_eq!(owner(&world.kv).await, None);

        let (begun, has_begun) = tokio::sync::oneshot::channel();
        let work = async |_| {
            begun.send(()).unwrap();
            std::future::pending::<Result<(), Error>>().await
        };
        tokio::select! {
            _ = world.kv.locks().with_lock("report", LONG, work) => unreachable!(),
            begun = has_begun => begun.unwrap(),
        }
        until(async || owner(&world.other).await.is_none()).await;
    });
}

#[test]
fn a_renewal_under_way_does_not_take_the_lock_again() {
    each(async |world| {
        for _ in 0..50 {
            let work = async |_| {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Ok::<_, Error>(())
            };
            // On a slow machine, the lock is lost.
            let _ = world.kv.locks().with_lock("report", Duration::from_millis(3), work).await;
            assert_eq!(owner(&world.kv).await, None);
        }
    });
}

#[test]
fn it_waits_until_another_releases_the_lock_or_loses_it() {
    each(async |world| {
        let work = async |held: omnikv::Held| Ok::<_, Error>(held.token);
        for give_back in [true, false] {
            let token = world.other.locks().acquire("report", "another", LONG).await.unwrap().unwrap();
            let waiting = tokio::spawn(world.kv.locks().with_lock("report", LONG, work));
            tokio::task::yield_now().await;
            match give_back {
                true => assert!(world.other.locks().release("report", "another").await.unwrap()),
                false => world.advance(LONG),
            }
            assert!(waiting.await.unwrap().unwrap() > token);
        }
        let error = world.kv.locks().with_lock("", LONG, work).await.unwrap_err();
        assert_eq!(error.kind(), Kind::InvalidArgument);
    });
}
