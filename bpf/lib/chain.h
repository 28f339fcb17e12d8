/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Chains of extensions: maps/chain.h. A jump takes nothing along but the frame, so what the way
 * behind it needs stands in the CPU's chain_state. Jumps stand in main functions only: kernel 6.1
 * gives a subprogram that jumps half of the stack.
 */
#ifndef XVS_BPF_CHAIN_H
#define XVS_BPF_CHAIN_H

#include "bpf/lib/context.h"
#include "bpf/lib/hook.h"

static __always_inline struct xvs_chain_state *xvs_chain_state(__u32 of)
{
	return bpf_map_lookup_elem(&chain_state, &of);
}

/*
 * Jumps to the slot that `entered` gives. Only if that fails it has a value: minus the drop reason.
 * A chain of none begins with what is behind it.
 */
#define XVS_JUMP(c, slots, entered)                                                                \
	({                                                                                         \
		int slot_ = entered;                                                               \
                                                                                                   \
		if (slot_ >= 0)                                                                    \
			bpf_tail_call((c)->skb, slots, slot_);                                     \
		slot_ < 0 ? slot_ : -XVS_DROP_no_program;                                          \
	})

/*
 * Leaves what xvs_take_state() takes. The number of a virtual subnet is in `fid` alone: what
 * extensions see in `place` is a VLAN, or a VSID. `to`: whom the frame is for, 0 on the way in.
 */
static __always_inline void xvs_leave_state(
	const struct xvs_context *c, __u32 switch_id, __u32 to, struct xvs_chain_state *state)
{
	state->ports = c->source | (__u64)to << 32;
	state->place = (xvs_subnet_id(c->vlan.id) ? 0 : c->vlan.id) |
		       (__u64)switch_id << XVS_PLACE_SWITCH_SHIFT |
		       (__u64)c->vlan.priority << XVS_PLACE_PRIORITY_SHIFT |
		       (to ? XVS_PLACE_OUT : 0) |
		       (__u64)(c->generation & 1) << XVS_PLACE_HALF_SHIFT;
	state->generation = c->generation;
	state->packets = c->packets;
	state->fid = c->vlan.fid;
	state->secondaries = c->vlan.secondaries;
	state->routed = XVS_ROUTE_NONE;
	state->reason = 0;
}

/* What that has left of the frame. */
static __always_inline void xvs_take_state(
	struct xvs_context *c, const struct xvs_chain_state *state)
{
	c->generation = state->generation;
	c->source = state->ports;
	c->vlan.id = xvs_subnet_id(state->fid) ? state->fid : state->place & XVS_VID_MASK;
	c->vlan.priority = state->place >> XVS_PLACE_PRIORITY_SHIFT & 7;
	c->vlan.fid = state->fid;
	c->vlan.secondaries = state->secondaries;
	c->packets = state->packets;
}

#endif
