#!/bin/sh
# `npm test`: sets up what is missing, then runs everything that CI runs.
#   npm test [-- KIND [FILTER]]   one kind of test alone, see scripts/run-tests.ts
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh --with-tests
PATH=$PWD/node_modules/.bin:$PATH
export PATH
if [ $# -gt 0 ]; then exec node scripts/run-tests.ts "$@"; fi
biome check .
tsc -b
node test/conformance/run.ts
exec node scripts/run-tests.ts all
