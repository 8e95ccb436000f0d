#!/bin/sh
# Runs the host's command with its output on the first virtio port, sends its exit code through the second, switches off.
. /run/vm/settings
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8
export TSKUBELET_VM="$init" NODE_COMPILE_CACHE=/tmp/node-compile-cache
cd "$checkout" || exit 1
port() { # the device of the virtio port with this name
  for entry in /sys/class/virtio-ports/*; do
    [ "$(cat "$entry/name")" = "$1" ] && echo "/dev/${entry##*/}"
  done
}
output=$(port output) exit_code=$(port exit)
# No pipe in between: a process that outlives the command and holds its output must not hold the machine.
sh /run/vm/command </dev/null >"$output" 2>&1
echo $? >"$exit_code"
exec /bin/busybox poweroff -f
