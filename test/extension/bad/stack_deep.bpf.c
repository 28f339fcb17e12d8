// SPDX-License-Identifier: GPL-2.0-only
/* The kernel refuses it: 300 bytes, twice. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

static __noinline int deep(struct __sk_buff *frame, __u32 n)
{
	volatile __u8 bytes[300];

	for (int i = 0; i < 300; i++)
		bytes[i] = n;
	return bytes[n & 255];
}

XVS_CAPTURE(frame, view)
{
	volatile __u8 bytes[300];
	__u32 n = view->source & 255;

	for (int i = 0; i < 300; i++)
		bytes[i] = n;
	return deep(frame, bytes[n]);
}

char LICENSE[] SEC("license") = "GPL";
