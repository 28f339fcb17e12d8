// SPDX-License-Identifier: GPL-2.0-only
/*
 * What stands around an extension while it is certified, in place of the switch: a beginning that
 * enters its chain as the switch does, and ends: where frames go on, where those go that it drops,
 * and where those go that it makes a reply of.
 */
#include "agent/certify/witness.h"
#include "bpf/lib/enter.h"

struct xvs_slots slots_ingress SEC(".maps");
struct xvs_slots slots_egress SEC(".maps");

struct witness_asked asked;
struct witness_seen seen;

/* The frame as a device might have it. */
static __always_inline int set_up(struct __sk_buff *skb)
{
	__u32 size = asked.size;

	if (size && bpf_skb_change_tail(skb, size, 0))
		return -1;
	if (!asked.tag_protocol)
		return 0;
	return bpf_skb_vlan_push(skb, bpf_htons(asked.tag_protocol), asked.tag_control);
}

/* The slot where its chain begins, or negative. */
static __always_inline int enter(struct __sk_buff *skb)
{
	struct xvs_port_config port = {.chain = asked.chain, .switch_id = 1};
	struct xvs_context c = {
		.skb = skb,
		.generation = asked.half,
		.source = asked.source,
		.hook = asked.destination ? XVS_SCRATCH_EGRESS : XVS_SCRATCH_INGRESS,
		.vlan = {.id = asked.vlan, .fid = asked.vlan, .priority = asked.priority},
	};

	if (set_up(skb) || xvs_read_tag(&c))
		return -1;
	return xvs_enter_chain(&c, &port, asked.destination);
}

SEC("tc")
int witness_begin(struct __sk_buff *skb)
{
	int slot = enter(skb);

	if (slot < 0)
		return WITNESS_NOT_ENTERED;
	if (asked.destination)
		bpf_tail_call(skb, &slots_egress, slot);
	else
		bpf_tail_call(skb, &slots_ingress, slot);
	return WITNESS_NOT_ENTERED;
}

static __always_inline int look(int verdict)
{
	const struct xvs_chain_state *state =
		xvs_chain_state(asked.destination ? XVS_SCRATCH_EGRESS : XVS_SCRATCH_INGRESS);

	if (!state)
		return WITNESS_NOT_ENTERED; /* cannot be: an array's element */
	seen.packet = state->packet;
	seen.route_count = state->route_count;
	__builtin_memcpy(seen.route, state->route, sizeof(seen.route));
	seen.reason = state->reason;
	seen.routed = state->routed;
	return verdict;
}

SEC("tc")
int witness_onward(struct __sk_buff *skb)
{
	return look(WITNESS_ONWARD);
}

SEC("tc")
int witness_end(struct __sk_buff *skb)
{
	return look(WITNESS_END);
}

SEC("tc")
int witness_back(struct __sk_buff *skb)
{
	return look(WITNESS_BACK);
}

char LICENSE[] SEC("license") = "GPL";
