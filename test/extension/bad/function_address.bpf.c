// SPDX-License-Identifier: GPL-2.0-only
/* Nothing that is offered takes one. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

static __noinline int turn(struct __sk_buff *frame)
{
	return frame->len;
}

XVS_CAPTURE(frame, view)
{
	volatile long address = (long)turn;

	return address == 1 ? turn(frame) : XVS_CONTINUE;
}

char LICENSE[] SEC("license") = "GPL";
