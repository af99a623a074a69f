#!/usr/bin/env bash
# Prepares a machine with Rust (rustup) and Node for building: ./setup.sh
# or for building and running all tests: ./setup.sh test
set -euo pipefail
cd "$(dirname "$0")"

need() {
  command -v "$1" >/dev/null || { echo "setup: $1 is missing; install it from $2 and run this again" >&2; exit 1; }
}
need cargo https://rustup.rs
need rustup https://rustup.rs
need node "https://nodejs.org (20 or newer)"
need npm https://nodejs.org

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# The real programs that the tests run against.
system_packages() {
  local missing=()
  command -v redis-server >/dev/null || missing+=(redis-server)
  command -v memcached >/dev/null || missing+=(memcached)
  [ -n "$(command -v postgres || ls /usr/lib/postgresql/*/bin/postgres 2>/dev/null)" ] || missing+=(postgresql)
  command -v chromium >/dev/null || missing+=(chromium)
  # worker-build links to it.
  pkg-config --exists openssl 2>/dev/null || missing+=(libssl-dev pkg-config)
  command -v openssl >/dev/null || missing+=(openssl)
  # They build rqlite.
  command -v go >/dev/null || missing+=(golang-go)
  command -v gcc >/dev/null || missing+=(gcc libc6-dev)
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || { echo "setup: please install ${missing[*]}" >&2; exit 1; }
  echo "setup: installing ${missing[*]}"
  as_root apt-get update -qq
  # The tests start their own servers, so no service should run.
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# They are named in rust-toolchain.toml, but whether rustup installs them automatically depends on its version and settings.
rustup show active-toolchain >/dev/null 2>&1 || rustup toolchain install
rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
rustup component list --installed | grep -q '^clippy' || rustup component add clippy rustfmt
if [ "${1:-}" = test ]; then
  system_packages
  # Much of the build uses one core.
  tests/rqlite/build.sh &
  rqlite=$!
fi
(cd pkg && npm ci --no-audit --no-fund && npm run build)
if [ "${1:-}" = test ]; then
  (cd pkg && npm run build:worker)
  (cd tests && npm ci --no-audit --no-fund)
  wait "$rqlite"
fi
