// SPDX-License-Identifier: GPL-2.0-only
/* What lies there can't be told. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	int value;

	asm volatile("r2 = %1\n"
		     "r2 += 40\n"
		     "%0 = *(u32 *)(r2 + 0)"
		     : "=r"(value)
		     : "r"(frame)
		     : "r2");
	return value;
}

char LICENSE[] SEC("license") = "GPL";
