// Builds the components `omnikv.wasm` and `omnikv-net.wasm` from their modules. They must not import anything that
// their worlds do not name.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use wit_component::{ComponentEncoder, DecodedWasm, decode};
use wit_parser::{Resolve, WorldItem, WorldKey};

use crate::module;

/// The imports of the memory store's component.
const IMPORTS: [&str; 2] = ["wasi:clocks/wall-clock@0.2.0", "wasi:random/insecure-seed@0.2.0"];

/// The imports of the component with all stores.
const NET_IMPORTS: [&str; 13] = [
    "wasi:clocks/monotonic-clock@0.2.0",
    "wasi:clocks/wall-clock@0.2.0",
    "wasi:http/outgoing-handler@0.2.0",
    "wasi:http/types@0.2.0",
    "wasi:io/error@0.2.0",
    "wasi:io/poll@0.2.0",
    "wasi:io/streams@0.2.0",
    "wasi:random/insecure-seed@0.2.0",
    "wasi:sockets/instance-network@0.2.0",
    "wasi:sockets/ip-name-lookup@0.2.0",
    "wasi:sockets/network@0.2.0",
    "wasi:sockets/tcp-create-socket@0.2.0",
    "wasi:sockets/tcp@0.2.0",
];

/// The exports of both.
const EXPORTS: [&str; 17] = [
    "batch",
    "bitmaps",
    "changes",
    "connection",
    "consumers",
    "geo",
    "hashes",
    "hyperloglogs",
    "keyspace",
    "lists",
    "locks",
    "records",
    "sets",
    "strings",
    "tasks",
    "types",
    "zsets",
];

/// A call into a component costs microseconds anyway, so optimise for size.
const SETTINGS: [&str; 2] = ["profile.wasm.opt-level='s'", "profile.wasm.strip='symbols'"];

/// Builds `omnikv.wasm`: the memory store.
pub fn build() -> Result<()> {
    make("omnikv-component", "omnikv.wasm", &IMPORTS)
}

/// Builds `omnikv-net.wasm`: all stores.
pub fn build_net() -> Result<()> {
    make("omnikv-component-net", "omnikv-net.wasm", &NET_IMPORTS)
}

fn make(binding: &str, name: &str, imports: &[&str]) -> Result<()> {
    let module = module::compile(binding, &SETTINGS)?;
    let component = ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .context("the module does not tell its world")?
        .encode()
        .context("the module does not fit its world")?;
    check(&component, imports)?;
    module::ship(name, &component)
}

/// Rejects a component whose imports and exports are not exactly those of its world.
fn check(component: &[u8], expected: &[&str]) -> Result<()> {
    let DecodedWasm::Component(resolve, world) = decode(component)? else { bail!("not a component") };
    let world = &resolve.worlds[world];
    let imports = names(&resolve, world.imports.iter())?;
    ensure!(imports.iter().eq(expected), "the component imports {imports:?}, not {expected:?}");
    let exports = names(&resolve, world.exports.iter())?;
    let expected = EXPORTS.map(|name| format!("omnikv:kv/{name}@0.2.0")).into();
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
