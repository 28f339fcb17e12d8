// SPDX-License-Identifier: GPL-2.0-only
/*
 * TC ingress of a virtual network's ports, behind the forwarding of virtual subnets: what is for
 * the distributed router. An answer goes back to the port; what is routed, or is for the stations
 * to answer, goes through that forwarding again, which must not send it here a second time.
 */
#include "bpf/lib/deliver.h"
#include "bpf/lib/drop.h"
#include "bpf/lib/icmp_error.h"
#include "bpf/lib/leave.h"
#include "bpf/lib/router.h"

struct xvs_slots slots_ingress SEC(".maps");

/* A port in a virtual subnet may send a priority tag at most; the priority is known already. */
static __always_inline int xvs_untag(struct xvs_context *c)
{
	const struct xvs_tag none = {0};
	int error = xvs_set_tag(c, &none);

	c->tag.present = c->tag_bytes = 0;
	return error;
}

static __always_inline __u32 xvs_error_of(__u32 reason)
{
	switch (reason) {
	case XVS_DROP_ttl_exceeded:
		return XVS_ICMP_TTL_EXCEEDED;
	case XVS_DROP_routed_apart:
		return XVS_ICMP_PROHIBITED;
	case XVS_DROP_no_record:
		return XVS_ICMP_NO_HOST;
	default:
		return XVS_ICMP_NO_ROUTE;
	}
}

/* The packet is dropped; the frame may go back as an ICMP error about it. `why`: xvs_route(). */
static __always_inline int xvs_refuse(
	struct xvs_context *c, const struct xvs_port_config *port, __u32 why)
{
	__u32 reason = why & ~XVS_ROUTER_TELLS;

	if (!(why & XVS_ROUTER_TELLS) || !xvs_may_send_error(c->source))
		return -(int)reason;
	xvs_drop(c, c->source, XVS_ACL_OUT, reason);
	if (xvs_icmp_error(
		    c->skb, xvs_subnet_id(c->vlan.id), c->generation, xvs_error_of(reason), 0))
		return TC_ACT_SHOT;
	c->packets = 1;
	return xvs_deliver(c, port->switch_id, c->source);
}

static __always_inline int xvs_route_way(struct xvs_context *c)
{
	struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_INGRESS);
	const struct xvs_port_config *port;
	int verdict;

	if (!state)
		return -XVS_DROP_no_program; /* cannot be: an array's element */
	port = xvs_leave_chain(c, state, state->ports, &verdict);
	if (!port)
		return verdict;
	if (port->vlan_mode != XVS_VLAN_VIRTUAL || state->routed == XVS_ROUTE_SUBNET)
		return -XVS_DROP_no_route;
	verdict = xvs_untag(c) ?: xvs_router(c->skb, c->vlan.id, c->generation);
	if (verdict < 0)
		return xvs_refuse(c, port, -verdict);
	if (!verdict) {
		xvs_count_transmit(c->control, c->source, c->packets, c->skb->len);
		return xvs_deliver(c, port->switch_id, c->source);
	}
	state->fid = verdict;
	state->routed = XVS_ROUTE_SUBNET;
	return XVS_JUMP(c, &slots_ingress, XVS_SLOT_VIRTUAL);
}

SEC("tc")
int xvs_route_in(struct __sk_buff *skb)
{
	struct xvs_context c = {.skb = skb, .control = xvs_control()};

	if (!c.control)
		return TC_ACT_SHOT; /* cannot be: an array's only element */
	return xvs_end(&c, xvs_route_way(&c));
}

char LICENSE[] SEC("license") = "GPL";
