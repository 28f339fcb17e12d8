/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The egress stages, per destination: VLAN, MTU, access control lists, extensions, tag, counters,
 * mirror. Two callers: the ingress hook for a single destination without extensions, the egress
 * hook for all others.
 */
#ifndef XVS_BPF_DELIVER_H
#define XVS_BPF_DELIVER_H

#include "bpf/lib/mirror.h"
#include "bpf/lib/policy.h"

/* Makes the frame's outermost tag `want`. */
static __always_inline int xvs_set_tag(struct xvs_context *c, const struct xvs_tag *want)
{
	if (!c->tag.present && !want->present)
		return 0;
	if (c->tag.present && want->present && c->tag.control == want->control)
		return 0;
	if (c->tag.present && bpf_skb_vlan_pop(c->skb))
		return -XVS_DROP_tag_failed;
	if (want->present && bpf_skb_vlan_push(c->skb, bpf_htons(ETH_P_8021Q), want->control))
		return -XVS_DROP_tag_failed;
	return 0;
}

/*
 * The egress stages of `port` (id `id`) up to its lists. 0 with the tag that the frame is to have
 * in *want, or minus the drop reason; drops from here on are the destination's.
 */
static __always_inline int xvs_egress_judge(
	struct xvs_context *c, const struct xvs_port_config *port, __u32 id, struct xvs_tag *want)
{
	int error;

	c->charge = id;
	if (!(port->flags & XVS_PORT_UP))
		return -XVS_DROP_port_down;
	error = xvs_tag_for(port, xvs_vlan_set_of(port), c->vlan, c->tag.inner, want);
	if (error)
		return error;
	if (!xvs_fits(c->skb, c->tag_bytes, port->mtu))
		return -XVS_DROP_mtu_exceeded;
	return xvs_acl(c, port, id, XVS_ACL_IN);
}

/* Those behind. 0, or minus the drop reason. Packet pointers are void afterwards. */
static __always_inline int xvs_egress_finish(struct xvs_context *c,
	const struct xvs_port_config *port, __u32 id, const struct xvs_tag *want)
{
	int error = xvs_set_tag(c, want);

	if (error)
		return error;
	xvs_count_receive(c->control, id, c->packets, c->skb->len);
	xvs_mirror(c, port);
	return 0;
}

/*
 * Sends the frame itself to its single destination. The last thing that the ingress hook does. A
 * chain of the destination can only be called in its device's egress hook.
 */
static __always_inline int xvs_deliver(struct xvs_context *c, __u32 switch_id, __u32 to)
{
	const struct xvs_port_config *port = xvs_port_config(to, c->generation);
	struct xvs_tag want;
	int error;

	if (!port || port->switch_id != switch_id)
		return -XVS_DROP_wrong_switch;
	if ((port->flags & XVS_PORT_PROVIDER) && c->hook == XVS_SCRATCH_INGRESS && !c->decided &&
		xvs_is_gre(c->skb, ETH_HLEN + c->tag_bytes))
		return XVS_TO_DECAP;
	if (port->flags & XVS_PORT_CHAIN_OUT) {
		if (!(port->flags & XVS_PORT_UP)) {
			c->charge = to;
			return -XVS_DROP_port_down;
		}
		xvs_hand_over(c, XVS_PHASE_CLONE, to);
		return bpf_redirect(port->ifindex, 0);
	}
	error = xvs_egress_judge(c, port, to, &want);
	error = error ? error : xvs_egress_finish(c, port, to, &want);
	if (error)
		return error;
	if (port->flags & XVS_PORT_PEER)
		return bpf_redirect_peer(port->ifindex, 0);
	xvs_hand_over(c, XVS_PHASE_DONE, to);
	return bpf_redirect(port->ifindex, 0);
}

#endif
