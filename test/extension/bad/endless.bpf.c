// SPDX-License-Identifier: GPL-2.0-only
/* The kernel refuses it. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	volatile __u32 n = 1;

	while (n)
		n++;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
