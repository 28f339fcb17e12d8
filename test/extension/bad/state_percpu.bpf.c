// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

struct key {
	__u32 port, other;
};
XVS_PORT_TABLE(numbers, 1, PERCPU_HASH, 64, struct key, __u64);

XVS_CAPTURE(frame, view)
{
	struct key key = {.port = view->source};

	return !bpf_map_lookup_elem(&numbers, &key);
}

char LICENSE[] SEC("license") = "GPL";
