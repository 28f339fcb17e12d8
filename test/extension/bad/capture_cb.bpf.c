// SPDX-License-Identifier: GPL-2.0-only
/* skb->cb belongs to the switch. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	frame->cb[0] = 7;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
