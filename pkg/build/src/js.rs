// The modules for JavaScript: the memory store, with feature `js`, and all stores, with feature `js-net` and wasm-bindgen's
// glue. Optimising and bundling are JavaScript's tools' (`pkg/scripts/build.js`); names stay until then, for who
// wants to know what is large.

use std::collections::HashSet;

use anyhow::{Result, bail};
use walrus::ir::{Call, Visitor, dfs_in_order};
use walrus::passes::gc;
use walrus::{FunctionBuilder, FunctionId, FunctionKind, ImportKind, Module};
use wasm_bindgen_cli_support::Bindgen;

use crate::module;

/// Writes `core_bg.wasm` to `pkg/dist/bindgen`: the memory store. Nothing but numbers crosses there, so that what
/// `pkg/src/core-glue.ts` says of it is all the glue.
pub fn build() -> Result<()> {
    let mut module = Module::from_buffer(&module::compile("js", &[])?)?;
    trap_at_once(&mut module)?;
    let mut output = bindgen("core", module)?.generate_output()?;
    without_runtime(output.wasm_mut())?;
    let folder = module::dist()?.join("bindgen");
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join("core_bg.wasm"), output.wasm_mut().emit_wasm())?)
}

/// Writes `net.js` and `net_bg.wasm` beside them: all stores.
pub fn build_net() -> Result<()> {
    let mut module = Module::from_buffer(&module::compile("js-net", &[])?)?;
    // What servers are told and say is composed at will here: only panics are cut short.
    let panicking = module.funcs.iter_local().map(|(id, _)| id).filter(|id| panics(&module, *id)).collect();
    trap_in(&mut module, panicking);
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

/// Lets panics trap without composing a message: this target has nowhere to print one, and composing it is code.
fn trap_at_once(module: &mut Module) -> Result<()> {
    let all = || module.funcs.iter_local().map(|(id, _)| id);
    let needless: HashSet<FunctionId> =
        all().filter(|id| panics(module, *id) || formats(module, *id)).collect();
    for id in all().filter(|id| !is_of_std(module, *id)) {
        let called = calls(module, id)
            .into_iter()
            .find(|called| needless.contains(called) && formats(module, *called));
        let name = |id: FunctionId| module.funcs.get(id).name.as_deref().unwrap_or("a function");
        if let Some(called) = called {
            bail!("{} calls {}: messages are joined, not formatted", name(id), name(called));
        }
    }
    trap_in(module, needless);
    Ok(())
}

/// Lets functions trap instead of doing what they do.
fn trap_in(module: &mut Module, needless: HashSet<FunctionId>) {
    for id in needless {
        let kind = module.types.get(module.funcs.get(id).ty());
        let (parameters, results) = (kind.params().to_vec(), kind.results().to_vec());
        let mut trap = FunctionBuilder::new(&mut module.types, &parameters, &results);
        trap.func_body().unreachable();
        let parameters = parameters.into_iter().map(|kind| module.locals.add(kind)).collect();
        module.funcs.get_mut(id).kind = FunctionKind::Local(trap.local_func(parameters));
    }
}

/// Whether the function's name has one of these parts, and is as the standard library's are: ours are made otherwise.
fn is_named(module: &Module, id: FunctionId, parts: &[&str]) -> bool {
    let name = module.funcs.get(id).name.as_deref().unwrap_or_default();
    name.starts_with("_R") && parts.iter().any(|part| name.contains(part))
}

fn is_of_std(module: &Module, id: FunctionId) -> bool {
    is_named(module, id, &[""])
}

/// Whether it formats values for a message; integers alone have a way of their own to become text.
fn formats(module: &Module, id: FunctionId) -> bool {
    is_named(module, id, &["3fmt"]) && !is_named(module, id, &["__fmt"])
}

/// Whether it panics: it gives nothing, and its end is never reached.
fn panics(module: &Module, id: FunctionId) -> bool {
    let FunctionKind::Local(body) = &module.funcs.get(id).kind else { return false };
    let last = body.block(body.entry_block()).instrs.last();
    is_named(module, id, &["panicking", "panic_", "_fail", "_overflow"])
        && module.types.get(body.ty()).results().is_empty()
        && last.is_some_and(|(instruction, _)| instruction.is_unreachable())
}

/// The functions that a function calls by name.
fn calls(module: &Module, id: FunctionId) -> Vec<FunctionId> {
    struct Calls(Vec<FunctionId>);
    impl<'instructions> Visitor<'instructions> for Calls {
        fn visit_call(&mut self, call: &Call) {
            self.0.push(call.func);
        }
    }
    let mut calls = Calls(Vec::new());
    if let FunctionKind::Local(body) = &module.funcs.get(id).kind {
        dfs_in_order(&mut calls, body, body.entry_block());
    }
    calls.0
}
