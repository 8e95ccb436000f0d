#!/bin/busybox sh
# First process of the machine, in the initramfs: makes the host's root filesystem (read-only, over 9p, below a tmpfs)
# the root and hands over to start.sh of the same checkout.
set -e
die() { echo "vm: $*"; /bin/busybox poweroff -f; }
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
for module in /modules/*.ko; do $b insmod "$module" || die "cannot load $module"; done
$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose host /lower || die "no root filesystem"
$b mount -t tmpfs -o size=50%,mode=755 tmpfs /upper
$b mkdir /upper/files /upper/work
$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /root || die "no overlay"
for folder in proc sys dev; do $b mount --move "/$folder" "/root/$folder"; done
$b mount -t tmpfs -o mode=755 tmpfs /root/run
$b mkdir /root/run/vm
$b cp /vm/* /root/run/vm/
. /vm/settings
exec $b switch_root /root /bin/busybox sh "$checkout/test/vm/guest/start.sh"
