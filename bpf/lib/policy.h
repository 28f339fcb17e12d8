/* SPDX-License-Identifier: GPL-2.0-only */
/* The access control lists of a port, for a frame on its way: out at its sender, in at a receiver.
 */
#ifndef XVS_BPF_POLICY_H
#define XVS_BPF_POLICY_H

#include "bpf/lib/context.h"
#include "bpf/lib/known.h"

/* The same for what passes by the flow table alone; 1: it does not. */
static __always_inline int xvs_acl_known(struct xvs_context *c, const struct xvs_port_config *port,
	__u32 id, enum xvs_acl_direction direction)
{
	__u64 what = c->vlan.id | (__u64)c->packets << XVS_KNOWN_PACKETS_SHIFT;
	__u32 plain = xvs_plain(c);

	if (!(plain & XVS_PLAIN) || (port->flags & XVS_PORT_MAC_ACL))
		return 1;
	what |= direction == XVS_ACL_OUT ? XVS_KNOWN_OUT : 0;
	what |= c->hook == XVS_SCRATCH_EGRESS ? XVS_KNOWN_EGRESS : 0;
	what |= plain & XVS_PLAIN_IP6 ? XVS_KNOWN_IP6 : 0;
	return xvs_known_pass(c->skb, port, id, what, xvs_now(c));
}

/*
 * The lists of `port` (id `id`), in one direction. 0, or minus the drop reason. What can't be
 * looked through is dropped.
 */
static __always_inline int xvs_acl(struct xvs_context *c, const struct xvs_port_config *port,
	__u32 id, enum xvs_acl_direction direction)
{
	struct xvs_scratch *room;
	int verdict;

	if (!(port->flags & XVS_PORT_ACL))
		return 0;
	verdict = xvs_acl_known(c, port, id, direction);
	if (verdict <= 0)
		return verdict;
	room = xvs_scratch(c->hook);
	if (!room)
		return -XVS_DROP_unparsed; /* cannot be: an array's element */
	room->passing = (struct xvs_passing){
		.port = id,
		.packets = c->packets,
		.bytes = c->skb->len,
		.vlan = c->vlan.id,
		.direction = direction,
		.now = xvs_now(c),
	};
	verdict = xvs_parse(c->skb, room, &c->parsed);
	return verdict ? verdict : xvs_acl_pass(c->skb, c->hook, port);
}

#endif
