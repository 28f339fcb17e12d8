// SPDX-License-Identifier: GPL-2.0-only
/* By way of a function of its own. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

static __noinline int look(struct __sk_buff *f)
{
	return f->ifindex;
}

XVS_CAPTURE(frame, view)
{
	return look(frame);
}

char LICENSE[] SEC("license") = "GPL";
