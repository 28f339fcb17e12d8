// SPDX-License-Identifier: GPL-2.0-only
/*
 * Forwarding in a virtual subnet: what the distributed router answers or routes goes there; an
 * address of this host's ports is in the MAC table; all else is for another host. Also behind the
 * router, where the frame may be in another subnet than its sender.
 */
#include "bpf/lib/encap.h"
#include "bpf/lib/forward.h"
#include "bpf/lib/leave.h"
#include "bpf/lib/neighbor.h"

struct xvs_slots slots_ingress SEC(".maps");

/* Neighbour discovery other than what only routers send; the rest of ICMPv6 is for stations. */
static __always_inline int xvs_is_solicitation_type(__u8 type)
{
	return type == XVS_ND_ROUTER_SOLICITATION || type == XVS_ND_SOLICITATION ||
	       type == XVS_ND_ADVERTISEMENT;
}

/* Is the frame, untagged, for the distributed router, whose MAC address `gateway` is? */
__noinline int xvs_is_for_router(struct __sk_buff *skb, __u64 gateway)
{
	struct ethhdr eth;
	__u8 next, type;

	if (bpf_skb_load_bytes(skb, 0, &eth, sizeof(eth)))
		return 0;
	if (xvs_mac_number(eth.h_dest) == gateway || eth.h_proto == bpf_htons(ETH_P_ARP))
		return 1;
	if (eth.h_proto != bpf_htons(ETH_P_IPV6))
		return 0;
	return !bpf_skb_load_bytes(
		       skb, ETH_HLEN + __builtin_offsetof(struct xvs_ip6, next), &next, 1) &&
	       next == IPPROTO_ICMPV6 &&
	       !bpf_skb_load_bytes(skb, ETH_HLEN + sizeof(struct xvs_ip6), &type, 1) &&
	       xvs_is_solicitation_type(type);
}

/* The port of this host that has the destination; 0: none, or it is for all. */
static __always_inline int xvs_local_port(struct xvs_context *c, const struct xvs_port_config *port)
{
	const struct ethhdr *eth = (void *)(long)c->skb->data;
	struct xvs_fdb_look_up from;
	struct xvs_fdb fdb;

	if ((const void *)(eth + 1) > (const void *)(long)c->skb->data_end)
		return -XVS_DROP_truncated;
	if (!xvs_fdb_of(port, &fdb) ||
		!xvs_fdb_set_out(&fdb, xvs_fdb_word(eth->h_dest, c->vlan.fid), &from))
		return -XVS_DROP_wrong_switch;
	return xvs_is_group(eth->h_dest)
		       ? 0
		       : xvs_fdb_destination(&fdb, &from, c->now, port->ageing_ns);
}

/* Is it for all of the subnet: a group's, or nobody knows whose, where that is asked for? */
__noinline int xvs_is_for_all(struct __sk_buff *skb, __u32 vsid, __u32 flags)
{
	struct xvs_record_key key = {.what = vsid | XVS_RECORD_MAC << XVS_RECORD_TYPE_SHIFT};

	if (bpf_skb_load_bytes(skb, 0, key.address, XVS_MAC_SIZE))
		return 0;
	if (((__u8 *)key.address)[0] & 1)
		return 1;
	return (flags & XVS_SUBNET_LEARN) && !xvs_record_find(&key);
}

/* Copies for the ports of this host. The port that gets the frame itself, 0: other hosts do. */
static __always_inline int xvs_flood_subnet(struct xvs_context *c,
	const struct xvs_port_config *port, const struct xvs_subnet_config *subnet)
{
	struct xvs_flood pending = {.skb = c->skb, .way = xvs_way_word(c), .packets = c->packets};
	const struct xvs_port_config *last_port;
	int last = xvs_flood(c, port->switch_id);

	if (!subnet->group[0] && !subnet->group[3] && !xvs_copies(subnet->vsid))
		return last ? last : -XVS_DROP_no_destination;
	last_port = last ? xvs_port_config(last, c->generation) : NULL;
	if (last_port) {
		pending.pending = last;
		pending.pending_ifindex = last_port->ifindex;
		xvs_clone_to_pending(&pending);
		c->skb->cb[0] = 0;
	}
	return 0;
}

/* What the port itself sends: checked, and learned. 0, or minus the drop reason. */
static __always_inline int xvs_admit_sender(struct xvs_context *c,
	const struct xvs_port_config *port, const struct xvs_subnet_config *subnet)
{
	const struct ethhdr *eth = (void *)(long)c->skb->data;

	if ((const void *)(eth + 1) > (const void *)(long)c->skb->data_end)
		return -XVS_DROP_truncated;
	if (xvs_mac_equal(eth->h_source, subnet->gateway_mac))
		return -XVS_DROP_mac_taken;
	return xvs_learn_sender(c, port);
}

static __always_inline int xvs_virtual_way(struct xvs_context *c)
{
	struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_INGRESS);
	const struct xvs_subnet_config *subnet;
	const struct xvs_port_config *port;
	const struct xvs_tag none = {0};
	int verdict, routed, all;

	if (!state)
		return -XVS_DROP_no_program; /* cannot be: an array's element */
	routed = state->routed == XVS_ROUTE_SUBNET;
	port = xvs_leave_chain(c, state, state->ports, &verdict);
	if (!port)
		return verdict;
	c->now = xvs_tick_now();
	subnet = xvs_subnet_of(c);
	if (!subnet || subnet->switch_id != port->switch_id)
		return -XVS_DROP_no_record;
	verdict = xvs_set_tag(c, &none);
	c->tag.present = c->tag_bytes = 0;
	if (!routed) {
		verdict = verdict ? verdict : xvs_admit_sender(c, port, subnet);
		if (!verdict && xvs_is_for_router(c->skb, xvs_mac_number(subnet->gateway_mac)))
			return XVS_JUMP(c, &slots_ingress,
				xvs_enter_slot(c, port->switch_id, 0, XVS_SLOT_ROUTE));
	}
	verdict = verdict ? verdict : xvs_local_port(c, port);
	if (verdict < 0)
		return verdict;
	if (verdict == (int)c->source)
		return -XVS_DROP_same_port;
	all = !verdict && xvs_is_for_all(c->skb, subnet->vsid, subnet->flags);
	if (all && xvs_may_not_flood(c, port))
		return -XVS_DROP_storm;
	if (verdict || all)
		xvs_count_transmit(c->control, c->source, c->packets, c->skb->len);
	if (all)
		verdict = xvs_flood_subnet(c, port, subnet);
	if (verdict)
		return verdict < 0 ? verdict : xvs_deliver(c, port->switch_id, verdict);
	verdict = xvs_enter_slot(c, port->switch_id, 0, XVS_SLOT_ENCAP);
	state->routed = all ? XVS_ROUTE_COPIES : XVS_ROUTE_NONE;
	return XVS_JUMP(c, &slots_ingress, verdict);
}

SEC("tc")
int xvs_virtual(struct __sk_buff *skb)
{
	struct xvs_context c = {.skb = skb, .control = xvs_control()};

	if (!c.control)
		return TC_ACT_SHOT; /* cannot be: an array's only element */
	return xvs_end(&c, xvs_virtual_way(&c));
}

char LICENSE[] SEC("license") = "GPL";
