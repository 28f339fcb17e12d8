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

/* What xvs_enter_chain() has left of the frame. */
static __always_inline void xvs_take_state(
	struct xvs_context *c, const struct xvs_chain_state *state)
{
	c->generation = state->generation;
	c->source = state->ports;
	c->vlan.id = state->place & XVS_VID_MASK;
	c->vlan.priority = state->place >> XVS_PLACE_PRIORITY_SHIFT & 7;
	c->vlan.fid = state->fid;
	c->vlan.secondaries = state->secondaries;
	c->packets = state->packets;
}

#endif
