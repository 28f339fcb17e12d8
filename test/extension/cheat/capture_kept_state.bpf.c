// SPDX-License-Identifier: GPL-2.0-only
/* State that can be read out and never be put back: user space may not write the map. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "kept-state", "Test", "1");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_RDONLY);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} frames SEC(".maps");
const struct xvs_state_map xvs_state_frames SEC(".xvs.state") = {"frames", 1, 0};

XVS_CAPTURE(frame, view)
{
	__u32 port = xvs_port_of(view);
	__u64 one = 1;

	bpf_map_update_elem(&frames, &port, &one, BPF_ANY);
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
