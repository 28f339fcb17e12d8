// SPDX-License-Identifier: GPL-2.0-only
/* A firewall that does nothing: what an extension costs by being there. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FIREWALL, "empty", "xvswitch", "1.0", .flags = EMPTY_FLAGS);

XVS_FIREWALL(frame, view)
{
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
