// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1u << 30);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

XVS_CAPTURE(frame, view)
{
	__u32 key = view->source;

	return !bpf_map_lookup_elem(&numbers, &key);
}

char LICENSE[] SEC("license") = "GPL";
