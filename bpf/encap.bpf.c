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

/* From here on the frame is one of the host port's. 0, or minus the drop reason. */
static __always_inline int xvs_become_hosts(
	struct xvs_context *c, const struct xvs_provider_config *own)
{
	const struct xvs_port_config *host = xvs_port_config(own->port, c->generation);
	const struct xvs_tag none = {0};

	if (!host || xvs_vlan_of(host, NULL, &none, &c->vlan))
		return -XVS_DROP_wrong_switch;
	c->source = c->charge = own->port;
	return 0;
}

/* Into forwarding, for tunnel->addresses. */
static __always_inline int xvs_send_outer(struct xvs_context *c, __u32 switch_id,
	const struct xvs_provider_config *own, const struct xvs_tunnel *tunnel)
{
	int error = xvs_become_hosts(c, own);
	__u32 to;

	if (error)
		return error;
	to = xvs_port_behind(tunnel, c->source, c->generation, c->vlan.fid);
	if (!to) /* forwarding behind the host's interface floods it */
		return bpf_redirect_neigh(own->ifindex, NULL, 0, 0);
	if (to == c->source)
		return -XVS_DROP_same_port;
	xvs_count_transmit(c->control, c->source, c->packets, c->skb->len);
	return xvs_deliver(c, switch_id, to);
}

/* MAC addresses for a provider multicast group (RFC 1112, 6.4; RFC 2464, 7). */
static __always_inline void xvs_set_group_mac(
	struct xvs_tunnel *tunnel, const struct xvs_port_config *host)
{
	__u32 last = bpf_ntohl(tunnel->to[3]);
	__u8 *to = tunnel->addresses;

	to[0] = tunnel->ip6 ? 0x33 : 0x01;
	to[1] = tunnel->ip6 ? 0x33 : 0x00;
	to[2] = tunnel->ip6 ? last >> 24 : 0x5e;
	to[3] = tunnel->ip6 ? last >> 16 : last >> 16 & 0x7f;
	to[4] = last >> 8;
	to[5] = last;
	__builtin_memcpy(to + ETH_ALEN, host->mac, ETH_ALEN);
}

/* To the group, or a copy for each host. */
static __always_inline int xvs_send_copies(struct xvs_context *c, __u32 switch_id,
	const struct xvs_provider_config *own, const struct xvs_subnet_config *subnet,
	struct xvs_tunnel *tunnel)
{
	const struct xvs_port_config *host = xvs_port_config(own->port, c->generation);
	int grouped = subnet->group[0] || subnet->group[3], error, to;
	__u32 sender = c->source;

	if (!host)
		return -XVS_DROP_no_provider;
	if (grouped)
		__builtin_memcpy(tunnel->to, subnet->group, sizeof(tunnel->to));
	else if (xvs_first_copy(tunnel, subnet->vsid))
		return -XVS_DROP_no_destination;
	error = xvs_set_from(tunnel, own);
	error = error ? error : xvs_describe_inner(c->skb, tunnel, subnet->vsid);
	if (error)
		return error;
	xvs_set_group_mac(tunnel, host);
	error = xvs_encapsulate(c->skb, tunnel);
	error = error ? error : xvs_become_hosts(c, own);
	if (error)
		return error;
	if (grouped) {
		xvs_count_transmit(c->control, c->source, c->packets, c->skb->len);
		to = xvs_flood(c, switch_id);
		return to ? xvs_deliver(c, switch_id, to) : -XVS_DROP_no_destination;
	}
	to = xvs_copy_to_hosts(
		c->skb, xvs_way_word(c), c->packets, subnet->vsid, sender | (__u64)switch_id << 32);
	c->skb->cb[0] = 0;
	if (to == XVS_COPY_ASKS)
		return bpf_redirect_neigh(own->ifindex, NULL, 0, 0);
	return to ? xvs_deliver(c, switch_id, to) : TC_ACT_SHOT;
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
	if (state->routed == XVS_ROUTE_COPIES)
		return xvs_send_copies(c, port->switch_id, own, subnet, tunnel);
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
	return xvs_send_outer(c, port->switch_id, own, tunnel);
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
