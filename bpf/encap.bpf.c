// SPDX-License-Identifier: GPL-2.0-only
/*
 * To other hosts: the frame of a virtual subnet gets its outer headers, and enters forwarding again
 * as one that the host port has sent. What doesn't fit the wire is not fragmented: its sender is
 * told.
 */
#include "bpf/lib/clamp.h"
#include "bpf/lib/encap.h"
#include "bpf/lib/forward.h"
#include "bpf/lib/leave.h"
#include "bpf/lib/icmp_error.h"

/* The frame is too long: a drop, and perhaps an answer. */
static __always_inline int xvs_too_big(struct xvs_context *c, const struct xvs_port_config *port,
	const struct xvs_subnet_config *subnet)
{
	const struct xvs_vlan back = {.id = port->vlan, .fid = port->vlan};

	xvs_drop(c, c->source, XVS_ACL_OUT, XVS_DROP_mtu_exceeded);
	if (!xvs_may_send_error(c->source) || xvs_icmp_error(c->skb, xvs_subnet_id(port->vlan),
						      c->generation, XVS_ICMP_TOO_BIG, subnet->mtu))
		return TC_ACT_SHOT;
	c->vlan = back;
	c->packets = 1;
	return xvs_deliver(c, port->switch_id, c->source);
}

/* Into forwarding, as a frame of the host port, for tunnel->addresses. */
static __always_inline int xvs_send_outer(struct xvs_context *c,
	const struct xvs_provider_config *own, const struct xvs_tunnel *tunnel)
{
	const struct xvs_port_config *host = xvs_port_config(own->port, c->generation);
	const struct xvs_tag none = {0};
	struct xvs_fdb_look_up from;
	struct xvs_fdb fdb;
	__u32 to;

	if (!host || xvs_vlan_of(host, NULL, &none, &c->vlan) || !xvs_fdb_of(host, &fdb) ||
		!xvs_fdb_set_out(&fdb, xvs_fdb_word(tunnel->addresses, c->vlan.fid), &from))
		return -XVS_DROP_wrong_switch;
	to = xvs_fdb_destination(&fdb, &from, c->now, host->ageing_ns);
	if (!to) /* forwarding behind the host's interface floods it */
		return bpf_redirect_neigh(own->ifindex, NULL, 0, 0);
	c->source = c->charge = own->port;
	if (to == c->source)
		return -XVS_DROP_same_port;
	xvs_count_transmit(c->control, c->source, c->packets, c->skb->len);
	return xvs_deliver(c, host->switch_id, to);
}

static __always_inline int xvs_encap_way(struct xvs_context *c)
{
	const struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_INGRESS);
	const struct xvs_provider_config *own;
	const struct xvs_subnet_config *subnet;
	const struct xvs_port_config *port;
	struct xvs_tunnel *tunnel = xvs_tunnel();
	int verdict, hop;

	if (!state || !tunnel)
		return -XVS_DROP_no_program; /* cannot be: arrays' elements */
	port = xvs_leave_chain(c, state, state->ports, &verdict);
	if (!port)
		return verdict;
	c->now = xvs_tick_now();
	c->decided = 1;
	subnet = xvs_subnet_of(c);
	own = xvs_provider(port->switch_id, c->generation);
	if (!subnet || !own)
		return subnet ? -XVS_DROP_no_provider : -XVS_DROP_no_record;
	if (!xvs_fits(c->skb, 0, subnet->mtu))
		return xvs_too_big(c, port, subnet);
	if (subnet->flags & XVS_SUBNET_CLAMP)
		xvs_clamp_mss(c->skb, subnet->mtu);
	verdict = xvs_find_host(c->skb, tunnel, subnet->vsid, c->packets);
	verdict = verdict ? verdict : xvs_set_from(tunnel, own);
	verdict = verdict ? verdict : xvs_describe_inner(c->skb, tunnel, subnet->vsid);
	if (verdict)
		return verdict;
	hop = xvs_next_hop(tunnel, port->switch_id);
	if (hop < 0)
		return hop;
	xvs_count_transmit(c->control, c->source, c->packets, c->skb->len);
	verdict = xvs_encapsulate(c->skb, tunnel);
	if (verdict)
		return verdict;
	if (hop == XVS_HOP_ASK)
		return bpf_redirect_neigh(own->ifindex, NULL, 0, 0);
	return xvs_send_outer(c, own, tunnel);
}

SEC("tc")
int xvs_encap(struct __sk_buff *skb)
{
	struct xvs_context c = {.skb = skb, .control = xvs_control()};

	if (!c.control)
		return TC_ACT_SHOT; /* cannot be: an array's only element */
	return xvs_end(&c, xvs_encap_way(&c));
}

char LICENSE[] SEC("license") = "GPL";
