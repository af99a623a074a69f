// Compiling a binding to a wasm module, and telling how big a wasm file is. It must not know what becomes of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// The project's root folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// The folder of shipped files.
pub fn dist() -> Result<PathBuf> {
    let dist = root().join("pkg/dist");
    std::fs::create_dir_all(&dist).with_context(|| format!("cannot make {}", dist.display()))?;
    Ok(dist)
}

/// Compiles a binding, one of the crates in src/binding, and gives the module. The settings, such as
/// `profile.wasm.opt-level=3`, go before those of Cargo.toml.
pub fn compile(binding: &str, settings: &[&str]) -> Result<Vec<u8>> {
    let root = root();
    let status = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .current_dir(&root)
        .args(["build", "--package", binding, "--profile", "wasm", "--target", "wasm32-unknown-unknown"])
        .args(settings.iter().flat_map(|setting| ["--config", setting]))
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "{binding} does not compile to wasm");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let file = target.join("wasm32-unknown-unknown/wasm").join(binding.replace('-', "_") + ".wasm");
    std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
}

/// Writes a shipped file and prints its size.
pub fn ship(name: &str, contents: &[u8]) -> Result<()> {
    let file = dist()?.join(name);
    std::fs::write(&file, contents).with_context(|| format!("cannot write {}", file.display()))?;
    println!("{name}: {} bytes, {} brotli", contents.len(), brotli_size(contents)?);
    Ok(())
}

fn brotli_size(contents: &[u8]) -> Result<usize> {
    let mut compressed = brotli::CompressorWriter::new(Vec::new(), 4096, 11, 22);
    compressed.write_all(contents)?;
    Ok(compressed.into_inner().len())
}
