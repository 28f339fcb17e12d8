/* SPDX-License-Identifier: GPL-2.0-only */
/* The built-in forwarding: by the switch's MAC table, which learns from what passes. */
#ifndef XVS_BPF_FORWARD_H
#define XVS_BPF_FORWARD_H

#include "bpf/lib/fdb.h"
#include "bpf/lib/flood.h"
#include "bpf/lib/guard.h"
#include "bpf/lib/virtual.h"

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

/* For a frame that goes elsewhere than the table says. 0, or minus the drop reason. */
static __always_inline int xvs_learn_sender(
	struct xvs_context *c, const struct xvs_port_config *port)
{
	const struct ethhdr *eth = (void *)(long)c->skb->data;
	struct xvs_fdb fdb;

	if ((const void *)(eth + 1) > (const void *)(long)c->skb->data_end)
		return -XVS_DROP_truncated;
	if (!xvs_fdb_of(port, &fdb))
		return -XVS_DROP_wrong_switch;
	return xvs_learn(c, port, &fdb, eth);
}

/* Would one more flood of this port be too much? */
static __always_inline int xvs_may_not_flood(
	const struct xvs_context *c, const struct xvs_port_config *port)
{
	return (port->flags & XVS_PORT_STORM_LIMIT) &&
	       xvs_is_storm(c->source, port->storm_limit, c->packets);
}

/*
 * Decides by the table. Returns the port that gets the frame itself, behind copies for others, or
 * minus the drop reason.
 */
static __always_inline int xvs_pick(struct xvs_context *c, const struct xvs_port_config *port)
{
	int to = xvs_destination(c, port);

	if (to < 0)
		return to;
	if (to == (int)c->source)
		return -XVS_DROP_same_port;
	if (!to && xvs_may_not_flood(c, port))
		return -XVS_DROP_storm;
	xvs_count_transmit(c->control, c->source, c->packets, c->skb->len);
	if (!to)
		to = xvs_flood(c, port->switch_id);
	return to ? to : -XVS_DROP_no_destination;
}

/*
 * Might it be GRE with which DECAP has to do, whomever it is for? From a provider address it shows
 * the way to others; from the wire it may be for a provider multicast group.
 */
static __always_inline int xvs_is_for_tunnel(
	const struct xvs_context *c, const struct xvs_port_config *port)
{
	const struct ethhdr *eth = (void *)(long)c->skb->data;

	if (port->kind == XVS_PORT_VPORT)
		return 0;
	if (!(port->flags & XVS_PORT_PROVIDER) &&
		(port->kind != XVS_PORT_UPLINK ||
			(const void *)(eth + 1) > (const void *)(long)c->skb->data_end ||
			!xvs_is_group(eth->h_dest)))
		return 0;
	return xvs_is_gre(c->skb, ETH_HLEN + c->tag_bytes);
}

/* A main function's: jumps to other programs where virtual networks are concerned. */
#define XVS_FORWARD(c, port, slots)                                                                \
	({                                                                                         \
		int to_ = 0, verdict_;                                                             \
		if (xvs_is_virtual(port)) {                                                        \
			verdict_ = XVS_JUMP(c, slots,                                              \
				xvs_enter_slot(c, (port)->switch_id, 0, XVS_SLOT_VIRTUAL));        \
		} else {                                                                           \
			verdict_ = XVS_TO_DECAP;                                                   \
			if (!xvs_is_for_tunnel(c, port)) {                                         \
				to_ = xvs_pick(c, port);                                           \
				verdict_ = to_ < 0 ? to_ : xvs_deliver(c, (port)->switch_id, to_); \
			}                                                                          \
			if (verdict_ == XVS_TO_DECAP)                                              \
				verdict_ = XVS_JUMP(c, slots,                                      \
					xvs_enter_slot(                                            \
						c, (port)->switch_id, to_, XVS_SLOT_DECAP));       \
		}                                                                                  \
		verdict_;                                                                          \
	})

#endif
