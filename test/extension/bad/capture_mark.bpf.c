// SPDX-License-Identifier: GPL-2.0-only
/* skb->mark belongs to the host. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	frame->mark = 7;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
