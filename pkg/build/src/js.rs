// Builds the JavaScript modules with wasm-bindgen's glue: the memory store (feature `js`) and all stores (feature
// `js-net`). JavaScript tools optimise and bundle them (`pkg/scripts/build.js`); names are kept until then, to see what
// is large.

use anyhow::Result;
use wasm_bindgen_cli_support::Bindgen;

use crate::module;

/// Writes `core.js` and `core_bg.wasm` to `pkg/dist/bindgen`: the memory store.
pub fn build() -> Result<()> {
    make("core", "js")
}

/// Writes `net.js` and `net_bg.wasm` to the same folder: all stores.
pub fn build_net() -> Result<()> {
    make("net", "js-net")
}

fn make(name: &str, feature: &str) -> Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_bytes(name, module::compile(feature, &[])?)
        .web(true)?
        // The package passes the module in; a URL in the glue would make bundlers look for a file.
        .omit_default_module_path(true)
        .typescript(true)
        .remove_producers_section(true);
    bindgen.generate(module::dist()?.join("bindgen"))
}
