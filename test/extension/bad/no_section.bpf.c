// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_CAPTURE(frame, view)
{
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
