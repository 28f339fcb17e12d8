// SPDX-License-Identifier: GPL-2.0-only
/* Another destination port for DNS over TCP, without the checksum of TCP for it. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "port-sum", "Test", "1", .changes = XVS_CHANGES_PORTS,
	.flags = XVS_EXTENSION_HEADERS);

XVS_FILTER(frame, view)
{
	__be16 port = bpf_htons(5353);

	if (view->next != 6 || view->destination_port != 53)
		return XVS_CONTINUE;
	bpf_skb_store_bytes(frame, view->transport + 2, &port, 2, 0);
	return XVS_CHANGED;
}

char LICENSE[] SEC("license") = "GPL";
