#!/bin/sh
# Installs the Debian packages whose programs are missing: those that running pods needs, with --with-tests also those of
# the tests. A program counts wherever it comes from (Docker's own containerd, CNI plugins in /opt/cni/bin), and no other
# package is removed. The services of the packages are neither started nor enabled: containerd runs as the agent's child.
set -eu

PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH LC_ALL=C

has() { command -v "$1" > /dev/null; }
fail() { echo "setup: $*" >&2; exit 1; }

has_cni_plugins() {
  for plugin in bridge host-local portmap loopback; do
    [ -x "/usr/lib/cni/$plugin" ] || [ -x "/opt/cni/bin/$plugin" ] || return 1
  done
}

# The image of the examples and the test machine hold busybox alone, without libraries.
has_static_busybox() { has busybox && ! ldd "$(command -v busybox)" > /dev/null 2>&1; }

packages_of_runtime() {
  { has containerd && has containerd-shim-runc-v2 && has ctr; } || echo containerd
  has runc || echo runc
  has_cni_plugins || echo containernetworking-plugins
  has catatonit || echo catatonit
  has_static_busybox || echo busybox-static
  has iptables || echo iptables
  has ip || echo iproute2
  has mount || echo mount
}

packages_of_tests() {
  has tmux || echo tmux
  has docker-registry || echo docker-registry
  has xz || echo xz-utils
  has setpriv || echo util-linux
  # The virtual machine: emulated x86-64 that boots this machine's own programs, with systemd too.
  if [ "$(uname -m)" = x86_64 ]; then
    has qemu-system-x86_64 || echo qemu-system-x86
    [ -x /lib/systemd/systemd ] || echo systemd
    has dbus-daemon || echo dbus
  fi
}

missing=$(packages_of_runtime)
if [ "${1:-}" = --with-tests ]; then missing="$missing $(packages_of_tests)"; fi
missing=$(echo $missing)
[ -n "$missing" ] || exit 0

if ! has dpkg || ! has apt-get; then
  fail "this is not Debian or Ubuntu; install what these Debian packages bring: $missing"
fi
if [ "$(id -u)" != 0 ]; then
  fail "packages are missing; run this, then start again: sudo apt-get install --no-install-recommends $missing"
fi

log=$(mktemp)
policy=/usr/sbin/policy-rc.d
made_policy=no
clean_up() {
  rm -f "$log"
  [ "$made_policy" = no ] || rm -f "$policy"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

DEBIAN_FRONTEND=noninteractive
export DEBIAN_FRONTEND
# shellcheck disable=SC2086 # a list of words
simulate() { apt-get install -s --no-install-recommends $missing > "$log" 2>&1; }
# shellcheck disable=SC2086
install() { apt-get install -y -qq --no-install-recommends $missing > "$log" 2>&1; }
update() { apt-get update -qq > "$log" 2>&1 || true; }

echo "setup: installing $missing"
simulate || { update && simulate; } || { tail -n 20 "$log" >&2; fail "apt-get cannot install: $missing"; }
# busybox gives way to its static build, which does all that it did.
removed=$(sed -n 's/^Remv \([^ ]*\) .*/\1/p' "$log" | grep -vx busybox || true)
[ -z "$removed" ] || fail "installing $missing would remove $(echo $removed); decide that yourself"

# On a machine with an init system a policy keeps the packages from starting their services.
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod +x "$policy" && made_policy=yes
fi
# Package lists that are out of date name files that are gone.
install || { update && install; } || { tail -n 20 "$log" >&2; fail "apt-get could not install: $missing"; }
for service in containerd docker-registry; do
  case " $missing " in
    *" $service "*) if has systemctl; then systemctl -q disable "$service.service" > /dev/null 2>&1 || true; fi ;;
  esac
done
