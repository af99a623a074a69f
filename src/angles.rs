// Trigonometry: of the platform natively, of JavaScript in its modules, where a library for it would be kilobytes.

pub(crate) use functions::{asin, cos, sin};

#[cfg(not(all(target_arch = "wasm32", feature = "js-numbers")))]
mod functions {
    pub fn sin(radians: f64) -> f64 {
        radians.sin()
    }

    pub fn cos(radians: f64) -> f64 {
        radians.cos()
    }

    pub fn asin(number: f64) -> f64 {
        number.asin()
    }
}

#[cfg(all(target_arch = "wasm32", feature = "js-numbers"))]
mod functions {
    pub use js_sys::Math::{asin, cos, sin};
}
