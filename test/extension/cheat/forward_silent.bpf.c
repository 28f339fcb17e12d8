// SPDX-License-Identifier: GPL-2.0-only
/* Says that it has directed the frame, and names nobody. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FORWARDING, "silent", "Test", "1", .flags = XVS_EXTENSION_HEADERS);

XVS_FORWARD(frame, view, route)
{
	if (view->next == 17)
		return XVS_ROUTED;
	xvs_add_destination(route, 1);
	return XVS_ROUTED;
}

char LICENSE[] SEC("license") = "GPL";
