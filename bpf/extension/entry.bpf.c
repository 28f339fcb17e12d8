// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls an extension's function: the agent links it in front of the author's object, once for each
 * kind (XVS_ENTRY_KIND). It is never put into a slot. Loaded as a program of a type that may read
 * frames and not write them it has the kernel prove that the function changes none; and from it the
 * function's code is taken that chains are made of (chain.bpf.c).
 */
#include "extensions/include/xvswitch/extension.h"

typedef int xvs_function(struct __sk_buff *frame, __u64 ports, __u64 place, __u64 packet);
extern xvs_function xvs_capture, xvs_filter, xvs_firewall;
extern int xvs_forward(
	struct __sk_buff *frame, __u64 ports, __u64 place, __u64 packet, struct xvs_route *route);

SEC("tc")
int xvs_entry(struct __sk_buff *skb)
{
#if XVS_ENTRY_KIND == 4
	struct xvs_route route = {0};

	xvs_forward(skb, 1, 2, 3, &route);
#elif XVS_ENTRY_KIND == 1
	xvs_capture(skb, 1, 2, 3);
#elif XVS_ENTRY_KIND == 2
	xvs_filter(skb, 1, 2, 3);
#else
	xvs_firewall(skb, 1, 2, 3);
#endif
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
