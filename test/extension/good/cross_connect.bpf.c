// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FORWARDING, "cross", "Test", "1");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} table SEC(".maps");

XVS_FORWARD(frame, view, route)
{
	__u32 *to = bpf_map_lookup_elem(&table, &view->source);

	if (!to || !*to || xvs_add_destination(route, *to))
		return XVS_CONTINUE;
	return XVS_ROUTED;
}

char LICENSE[] SEC("license") = "GPL";
