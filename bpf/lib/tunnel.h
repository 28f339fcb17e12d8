/* SPDX-License-Identifier: GPL-2.0-only */
/* The outer headers of a frame between hosts: read, written, added and taken off. */
#ifndef XVS_BPF_TUNNEL_H
#define XVS_BPF_TUNNEL_H

#include "bpf/lib/nvgre.h"
#include "bpf/lib/record.h"

/* What the outer headers say. */
struct xvs_tunnel {
	__be32 from[4], to[4]; /* provider addresses; IPv4 as ::ffff:a.b.c.d */
	__u32 key; /* of GRE, host order */
	__u8 addresses[2 * ETH_ALEN]; /* MAC: destination, source */
	__u8 tos; /* or traffic class */
	__u8 ip6;
	__u16 zero; /* always, but the verifier does not know */
};

/* The CPU's room for it: more than the stack of a program has, which others call. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xvs_tunnel);
} tunnels SEC(".maps");

static __always_inline struct xvs_tunnel *xvs_tunnel(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&tunnels, &zero);
}

struct xvs_outer4 {
	struct ethhdr eth;
	struct xvs_ip4 ip;
	struct xvs_gre gre;
} __attribute__((packed));

struct xvs_outer6 {
	struct ethhdr eth;
	struct xvs_ip6 ip;
	struct xvs_gre gre;
} __attribute__((packed));

/* What is added in front of the inner frame's own Ethernet header. */
static __always_inline __u32 xvs_outer_size(const struct xvs_tunnel *tunnel)
{
	return tunnel->ip6 ? sizeof(struct xvs_outer6) : sizeof(struct xvs_outer4);
}

static __always_inline __be16 xvs_ip4_sum(const struct xvs_ip4 *ip)
{
	const __u16 *word = (const __u16 *)ip;
	__u32 sum = 0;

	for (__u32 i = 0; i < sizeof(*ip) / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

static __always_inline struct xvs_gre xvs_gre_of(const struct xvs_tunnel *tunnel)
{
	return (struct xvs_gre){
		.flags = bpf_htons(XVS_GRE_KEYED),
		.protocol = bpf_htons(XVS_GRE_ETHERNET),
		.key = bpf_htonl(tunnel->key),
	};
}

/* `length`: from the IP header on. A GSO packet's may be too long for the field: it is cut later.
 */
static __always_inline void xvs_fill_outer4(
	struct xvs_outer4 *ret, const struct xvs_tunnel *tunnel, __u32 length)
{
	struct xvs_ip4 ip = {
		.version_size = 0x45,
		.tos = tunnel->tos,
		.length = length > 0xffff ? 0 : bpf_htons(length),
		.fragment = bpf_htons(0x4000), /* don't */
		.ttl = XVS_OUTER_TTL,
		.protocol = XVS_GRE_PROTOCOL,
		.source = tunnel->from[3],
		.destination = tunnel->to[3],
	};

	ip.checksum = xvs_ip4_sum(&ip);
	__builtin_memcpy(&ret->eth, tunnel->addresses, sizeof(tunnel->addresses));
	ret->eth.h_proto = bpf_htons(ETH_P_IP);
	ret->ip = ip;
	ret->gre = xvs_gre_of(tunnel);
}

static __always_inline void xvs_fill_outer6(
	struct xvs_outer6 *ret, const struct xvs_tunnel *tunnel, __u32 length)
{
	__u32 payload = length - sizeof(ret->ip);

	__builtin_memcpy(&ret->eth, tunnel->addresses, sizeof(tunnel->addresses));
	ret->eth.h_proto = bpf_htons(ETH_P_IPV6);
	/* the flow label is the FlowID: who spreads by it needs not look behind the header */
	ret->ip.version_flow = bpf_htonl(6u << 28 | tunnel->tos << 20 | (tunnel->key & 0xff));
	ret->ip.length = payload > 0xffff ? 0 : bpf_htons(payload);
	ret->ip.next = XVS_GRE_PROTOCOL;
	ret->ip.hop_limit = XVS_OUTER_TTL;
	__builtin_memcpy(ret->ip.source, tunnel->from, sizeof(tunnel->from));
	__builtin_memcpy(ret->ip.destination, tunnel->to, sizeof(tunnel->to));
	ret->gre = xvs_gre_of(tunnel);
}

/* Writes the outer headers, for which there is room, in place. 0, or -1. */
__noinline int xvs_write_outer(struct __sk_buff *skb, const struct xvs_tunnel *tunnel)
{
	__u32 length = skb->len - ETH_HLEN;
	struct xvs_outer4 *four;
	struct xvs_outer6 *six;

	if (!tunnel)
		return -1; /* for the verifier, which lets it be NULL */
	if (tunnel->ip6) {
		six = (void *)(long)skb->data;
		if ((void *)(six + 1) > (void *)(long)skb->data_end)
			return -1;
		xvs_fill_outer6(six, tunnel, length);
		return 0;
	}
	four = (void *)(long)skb->data;
	if ((void *)(four + 1) > (void *)(long)skb->data_end)
		return -1;
	xvs_fill_outer4(four, tunnel, length);
	return 0;
}

/*
 * Makes skb->protocol what stands in the frame: the kernel looks there only when a tag goes. One
 * beside the packet and one in it come and go.
 */
static __always_inline int xvs_fix_protocol(struct __sk_buff *skb, __be16 protocol)
{
	if (skb->protocol == protocol)
		return 0;
	return bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 1) ||
			       bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), 1) ||
			       bpf_skb_vlan_pop(skb) || bpf_skb_vlan_pop(skb)
		       ? -1
		       : 0;
}

