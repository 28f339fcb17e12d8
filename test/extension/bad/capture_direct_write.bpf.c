// SPDX-License-Identifier: GPL-2.0-only
/* Packet bytes, written by a capture: the kernel refuses it, loaded as LWT_OUT. */
#include <linux/if_ether.h>
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	struct ethhdr *eth = (void *)(long)frame->data;

	if ((void *)(eth + 1) > (void *)(long)frame->data_end)
		return 0;
	eth->h_dest[0] = 2;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
