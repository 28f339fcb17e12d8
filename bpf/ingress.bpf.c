// SPDX-License-Identifier: GPL-2.0-only
/* TC ingress of every port: what a guest, the host or the wire sends into the switch. */
#include "bpf/lib/fdb.h"
#include "bpf/lib/flood.h"
#include "bpf/lib/guard.h"
#include "bpf/lib/private_vlan.h"

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

static __always_inline int xvs_learn(struct xvs_context *c, const struct xvs_port_config *port,
	const struct xvs_fdb *fdb, const struct ethhdr *eth)
{
	if ((port->flags & XVS_PORT_MAC) && xvs_mac_equal(eth->h_source, port->mac))
		return 0; /* its own assigned address: in the table for good */
	return xvs_fdb_learn(fdb, c->control, port, c->generation, c->source, c->now,
		xvs_fdb_word(eth->h_source, c->vlan.fid));
}

/*
 * The built-in forwarding: learns the source, looks the destination up. Returns the port id, 0 for
 * everybody in the VLAN, or minus the drop reason.
 */
static __always_inline int xvs_destination(
	struct xvs_context *c, const struct xvs_port_config *port)
{
	const struct ethhdr *eth = (void *)(long)c->skb->data;
	struct xvs_fdb_look_up to;
	struct xvs_fdb fdb;
	int error;

	if ((const void *)(eth + 1) > (const void *)(long)c->skb->data_end)
		return -XVS_DROP_truncated;
	if (!xvs_fdb_of(port, &fdb))
		return -XVS_DROP_wrong_switch;
	/* of a group as well: one way is less for the verifier, and a flood costs far more */
	if (!xvs_fdb_set_out(&fdb, xvs_fdb_word(eth->h_dest, c->vlan.fid), &to))
		return -XVS_DROP_wrong_switch;
	error = xvs_learn(c, port, &fdb, eth);
	if (error || xvs_is_group(eth->h_dest))
		return error;
	return xvs_fdb_destination(&fdb, &to, c->now, port->ageing_ns);
}

static __always_inline int xvs_forward(struct xvs_context *c, const struct xvs_port_config *port)
{
	int to = xvs_destination(c, port);

	if (to < 0)
		return to;
	if (to == (int)c->source)
		return -XVS_DROP_same_port;
	if (!to && (port->flags & XVS_PORT_STORM_LIMIT) &&
		xvs_is_storm(c->source, port->storm_limit, c->packets))
		return -XVS_DROP_storm;
	xvs_count_transmit(c->control, c->source, c->packets, c->skb->len);
	if (!to)
		to = xvs_flood(c, port->switch_id);
	return to ? xvs_deliver(c, port->switch_id, to) : -XVS_DROP_no_destination;
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
	verdict = xvs_acl(c, port, c->source, XVS_ACL_OUT);
	return verdict ? verdict : xvs_forward(c, port);
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
