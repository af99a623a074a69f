// What the host provides: a clock, a random seed, a network. No knowledge of stores or operations.

//! What the host provides to a store: a clock, an unpredictable seed and, for remote stores, a network.
//!
//! Native builds use those of the system. `wasm32-unknown-unknown` has none: the binding installs its own with
//! `clock::install` and `random::install`, or each [`Options`](crate::Options) provides them.

#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod background;
#[cfg(any(feature = "net", not(target_arch = "wasm32")))]
pub(crate) mod bell;
pub mod clock;
#[cfg(feature = "cloudflare-kv")]
pub mod kv;
#[cfg(all(feature = "http", not(target_arch = "wasm32")))]
mod native;
#[cfg(feature = "net")]
pub mod network;
pub mod random;
#[cfg(all(
    any(feature = "http", feature = "memcached", feature = "postgres", feature = "redis"),
    not(target_arch = "wasm32")
))]
pub(crate) mod runtime;
#[cfg(feature = "net")]
pub mod socket;
#[cfg(all(feature = "memcached", not(target_arch = "wasm32")))]
pub(crate) mod tcp;

pub use clock::Clock;
#[cfg(feature = "net")]
pub use network::Network;

use std::pin::Pin;

/// A boxed future; `Send` except on wasm.
#[cfg(not(target_arch = "wasm32"))]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A boxed future; `Send` except on wasm.
#[cfg(target_arch = "wasm32")]
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// `Send + Sync` except on wasm: there is one thread there, and values from JavaScript cannot leave it.
#[cfg(not(target_arch = "wasm32"))]
pub trait MaybeSend: Send + Sync {}
#[cfg(not(target_arch = "wasm32"))]
impl<T: Send + Sync + ?Sized> MaybeSend for T {}

/// `Send + Sync` except on wasm: there is one thread there, and values from JavaScript cannot leave it.
#[cfg(target_arch = "wasm32")]
pub trait MaybeSend {}
#[cfg(target_arch = "wasm32")]
impl<T: ?Sized> MaybeSend for T {}
