// Work under a lock. How locks are stored does not matter here.

use super::renewal::{Hold, Renewal};
use super::{Pauses, of, unguessable};
use crate::command::Key;
use crate::error::{Error, Kind};
use crate::operations::{Documents, Locks};
use crate::store::Store;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::time::{Duration, Instant};

/// What work under a lock is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Held {
    /// The fencing token of the lock. It is larger than every earlier one, so the resource that the lock guards can
    /// reject smaller tokens.
    pub token: u64,
}

impl Locks<'_, Store> {
    /// Waits for a lock, runs work under it, and releases it. The lock is extended while the work runs. If it is lost
    /// anyway, the work's future is dropped, which stops it. Returns the work's result.
    ///
    /// If the future that this returns is dropped, the work is, and the lock is released in the background. If the
    /// process ends, the lock expires after `ttl`.
    ///
    /// ```
    /// # pollster::block_on(async {
    /// # use omnikv::{Error, Options, Store, prelude::*};
    /// # use std::time::Duration;
    /// let kv = Store::connect("memory:", Options::default()).await?;
    /// let pages = kv.locks().with_lock("report", Duration::from_secs(30), async |held| {
    ///     assert!(held.token > 0);
    ///     Ok::<_, Error>(7)
    /// });
    /// assert_eq!(pages.await?, 7);
    /// # Ok::<(), Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the work; `conflict` if the lock was lost.
    pub fn with_lock<N, V, E, W, F>(
        &self,
        name: N,
        ttl: Duration,
        work: W,
    ) -> impl Future<Output = Result<V, E>> + use<N, V, E, W, F>
    where
        N: Into<Key>,
        E: From<Error>,
        W: FnOnce(Held) -> F,
        F: Future<Output = Result<V, E>>,
    {
        let store = self.0.clone();
        let name = name.into();
        async move {
            let named = of("locks.with_lock", &store);
            let owner = unguessable();
            let acquire = {
                let (store, name, owner) = (store.clone(), name.clone(), owner.clone());
                move || store.locks().acquire(name.clone(), owner.clone(), ttl)
            };
            let mut pauses = Pauses::default();
            let (token, begun) = loop {
                let pause = pauses.look(&store);
                let begun = Instant::now();
                if let Some(token) = acquire().await.map_err(&named)? {
                    break (token, begun);
                }
                pause.await;
            };
            let renewal = Renewal::start(begun, ttl, move || {
                let extended = acquire();
                // A new token means a new hold: another owner may have held the lock in between.
                async move { Ok(extended.await? == Some(token)) }
            });
            let release = store.locks().release(name, owner);
            // What the work gives counts; if this fails, the lock expires by itself.
            let hold = Hold::new(renewal, async move { drop(release.await) });
            let result = {
                let work = pin!(work(Held { token }));
                match select(work, pin!(hold.lost())).await {
                    Either::Left((result, _)) => result,
                    Either::Right(_) => {
                        let message = "has lost the lock: another may hold it now";
                        Err(E::from(named(Error::new(Kind::Conflict, message))))
                    }
                }
            };
            hold.end().await;
            result
        }
    }
}
