// The part of wasm-bindgen's command line that worker-build uses, so that the Worker (pkg/worker) can be built with
// packages from the registries only. The original is downloaded as a binary or takes minutes to compile. It chooses no
// options itself.

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let mut bindgen = Bindgen::new();
    let mut out = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().with_context(|| format!("{argument} expects a value"));
        match argument.as_str() {
            "--out-dir" => out = Some(value()?),
            "--out-name" => {
                bindgen.out_name(&value()?);
            }
            "--target" => match value()?.as_str() {
                "module" => {
                    bindgen.module(true)?;
                }
                target => bail!("there is no target {target} here"),
            },
            "--no-typescript" => {
                bindgen.typescript(false);
            }
            "--no-demangle" => {
                bindgen.demangle(false);
            }
            "--experimental-reset-state-function" => {
                bindgen.reset_state_function(true);
            }
            "--force-enable-abort-handler" => {
                bindgen.force_enable_abort_handler(true);
            }
            wasm if !wasm.starts_with('-') => {
                bindgen.input_path(wasm);
            }
            _ => bail!("there is no option {argument} here"),
        }
    }
    bindgen.generate(out.context("expects --out-dir")?)
}
