/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The largest segment that a TCP sender says it takes (MSS, RFC 9293, section 3.7.1), made smaller
 * where segments of that size would not fit the wire: so TCP works where nobody heeds ICMP.
 */
#ifndef XVS_BPF_CLAMP_H
#define XVS_BPF_CLAMP_H

#include "bpf/lib/tcp_header.h"

#define XVS_TCP_CHECKSUM 16 /* in the header */

/* Most packets of TCP, which tell at once that they begin no connection. */
static __always_inline int xvs_is_mid_flow(struct __sk_buff *skb)
{
	const struct ethhdr *eth = (void *)(long)skb->data;
	const struct xvs_ip4 *ip4 = (const void *)(eth + 1);
	const struct xvs_ip6 *ip6 = (const void *)(eth + 1);
	const struct xvs_tcp *tcp4 = (const void *)(ip4 + 1), *tcp6 = (const void *)(ip6 + 1);
	const void *end = (void *)(long)skb->data_end;

	if ((const void *)(tcp4 + 1) > end)
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return ip4->version_size == 0x45 && ip4->protocol == IPPROTO_TCP &&
		       !(tcp4->flags & XVS_TCP_SYN);
	return eth->h_proto == bpf_htons(ETH_P_IPV6) && (const void *)(tcp6 + 1) <= end &&
	       ip6->next == IPPROTO_TCP && !(tcp6->flags & XVS_TCP_SYN);
}

/*
 * The MSS in an untagged frame becomes what a packet of `mtu` bytes has room for, if it is more.
 * Returns whether it has been changed; packet pointers are void then. A checksum that is still to
 * be made (CHECKSUM_PARTIAL) stays as it is.
 */
__noinline int xvs_clamp_mss(struct __sk_buff *skb, __u32 mtu)
{
	struct xvs_packet packet = {0};
	__u32 headers = sizeof(struct xvs_tcp), at, end, odd;
	__be16 was, is;

	if (xvs_is_mid_flow(skb) || xvs_read_packet(skb, &packet) || packet.next != IPPROTO_TCP ||
		packet.fragment == XVS_FRAGMENT_LATER || !(packet.tcp_flags & XVS_TCP_SYN))
		return 0;
	end = packet.transport + packet.tcp_size;
	if (end > packet.end)
		return 0;
	at = xvs_tcp_find(skb, packet.transport + sizeof(struct xvs_tcp), end, XVS_TCP_OPTION_MSS,
		XVS_TCP_OPTION_MSS_SIZE);
	headers += packet.protocol == ETH_P_IP ? sizeof(struct xvs_ip4) : sizeof(struct xvs_ip6);
	if (!at || at + sizeof(was) > end || mtu <= headers || XVS_LOAD(skb, at, &was) ||
		bpf_ntohs(was) <= mtu - headers)
		return 0;
	is = bpf_htons(mtu - headers);
	if (bpf_skb_store_bytes(skb, at, &is, sizeof(is), 0))
		return 0;
	/* at an odd place its bytes stand in two words of the sum, each in the other half */
	odd = (at - packet.transport) & 1;
	bpf_l4_csum_replace(skb, packet.transport + XVS_TCP_CHECKSUM,
		odd ? __builtin_bswap16(was) : was, odd ? __builtin_bswap16(is) : is, sizeof(is));
	return 1;
}

#endif
