// Panics that trap: the targets in JavaScript have nowhere to print a message, and composing one is code and data. It must not
// know what the modules are for.

use std::collections::HashSet;

use anyhow::{Result, bail};
use walrus::ir::{Call, Visitor, dfs_in_order};
use walrus::{FunctionBuilder, FunctionId, FunctionKind, Module};

use crate::forget::forget;

/// Lets panics trap, and nothing else in the standard library format; an error if something of ours does.
pub fn trap_at_once(module: &mut Module) -> Result<()> {
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

/// Lets panics trap.
pub fn trap(module: &mut Module) {
    let panicking = module.funcs.iter_local().map(|(id, _)| id).filter(|id| panics(module, *id)).collect();
    trap_in(module, panicking);
}

/// Lets functions trap instead of doing what they do.
fn trap_in(module: &mut Module, needless: HashSet<FunctionId>) {
    forget(module, &needless);
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
