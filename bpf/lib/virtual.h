/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Virtual networks: how a frame gets to the programs in the slots VIRTUAL, ROUTE, ENCAP and DECAP,
 * and what they find out about it. From one to the next it goes with what it needs in the CPU's
 * chain_state, as behind extensions: `ports` has the port that sent it, `fid` the number of its
 * virtual subnet.
 */
#ifndef XVS_BPF_VIRTUAL_H
#define XVS_BPF_VIRTUAL_H

#include "bpf/lib/chain.h"

/* Does the port send into a virtual subnet? */
static __always_inline int xvs_is_virtual(const struct xvs_port_config *port)
{
	return port->vlan_mode == XVS_VLAN_VIRTUAL;
}

/* For XVS_JUMP(): to `slot`, with the frame's place as it is now. `to` as in chain_state. */
static __always_inline int xvs_enter_slot(
	const struct xvs_context *c, __u32 switch_id, __u32 to, int slot)
{
	struct xvs_chain_state *state = xvs_chain_state(XVS_SCRATCH_INGRESS);

	if (!state)
		return -XVS_DROP_no_program; /* cannot be: an array's element */
	xvs_leave_state(c, switch_id, to, state);
	return slot;
}

/* The virtual subnet that the frame is in, NULL: it has gone. */
static __always_inline const struct xvs_subnet_config *xvs_subnet_of(const struct xvs_context *c)
{
	const struct xvs_subnet_config *subnet =
		xvs_subnet(xvs_subnet_id(c->vlan.fid), c->generation);

	return subnet && subnet->vsid ? subnet : NULL;
}

#endif
