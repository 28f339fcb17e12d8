// SPDX-License-Identifier: GPL-2.0-only
/* The frame's pointer, copied and spilled, is still the frame's. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	asm volatile("r2 = %0\n"
		     "*(u64 *)(r10 - 8) = r2\n"
		     "r2 = 0\n"
		     "r3 = *(u64 *)(r10 - 8)\n"
		     "r4 = 7\n"
		     "*(u32 *)(r3 + 8) = r4" /* mark */
		     :
		     : "r"(frame)
		     : "r2", "r3", "r4", "memory");
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
