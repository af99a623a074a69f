// The memory store for JavaScript: the module with feature `js`, and wasm-bindgen's glue for it. Optimising and
// bundling are JavaScript's tools' (`pkg/scripts/build.js`); names stay until then, for who wants to know what is large.

use anyhow::Result;
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module};
use wasm_bindgen_cli_support::Bindgen;

use crate::module;

/// In the names of the standard library's functions that compose the message of a panic and never return.
const PANICS: [&str; 4] = ["panicking", "panic_", "_fail", "_overflow"];

/// Writes `core.js` and `core_bg.wasm` to `pkg/dist/bindgen`.
pub fn build() -> Result<()> {
    let mut module = Module::from_buffer(&module::compile("js", &[])?)?;
    trap_at_once(&mut module);
    Bindgen::new()
        .input_module("core", module)
        .web(true)?
        // The package hands the module over itself; a URL in the glue would make bundlers look for a file.
        .omit_default_module_path(true)
        .typescript(true)
        .remove_producers_section(true)
        .generate(module::dist()?.join("bindgen"))
}

/// Lets panics trap without composing a message: this target has nowhere to print one, and composing it is code.
fn trap_at_once(module: &mut Module) {
    let panics: Vec<FunctionId> =
        module.funcs.iter_local().filter(|(id, _)| is_panic(module, *id)).map(|(id, _)| id).collect();
    for id in panics {
        let kind = module.types.get(module.funcs.get(id).ty());
        let (parameters, results) = (kind.params().to_vec(), kind.results().to_vec());
        let mut trap = FunctionBuilder::new(&mut module.types, &parameters, &results);
        trap.func_body().unreachable();
        let parameters = parameters.into_iter().map(|kind| module.locals.add(kind)).collect();
        module.funcs.get_mut(id).kind = FunctionKind::Local(trap.local_func(parameters));
    }
}

/// Whether it is a function of the standard library (ours are named in the other way) that panics: it gives nothing, and
/// its end is never reached.
fn is_panic(module: &Module, id: FunctionId) -> bool {
    let function = module.funcs.get(id);
    let is_named_so = function
        .name
        .as_deref()
        .is_some_and(|name| name.starts_with("_R") && PANICS.iter().any(|part| name.contains(part)));
    let FunctionKind::Local(body) = &function.kind else { return false };
    let last = body.block(body.entry_block()).instrs.last();
    is_named_so
        && module.types.get(function.ty()).results().is_empty()
        && last.is_some_and(|(instruction, _)| instruction.is_unreachable())
}
