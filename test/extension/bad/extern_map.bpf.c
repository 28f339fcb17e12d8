// SPDX-License-Identifier: GPL-2.0-only
/* A map of the switch, by name. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

extern struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u64);
} drops SEC(".maps");

XVS_CAPTURE(frame, view)
{
	__u32 k = 0;
	return !bpf_map_lookup_elem(&drops, &k);
}

char LICENSE[] SEC("license") = "GPL";
