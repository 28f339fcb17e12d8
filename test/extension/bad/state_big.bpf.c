// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

struct key {
	__u32 port;
	__u8 name[509];
};
XVS_PORT_TABLE(names, 1, HASH, 64, struct key, __u64);

XVS_CAPTURE(frame, view)
{
	return !bpf_map_lookup_elem(&names, view);
}

char LICENSE[] SEC("license") = "GPL";
