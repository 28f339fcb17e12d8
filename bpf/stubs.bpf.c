// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is attached to devices: nothing but a jump. Stubs never change while they are attached.
 * A jump that finds no program is a drop of its own, on port 0, since the port is not known yet.
 */
#include <linux/pkt_cls.h>
#include "bpf/lib/count.h"
#include "bpf/lib/hook.h"

struct xvs_slots slots_ingress SEC(".maps");
struct xvs_slots slots_egress SEC(".maps");
struct xvs_slots slots_xdp SEC(".maps");

SEC("tc")
int xvs_in(struct __sk_buff *skb)
{
	bpf_tail_call_static(skb, &slots_ingress, XVS_SLOT_MAIN);
	xvs_count_drop(0, XVS_ACL_OUT, XVS_DROP_no_program, skb->gso_segs ?: 1);
	return TC_ACT_SHOT;
}

SEC("tc")
int xvs_out(struct __sk_buff *skb)
{
	bpf_tail_call_static(skb, &slots_egress, XVS_SLOT_MAIN);
	xvs_count_drop(0, XVS_ACL_IN, XVS_DROP_no_program, skb->gso_segs ?: 1);
	return TC_ACT_SHOT;
}

SEC("xdp.frags")
int xvs_xdp(struct xdp_md *xdp)
{
	bpf_tail_call_static(xdp, &slots_xdp, XVS_SLOT_MAIN);
	return XDP_PASS; /* TC does it */
}

char LICENSE[] SEC("license") = "GPL";
