#!/usr/bin/env bash
# Runs every test, after `setup.sh test`. Stops at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s (%ss)\n' "$1" "$SECONDS"; }

# The recorded results of the conformance cases.
rm -rf target/matrix

step "format and lint: Rust"
cargo fmt --all --check
cargo clippy --quiet --all-targets -- -D warnings
wasm=(--target wasm32-unknown-unknown)
for feature in cloudflare-kv worker; do
  cargo clippy --quiet --lib "${wasm[@]}" --features "$feature" -- -D warnings
done
for binding in js-core js-net js-postgres component component-net worker; do
  cargo clippy --quiet -p "omnikv-$binding" "${wasm[@]}" -- -D warnings
done
RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --all-features

step "native: unit, conformance, contract, dialect, model"
cargo test --quiet

step "the command line"
cargo clippy --quiet -p omnikv-cli --all-targets -- -D warnings
cargo test --quiet -p omnikv-cli

step "format, lint and types: TypeScript"
(cd pkg && npm run --silent lint && npm run --silent typecheck)

step "the npm package: Node, Chromium, bundlers, fuzz"
(cd tests && npm test --silent)

step "the component: wasmtime, jco"
cargo run --quiet -p omnikv-build -- component
cargo run --quiet -p omnikv-build -- component-net
cargo clippy --quiet -p omnikv-build -p omnikv-wasmtime --all-targets -- -D warnings
cargo test --quiet -p omnikv-build
cargo test --quiet -p omnikv-wasmtime
(cd tests/jco && npm ci --silent && npm test --silent)

step "the matrix of hosts and backends"
node tests/matrix.js

step "done"
