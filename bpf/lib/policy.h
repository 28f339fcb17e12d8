/* SPDX-License-Identifier: GPL-2.0-only */
/* The access control lists of a port, for a frame on its way: out at its sender, in at a receiver.
 */
#ifndef XVS_BPF_POLICY_H
#define XVS_BPF_POLICY_H

#include "bpf/lib/context.h"
#include "bpf/lib/flow.h"

/*
 * The lists of `port` (id `id`), in one direction. 0, or minus the drop reason. What can't be
 * looked through is dropped.
 */
static __always_inline int xvs_acl(struct xvs_context *c, const struct xvs_port_config *port,
	__u32 id, enum xvs_acl_direction direction)
{
	struct xvs_scratch *room;
	int error;

	if (!(port->flags & XVS_PORT_ACL))
		return 0;
	room = xvs_scratch(c->hook);
	if (!room)
		return -XVS_DROP_unparsed; /* cannot be: an array's element */
	room->passing = (struct xvs_passing){
		.port = id,
		.packets = c->packets,
		.bytes = c->skb->len,
		.vlan = c->vlan.id,
		.direction = direction,
	};
	error = xvs_parse(c->skb, room, &c->parsed);
	return error ? error : xvs_acl_pass(c->skb, c->hook, port);
}

#endif
