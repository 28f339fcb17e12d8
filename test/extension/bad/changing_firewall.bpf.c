// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FIREWALL, "bad", "Test", "1", .changes = XVS_CHANGES_TTL);

XVS_FIREWALL(frame, view)
{
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
