// SPDX-License-Identifier: GPL-2.0-only
/* A map that user space can't write, so that nobody could see what it does once that is full. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "closed", "Test", "1");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_RDONLY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} seen SEC(".maps");

XVS_CAPTURE(frame, view)
{
	__u32 source = view->source;
	__u64 one = 1;

	bpf_map_update_elem(&seen, &source, &one, BPF_ANY);
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
