// SPDX-License-Identifier: GPL-2.0-only
/* A loop of more turns than the budget has instructions for. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "budget", "Test", "1");

__u64 sum;

XVS_CAPTURE(frame, view)
{
	for (int i = 0; i < 6000; i++)
		sum += bpf_get_prandom_u32();
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
