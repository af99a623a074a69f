// Makes the component `omnikv.wasm` from the module. It must not let anything in that its world does not name.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use wit_component::{ComponentEncoder, DecodedWasm, decode};
use wit_parser::{Resolve, WorldItem, WorldKey};

use crate::module;

/// All that the component may ask of its host.
const IMPORTS: [&str; 2] = ["wasi:clocks/wall-clock@0.2.0", "wasi:random/insecure-seed@0.2.0"];

/// Everything it offers.
const EXPORTS: [&str; 8] = ["batch", "connection", "hashes", "keyspace", "lists", "sets", "strings", "types"];

/// A call into a component costs microseconds whatever stands behind it: here size counts.
const SETTINGS: [&str; 2] = ["profile.wasm.opt-level='s'", "profile.wasm.strip='symbols'"];

pub fn build() -> Result<()> {
    let module = module::compile("component", &SETTINGS)?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .context("the module does not tell its world")?
        .encode()
        .context("the module does not fit its world")?;
    check(&component)?;
    module::ship("omnikv.wasm", &component)
}

/// Refuses a component whose imports and exports are not exactly those of its world.
fn check(component: &[u8]) -> Result<()> {
    let DecodedWasm::Component(resolve, world) = decode(component)? else { bail!("not a component") };
    let world = &resolve.worlds[world];
    let imports = names(&resolve, world.imports.iter())?;
    ensure!(
        imports == IMPORTS.map(String::from).into(),
        "the component imports {imports:?}, not {IMPORTS:?}"
    );
    let exports = names(&resolve, world.exports.iter())?;
    let expected = EXPORTS.map(|name| format!("omnikv:kv/{name}@0.1.0")).into();
    ensure!(exports == expected, "the component exports {exports:?}, not {expected:?}");
    Ok(())
}

fn names<'a>(
    resolve: &Resolve,
    items: impl Iterator<Item = (&'a WorldKey, &'a WorldItem)>,
) -> Result<BTreeSet<String>> {
    items
        .map(|(key, item)| match item {
            WorldItem::Interface { id, .. } => resolve.id_of(*id).context("an interface without a name"),
            _ => bail!("{} is no interface", resolve.name_world_key(key)),
        })
        .collect()
}
