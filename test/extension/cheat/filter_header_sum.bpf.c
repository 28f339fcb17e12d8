// SPDX-License-Identifier: GPL-2.0-only
/* Changes what it declares, the code point, and leaves the checksum of IPv4 as it was. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "header-sum", "Test", "1", .changes = XVS_CHANGES_DSCP,
	.flags = XVS_EXTENSION_HEADERS);

XVS_FILTER(frame, view)
{
	__u8 tos = 0xb8;

	if (view->family != 4)
		return XVS_CONTINUE;
	bpf_skb_store_bytes(frame, view->network + 1, &tos, 1, 0);
	return XVS_CHANGED;
}

char LICENSE[] SEC("license") = "GPL";
