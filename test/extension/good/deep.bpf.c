// SPDX-License-Identifier: GPL-2.0-only
/* All of the stack that there is: 480 bytes, over two functions. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_FILTER, "deep", "Test", "1");

static __noinline int fill(__u32 n)
{
	volatile __u8 bytes[188];

	for (int i = 0; i < 188; i++)
		bytes[i] = n;
	return bytes[n & 127];
}

XVS_FILTER(frame, view)
{
	volatile __u8 bytes[252];
	__u32 n = view->source;

	for (int i = 0; i < 252; i++)
		bytes[i] = n;
	return bytes[n & 127] == (__u8)fill(n) ? XVS_CONTINUE : XVS_CHANGED;
}

char LICENSE[] SEC("license") = "GPL";
