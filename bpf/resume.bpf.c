// SPDX-License-Identifier: GPL-2.0-only
/*
 * TC ingress behind the extensions of a port: its lists, then forwarding. Also where a frame's way
 * ends that an extension has dropped.
 */
#include "bpf/lib/forward.h"
#include "bpf/lib/leave.h"

struct xvs_slots slots_ingress SEC(".maps");

static __always_inline int xvs_resume_way(struct xvs_context *c)
{
	const struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_INGRESS);
	const struct xvs_port_config *port;
	int verdict;

	if (!state)
		return -XVS_DROP_no_program; /* cannot be: an array's element */
	port = xvs_leave_chain(c, state, state->ports, &verdict);
	if (!port)
		return verdict;
	c->now = xvs_tick_now();
	verdict = xvs_acl(c, port, c->source, XVS_ACL_OUT);
	if (verdict)
		return verdict;
	if (state->forward)
		return XVS_JUMP(c, &slots_ingress, state->forward);
	return XVS_FORWARD(c, port, &slots_ingress);
}

SEC("tc")
int xvs_resume(struct __sk_buff *skb)
{
	struct xvs_context c = {.skb = skb, .control = xvs_control()};

	if (!c.control)
		return TC_ACT_SHOT; /* cannot be: an array's only element */
	return xvs_end(&c, xvs_resume_way(&c));
}

char LICENSE[] SEC("license") = "GPL";
