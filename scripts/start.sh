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
cat << 'TEXT'
start: runs the pods of examples/ until Ctrl-C, which stops them. Meanwhile, in another shell:
         ./bin/tskubelet get pods -o wide
         ./bin/tskubelet help
       A pod follows its file in examples/: edit it, delete it, add one.
TEXT
exec ./bin/tskubelet run --manifests examples --stop-pods-on-exit "$@"
