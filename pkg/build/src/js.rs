// The modules for JavaScript: the memory store, with feature `js`, and all stores, with feature `js-net` and wasm-bindgen's
// glue. Optimising and bundling are JavaScript's tools' (`pkg/scripts/build.js`); names stay until then, for who
// wants to know what is large.

use anyhow::{Result, bail};
use walrus::passes::gc;
use walrus::{ImportKind, Module};
use wasm_bindgen_cli_support::Bindgen;

use crate::{module, panics};

/// Writes `core_bg.wasm` to `pkg/dist/bindgen`: the memory store. Nothing but numbers crosses there, so that what
/// `pkg/src/core-glue.ts` says of it is all the glue.
pub fn build() -> Result<()> {
    let mut module = Module::from_buffer(&module::compile("js", &[], &["-zstack-size=262144"])?)?;
    panics::trap_at_once(&mut module)?;
    let mut output = bindgen("core", module)?.generate_output()?;
    without_runtime(output.wasm_mut())?;
    let folder = module::dist()?.join("bindgen");
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join("core_bg.wasm"), output.wasm_mut().emit_wasm())?)
}

/// Writes `net.js` and `net_bg.wasm` beside them: all stores.
pub fn build_net() -> Result<()> {
    let mut module = Module::from_buffer(&module::compile("js-net", &[], &[])?)?;
    // What servers are told and say is composed at will here: only panics are cut short.
    panics::trap(&mut module);
    bindgen("net", module)?.generate(module::dist()?.join("bindgen"))
}

fn bindgen(name: &str, module: Module) -> Result<Bindgen> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_module(name, module)
        .web(true)?
        // The package hands the module over itself; a URL in the glue would make bundlers look for a file.
        .omit_default_module_path(true)
        .typescript(true)
        .remove_producers_section(true);
    Ok(bindgen)
}

/// Takes out what wasm-bindgen's own glue would need: what throws traps, there are no objects of JavaScript to be kept, and
/// what is imported has its plain name.
fn without_runtime(module: &mut Module) -> Result<()> {
    let imports: Vec<_> = module.imports.iter().map(|import| (import.id(), import.name.clone())).collect();
    for (id, name) in imports {
        let ImportKind::Function(function) = module.imports.get(id).kind else {
            bail!("{name} is no function");
        };
        if name.contains("__wbindgen_throw") {
            module.replace_imported_func(function, |(body, _)| {
                body.unreachable();
            })?;
        } else if name == "__wbindgen_init_externref_table" {
            module.replace_imported_func(function, |_| ())?;
        } else if let Some((plain, _hash)) =
            name.strip_prefix("__wbg_").and_then(|name| name.rsplit_once('_'))
        {
            module.imports.get_mut(id).name = plain.to_owned();
        } else {
            bail!("pkg/src/core-glue.ts does not lend {name}");
        }
    }
    let exports: Vec<_> = module.exports.iter().map(|export| (export.id(), export.name.clone())).collect();
    for (id, name) in exports {
        if name == "__wbg_core_free" {
            module.exports.get_mut(id).name = "core_free".to_owned();
        } else if name.starts_with("__") {
            module.exports.delete(id);
        }
    }
    gc::run(module);
    Ok(())
}
