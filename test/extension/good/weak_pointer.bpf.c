// SPDX-License-Identifier: GPL-2.0-only
/* The frame's pointer by way of memory: what can't be told is taken, and put right. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

struct pass {
	struct __sk_buff *frame;
	__u32 n;
};
static __noinline int turn(struct pass *p)
{
	p->frame->cb[1] = p->n;
	return 0;
}

XVS_CAPTURE(frame, view)
{
	struct pass p = {.frame = frame, .n = view->source};
	return turn(&p);
}

char LICENSE[] SEC("license") = "GPL";
