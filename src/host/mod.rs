// What the place we run in lends us: a clock, an unpredictable number, a network. It must not know stores or operations.

//! What the place we run in lends a store: a clock, an unpredictable seed, and, for stores elsewhere, a network.
//!
//! Natively both come from the system. On `wasm32-unknown-unknown` there is none: the binding installs its own with
//! `clock::install` and `random::install`, or each [`Options`](crate::Options) brings them.

pub mod clock;
#[cfg(feature = "cloudflare-kv")]
pub mod kv;
#[cfg(all(feature = "http", not(target_arch = "wasm32")))]
mod native;
#[cfg(feature = "net")]
pub mod network;
pub mod random;
#[cfg(all(any(feature = "http", feature = "redis"), not(target_arch = "wasm32")))]
pub(crate) mod runtime;
#[cfg(feature = "net")]
pub mod socket;

pub use clock::Clock;
#[cfg(feature = "net")]
pub use network::Network;

use std::pin::Pin;

/// A boxed future, `Send` off wasm.
#[cfg(not(target_arch = "wasm32"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A boxed future, `Send` off wasm.
#[cfg(target_arch = "wasm32")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

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
