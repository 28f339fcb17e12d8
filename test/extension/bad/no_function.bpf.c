// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

static int unused;
int xvs_nothing(struct __sk_buff *frame)
{
	return unused;
}

char LICENSE[] SEC("license") = "GPL";
