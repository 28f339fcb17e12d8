// SPDX-License-Identifier: GPL-2.0-only
/* State of ports whose keys begin with something else. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "strange-state", "Test", "1");

XVS_PORT_STATE(sizes, 1, __u64);

XVS_CAPTURE(frame, view)
{
	__u32 size = frame->len;
	__u64 one = 1;

	bpf_map_update_elem(&sizes, &size, &one, BPF_ANY);
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
