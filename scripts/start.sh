#!/bin/sh
# `npm start`: sets up what is missing, then runs the agent standalone on examples/. Ctrl-C ends it and its pods.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
exec ./bin/tskubelet run --manifests examples --stop-pods-on-exit "$@"
