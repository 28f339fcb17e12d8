/* SPDX-License-Identifier: GPL-2.0-only */
/* What comes from another host: is it NVGRE for this one, and may it come in? */
#ifndef XVS_BPF_DECAP_H
#define XVS_BPF_DECAP_H

#include "bpf/lib/tunnel.h"
#include "bpf/lib/virtual.h"

#define XVS_NOT_OURS 0 /* the host's own */
#define XVS_OURS 1

static __always_inline int xvs_is_one_of(const __be32 *address, const __be32 own[2][4], int ip6)
{
	const __be32 *is = own[ip6];

	return (is[0] | is[1] | is[2] | is[3]) && address[0] == is[0] && address[1] == is[1] &&
	       address[2] == is[2] && address[3] == is[3];
}

static __always_inline int xvs_is_group_address(const struct xvs_tunnel *tunnel)
{
	if (tunnel->ip6)
		return bpf_ntohl(tunnel->to[0]) >> 24 == 0xff;
	return bpf_ntohl(tunnel->to[3]) >> 28 == 0xe;
}

/* Is it for this host? A group's frames are for whom has a subnet with it: asked later. */
static __always_inline int xvs_is_for_host(
	const struct xvs_tunnel *tunnel, __u32 switch_id, __u32 generation)
{
	struct xvs_provider *both = bpf_map_lookup_elem(&providers, &switch_id);
	const struct xvs_provider_config *own = both ? &both->half[generation & 1] : NULL;

	if (!own || !own->port)
		return 0;
	return xvs_is_group_address(tunnel) ||
	       xvs_is_one_of(tunnel->to, own->address, tunnel->ip6 & 1);
}

/* The GRE header at `offset`. XVS_NOT_OURS, XVS_OURS, or minus the drop reason. */
static __always_inline int xvs_read_gre(struct __sk_buff *skb, __u32 offset, struct xvs_tunnel *ret)
{
	struct xvs_gre gre;

	if (bpf_skb_load_bytes(skb, offset, &gre, sizeof(__be32)))
		return -XVS_DROP_gre_truncated;
	if (gre.protocol != bpf_htons(XVS_GRE_ETHERNET))
		return XVS_NOT_OURS;
	if (gre.flags != bpf_htons(XVS_GRE_KEYED))
		return -XVS_DROP_gre_header;
	if (bpf_skb_load_bytes(skb, offset, &gre, sizeof(gre)) ||
		skb->len < offset + sizeof(gre) + ETH_HLEN)
		return -XVS_DROP_gre_truncated;
	ret->key = bpf_ntohl(gre.key);
	return XVS_OURS;
}

static __always_inline int xvs_read_outer4(struct __sk_buff *skb, __u32 start,
	struct xvs_tunnel *ret, __u32 switch_id, __u32 generation)
{
	struct xvs_ip4 ip;

	if (bpf_skb_load_bytes(skb, start, &ip, sizeof(ip)) || ip.protocol != XVS_GRE_PROTOCOL)
		return XVS_NOT_OURS;
	ret->ip6 = 0;
	ret->tos = ip.tos;
	ret->from[0] = ret->from[1] = ret->to[0] = ret->to[1] = 0;
	ret->from[2] = ret->to[2] = bpf_htonl(0xffff);
	ret->from[3] = ip.source;
	ret->to[3] = ip.destination;
	if (!xvs_is_for_host(ret, switch_id, generation))
		return XVS_NOT_OURS;
	if (ip.fragment & bpf_htons(XVS_IP4_MORE | XVS_IP4_OFFSET))
		return -XVS_DROP_gre_fragment;
	if (ip.version_size != 0x45 || xvs_ip4_sum(&ip))
		return -XVS_DROP_gre_header;
	if (start + bpf_ntohs(ip.length) > skb->len)
		return -XVS_DROP_gre_truncated;
	return xvs_read_gre(skb, start + sizeof(ip), ret);
}

static __always_inline int xvs_read_outer6(struct __sk_buff *skb, __u32 start,
	struct xvs_tunnel *ret, __u32 switch_id, __u32 generation)
{
	struct xvs_ip6 ip;
	__u8 next;

