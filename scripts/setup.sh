#!/bin/sh
# Installs what is missing: npm packages (the pinned Node.js among them), system packages, the build. Idempotent.
#   sh scripts/setup.sh [--with-tests]
# Needs npm alone: what runs before the pinned Node.js is there is this shell.
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }
fail() { echo "setup: $*" >&2; exit 1; }

case "$(uname -m)" in
  x86_64) arch=x64 ;;
  aarch64) arch=arm64 ;;
  *) fail "no pinned Node.js for $(uname -m); supported are x86_64 and aarch64" ;;
esac
pinned=node_modules/node-linux-$arch/bin/node

install_npm_packages() {
  stamp=node_modules/.setup-stamp
  want="$(cksum < package-lock.json) $arch"
  if [ -x "$pinned" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then return; fi
  command -v npm > /dev/null || fail "npm is missing; install it first (Debian, Ubuntu: apt-get install npm)"
  say "installing npm packages, the pinned Node.js among them"
  npm ci --ignore-scripts --include=dev --include=optional --no-audit --no-fund --loglevel=error
  [ -x "$pinned" ] || fail "npm did not bring $pinned"
  "$pinned" --version > /dev/null || fail "$pinned does not run here; it needs a Linux with glibc 2.28 or newer"
  echo "$want" > "$stamp"
  changed=yes
}

use_pinned_node() {
  [ -x node_modules/.bin/node ] || ln -sf "../node-linux-$arch/bin/node" node_modules/.bin/node
  PATH=$PWD/node_modules/.bin:$PATH
  export PATH
}

build() {
  if [ ! -f dist/cli/main.js ]; then
    say "building"
    changed=yes
  fi
  node scripts/build.ts
}

changed=no
install_npm_packages
use_pinned_node
sh scripts/install-packages.sh "$@"
build
if [ "$changed" = yes ]; then say "ready: Node.js $(node --version), tskubelet in dist/, ./bin/tskubelet runs it"; fi
