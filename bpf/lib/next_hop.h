/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MAC addresses with which a frame leaves for a provider address. Who knows them is the
 * kernel: it has the routes, resolves neighbours and looks after them. So a frame goes now and then
 * by the host port's interface, as if the host itself had sent it, and what the kernel has put in
 * front of it is noted where it comes back into the switch.
 */
#ifndef XVS_BPF_NEXT_HOP_H
#define XVS_BPF_NEXT_HOP_H

#include "bpf/lib/tunnel.h"

#define XVS_NEXT_HOPS_MAX 16384 /* provider addresses; more than that always ask the kernel */
#define XVS_HOP_ASK_TICKS 361 /* three seconds: how long a change in the kernel may go unseen */
#define XVS_HOP_HOLD_TICKS (3 * XVS_HOP_ASK_TICKS) /* what is noted holds that long unconfirmed */
#define XVS_HOP_PATIENCE_TICKS 119 /* a second: so long the kernel gets all frames */

struct xvs_hop_key {
	__be32 address[4];
	__u32 switch_id;
};

struct xvs_next_hop {
	struct xvs_hop_key key; /* elements are used again at once: to be compared */
	__u8 addresses[2 * ETH_ALEN]; /* destination, source */
	__u32 noted; /* ticks: when they were seen last; 0: never */
	__u32 asked; /* when the last frame went to the kernel */
	__u32 since; /* when it was asked after a pause */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, XVS_NEXT_HOPS_MAX);
	__type(key, struct xvs_hop_key);
	__type(value, struct xvs_next_hop);
} next_hops SEC(".maps");

#define XVS_HOP_KNOWN 0
#define XVS_HOP_ASK 1 /* the frame is for the kernel */

static __always_inline int xvs_hop_new(const struct xvs_hop_key *key, __u32 now)
{
	struct xvs_next_hop hop = {.key = *key, .asked = now, .since = now};

	bpf_map_update_elem(&next_hops, key, &hop, BPF_NOEXIST);
	return XVS_HOP_ASK;
}

/* May this frame be the one that asks? One CPU wins. */
static __always_inline int xvs_hop_asks(struct xvs_next_hop *hop, __u32 now, __u32 every)
{
	__u32 asked = *(volatile __u32 *)&hop->asked;

	return now - asked >= every &&
	       __sync_val_compare_and_swap(&hop->asked, asked, now) == asked;
}

/* Nothing is noted that holds: all frames go to the kernel at first, later one a second. */
static __always_inline int xvs_hop_unknown(struct xvs_next_hop *hop, __u32 now)
{
	if (now - *(volatile __u32 *)&hop->asked >= 2 * XVS_HOP_PATIENCE_TICKS)
		*(volatile __u32 *)&hop->since = now;
	if (now - *(volatile __u32 *)&hop->since < XVS_HOP_PATIENCE_TICKS) {
		*(volatile __u32 *)&hop->asked = now;
		return XVS_HOP_ASK;
	}
	return xvs_hop_asks(hop, now, XVS_HOP_PATIENCE_TICKS) ? XVS_HOP_ASK : -XVS_DROP_no_neighbor;
}

/* Fills tunnel->addresses for tunnel->to. XVS_HOP_KNOWN, XVS_HOP_ASK, or minus the drop reason. */
__noinline int xvs_next_hop(struct xvs_tunnel *tunnel, __u32 switch_id)
{
	struct xvs_hop_key key = {.switch_id = switch_id};
	__u32 now = xvs_tick_now(), noted;
	struct xvs_next_hop *hop;

	if (!tunnel)
		return -XVS_DROP_no_neighbor; /* for the verifier, which lets it be NULL */
	__builtin_memcpy(key.address, tunnel->to, sizeof(key.address));
	hop = bpf_map_lookup_elem(&next_hops, &key);
	if (!hop)
		return xvs_hop_new(&key, now);
	noted = *(volatile __u32 *)&hop->noted;
	if (!noted || now - noted > XVS_HOP_HOLD_TICKS)
		return xvs_hop_unknown(hop, now);
	if (xvs_hop_asks(hop, now, XVS_HOP_ASK_TICKS))
		return XVS_HOP_ASK;
	__builtin_memcpy(tunnel->addresses, hop->addresses, sizeof(tunnel->addresses));
	return XVS_HOP_KNOWN;
}

/* The frame's addresses of both layers, from `start` on. 0, or -1: it is no IP. */
__noinline int xvs_read_hop(struct __sk_buff *skb, __u32 start, struct xvs_tunnel *ret)
{
	__be16 type;

	if (!ret || start < ETH_HLEN || start > ETH_HLEN + XVS_TAG_SIZE)
		return -1; /* for the verifier */
	if (bpf_skb_load_bytes(skb, 0, ret->addresses, sizeof(ret->addresses)) ||
		bpf_skb_load_bytes(skb, start - sizeof(type), &type, sizeof(type)))
		return -1;
	if (type == bpf_htons(ETH_P_IPV6))
		return bpf_skb_load_bytes(skb,
			start + __builtin_offsetof(struct xvs_ip6, destination), ret->to,
			sizeof(ret->to));
	ret->to[0] = ret->to[1] = 0;
	ret->to[2] = bpf_htonl(0xffff);
	return type == bpf_htons(ETH_P_IP)
		       ? bpf_skb_load_bytes(skb,
				 start + __builtin_offsetof(struct xvs_ip4, destination),
				 &ret->to[3], sizeof(ret->to[3]))
		       : -1;
}

/* A frame for tunnel->to has come from the host, with tunnel->addresses. */
__noinline int xvs_note_hop(const struct xvs_tunnel *tunnel, __u32 switch_id)
{
	struct xvs_hop_key key = {.switch_id = switch_id};
	struct xvs_next_hop *hop;

	if (!tunnel)
		return 0; /* for the verifier */
	__builtin_memcpy(key.address, tunnel->to, sizeof(key.address));
	hop = bpf_map_lookup_elem(&next_hops, &key);
	if (!hop)
		return 0; /* nobody has asked */
	__builtin_memcpy(hop->addresses, tunnel->addresses, sizeof(hop->addresses));
	*(volatile __u32 *)&hop->noted = xvs_tick_now() ?: 1;
	return 0;
}

#endif
