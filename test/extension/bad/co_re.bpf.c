// SPDX-License-Identifier: GPL-2.0-only
/* What CO-RE would make of it is not what was looked at. */
#include <linux/bpf.h>
struct mine {
	int a, b;
} __attribute__((preserve_access_index));
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	struct mine *mine = (void *)(long)frame->data;

	if ((void *)(mine + 1) > (void *)(long)frame->data_end)
		return XVS_CONTINUE;
	return mine->b;
}

char LICENSE[] SEC("license") = "GPL";
