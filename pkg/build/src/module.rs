// Compiles the library to a wasm module, and prints the size of a wasm file. What the module is used for does not
// matter here.

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

/// Compiles the library with one binding's feature and returns the module. The settings, for example
/// `profile.wasm.opt-level=3`, take precedence over those of Cargo.toml.
///
/// `cdylib` is requested here and not in Cargo.toml: a library with both crate types loses link-time optimisation.
pub fn compile(feature: &str, settings: &[&str]) -> Result<Vec<u8>> {
    let root = root();
    let status = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
        .current_dir(&root)
        .args(["rustc", "--package", "omnikv", "--lib", "--crate-type", "cdylib", "--profile", "wasm"])
        .args(["--target", "wasm32-unknown-unknown", "--features", feature])
        .args(settings.iter().flat_map(|setting| ["--config", setting]))
        .status()
        .context("cannot run cargo")?;
    ensure!(status.success(), "the library does not compile to wasm with feature {feature}");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let file = target.join("wasm32-unknown-unknown/wasm/omnikv.wasm");
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
