/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The short way of a packet whose flow is known: nothing of it is written down, all is compared in
 * registers, straight from the frame. Who isn't through here goes the long way, bpf/lib/flow.h.
 */
#ifndef XVS_BPF_KNOWN_H
#define XVS_BPF_KNOWN_H

#include "bpf/lib/flow.h"

/* A packet at a port, in one word: what doesn't fit into five arguments. The VLAN is below. */
#define XVS_KNOWN_OUT (1u << 16)
#define XVS_KNOWN_EGRESS (1u << 17) /* the hook */
#define XVS_KNOWN_IP6 (1u << 18)
#define XVS_KNOWN_PACKETS_SHIFT 32

/* The words of struct xvs_flow_key that the transport header gives. */
static __always_inline __u64 xvs_known_tuple(const struct xvs_tcp *tcp, __u32 what, __u8 protocol)
{
	__u64 from = bpf_ntohs(tcp->source), to = bpf_ntohs(tcp->destination);
	__u64 ports = what & XVS_KNOWN_OUT ? from | to << 16 : to | from << 16;

	return ports | (__u64)(what & XVS_NUMBER_MASK) << 32 | (__u64)protocol << 48;
}
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a word with the first member lowest");

/* ::ffff:a.b.c.d, its second half. */
static __always_inline __be64 xvs_known_ip4(__be32 address)
{
	return (__u64)address << 32 | bpf_htonl(0xffff);
}

/* 0, or -1: it is too short after all. */
static __always_inline int xvs_known_key(
	struct __sk_buff *skb, __u32 what, __u32 port, struct xvs_flow_key *ret)
{
	const struct ethhdr *eth = (void *)(long)skb->data;
	const void *end = (void *)(long)skb->data_end;
	const struct xvs_ip4 *ip4 = (const void *)(eth + 1);
	const struct xvs_ip6 *ip6 = (const void *)(eth + 1);
	const struct xvs_tcp *tcp4 = (const void *)(ip4 + 1), *tcp6 = (const void *)(ip6 + 1);
	int out = !!(what & XVS_KNOWN_OUT);
	__be64 from[2], to[2];

	if (what & XVS_KNOWN_IP6) {
		if ((const void *)(tcp6 + 1) > end)
			return -1;
		__builtin_memcpy(from, ip6->source, sizeof(from));
		__builtin_memcpy(to, ip6->destination, sizeof(to));
		ret->word[4] = xvs_known_tuple(tcp6, what, ip6->next);
	} else {
		if ((const void *)(tcp4 + 1) > end)
			return -1;
		from[0] = to[0] = 0;
		from[1] = xvs_known_ip4(ip4->source);
		to[1] = xvs_known_ip4(ip4->destination);
		ret->word[4] = xvs_known_tuple(tcp4, what, ip4->protocol);
	}
	ret->word[0] = out ? from[0] : to[0];
	ret->word[1] = out ? from[1] : to[1];
	ret->word[2] = out ? to[0] : from[0];
	ret->word[3] = out ? to[1] : from[1];
	ret->word[5] = port;
	return 0;
}

/* A packet of a connection that is watched. 0, or minus the drop reason. */
__noinline int xvs_known_tcp(struct __sk_buff *skb, struct xvs_flow *flow, __u32 what)
{
	struct xvs_scratch *room =
		xvs_scratch(what & XVS_KNOWN_EGRESS ? XVS_SCRATCH_EGRESS : XVS_SCRATCH_INGRESS);

	if (!room || !flow)
		return -XVS_DROP_flow_state; /* for the verifier: they are there */
	if (!xvs_read_plain(skb, &room->packet))
		return -XVS_DROP_flow_state; /* cannot be: it is plain */
	return xvs_tcp_watch(skb, flow, &room->packet, !!(what & XVS_KNOWN_OUT));
}

/*
 * A plain packet of port `id` at the tick `now`. 0: its flow is known, and it passes; minus the
 * drop reason; 1: it goes the long way.
 */
__noinline int xvs_known_pass(
	struct __sk_buff *skb, const struct xvs_port_config *port, __u32 id, __u64 what, __u32 now)
{
	const struct xvs_control *control = xvs_control();
	struct xvs_passing passing = {
		.packets = what >> XVS_KNOWN_PACKETS_SHIFT,
		.bytes = skb->len,
		.direction = what & XVS_KNOWN_OUT ? XVS_ACL_OUT : XVS_ACL_IN,
		.now = now,
	};
	struct xvs_flow_key key;
	struct xvs_flow *flow;
	int error;

	if (!port || !control || xvs_known_key(skb, what, id, &key))
		return 1;
	flow = xvs_flow_at(xvs_flow_glance(xvs_flow_hash(&key, control->cookie)));
	if (!flow || !xvs_flow_is(flow, &key) || !xvs_flow_is_allowed(flow, port, &passing) ||
		flow->tcp == XVS_TCP_CLOSED)
		return 1;
	error = flow->tcp ? xvs_known_tcp(skb, flow, what) : 0;
	if (error)
		return error;
	xvs_flow_let_through(flow, port, &passing);
	return 0;
}

#endif
