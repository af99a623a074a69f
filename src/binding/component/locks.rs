// The interface `locks`: decode, run, encode.

use std::time::Duration;

use super::connection::Handle;
use super::exports::omnikv::kv::connection::StoreBorrow;
use super::exports::omnikv::kv::locks::{Guest, Lock};
use super::{Answer, Component};
use crate::operations::{self, Documents};

impl From<operations::Lock> for Lock {
    fn from(lock: operations::Lock) -> Self {
        let operations::Lock { owner, token, acquired, until } = lock;
        Lock { owner, token, acquired, until }
    }
}

impl Guest for Component {
    fn acquire(store: StoreBorrow<'_>, name: String, owner: String, ttl_ms: u64) -> Answer<Option<u64>> {
        Ok(store.get::<Handle>().0.locks().acquire(name, owner, Duration::from_millis(ttl_ms))?)
    }

    fn release(store: StoreBorrow<'_>, name: String, owner: String) -> Answer<bool> {
        Ok(store.get::<Handle>().0.locks().release(name, owner)?)
    }

    fn status(store: StoreBorrow<'_>, name: String) -> Answer<Option<Lock>> {
        Ok(store.get::<Handle>().0.locks().status(name)?.map(Lock::from))
    }
}
