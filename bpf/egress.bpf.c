// SPDX-License-Identifier: GPL-2.0-only
/*
 * TC egress of every port. Frames whose stages have run pass at once; others of a port run them
 * here, but for copies of a mirrored port, which have none; what the host itself sends on a port's
 * device is dropped, except on an uplink, where it is the NIC's own traffic (LLDP, LACP, an address
 * that was left there).
 */
#include "bpf/lib/deliver.h"
#include "bpf/lib/enter.h"

struct xvs_slots slots_egress SEC(".maps");

static __always_inline int xvs_from_host(struct xvs_context *c)
{
	const struct xvs_port_config *port;

	c->charge = xvs_port_on(c->skb->ifindex);
	port = xvs_port_config(c->charge, c->control->generation);
	if (!port || port->kind == XVS_PORT_UNUSED || port->kind == XVS_PORT_UPLINK)
		return XVS_PASS;
	return -XVS_DROP_host_originated;
}

/* `phase`: for a port of the VLAN, or of a mirrored port. */
static __always_inline int xvs_copy_arrives(struct xvs_context *c, __u32 phase)
{
	__u32 to = c->skb->cb[3];
	const struct xvs_port_config *port;
	struct xvs_tag want;
	int error;

	xvs_take_over(c);
	c->skb->cb[0] = 0;
	c->charge = to;
	error = xvs_read_tag(c);
	if (error)
		return error;
	port = xvs_port_config(to, c->generation);
	if (!port || port->ifindex != c->skb->ifindex)
		return -XVS_DROP_wrong_switch;
	if (phase == XVS_PHASE_MIRROR)
		return xvs_take_mirrored(c, port, to) ?: XVS_PASS;
	error = xvs_egress_judge(c, port, to, &want);
	if (error)
		return error;
	if (port->flags & XVS_PORT_CHAIN_OUT)
		return XVS_JUMP(c, &slots_egress, xvs_enter_chain(c, port, to));
	return xvs_egress_finish(c, port, to, &want) ?: XVS_PASS;
}

SEC("tc")
int xvs_egress(struct __sk_buff *skb)
{
	struct xvs_context c = {
		.skb = skb,
		.control = xvs_control(),
		.hook = XVS_SCRATCH_EGRESS,
	};
	__u32 phase;

	if (!c.control)
		return TC_ACT_SHOT; /* cannot be: an array's only element */
	phase = skb->cb[0] ^ c.control->cookie;
	if (phase == XVS_PHASE_DONE) {
		skb->cb[0] = 0;
		return TC_ACT_UNSPEC;
	}
	if (phase == XVS_PHASE_CLONE || phase == XVS_PHASE_MIRROR)
		return xvs_end(&c, xvs_copy_arrives(&c, phase));
	return xvs_end(&c, xvs_from_host(&c));
}

char LICENSE[] SEC("license") = "GPL";
