// The modules for JavaScript, and wasm-bindgen's glue for them: the memory store, with feature `js`, and all stores, with
// feature `js-net`. Optimising and bundling are JavaScript's tools' (`pkg/scripts/build.js`); names stay until then, for who
// wants to know what is large.

use std::collections::HashSet;

use anyhow::{Result, bail};
use walrus::ir::{Call, Visitor, dfs_in_order};
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module};
use wasm_bindgen_cli_support::Bindgen;

use crate::module;

/// Writes `core.js` and `core_bg.wasm` to `pkg/dist/bindgen`: the memory store.
pub fn build() -> Result<()> {
    let mut module = Module::from_buffer(&module::compile("js", &[])?)?;
    trap_at_once(&mut module)?;
    bind("core", module)
}

/// Writes `net.js` and `net_bg.wasm` beside them: all stores.
pub fn build_net() -> Result<()> {
    let mut module = Module::from_buffer(&module::compile("js-net", &[])?)?;
    // What servers are told and say is composed at will here: only panics are cut short.
    let panicking = module.funcs.iter_local().map(|(id, _)| id).filter(|id| panics(&module, *id)).collect();
    trap_in(&mut module, panicking);
    bind("net", module)
}

fn bind(name: &str, module: Module) -> Result<()> {
    Bindgen::new()
        .input_module(name, module)
        .web(true)?
        // The package hands the module over itself; a URL in the glue would make bundlers look for a file.
        .omit_default_module_path(true)
        .typescript(true)
        .remove_producers_section(true)
        .generate(module::dist()?.join("bindgen"))
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
