/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Port mirroring: copies of what a port sends, behind its guards, and of what it receives, as it
 * gets it. A copy goes straight to the destination port's device, whose egress hook knows it by
 * its phase: no VLAN, no rules, nothing learned, not mirrored again. The frame itself is as before,
 * but for packet pointers, which a clone makes void.
 */
#ifndef XVS_BPF_MIRROR_H
#define XVS_BPF_MIRROR_H

#include "bpf/lib/drop.h"

/* `way`: xvs_way_word(). */
__noinline int xvs_mirror_to(struct __sk_buff *skb, __u64 way, __u32 packets, __u32 to)
{
	const struct xvs_port_config *port;
	struct xvs_context c;

	if (xvs_way_from(&c, skb, way, packets))
		return 0;
	port = xvs_port_config(to, c.generation);
	if (!port)
		return 0;
	if (!(port->flags & XVS_PORT_UP)) {
		xvs_drop(&c, to, XVS_ACL_IN, XVS_DROP_port_down);
		return 0;
	}
	xvs_hand_over(&c, XVS_PHASE_MIRROR, to);
	if (bpf_clone_redirect(skb, port->ifindex, 0) < 0)
		xvs_drop(&c, to, XVS_ACL_IN, XVS_DROP_clone_failed);
	skb->cb[0] = 0;
	return 0;
}

static __always_inline void xvs_mirror(struct xvs_context *c, const struct xvs_port_config *port)
{
	if (port->flags & XVS_PORT_MIRROR)
		xvs_mirror_to(c->skb, xvs_way_word(c), c->packets, port->mirror_to);
}

/*
 * A copy arrives at the device of `port` (id `id`). It is received by it, or lost on its account.
 * 0, or minus the drop reason.
 */
static __always_inline int xvs_take_mirrored(
	struct xvs_context *c, const struct xvs_port_config *port, __u32 id)
{
	if (!xvs_fits(c->skb, c->tag_bytes, port->mtu))
		return -XVS_DROP_mtu_exceeded;
	xvs_count_receive(c->control, id, c->packets, c->skb->len);
	return 0;
}

#endif
