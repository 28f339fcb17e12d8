// SPDX-License-Identifier: GPL-2.0-only
/*
 * A firewall that does nothing: what an extension costs by being there. EMPTY_CALLED: so that it
 * can't stand in place of its call, as it needs the stack.
 */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FIREWALL, "empty", "xvswitch", "1.0", .flags = EMPTY_FLAGS);

XVS_FIREWALL(frame, view)
{
#ifdef EMPTY_CALLED
	volatile __u32 source = view->source;

	(void)source;
#endif
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
