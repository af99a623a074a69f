//! The language of Redis clients and servers: commands as argv, answers as a [`Value`], and errors in Redis's words.

// Each operation has the same words in both directions: what a caller writes and what a Redis server reads. Only syntax
// is handled here; whether a key may be empty or an increment fits is not.

#[cfg(feature = "gateway")]
pub(crate) mod aliases;
#[cfg(feature = "gateway")]
pub(crate) mod describe;
#[cfg(feature = "gateway")]
pub(crate) mod encoding;
#[cfg(feature = "net")]
mod errors;
#[cfg(feature = "net")]
pub mod json;
#[cfg(feature = "net")]
mod value;

#[cfg(feature = "net")]
pub(crate) use errors::of_server;
#[cfg(feature = "gateway")]
pub(crate) use errors::print_discarded;
#[cfg(feature = "net")]
pub use value::Value;
