// The interface `consumers`: decode, run, encode.

use std::time::Duration;

use super::connection::Handle;
use super::{Answer, Component};
use crate::exports::omnikv::kv::connection::StoreBorrow;
use crate::exports::omnikv::kv::consumers::{Consumer, Guest, Position};
use omnikv::operations::Documents;

impl Guest for Component {
    fn claim(store: StoreBorrow<'_>, name: String, owner: String, ttl_ms: u64) -> Answer<Option<u64>> {
        Ok(store.get::<Handle>().0.consumers().claim(name, owner, Duration::from_millis(ttl_ms))?)
    }

    fn release(store: StoreBorrow<'_>, name: String, owner: String) -> Answer<bool> {
        Ok(store.get::<Handle>().0.consumers().release(name, owner)?)
    }

    fn commit(store: StoreBorrow<'_>, name: String, seq: u64, token: Option<u64>) -> Answer<()> {
        Ok(store.get::<Handle>().0.consumers().commit(name, seq, token)?)
    }

    fn status(store: StoreBorrow<'_>, name: String) -> Answer<Consumer> {
        let status = store.get::<Handle>().0.consumers().status(name)?;
        let holder = status.holder.map(Into::into);
        Ok(Consumer { position: status.position, latest: status.latest, lag: status.lag, holder })
    }

    fn delete(store: StoreBorrow<'_>, name: String) -> Answer<bool> {
        Ok(store.get::<Handle>().0.consumers().delete(name)?)
    }

    fn list(store: StoreBorrow<'_>) -> Answer<Vec<Position>> {
        let positions = store.get::<Handle>().0.consumers().list()?;
        Ok(positions.into_iter().map(|(name, seq)| Position { name, seq }).collect())
    }
}
