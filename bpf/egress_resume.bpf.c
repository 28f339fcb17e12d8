// SPDX-License-Identifier: GPL-2.0-only
/*
 * TC egress behind the extensions of the port that the frame is for. Its VLAN and MTU are looked at
 * once more, as a filter may have changed the frame.
 */
#include "bpf/lib/deliver.h"
#include "bpf/lib/leave.h"

static __always_inline int xvs_resume_way(struct xvs_context *c)
{
	const struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_EGRESS);
	const struct xvs_port_config *port;
	struct xvs_tag want;
	int error;

	if (!state)
		return -XVS_DROP_no_program; /* cannot be: an array's element */
	port = xvs_leave_chain(c, state, state->ports >> 32, &error);
	if (!port)
		return error;
	error = xvs_tag_for(port, xvs_vlan_set_of(port), c->vlan, c->tag.inner, &want);
	if (error)
		return error;
	if (!xvs_fits(c->skb, c->tag_bytes, port->mtu))
		return -XVS_DROP_mtu_exceeded;
	return xvs_egress_finish(c, port, c->charge, &want) ?: XVS_PASS;
}

SEC("tc")
int xvs_egress_resume(struct __sk_buff *skb)
{
	struct xvs_context c = {
		.skb = skb,
		.control = xvs_control(),
		.hook = XVS_SCRATCH_EGRESS,
	};

	if (!c.control)
		return TC_ACT_SHOT; /* cannot be: an array's only element */
	return xvs_end(&c, xvs_resume_way(&c));
}

char LICENSE[] SEC("license") = "GPL";
