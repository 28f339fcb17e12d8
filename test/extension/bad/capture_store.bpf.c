// SPDX-License-Identifier: GPL-2.0-only
/* A filter's helper. */
#include <xvswitch/extension.h>

XVS_EXTENSION(XVS_KIND_CAPTURE, "bad", "Test", "1");

XVS_CAPTURE(frame, view)
{
	char zero = 0;

	return bpf_skb_store_bytes(frame, 0, &zero, 1, 0);
}

char LICENSE[] SEC("license") = "GPL";
