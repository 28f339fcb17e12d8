// SPDX-License-Identifier: GPL-2.0-only
/* Drops for a reason that it has no words for. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "reason", "Test", "1", .flags = XVS_EXTENSION_HEADERS);

XVS_REASONS({.number = 1, .word = "telnet", .meaning = "telnet"});

XVS_FILTER(frame, view)
{
	if (view->next == 6 && view->destination_port == 23)
		return XVS_DROP(view->family == 6 ? 2 : 1);
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
