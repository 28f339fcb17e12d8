# SPDX-License-Identifier: GPL-2.0-only
# Puts together the root that commands of scripts/vm see, in a machine and on the host's kernel
# alike; to be sourced, by busybox's shell too. $at is where host/, tree/, scratch/ and new/ are,
# $tree the checkout's path.

# layered NAME LOWER PLACE: writes go to memory
layered() {
	mkdir -p "$at/scratch/$1/upper" "$at/scratch/$1/work"
	mount -t overlay -o "lowerdir=$2,upperdir=$at/scratch/$1/upper,workdir=$at/scratch/$1/work" \
		"$1" "$3"
}

# fresh TYPE PLACE [OPTIONS]: in the new root
fresh() {
	mkdir -p "$at/new$2"
	mount -t "$1" ${3:+-o "$3"} "$1" "$at/new$2"
}

# make_root LAYERS SETTINGS: `make_devices` puts nodes into /dev
make_root() {
	mount -t tmpfs -o mode=755 scratch "$at/scratch"
	layered root "$1" "$at/new"
	fresh proc /proc
	fresh sysfs /sys
	make_devices
	fresh devpts /dev/pts ptmxmode=666,mode=620,gid=5
	fresh tmpfs /dev/shm mode=1777
	fresh tmpfs /run mode=755
	fresh tmpfs /tmp mode=1777
	fresh bpf /sys/fs/bpf mode=700
	fresh cgroup2 /sys/fs/cgroup
	fresh tracefs /sys/kernel/tracing
	fresh debugfs /sys/kernel/debug
	mkdir -p "$at/new$tree"
	layered tree "$at/tree" "$at/new$tree"
	cp "$2" "$at/new/run/vm-settings"
}
