// SPDX-License-Identifier: GPL-2.0-only
/* A loop whose turns the verifier does not count. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

struct pass {
	struct __sk_buff *frame;
	__u32 n;
};
static long turn(__u32 i, struct pass *p)
{
	p->frame->cb[1] = i;
	return 0;
}

XVS_CAPTURE(frame, view)
{
	struct pass p = {.frame = frame};
	return bpf_loop(3, turn, &p, 0);
}

char LICENSE[] SEC("license") = "GPL";
