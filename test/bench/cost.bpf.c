// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frame around a program whose cost is measured: `prepare` makes what the program uses up,
 * then jumps to it. The same frame around an empty program is what has to be subtracted.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>
#include "test/bench/cost.h"

struct slots {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
};

struct slots tc_slots SEC(".maps");
struct slots xdp_slots SEC(".maps");

struct cost_setup setup;

static __always_inline void vary_destination(void *data, void *end)
{
	struct ethhdr *eth = data;
	__u32 number;

	if (setup.spread < 2 || (void *)(eth + 1) > end)
		return;
	number = bpf_get_prandom_u32() % setup.spread;
	eth->h_dest[4] = number >> 8;
	eth->h_dest[5] = number;
}

#define IP_SOURCE (sizeof(struct ethhdr) + 12)

static __always_inline void vary_flow(void *data, void *end)
{
	__u8 *address = data + IP_SOURCE;
	__u32 number;

	if (setup.flows < 2 || (void *)(address + 4) > end)
		return;
	number = (setup.fresh ? setup.next++ : bpf_get_prandom_u32()) % setup.flows;
	address[1] = number >> 16;
	address[2] = number >> 8;
	address[3] = number;
}

SEC("tc")
int prepare_tc(struct __sk_buff *skb)
{
	skb->cb[0] = setup.cb[0];
	skb->cb[1] = setup.cb[1];
	skb->cb[2] = setup.cb[2];
	skb->cb[3] = setup.cb[3];
	vary_destination((void *)(long)skb->data, (void *)(long)skb->data_end);
	vary_flow((void *)(long)skb->data, (void *)(long)skb->data_end);
	bpf_tail_call_static(skb, &tc_slots, COST_SLOT);
	return COST_NO_PROGRAM;
}

SEC("tc")
int empty_tc(struct __sk_buff *skb)
{
	return TC_ACT_OK;
}

SEC("xdp.frags")
int prepare_xdp(struct xdp_md *xdp)
{
	vary_destination((void *)(long)xdp->data, (void *)(long)xdp->data_end);
	bpf_tail_call_static(xdp, &xdp_slots, COST_SLOT);
	return COST_NO_PROGRAM;
}

SEC("xdp.frags")
int empty_xdp(struct xdp_md *xdp)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
