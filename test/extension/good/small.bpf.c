// SPDX-License-Identifier: GPL-2.0-only
/* So small that it stands in place of its call, with more than one way out. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FIREWALL, "small", "Test", "1");

XVS_REASONS({1, "odd", "the sender's id is odd"}, {2, "long", "the frame is long"});

XVS_FIREWALL(frame, view)
{
	if (view->source & 1)
		return XVS_DROP(1);
	if (frame->len > 9000)
		return XVS_DROP(2);
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
