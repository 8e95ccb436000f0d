#!/bin/busybox sh
# Second stage, on the machine's real root: what a Debian system has mounted after boot. Then the command, either as a
# child of this shell (cgroups are the agent's alone) or of systemd (the systemd cgroup driver, unit files). Busybox all
# through: under emulation every start of a dynamically linked program costs a good tenth of a second.
. /run/vm/settings
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root

mkdir -p /dev/pts /dev/shm /dev/mqueue /run/original
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount --make-rprivate /
mount --bind / /run/original

# A container runtime cannot lay its overlays on this root, which is an overlay itself.
for folder in /tmp /var/lib/containerd /var/lib/tskubelet /var/lib/kubelet; do
  mkdir -p "$folder"
  mount -t tmpfs -o mode=755 tmpfs "$folder"
done
chmod 1777 /tmp /dev/shm
if [ ! -e "$checkout" ]; then
  mkdir -p "$checkout"
  mount --bind "/run/original$checkout" "$checkout"
fi
umount /run/original

[ -e /sbin/modprobe ] || ln -s /bin/busybox /sbin/modprobe
mkdir -p /lib/modules
ln -sfn "$modules" "/lib/modules/$(uname -r)"
ip link set lo up
# There is no network; a node still has an address and a default route.
# Loaded on demand by several pods at once, some of them would not find it complete.
modprobe -a dummy bridge veth
ip link set dummy0 name eth0
ip address add 192.0.2.10/24 dev eth0
ip link set eth0 up
ip route add default via 192.0.2.1
hostname tskubelet-vm
hostname >/etc/hostname

if [ "$init" = systemd ]; then
  rm -f /.dockerenv # systemd would take the machine for a container
  units=/run/systemd/system
  mkdir -p $units
  # What only prepares hardware, users and folders is done already or not needed, and costs ten seconds.
  for wanted in /lib/systemd/system/sysinit.target.wants/* /lib/systemd/system/local-fs.target.wants/*; do
    case "${wanted##*/}" in
      systemd-journald.service | "*") ;;
      *) ln -sf /dev/null "$units/${wanted##*/}" ;;
    esac
  done
  cat >$units/vm-command.service <<UNIT
[Unit]
After=dbus.socket systemd-journald.socket
[Service]
Type=exec
ExecStart=/bin/sh $checkout/test/vm/guest/command.sh
UNIT
  cat >$units/vm.target <<UNIT
[Unit]
Wants=dbus.socket systemd-journald.socket
Requires=vm-command.service
UNIT
  exec /lib/systemd/systemd --unit=vm.target --show-status=no
fi

mount -t cgroup2 cgroup2 /sys/fs/cgroup
/bin/sh "$checkout/test/vm/guest/command.sh" &
wait $!
poweroff -f
