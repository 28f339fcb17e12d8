// SPDX-License-Identifier: GPL-2.0-only
/*
 * A patch cable: all that a port with the setting `to` sends goes to that port and to no other,
 * whatever its destination address is. Ports without it are switched as ever.
 */
#include <xvswitch/extension.h>

/* If it can't be loaded, nothing gets to a port that it was not meant for. */
XVS_EXTENSION(XVS_KIND_FORWARDING, "cross-connect", "xvswitch", "1.0", .flags = XVS_EXTENSION_IN,
	.if_missing = XVS_IF_MISSING_DROP);

struct settings {
	__u32 to;
};

XVS_SETTINGS(struct settings,
	XVS_SETTING(struct settings, to, XVS_SETTING_PORT, XVS_OF_PORT, 0, 0, 0,
		"port that gets all that this one sends; none: as the switch does"));

XVS_FORWARD(frame, view, route)
{
	const struct settings *settings = xvs_settings_of(view);

	if (!settings || !settings->to)
		return XVS_CONTINUE;
	xvs_add_destination(route, settings->to);
	return XVS_ROUTED;
}

char LICENSE[] SEC("license") = "GPL";
