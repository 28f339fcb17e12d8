// SPDX-License-Identifier: GPL-2.0-only
/* Begins the route anew, whoever is in it. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FORWARDING, "takes", "Test", "1");

XVS_FORWARD(frame, view, route)
{
	route->count = 0;
	xvs_add_destination(route, 1);
	xvs_add_destination(route, 2);
	return XVS_ROUTED;
}

char LICENSE[] SEC("license") = "GPL";
