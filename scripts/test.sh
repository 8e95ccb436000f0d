#!/bin/sh
# `npm test`: sets up what is missing, then runs everything that CI runs.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh --with-tests
PATH=$PWD/node_modules/.bin:$PATH
export PATH
sh scripts/check.sh
node test/conformance/run.ts
node scripts/run-tests.ts all
