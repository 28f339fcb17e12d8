// SPDX-License-Identifier: GPL-2.0-only
/* libbpf would take anybody's map that is pinned so. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} numbers SEC(".maps");

XVS_CAPTURE(frame, view)
{
	__u32 k = 0;
	return !bpf_map_lookup_elem(&numbers, &k);
}

char LICENSE[] SEC("license") = "GPL";
