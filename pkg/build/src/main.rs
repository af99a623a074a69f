// Makes the wasm files that are shipped (`omnikv-build component`, `component-net`, `js`, `net`) and the reference page (`reference`). It must not decide what is in them: that is the bindings' (src/binding), and the WIT's.

mod commands;
mod component;
mod js;
mod module;
mod names;
mod reference;
mod sources;

use anyhow::{Context, Result, bail};
use wit_parser::Resolve;

const USAGE: &str = "usage: omnikv-build component|component-net|js|net|reference";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["component"] => component::build(),
        ["component-net"] => component::build_net(),
        ["js"] => js::build(),
        ["net"] => js::build_net(),
        ["reference"] => reference(),
        _ => bail!(USAGE),
    }
}

fn reference() -> Result<()> {
    let root = module::root();
    let mut resolve = Resolve::new();
    let (package, _) = resolve.push_dir(root.join("wit"))?;
    let page = reference::page(&resolve, package, &sources::javascript(&root)?, &sources::rust(&root)?);
    let file = root.join(reference::PATH);
    std::fs::create_dir_all(root.join("www"))?;
    std::fs::write(&file, page).with_context(|| format!("cannot write {}", file.display()))
}
