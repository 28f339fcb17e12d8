// SPDX-License-Identifier: GPL-2.0-only
/* The kernel refuses it: ten million turns. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	__u32 sum = view->source;

	for (int i = 0; i < 10000000; i++)
		sum = sum * 31 + bpf_get_prandom_u32();
	return sum;
}

char LICENSE[] SEC("license") = "GPL";
