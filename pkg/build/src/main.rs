// Makes the wasm files that are shipped: `omnikv-build component`, `omnikv-build js`. It must not decide what is in them: that is the
// library's, by its features.

mod component;
mod js;
mod module;

use anyhow::{Result, bail};

const USAGE: &str = "usage: omnikv-build component|js";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["component"] => component::build(),
        ["js"] => js::build(),
        _ => bail!(USAGE),
    }
}
