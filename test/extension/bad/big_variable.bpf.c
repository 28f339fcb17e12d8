// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

__u64 counts[1 << 20];

XVS_CAPTURE(frame, view)
{
	counts[view->vlan]++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
