// Where unpredictable numbers come from. It must not draw samples: the engine does, from the seed it is given.

//! The seed of a store's hashes and random choices.

use crate::error::Result;

/// A number that nobody outside can guess.
#[cfg(not(all(target_arch = "wasm32", target_os = "unknown")))]
pub(crate) fn seed() -> Result<u64> {
    use std::hash::{BuildHasher, RandomState};
    // The standard library seeds its hash maps from the system; hashing anything with such a seed gives a number of it.
    Ok(RandomState::new().hash_one("omnikv"))
}

#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
static INSTALLED: std::sync::OnceLock<fn() -> u64> = std::sync::OnceLock::new();

/// Makes this the source of the seed of every store that brings none; the first call wins. Nothing is drawn here.
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
