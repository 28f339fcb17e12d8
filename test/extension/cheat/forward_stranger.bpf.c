// SPDX-License-Identifier: GPL-2.0-only
/* Sends what has a high priority to a port that nobody told it of. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FORWARDING, "stranger", "Test", "1");

XVS_FORWARD(frame, view, route)
{
	if (view->priority != 7)
		return XVS_CONTINUE;
	xvs_add_destination(route, 99);
	return XVS_ADDED;
}

char LICENSE[] SEC("license") = "GPL";
