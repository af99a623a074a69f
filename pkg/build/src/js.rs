// The memory store for JavaScript: the module with feature `js`, and wasm-bindgen's glue for it. Optimising and
// bundling are JavaScript's tools' (`pkg/scripts/build.js`).

use anyhow::Result;
use wasm_bindgen_cli_support::Bindgen;

use crate::module;

/// Writes `core.js` and `core_bg.wasm` to `pkg/dist/bindgen`.
pub fn build() -> Result<()> {
    let module = module::compile("js", &[])?;
    Bindgen::new()
        .input_bytes("core", module)
        .web(true)?
        // The package hands the module over itself; a URL in the glue would make bundlers look for a file.
        .omit_default_module_path(true)
        .typescript(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(module::dist()?.join("bindgen"))
}
