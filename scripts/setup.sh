#!/bin/sh
# Installs what is missing: npm packages (the pinned Node.js among them), system packages, the build. Idempotent.
#   sh scripts/setup.sh [--with-tests]
set -eu
cd "$(dirname "$0")/.."

say() { echo "setup: $*"; }
fail() { echo "setup: $*" >&2; exit 1; }

install_npm_packages() {
  stamp=node_modules/.setup-stamp
  want=$(cksum < package-lock.json)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then return; fi
  command -v npm > /dev/null || fail "npm is missing; install it first (Debian: apt-get install npm)"
  say "installing npm packages (the pinned Node.js among them)"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  echo "$want" > "$stamp"
}

link_pinned_node() {
  case "$(uname -m)" in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) fail "no pinned Node.js for $(uname -m); supported are x86_64 and aarch64" ;;
  esac
  node=node_modules/node-linux-$arch/bin/node
  [ -x "$node" ] || fail "$node is missing; remove node_modules and run 'npm run setup' again"
  ln -sf "../node-linux-$arch/bin/node" node_modules/.bin/node
  PATH=$PWD/node_modules/.bin:$PATH
  export PATH
}

say_done() { say "ready: Node.js $(node --version), $(containerd --version | cut -d' ' -f3), tskubelet built in dist/"; }

install_npm_packages
link_pinned_node
sh scripts/install-packages.sh "$@"
node scripts/build.ts
say_done
