# Shared by the scripts beside it; to be sourced.

# Becomes root, which namespaces and BPF need.
become_root() {
	[ "$(id -u)" -eq 0 ] || exec sudo -E "$0" "$@"
}

# build PRESET [TARGET...]: configures if need be, builds; quiet unless it fails.
build() {
	local log preset=$1
	shift
	log=$(mktemp)
	if ! { cmake --preset "$preset" &&
		cmake --build --preset "$preset" -j "$(nproc)" ${1:+--target "$@"}; } >"$log" 2>&1; then
		cat "$log" >&2
		rm -f "$log"
		return 1
	fi
	rm -f "$log"
}

mount_bpffs() {
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf
}
