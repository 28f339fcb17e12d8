// SPDX-License-Identifier: GPL-2.0-only
/* Tags are the switch's business. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "bad", "Test", "1");

XVS_FILTER(frame, view)
{
	return bpf_skb_vlan_pop(frame);
}

char LICENSE[] SEC("license") = "GPL";
