/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the way of a frame ends: a drop is counted and, if somebody listens, told of. */
#ifndef XVS_BPF_DROP_H
#define XVS_BPF_DROP_H

#include "bpf/lib/context.h"
#include "bpf/lib/flow.h"
#include "bpf/lib/tell.h"

/* What doesn't fit into five arguments. The VLAN is below. */
#define XVS_DROPPED_OUT (1u << 16) /* the port has sent it */
#define XVS_DROPPED_PARSED (1u << 17) /* what it carries stands in the scratch of the hook */
#define XVS_DROPPED_HOOK_SHIFT 18 /* enum xvs_scratch_of */

/* Reasons that are about a MAC address: that is what is told. */
static __always_inline int xvs_is_about_mac(__u32 reason)
{
	return reason == XVS_DROP_source_group || reason == XVS_DROP_source_zero ||
	       reason == XVS_DROP_reserved_group || reason == XVS_DROP_mac_taken ||
	       reason == XVS_DROP_mac_spoofed || reason == XVS_DROP_acl_mac;
}

/* Describes the packet to xvs_tell(), as far as it can be read. */
static __always_inline void xvs_describe(
	struct __sk_buff *skb, struct xvs_scratch *room, __u32 reason)
{
	const struct xvs_packet *packet = &room->packet;
	__u8 direction = room->passing.direction;

	if (room->error || xvs_is_about_mac(reason) ||
		(packet->protocol != ETH_P_IP && packet->protocol != ETH_P_IPV6)) {
		xvs_mac_query(skb, &room->passing, &room->query);
		return;
	}
	xvs_flow_key(&room->passing, packet, &room->key);
	xvs_flow_query(
		&room->key, direction, xvs_is_icmp(packet) ? packet->icmp_type : -1, &room->query);
}

__noinline int xvs_tell_drop(struct __sk_buff *skb, __u32 port, __u32 reason, __u32 what)
{
	__u32 hook = what >> XVS_DROPPED_HOOK_SHIFT, list = 0, rule = 0;
	struct xvs_scratch *room = xvs_scratch(hook);
	struct xvs_telling *telling = xvs_telling(port, XVS_EVENT_DROPPED);

	if (!room || !telling || !xvs_may_tell(telling))
		return 0;
	if (reason == XVS_DROP_acl_mac || reason == XVS_DROP_acl_port ||
		reason == XVS_DROP_acl_extended) {
		list = room->ruling.list;
		rule = room->ruling.rule;
	}
	if (!(what & XVS_DROPPED_PARSED))
		room->error = xvs_read_packet(skb, &room->packet);
	room->passing.port = port;
	room->passing.vlan = what & XVS_NUMBER_MASK;
	room->passing.direction = what & XVS_DROPPED_OUT ? XVS_ACL_OUT : XVS_ACL_IN;
	xvs_describe(skb, room, reason);
	return xvs_tell(hook, XVS_EVENT_DROPPED, list, rule, reason);
}

/*
 * Counts the drop, and tells of it. A global function: the verifier looks at it once, and not once
 * for each place and reason. `packets` 0: not known yet.
 */
__noinline int xvs_lose(struct __sk_buff *skb, __u32 port, __u32 reason, __u32 packets, __u32 what)
{
	const struct xvs_control *control = xvs_control();

	xvs_count_drop(port, what & XVS_DROPPED_OUT ? XVS_ACL_OUT : XVS_ACL_IN, reason,
		packets ?: (skb->gso_segs ?: 1));
	if (control && control->listeners && port)
		xvs_tell_drop(skb, port, reason, what);
	return 0;
}

/* `direction`: from the side of `port`. */
static __always_inline void xvs_drop(
	const struct xvs_context *c, __u32 port, enum xvs_acl_direction direction, int reason)
{
	__u32 what = c->vlan.id | c->hook << XVS_DROPPED_HOOK_SHIFT;

	what |= direction == XVS_ACL_OUT ? XVS_DROPPED_OUT : 0;
	what |= c->parsed ? XVS_DROPPED_PARSED : 0;
	xvs_lose(c->skb, port, reason, c->packets, what);
}

/* Was it still on its way out of the port that sent it? */
static __always_inline int xvs_is_on_its_way_out(const struct xvs_context *c)
{
	return c->hook == XVS_SCRATCH_INGRESS && c->charge == c->source;
}

/* The one place where the way ends, with what a function of it has returned. */
static __always_inline int xvs_end(const struct xvs_context *c, int verdict)
{
	if (verdict == XVS_PASS)
		return TC_ACT_UNSPEC;
	if (verdict >= 0)
		return verdict;
	xvs_drop(c, c->charge, xvs_is_on_its_way_out(c) ? XVS_ACL_OUT : XVS_ACL_IN, -verdict);
	return TC_ACT_SHOT;
}

#endif
