// SPDX-License-Identifier: GPL-2.0-only
/* bpf/lib/clamp.h by itself. */
#include "bpf/lib/clamp.h"

__u32 mtu;

SEC("tc")
int clamp(struct __sk_buff *skb)
{
	return xvs_clamp_mss(skb, mtu);
}

char LICENSE[] SEC("license") = "GPL";
