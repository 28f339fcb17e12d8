/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flooding: a copy for every member of the frame's VLAN but the port it came from. All but the
 * last get a clone, whose egress stages run in the egress hook of its device; the last one gets
 * the frame itself.
 */
#ifndef XVS_BPF_FLOOD_H
#define XVS_BPF_FLOOD_H

#include "bpf/lib/deliver.h"

struct xvs_flood {
	struct __sk_buff *skb;
	__u64 way; /* xvs_way_word() */
	__u32 packets;
	__u32 first; /* of the list being visited, in flood_members */
	__u32 count;
	__u32 pending; /* the member found last: gets the next clone, or the frame itself */
	__u32 pending_ifindex;
	__u16 switch_id;
};

static __always_inline void xvs_clone_to_pending(struct xvs_flood *flood)
{
	struct xvs_context c;

	if (xvs_way_from(&c, flood->skb, flood->way, flood->packets))
		return;
	xvs_hand_over(&c, XVS_PHASE_CLONE, flood->pending);
	if (bpf_clone_redirect(c.skb, flood->pending_ifindex, 0) < 0)
		xvs_drop(&c, flood->pending, XVS_ACL_IN, XVS_DROP_clone_failed);
}

static __always_inline int xvs_is_member(
	const struct xvs_flood *flood, const struct xvs_port_config *port)
{
	if (port->switch_id != flood->switch_id || !(port->flags & XVS_PORT_UP))
		return 0;
	return xvs_receives(port, xvs_vlan_set_of(port), flood->way & XVS_NUMBER_MASK);
}

static long xvs_visit(__u32 position, struct xvs_flood *flood)
{
	__u32 index = flood->first + position;
	struct xvs_flood_member *member = bpf_map_lookup_elem(&flood_members, &index);
	const struct xvs_port_config *port;

	if (position >= flood->count || !member)
		return 1;
	if (member->port == xvs_way_source(flood->way))
		return 0;
	port = xvs_port_config(member->port, xvs_way_generation(flood->way));
	if (!port || !xvs_is_member(flood, port))
		return 0;
	if (flood->pending)
		xvs_clone_to_pending(flood);
	flood->pending = member->port;
	flood->pending_ifindex = port->ifindex;
	return 0;
}

static __always_inline void xvs_visit_list(struct xvs_flood *flood, __u16 vlan)
{
	struct xvs_flood_key key = {
		.switch_id = flood->switch_id,
		.vlan = vlan,
		.half = xvs_way_generation(flood->way) & 1,
	};
	struct xvs_flood_list *list = bpf_map_lookup_elem(&flood_lists, &key);

	if (!list)
		return;
	flood->first = list->first;
	flood->count = list->count;
	bpf_loop(XVS_PORT_MAX, xvs_visit, flood, 0);
}

/* `vlan`: the flood's fid, with XVS_FLOOD_SECONDARIES where these receive it, too. */
__noinline int xvs_flood_from(
	struct __sk_buff *skb, __u64 way, __u32 packets, __u32 switch_id, __u32 vlan)
{
	struct xvs_flood flood = {skb, way, packets, .switch_id = switch_id};
	const struct xvs_control *control = xvs_control();
	struct xvs_counters *own = control ? xvs_counters(control, xvs_way_source(way)) : NULL;

	if (own)
		own->flooded_packets += packets;
	xvs_visit_list(&flood, vlan & ~XVS_FLOOD_SECONDARIES);
	if (vlan & XVS_FLOOD_SECONDARIES)
		xvs_visit_list(&flood, vlan);
	xvs_visit_list(&flood, XVS_FLOOD_TRUNKS);
	return flood.pending;
}

/*
 * Makes the copies. Returns the member that is to get the frame itself, 0 if there is none.
 * Packet pointers are void afterwards.
 */
static __always_inline int xvs_flood(const struct xvs_context *c, __u16 switch_id)
{
	return xvs_flood_from(c->skb, xvs_way_word(c), c->packets, switch_id,
		c->vlan.fid | (c->vlan.secondaries ? XVS_FLOOD_SECONDARIES : 0));
}

#endif
