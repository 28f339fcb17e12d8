// SPDX-License-Identifier: GPL-2.0-only
/* TC ingress of every port: what a guest, the host or the wire sends into the switch. */
#include "bpf/lib/enter.h"
#include "bpf/lib/forward.h"
#include "bpf/lib/private_vlan.h"

struct xvs_slots slots_ingress SEC(".maps");

/* The frame's VLAN, and addresses that no frame may have. */
static __always_inline int xvs_admit(struct xvs_context *c, const struct xvs_port_config *port)
{
	const struct ethhdr *eth = (void *)(long)c->skb->data;
	int error = xvs_read_tag(c);

	if (error)
		return error;
	if ((const void *)(eth + 1) > (const void *)(long)c->skb->data_end)
		return -XVS_DROP_truncated;
	if (xvs_is_reserved_group(eth->h_dest))
		return port->kind == XVS_PORT_UPLINK ? XVS_PASS : -XVS_DROP_reserved_group;
	error = xvs_vlan_of(port, xvs_vlan_set_of(port), &c->tag, &c->vlan);
	if (error)
		return error;
	xvs_find_primary(port, c->generation, &c->vlan);
	return xvs_check_source(eth->h_source);
}

static __always_inline int xvs_from_port(struct xvs_context *c)
{
	const struct xvs_port_config *port;
	int verdict;

	c->generation = c->control->generation;
	c->now = xvs_tick_now();
	c->source = xvs_port_on(c->skb->ifindex);
	c->charge = c->source;
	port = xvs_port_config(c->source, c->generation);
	if (!port || port->kind == XVS_PORT_UNUSED || port->ifindex != c->skb->ifindex)
		return -XVS_DROP_no_port;
	verdict = xvs_admit(c, port);
	verdict = verdict ? verdict : xvs_guard(c, port);
	if (verdict)
		return verdict;
	xvs_mirror(c, port);
	if (port->flags & XVS_PORT_CHAIN_IN)
		return XVS_JUMP(c, &slots_ingress, xvs_enter_chain(c, port, 0));
	verdict = xvs_acl(c, port, c->source, XVS_ACL_OUT);
	return verdict ? verdict : XVS_FORWARD(c, port, &slots_ingress);
}

SEC("tc")
int xvs_ingress(struct __sk_buff *skb)
{
	struct xvs_context c = {.skb = skb, .control = xvs_control()};

	if (!c.control)
		return TC_ACT_SHOT; /* cannot be: an array's only element */
	return xvs_end(&c, xvs_from_port(&c));
}

char LICENSE[] SEC("license") = "GPL";
