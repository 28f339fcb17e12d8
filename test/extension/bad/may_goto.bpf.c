// SPDX-License-Identifier: GPL-2.0-only
/* The same by an instruction of kernels from 6.9 on. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	asm volatile("1: .byte 0xe5, 0, 1, 0, 0, 0, 0, 0; goto 1b" : : : "memory");
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
