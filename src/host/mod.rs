// What the place we run in lends us: a clock and an unpredictable number. It must not know stores or operations.

//! What the place we run in lends a store: a clock and an unpredictable seed.
//!
//! Natively both come from the system. On `wasm32-unknown-unknown` there is none: the binding installs its own with
//! `clock::install` and `random::install`, or each [`Options`](crate::Options) brings them.

pub mod clock;
pub mod random;

pub use clock::Clock;

/// `Send + Sync` off wasm, nothing on it: there is one thread, and what JavaScript lends cannot leave it.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send + Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + Sync + ?Sized> MaybeSend for T {}

/// `Send + Sync` off wasm, nothing on it: there is one thread, and what JavaScript lends cannot leave it.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSend for T {}
