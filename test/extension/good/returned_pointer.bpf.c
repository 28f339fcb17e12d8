// SPDX-License-Identifier: GPL-2.0-only
/* The frame's pointer handed back by a function. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "returned", "Test", "1");

static __noinline struct __sk_buff *same(struct __sk_buff *frame)
{
	asm volatile("" : "+r"(frame));
	return frame;
}

XVS_CAPTURE(frame, view)
{
	same(frame)->mark = 7;
	return XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
