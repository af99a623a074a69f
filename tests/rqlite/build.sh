#!/usr/bin/env bash
# Builds rqlite's server as target/tools/rqlited, once for the versions and checksums in this folder. Takes about a minute.
set -euo pipefail
cd "$(dirname "$0")"
tools=../../target/tools
pinned=$(cat go.mod go.sum)
[ -x "$tools/rqlited" ] && [ "$(cat "$tools/rqlited.pinned" 2>/dev/null)" = "$pinned" ] && exit
mkdir -p "$tools"

# Debian's Go may be older than rqlite needs; then it fetches this one, whose checksum Go's checksum database has.
toolchain=golang.org/toolchain@v0.0.1-go1.24.11.$(go env GOOS)-$(go env GOARCH)
go=go
if ! go version | grep -qE 'go1\.(2[4-9]|[3-9][0-9])'; then
  folder=$(go env GOMODCACHE)/$toolchain
  # Elsewhere, this folder's go.mod would be read.
  (cd / && go mod download "$toolchain")
  chmod -R u+w "$folder"
  # A module's files are not executable.
  chmod +x "$folder"/bin/* "$folder"/pkg/tool/*/*
  go=$folder/bin/go
fi
CGO_ENABLED=1 GOTOOLCHAIN=local "$go" build -trimpath -ldflags='-s -w' -o "$tools/rqlited" github.com/rqlite/rqlite/v8/cmd/rqlited
echo "$pinned" >"$tools/rqlited.pinned"
echo "setup: built rqlited in $SECONDS s"
