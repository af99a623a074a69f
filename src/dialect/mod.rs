//! What is spoken with Redis's clients and servers: a command as its argv, an answer as a [`Value`], errors in Redis's words.

// One word per operation, and the same words in both directions: what a caller wrote, and what a Redis server reads.
// It knows syntax only: whether a key may be empty or an increment fits is not its business.

#[cfg(feature = "gateway")]
pub(crate) mod aliases;
#[cfg(feature = "gateway")]
mod describe;
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