	if (bpf_skb_load_bytes(skb, start, &ip, sizeof(ip)) ||
		(ip.next != XVS_GRE_PROTOCOL && ip.next != IPPROTO_FRAGMENT))
		return XVS_NOT_OURS;
	ret->ip6 = 1;
	ret->tos = bpf_ntohl(ip.version_flow) >> 20;
	__builtin_memcpy(ret->from, ip.source, sizeof(ret->from));
	__builtin_memcpy(ret->to, ip.destination, sizeof(ret->to));
	if (!xvs_is_for_host(ret, switch_id, generation))
		return XVS_NOT_OURS;
	if (ip.next == IPPROTO_FRAGMENT)
		return !bpf_skb_load_bytes(skb, start + sizeof(ip), &next, 1) &&
				       next == XVS_GRE_PROTOCOL
			       ? -XVS_DROP_gre_fragment
			       : XVS_NOT_OURS;
	if (start + sizeof(ip) + bpf_ntohs(ip.length) > skb->len)
		return -XVS_DROP_gre_truncated;
	return xvs_read_gre(skb, start + sizeof(ip), ret);
}

/* Reads the outer headers from `start` on. XVS_NOT_OURS, XVS_OURS, or minus the drop reason. */
__noinline int xvs_read_outer(struct __sk_buff *skb, __u32 start, struct xvs_tunnel *ret,
	__u32 switch_id, __u32 generation)
{
	__be16 type;

	if (!ret || start < ETH_HLEN || start > ETH_HLEN + XVS_TAG_SIZE)
		return XVS_NOT_OURS; /* for the verifier */
	if (bpf_skb_load_bytes(skb, 0, ret->addresses, sizeof(ret->addresses)) ||
		bpf_skb_load_bytes(skb, start - sizeof(type), &type, sizeof(type)))
		return XVS_NOT_OURS;
	if (type == bpf_htons(ETH_P_IP))
		return xvs_read_outer4(skb, start, ret, switch_id, generation);
	if (type == bpf_htons(ETH_P_IPV6))
		return xvs_read_outer6(skb, start, ret, switch_id, generation);
	return XVS_NOT_OURS;
}

/*
 * Which subnet's it is, and whether it may come from there: its number, or minus the drop reason;
 * 0: it is for a provider multicast group that is none of the subnet's.
 */
__noinline int xvs_admit_outer(const struct xvs_tunnel *tunnel, __u32 switch_id, __u32 generation,
	__u32 packets, __u32 bytes)
{
	struct xvs_vsid_key of = {.half = generation & 1};
	const struct xvs_subnet_config *subnet;
	struct xvs_record_key key = {0};
	struct xvs_record *peer;
	__u32 *id;

	if (!tunnel)
		return -XVS_DROP_gre_vsid; /* for the verifier, which lets it be NULL */
	of.vsid = xvs_gre_vsid(tunnel->key);
	id = xvs_vsid_is_valid(of.vsid) ? bpf_map_lookup_elem(&vsids, &of) : NULL;
	subnet = id ? xvs_subnet(*id, generation) : NULL;
	if (!subnet || subnet->vsid != of.vsid || subnet->switch_id != switch_id)
		return xvs_is_group_address(tunnel) ? 0 : -XVS_DROP_gre_vsid;
	if (xvs_is_group_address(tunnel) &&
		(tunnel->to[0] != subnet->group[0] || tunnel->to[1] != subnet->group[1] ||
			tunnel->to[2] != subnet->group[2] || tunnel->to[3] != subnet->group[3]))
		return 0;
	__builtin_memcpy(key.address, tunnel->from, sizeof(key.address));
	key.what = of.vsid | XVS_RECORD_PEER << XVS_RECORD_TYPE_SHIFT;
	peer = xvs_record_find(&key);
	if (!peer || !xvs_record_is(peer, &key))
		return -XVS_DROP_gre_source;
	__sync_fetch_and_add(&peer->packets, packets);
	__sync_fetch_and_add(&peer->bytes, bytes);
	return XVS_SUBNET_FIRST + *id;
}

/* NVGRE, or another Ethernet in GRE with a key. */
static __always_inline int xvs_is_nested(
	struct __sk_buff *skb, __u32 offset, const struct ethhdr *eth)
{
	__u8 version_size = 0, next = 0;
	struct xvs_gre gre;
	__u32 size = sizeof(struct xvs_ip6);

	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		bpf_skb_load_bytes(skb, offset, &version_size, 1);
		bpf_skb_load_bytes(skb, offset + 9, &next, 1);
		size = (version_size & 0xf) * 4;
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		bpf_skb_load_bytes(skb, offset + 6, &next, 1);
	}
	return next == XVS_GRE_PROTOCOL &&
	       !bpf_skb_load_bytes(skb, offset + size, &gre, sizeof(__be32)) &&
	       gre.protocol == bpf_htons(XVS_GRE_ETHERNET) &&
	       (gre.flags & bpf_htons(XVS_GRE_KEYED));
}

