// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

struct wide {
	__u8 bytes[1 << 20];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct wide);
} wide SEC(".maps");

XVS_CAPTURE(frame, view)
{
	__u32 from = 0, to = 1;
	struct wide *value = bpf_map_lookup_elem(&wide, &from);

	for (int i = 0; value && i < 100; i++)
		bpf_map_update_elem(&wide, &to, value, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
