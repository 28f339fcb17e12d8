// SPDX-License-Identifier: GPL-2.0-only
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

int counted = 5;
static const volatile int limit = 3;
static __u64 zero;

XVS_CAPTURE(frame, view)
{
	zero++;
	counted += limit;
	return counted;
}

char LICENSE[] SEC("license") = "Proprietary";
