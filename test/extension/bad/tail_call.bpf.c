// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} jumps SEC(".maps");

XVS_CAPTURE(frame, view)
{
	bpf_tail_call(frame, &jumps, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
