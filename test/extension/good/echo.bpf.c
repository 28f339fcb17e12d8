// SPDX-License-Identifier: GPL-2.0-only
/* Answers what is sent to 02:…:ee with the same frame, its addresses exchanged. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "echo", "Test", "1", .changes = XVS_CHANGES_MAC,
	.flags = XVS_EXTENSION_IN);

XVS_FILTER(frame, view)
{
	__u8 was[12], is[12];

	if (bpf_skb_load_bytes(frame, 0, was, sizeof(was)) || was[0] != 0x02 || was[5] != 0xee)
		return XVS_CONTINUE;
	__builtin_memcpy(is, was + 6, 6);
	__builtin_memcpy(is + 6, was, 6);
	return bpf_skb_store_bytes(frame, 0, is, sizeof(is), 0) ? XVS_CONTINUE : XVS_REPLY;
}

char LICENSE[] SEC("license") = "GPL";
