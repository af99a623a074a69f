// The modules for JavaScript with wasm-bindgen's glue: the memory store, of `omnikv-js-core`, and all stores, of `omnikv-js-net` and
// `omnikv-js-postgres`.
// Optimising and bundling are JavaScript's tools' (`pkg/scripts/build.js`); names stay until then, for who wants to know what is
// large.

use anyhow::Result;
use wasm_bindgen_cli_support::Bindgen;

use crate::{commands, module};

/// Writes `core.js` and `core_bg.wasm` to `pkg/dist/bindgen`: the memory store; and what JavaScript must know of its commands.
pub fn build() -> Result<()> {
    commands::write()?;
    make("core", "omnikv-js-core")
}

/// Writes `net.js` and `net_bg.wasm` to the same folder: all stores; and `postgres.js` and `postgres_bg.wasm`: all stores, and
/// PostgreSQL.
pub fn build_net() -> Result<()> {
    make("net", "omnikv-js-net")?;
    make("postgres", "omnikv-js-postgres")
}

fn make(name: &str, binding: &str) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_bytes(name, module::compile(binding, &[])?)
        .web(true)?
        // The package passes the module in; a URL in the glue would make bundlers look for a file.
        .omit_default_module_path(true)
        .typescript(true)
        .remove_producers_section(true);
    bindgen.generate(module::dist()?.join("bindgen"))
}
