// SPDX-License-Identifier: GPL-2.0-only
/* The frame's pointer spilled by way of a copy of the stack's: it can't be told, and is put right.
 */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "alias", "Test", "1");

XVS_CAPTURE(frame, view)
{
	asm volatile("r2 = r10\n"
		     "r2 += -8\n"
		     "*(u64 *)(r2 + 0) = %0\n"
		     "r3 = *(u64 *)(r10 - 8)\n"
		     "r4 = 7\n"
		     "*(u32 *)(r3 + 8) = r4" /* mark */
		     :
		     : "r"(frame)
		     : "r2", "r3", "r4", "memory");
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
