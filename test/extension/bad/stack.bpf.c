// SPDX-License-Identifier: GPL-2.0-only
/* The kernel refuses it: 508 bytes. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	volatile __u8 bytes[508];
	__u32 n = view->source & 255;

	for (int i = 0; i < 508; i++)
		bytes[i] = n;
	return bytes[n];
}

char LICENSE[] SEC("license") = "GPL";
