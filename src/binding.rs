// The bindings: decode, call, encode. They must not know what an operation does.

#[cfg(all(feature = "component", target_arch = "wasm32"))]
mod component;
#[cfg(all(feature = "js", target_arch = "wasm32"))]
mod js;
