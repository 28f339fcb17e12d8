// SPDX-License-Identifier: GPL-2.0-only
/* Memory of the kernel. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	long p = 0;
	bpf_probe_read_kernel(&p, 8, (void *)0xffffffff81000000);
	return p;
}

char LICENSE[] SEC("license") = "GPL";
