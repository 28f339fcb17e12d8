/* SPDX-License-Identifier: GPL-2.0-only */
/* Out of a chain of extensions, back to a main program. */
#ifndef XVS_BPF_LEAVE_H
#define XVS_BPF_LEAVE_H

#include "bpf/lib/chain.h"

/*
 * Behind a chain: takes over what xvs_enter_chain() left, and reads the frame's tag, as an
 * extension may have changed the frame. `id`: whose way it is. NULL with *error set: minus the drop
 * reason. Apart, for its room on the stack.
 */
static __noinline const struct xvs_port_config *xvs_leave_chain(
	struct xvs_context *c, const struct xvs_chain_state *state, __u32 id, int *error)
{
	const struct xvs_port_config *port;

	xvs_take_state(c, state);
	c->charge = id;
	*error = -(int)state->reason;
	if (*error)
		return NULL;
	port = xvs_port_config(id, c->generation);
	*error = port && port->ifindex == c->skb->ifindex ? xvs_read_tag(c) : -XVS_DROP_no_port;
	return *error ? NULL : port;
}

#endif
