// SPDX-License-Identifier: GPL-2.0-only
/* Cuts the end of a frame off, as it declares, and leaves the length in the IP header as it was. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "cut", "Test", "1", .changes = XVS_CHANGES_LENGTH,
	.flags = XVS_EXTENSION_HEADERS);

XVS_FILTER(frame, view)
{
	if (view->next != 17 || bpf_skb_change_tail(frame, frame->len - 4, 0))
		return XVS_CONTINUE;
	return XVS_CHANGED;
}

char LICENSE[] SEC("license") = "GPL";
