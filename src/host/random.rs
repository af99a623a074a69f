// Where unpredictable numbers come from. Sampling is the engine's job, from the seed it gets.

//! The seed of a store's hashes and random choices.

use crate::error::Result;

/// An unpredictable number.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub(crate) fn seed() -> Result<u64> {
    use std::hash::{BuildHasher, RandomState};
    // The standard library seeds its hash maps from the system's randomness; hashing anything with such a seed gives a
    // random number.
    Ok(RandomState::new().hash_one("omnikv"))
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
static INSTALLED: std::sync::OnceLock<fn() -> u64> = std::sync::OnceLock::new();

/// Makes this the seed source of every store that is opened without a seed. The first call wins. No number is drawn
/// here.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub fn install(seed: fn() -> u64) {
    INSTALLED.get_or_init(|| seed);
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub(crate) fn seed() -> Result<u64> {
    use crate::error::{Error, Kind};
    match INSTALLED.get() {
        Some(seed) => Ok(seed()),
        None => {
            Err(Error::new(Kind::Unsupported, "(seed) is needed: this target has no randomness of its own"))
        }
    }
}
