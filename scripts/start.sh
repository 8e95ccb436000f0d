#!/bin/sh
# `npm start`: sets up what is missing, then runs the agent standalone on examples/. Ctrl-C ends it and its pods.
#   npm start [-- FLAGS of `tskubelet run`]
set -eu
cd "$(dirname "$0")/.."
if [ "$(id -u)" != 0 ]; then
  echo "start: running pods needs root: sudo npm start" >&2
  exit 1
fi
sh scripts/setup.sh
exec ./bin/tskubelet run --manifests examples --stop-pods-on-exit "$@"