/* Looks into the inner frame at `offset`. 0, or minus the drop reason. */
__noinline int xvs_judge_inner(struct __sk_buff *skb, __u32 offset)
{
	struct ethhdr eth;

	if (bpf_skb_load_bytes(skb, offset, &eth, sizeof(eth)))
		return -XVS_DROP_gre_truncated;
	if (xvs_is_tpid(bpf_ntohs(eth.h_proto)))
		return -XVS_DROP_gre_tagged;
	if (xvs_is_nested(skb, offset + sizeof(eth), &eth))
		return -XVS_DROP_gre_nested;
	return xvs_check_source(eth.h_source);
}

/* The frame's congestion mark, with what the outer header had. 0, or minus the drop reason. */
__noinline int xvs_mark_congestion(struct __sk_buff *skb, __u32 outer)
{
	__u8 head[2], is, tos;
	__be16 before, after;
	int mark;

	if (bpf_skb_load_bytes(skb, ETH_HLEN, head, sizeof(head)))
		return 0; /* no IP */
	if (skb->protocol != bpf_htons(ETH_P_IP) && skb->protocol != bpf_htons(ETH_P_IPV6))
		return 0;
	is = skb->protocol == bpf_htons(ETH_P_IP) ? head[1] : head[1] >> 4;
	mark = xvs_ecn_behind(is, outer);
	if (mark < 0 || mark == (is & 3))
		return mark < 0 ? mark : 0;
	__builtin_memcpy(&before, head, sizeof(before));
	tos = skb->protocol == bpf_htons(ETH_P_IP) ? (head[1] & ~3) | mark
						   : (head[1] & ~0x30) | mark << 4;
	head[1] = tos;
	__builtin_memcpy(&after, head, sizeof(after));
	if (skb->protocol == bpf_htons(ETH_P_IP) &&
		bpf_l3_csum_replace(skb, ETH_HLEN + __builtin_offsetof(struct xvs_ip4, checksum),
			before, after, sizeof(after)))
		return -XVS_DROP_encap_failed;
	return bpf_skb_store_bytes(skb, ETH_HLEN, head, sizeof(head), 0) ? -XVS_DROP_encap_failed
									 : 0;
}

/* Remembers that the inner frame's sender is behind that host. */
__noinline int xvs_learn_record(struct __sk_buff *skb, const struct xvs_tunnel *tunnel, __u32 now)
{
	struct xvs_record fresh = {.flags = XVS_RECORD_LEARNED, .seen = now};
	__u32 zero = 0;
	void *table = bpf_map_lookup_elem(&record_table, &zero);
	struct xvs_record *is;

	if (!tunnel || !table || bpf_skb_load_bytes(skb, ETH_ALEN, fresh.mac, sizeof(fresh.mac)))
		return 0;
	fresh.vsid = xvs_gre_vsid(tunnel->key);
	fresh.key.what = fresh.vsid | XVS_RECORD_MAC << XVS_RECORD_TYPE_SHIFT;
	__builtin_memcpy(fresh.key.address, fresh.mac, sizeof(fresh.mac));
	__builtin_memcpy(fresh.provider, tunnel->from, sizeof(fresh.provider));
	is = bpf_map_lookup_elem(table, &fresh.key);
	if (!is) {
		bpf_map_update_elem(table, &fresh.key, &fresh, BPF_NOEXIST);
		return 0;
	}
	if (!(is->flags & XVS_RECORD_LEARNED))
		return 0;
	if (is->provider[0] == tunnel->from[0] && is->provider[1] == tunnel->from[1] &&
		is->provider[2] == tunnel->from[2] && is->provider[3] == tunnel->from[3]) {
		if (now - is->seen >= XVS_FDB_REFRESH_TICKS)
			is->seen = now;
		return 0;
	}
	bpf_map_update_elem(table, &fresh.key, &fresh, BPF_EXIST);
	return 0;
}

#endif
