#!/bin/sh
# `npm run check`: format, lint, types with the room rules, unit tests. Under 30 seconds.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH
export PATH
biome check .
tsc -b
exec node scripts/run-tests.ts unit
