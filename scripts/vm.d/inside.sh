# SPDX-License-Identifier: GPL-2.0-only
# What a command of scripts/vm finds around it, in a machine and on the host's kernel alike; to be
# sourced where its root is finished.
. /run/vm-settings
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 TERM=$term

prepare() {
	ln -sfn /proc/self/fd /dev/fd
	ln -sfn /proc/self/fd/0 /dev/stdin
	ln -sfn /proc/self/fd/1 /dev/stdout
	ln -sfn /proc/self/fd/2 /dev/stderr
	mkdir -p /run/netns /run/lock /dev/net
	[ -c /dev/net/tun ] || mknod /dev/net/tun c 10 200 # its first opening loads the module
	echo xvswitch-vm >/proc/sys/kernel/hostname
	ip link set lo up
}
