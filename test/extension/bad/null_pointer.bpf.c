// SPDX-License-Identifier: GPL-2.0-only
/* The kernel refuses it. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} table SEC(".maps");

XVS_CAPTURE(frame, view)
{
	__u32 key = view->source, *value = bpf_map_lookup_elem(&table, &key);

	return *value;
}

char LICENSE[] SEC("license") = "GPL";
