/* SPDX-License-Identifier: GPL-2.0-only */
/* Into a chain of extensions, from the main program of a hook. */
#ifndef XVS_BPF_ENTER_H
#define XVS_BPF_ENTER_H

#include "bpf/lib/chain.h"
#include "bpf/lib/scratch.h"

#define XVS_PACKET_UNREADABLE (1ull << 42) /* the family of what can't be looked through */

/* The word `packet` of struct xvs_view (extension.h). 0: it is no IP. */
static __always_inline __u64 xvs_packet_word(const struct xvs_packet *packet)
{
	__u64 family = packet->protocol == ETH_P_IP ? 2 : packet->protocol == ETH_P_IPV6 ? 3 : 0;
	__u64 ports = packet->source_port | (__u64)packet->destination_port << 16;

	if (!family)
		return 0;
	if (packet->network > 0xff || packet->transport > 0xfff)
		return XVS_PACKET_UNREADABLE;
	if (packet->next == (packet->protocol == ETH_P_IP ? IPPROTO_ICMP : IPPROTO_ICMPV6))
		ports = packet->icmp_type | (__u64)packet->icmp_code << 16;
	return ports | (__u64)packet->next << 32 | (__u64)(packet->fragment & 3) << 40 |
	       family << 42 | (__u64)packet->network << 44 | (__u64)packet->transport << 52;
}

/* The VSID in the word `place`; 0: the frame is in no virtual subnet. */
static __always_inline __u64 xvs_vsid_word(const struct xvs_context *c)
{
	__u32 id = xvs_subnet_id(c->vlan.id);
	const struct xvs_subnet_config *subnet = id ? xvs_subnet(id, c->generation) : NULL;

	return subnet ? (__u64)subnet->vsid << XVS_PLACE_VSID_SHIFT : 0;
}

/*
 * Apart, so that the way of other frames does not grow. Returns the first slot of the port's chain,
 * or minus the drop reason. `to`: whom the frame is for, 0 on the way in.
 */
static __noinline int xvs_enter_chain(
	struct xvs_context *c, const struct xvs_port_config *port, __u32 to)
{
	struct xvs_chain_state *state = xvs_chain_state(c->hook);
	struct xvs_scratch *room = xvs_scratch(c->hook);
	__u32 index = port->chain;
	const struct xvs_chain *chain = bpf_map_lookup_elem(&chains, &index);

	if (!state || !room || !chain)
		return -XVS_DROP_no_program; /* cannot be: arrays' elements */
	xvs_leave_state(c, port->switch_id, to, state);
	state->place |= xvs_vsid_word(c);
	state->packet = 0;
	if (chain->headers)
		state->packet = xvs_parse(c->skb, room, &c->parsed)
					? XVS_PACKET_UNREADABLE
					: xvs_packet_word(&room->packet);
	state->forward = chain->forward;
	state->reason = chain->missing & (to ? XVS_CHAIN_MISSING_OUT : XVS_CHAIN_MISSING_IN)
				? XVS_DROP_extension_missing
				: 0;
	return to ? chain->out : chain->in;
}

#endif
