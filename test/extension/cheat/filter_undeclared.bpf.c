// SPDX-License-Identifier: GPL-2.0-only
/* Declares MAC addresses, and changes the hop limit of one protocol's packets, OSPF over IPv6. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "undeclared", "Test", "1", .changes = XVS_CHANGES_MAC,
	.flags = XVS_EXTENSION_HEADERS);

XVS_FILTER(frame, view)
{
	__u8 hops = 0;

	if (view->family != 6 || view->next != 89)
		return XVS_CONTINUE;
	bpf_skb_store_bytes(frame, view->network + 7, &hops, 1, 0);
	return XVS_CHANGED;
}

char LICENSE[] SEC("license") = "GPL";