#define XVS_ADD_OUTER                                                                              \
	(BPF_F_ADJ_ROOM_ENCAP_L4_GRE | BPF_F_ADJ_ROOM_ENCAP_L2(ETH_HLEN) |                         \
		BPF_F_ADJ_ROOM_ENCAP_L2_ETH | BPF_F_ADJ_ROOM_FIXED_GSO)

/* Room for the outer headers in front; the kernel knows IP only. */
static __always_inline int xvs_add_room(struct __sk_buff *skb, const struct xvs_tunnel *tunnel)
{
	__u64 flags = XVS_ADD_OUTER |
		      (tunnel->ip6 ? BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 : BPF_F_ADJ_ROOM_ENCAP_L3_IPV4);

	if (skb->protocol == bpf_htons(ETH_P_IP) || skb->protocol == bpf_htons(ETH_P_IPV6))
		return bpf_skb_adjust_room(skb, xvs_outer_size(tunnel), BPF_ADJ_ROOM_MAC, flags);
	return bpf_skb_change_head(skb, xvs_outer_size(tunnel), 0);
}

/* Puts the frame, untagged, into the tunnel. 0, or minus the drop reason. */
__noinline int xvs_encapsulate(struct __sk_buff *skb, const struct xvs_tunnel *tunnel)
{
	struct ethhdr inner;

	if (!tunnel)
		return -XVS_DROP_encap_failed; /* for the verifier, which lets it be NULL */
	if (bpf_skb_load_bytes(skb, 0, &inner, sizeof(inner)))
		return -XVS_DROP_truncated;
	if (xvs_add_room(skb, tunnel) ||
		bpf_skb_store_bytes(skb, xvs_outer_size(tunnel), &inner, sizeof(inner), 0) ||
		xvs_write_outer(skb, tunnel) ||
		xvs_fix_protocol(skb, bpf_htons(tunnel->ip6 ? ETH_P_IPV6 : ETH_P_IP)))
		return -XVS_DROP_encap_failed;
	return 0;
}

/*
 * Takes `size` bytes of outer headers off. 0, or minus the drop reason. The kernel takes none off
 * if less than an IP header would stay; a short frame is longer meanwhile. What the NIC has said of
 * checksums is about the inner packet: the outer headers have none that counts.
 */
__noinline int xvs_decapsulate(struct __sk_buff *skb, __u32 size)
{
	__u32 length = skb->len, least = size + ETH_HLEN + sizeof(struct xvs_ip6);
	struct ethhdr inner;

	if (bpf_skb_load_bytes(skb, size, &inner, sizeof(inner)))
		return -XVS_DROP_gre_truncated;
	if ((length < least && bpf_skb_change_tail(skb, least, 0)) ||
		bpf_skb_adjust_room(skb, -(int)size, BPF_ADJ_ROOM_MAC,
			BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET) ||
		(length < least && bpf_skb_change_tail(skb, length - size, 0)) ||
		bpf_skb_store_bytes(skb, 0, &inner, sizeof(inner), 0) ||
		xvs_fix_protocol(skb, inner.h_proto))
		return -XVS_DROP_encap_failed;
	return 0;
}

/* DSCP and ECN of the inner packet (RFC 6040, 4.1, normal mode), and what tells its flow. */
__noinline int xvs_describe_inner(struct __sk_buff *skb, struct xvs_tunnel *tunnel, __u32 vsid)
{
	__u8 head[ETH_HLEN + 2];

	if (!tunnel)
		return -XVS_DROP_encap_failed; /* for the verifier */
	if (bpf_skb_load_bytes(skb, 0, head, sizeof(head)))
		return -XVS_DROP_truncated;
	tunnel->key = xvs_gre_key(vsid, bpf_get_hash_recalc(skb));
	tunnel->tos = 0;
	if (head[12] == 0x08 && head[13] == 0x00)
		tunnel->tos = head[15];
	else if (head[12] == 0x86 && head[13] == 0xdd)
		tunnel->tos = head[14] << 4 | head[15] >> 4;
	return 0;
}

#endif
