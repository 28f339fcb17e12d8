// SPDX-License-Identifier: GPL-2.0-only
/* A filter that doesn't say that it changes lengths. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "bad", "Test", "1", .changes = XVS_CHANGES_PAYLOAD);

XVS_FILTER(frame, view)
{
	return bpf_skb_change_tail(frame, 60, 0) ? XVS_CONTINUE : XVS_CHANGED;
}

char LICENSE[] SEC("license") = "GPL";
