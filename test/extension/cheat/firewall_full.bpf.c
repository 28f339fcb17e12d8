// SPDX-License-Identifier: GPL-2.0-only
/* Drops without a declared reason where its map has no room for a port. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FIREWALL, "full", "Test", "1");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u64);
	__type(value, __u64);
} seen SEC(".maps");

XVS_FIREWALL(frame, view)
{
	__u64 key = view->source | 1ull << 40, one = 1;

	return bpf_map_update_elem(&seen, &key, &one, BPF_ANY) ? XVS_DROP(3) : XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
