// SPDX-License-Identifier: GPL-2.0-only
/* Takes ages for a few frames, of which none is among the first. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "slow-rarely", "Test", "1");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u64[16]);
} seen SEC(".maps");

XVS_CAPTURE(frame, view)
{
	__u64 value[16] = {0};
	__u32 key;

	if ((frame->len & 255) != 98)
		return XVS_CONTINUE;
	for (int i = 0; i < 1200; i++) {
		key = bpf_get_prandom_u32() & 1023;
		bpf_map_update_elem(&seen, &key, value, BPF_ANY);
	}
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
