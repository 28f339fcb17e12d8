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
	struct xvs_context *context;
	__u32 first; /* of the list being visited, in flood_members */
	__u32 count;
	__u32 pending; /* the member found last: gets the next clone, or the frame itself */
	__u32 pending_ifindex;
	__u16 switch_id;
};

static __always_inline void xvs_clone_to_pending(struct xvs_flood *flood)
{
	struct xvs_context *c = flood->context;

	xvs_hand_over(c, XVS_PHASE_CLONE, flood->pending);
	if (bpf_clone_redirect(c->skb, flood->pending_ifindex, 0) < 0)
		xvs_drop(c, flood->pending, XVS_ACL_IN, XVS_DROP_clone_failed);
}

static __always_inline int xvs_is_member(
	const struct xvs_flood *flood, const struct xvs_port_config *port)
{
	if (port->switch_id != flood->switch_id || !(port->flags & XVS_PORT_UP))
		return 0;
	return xvs_receives(port, xvs_vlan_set_of(port), flood->context->vlan.id);
}

static long xvs_visit(__u32 position, struct xvs_flood *flood)
{
	__u32 index = flood->first + position;
	struct xvs_flood_member *member = bpf_map_lookup_elem(&flood_members, &index);
	const struct xvs_port_config *port;

	if (position >= flood->count || !member)
		return 1;
	if (member->port == flood->context->source)
		return 0;
	port = xvs_port_config(member->port, flood->context->generation);
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
		.half = flood->context->generation & 1,
	};
	struct xvs_flood_list *list = bpf_map_lookup_elem(&flood_lists, &key);

	if (!list)
		return;
	flood->first = list->first;
	flood->count = list->count;
	bpf_loop(XVS_PORT_MAX, xvs_visit, flood, 0);
}

/*
 * Makes the copies. Returns the member that is to get the frame itself, 0 if there is none.
 * Packet pointers are void afterwards.
 */
static __always_inline int xvs_flood(struct xvs_context *c, __u16 switch_id)
{
	struct xvs_flood flood = {.context = c, .switch_id = switch_id};
	struct xvs_counters *own = xvs_counters(c->control, c->source);

	if (own)
		own->flooded_packets += c->packets;
	xvs_visit_list(&flood, c->vlan.fid);
	if (c->vlan.secondaries)
		xvs_visit_list(&flood, XVS_FLOOD_SECONDARIES | c->vlan.fid);
	xvs_visit_list(&flood, XVS_FLOOD_TRUNKS);
	return flood.pending;
}

#endif
