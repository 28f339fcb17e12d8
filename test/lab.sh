# SPDX-License-Identifier: GPL-2.0-only
# A daemon of a test's own, with a namespace that is its host; to be sourced after lib.sh.

# name_lab PREFIX PROGRAM…: names with the pid, for a daemon and for the namespace that is its host.
# Ends the test if it isn't root's or lacks a program.
name_lab() {
	local needed
	bin=$(realpath "${XVS_BIN_DIR:-build/bin}")
	[ "$(id -u)" -eq 0 ] || { echo "$0 needs root" >&2; exit 1; }
	for needed in "$bin/xvswitchd" "$bin/xvsctl" "${@:2}"; do
		command -v "$needed" >/dev/null || { echo "$0: $needed is missing" >&2; exit 1; }
	done
	host=$1-$$-host pins=/sys/fs/bpf/$1-$$ hook=auto daemon=
	folder=$(mktemp -d "/tmp/$1-XXXXXX")
	options=(--pin-dir "$pins" --socket "$folder/control.sock" --state-dir "$folder/state")
}

# in_namespace NAME COMMAND…: with the files of everybody, where `ip netns exec` has another sysfs
in_namespace() {
	timeout --kill-after=5 30 nsenter --net="/run/netns/$1" "${@:2}"
}

in_host() { in_namespace "$host" "$@"; }

xvsctl() { timeout 20 "$bin/xvsctl" --socket "$folder/control.sock" "$@"; }

# start_daemon: without a configuration; nsenter becomes the daemon, so that $daemon is its pid
start_daemon() {
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
	nsenter --net="/run/netns/$host" "$bin/xvswitchd" --config /nonexistent --hook "$hook" \
		"${options[@]}" >>"$folder/log" 2>&1 &
	daemon=$!
	eventually xvsctl show >/dev/null
}

# stop_daemon: and nothing of it is left
stop_daemon() {
	[ -n "$daemon" ] && kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null
	daemon=
	[ ! -d "$pins" ] ||
		in_host "$bin/xvswitchd" --purge --hook "$hook" "${options[@]}" >>"$folder/log" 2>&1
}

# remove_lab NAMESPACE…: with its host
remove_lab() {
	local namespace
	stop_daemon
	for namespace in "$@" "$host"; do
		timeout 10 ip netns del "$namespace" 2>/dev/null
	done
	rm -rf "$folder"
	[ ! -d "$pins" ] || fail "$pins is still there"
}
