// Where the time comes from. What a deadline means is decided in the engine.

//! Clocks: integer milliseconds since 1970.

use super::MaybeSend;
use crate::error::Result;
use std::sync::Arc;

/// What a clock returns if there is no time, for example in a Worker's global scope. Operations that need the time then
/// fail.
pub const NO_TIME: u64 = u64::MAX;

/// A source of time. Any closure that returns milliseconds since 1970 is a clock:
///
/// ```
/// # use omnikv::{MemoryStore, Options, prelude::*};
/// use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
/// use std::time::Duration;
///
/// let now = Arc::new(AtomicU64::new(1_000));
/// let clock = Arc::clone(&now);
/// let options = Options::new().clock(Arc::new(move || clock.load(Ordering::Relaxed)));
/// let kv = MemoryStore::with_options(options)?;
/// kv.set_with("session", "alice", Duration::from_secs(60))?;
/// now.fetch_add(60_000, Ordering::Relaxed);
/// assert_eq!(kv.get("session")?, None);
/// # Ok::<(), omnikv::Error>(())
/// ```
pub trait Clock: MaybeSend {
    /// Milliseconds since 1970, or [`NO_TIME`].
    fn now_ms(&self) -> u64;
}

impl<F: Fn() -> u64 + MaybeSend> Clock for F {
    fn now_ms(&self) -> u64 {
        self()
    }
}

/// This host's clock.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub(crate) fn system() -> Result<Arc<dyn Clock>> {
    use std::time::{SystemTime, UNIX_EPOCH};
    Ok(Arc::new(|| {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }))
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
static INSTALLED: std::sync::OnceLock<fn() -> u64> = std::sync::OnceLock::new();

/// Makes this the clock of every store that is opened without one. The first call wins. The clock is not read here.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub fn install(now_ms: fn() -> u64) {
    INSTALLED.get_or_init(|| now_ms);
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub(crate) fn system() -> Result<Arc<dyn Clock>> {
    use crate::error::{Error, Kind};
    match INSTALLED.get() {
        Some(now_ms) => Ok(Arc::new(*now_ms)),
        None => Err(Error::new(Kind::Unsupported, "(clock) is needed: this target has no clock of its own")),
    }
}
