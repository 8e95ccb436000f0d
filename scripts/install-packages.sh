#!/bin/sh
# Installs the system packages that are missing. With --with-tests also those that only the tests need.
# Ours to start are containerd's own processes: no service of the package is started or enabled.
set -eu
cd "$(dirname "$0")"

runtime="containerd runc containernetworking-plugins catatonit busybox-static iptables iproute2 mount procps"
tests="tmux qemu-system-x86"

missing() {
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q 'install ok installed' || printf '%s ' "$package"
  done
}

if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
  echo "setup: this is not Debian or Ubuntu; install these yourself: containerd, runc, the CNI plugins," \
    "catatonit, a static busybox, iptables, iproute2" >&2
  exit 0
fi
wanted=$runtime
if [ "${1:-}" = "--with-tests" ]; then wanted="$runtime $tests"; fi
# shellcheck disable=SC2086 # a list of words
needed=$(missing $wanted)
if [ -z "$needed" ]; then exit 0; fi
if [ "$(id -u)" != 0 ]; then
  echo "setup: missing packages; as root run: apt-get install --no-install-recommends $needed" >&2
  exit 1
fi
echo "setup: installing $needed"
export DEBIAN_FRONTEND=noninteractive
# A policy that forbids service starts: the embedded containerd is a child of the agent, not a service.
policy=/usr/sbin/policy-rc.d
made_policy=no
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy" && made_policy=yes
fi
trap '[ "$made_policy" = no ] || rm -f "$policy"' EXIT
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $needed > /tmp/tskubelet-apt.$$ 2>&1 || {
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends $needed > /tmp/tskubelet-apt.$$ 2>&1 || {
    tail -n 20 /tmp/tskubelet-apt.$$ >&2
    echo "setup: apt-get could not install: $needed" >&2
    exit 1
  }
}
rm -f /tmp/tskubelet-apt.$$
