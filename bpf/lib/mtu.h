/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Does a frame fit its destination? A GSO packet is measured by the segments it will become:
 * layer-3 and layer-4 headers plus gso_size. (bpf_check_mtu cannot count a tag that is still to
 * be taken off, and wants the transport header to be set, which it is not at TC ingress.)
 */
#ifndef XVS_BPF_MTU_H
#define XVS_BPF_MTU_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <bpf/bpf_helpers.h>
#include "bpf/lib/frame.h"

#define XVS_IPV6_EXTENSIONS_MAX 4 /* extension headers walked to find the transport header */
#define XVS_TAG_SIZE 4

static __always_inline int xvs_is_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT;
}

/* Bytes of the transport header at `offset`; 0 if it can't be read. */
static __always_inline __u32 xvs_transport_size(struct __sk_buff *skb, __u32 offset, __u8 protocol)
{
	__u8 data_offset;

	if (protocol == IPPROTO_UDP)
		return 8;
	if (protocol == IPPROTO_SCTP)
		return 12;
	if (protocol != IPPROTO_TCP || bpf_skb_load_bytes(skb, offset + 12, &data_offset, 1))
		return 0;
	return (data_offset >> 4) * 4;
}

/* Bytes of a GRE header at `offset` and the Ethernet header behind it; 0: there is none. */
static __always_inline __u32 xvs_gre_size(struct __sk_buff *skb, __u32 offset)
{
	__u8 head[4]; /* flags: checksum, key and sequence number are four bytes each */

	if (bpf_skb_load_bytes(skb, offset, head, sizeof(head)) || head[2] != 0x65 ||
		head[3] != 0x58)
		return 0;
	return sizeof(head) + (head[0] & 0x80 ? 4 : 0) + (head[0] & 0x20 ? 4 : 0) +
	       (head[0] & 0x10 ? 4 : 0) + ETH_HLEN;
}

/* Where the transport header begins, whose protocol is *ret; 0 if it can't be told. */
static __always_inline __u32 xvs_transport_offset(struct __sk_buff *skb, __u32 start, __u8 *ret)
{
	__u8 head[10], extension[2];
	__u32 offset;
	__u8 protocol;

	if (bpf_skb_load_bytes(skb, start, head, sizeof(head)))
		return 0;
	if (head[0] >> 4 == 4) {
		offset = start + (head[0] & 0xf) * 4;
		protocol = head[9];
	} else {
		offset = start + 40;
		protocol = head[6];
#pragma unroll
		for (int i = 0; i < XVS_IPV6_EXTENSIONS_MAX && xvs_is_extension(protocol); i++) {
			if (bpf_skb_load_bytes(skb, offset, extension, sizeof(extension)))
				return 0;
			offset += protocol == IPPROTO_FRAGMENT ? 8 : (extension[1] + 1) * 8;
			protocol = extension[0];
		}
	}
	*ret = protocol;
	return offset;
}

/*
 * Bytes from the network header at `start` to the payload; 0 if it can't be told. Of Ethernet in
 * GRE it is the inner packet that is cut into segments.
 */
__noinline __u32 xvs_ip_header_size(struct __sk_buff *skb, __u32 start)
{
	__u32 offset, transport;
	__u8 protocol;

	offset = xvs_transport_offset(skb, start, &protocol);
	if (offset && protocol == IPPROTO_GRE) {
		transport = xvs_gre_size(skb, offset);
		offset = transport ? xvs_transport_offset(skb, offset + transport, &protocol) : 0;
	}
	transport = offset ? xvs_transport_size(skb, offset, protocol) : 0;
	return transport ? offset - start + transport : 0;
}

/* Is it GRE in IP, or a fragment that might be? The network header begins at `start`. */
__noinline int xvs_is_gre(struct __sk_buff *skb, __u32 start)
{
	__u8 head[10];

	if (bpf_skb_load_bytes(skb, start, head, sizeof(head)))
		return 0;
	if (head[0] >> 4 == 4)
		return head[9] == IPPROTO_GRE;
	return head[0] >> 4 == 6 && (head[6] == IPPROTO_GRE || head[6] == IPPROTO_FRAGMENT);
}

/*
 * As how many packets the frame counts. A tap does not tell the number of segments of what its
 * guest hands over; it is made of the payload then.
 */
static __always_inline __u32 xvs_packets(struct __sk_buff *skb, __u32 tag_bytes)
{
	__u32 start = ETH_HLEN + tag_bytes;
	__u32 headers, size = skb->gso_size;

	if (skb->gso_segs || !size)
		return skb->gso_segs ?: 1;
	headers = start + xvs_ip_header_size(skb, start);
	return skb->len > headers ? (skb->len - headers + size - 1) / size : 1;
}

/* `tag_bytes`: tags that stand in the packet itself. */
static __always_inline int xvs_fits(struct __sk_buff *skb, __u32 tag_bytes, __u32 mtu)
{
	__u32 start = ETH_HLEN + tag_bytes;
	__u32 headers;

	if (skb->len <= mtu + start)
		return 1;
	if (!skb->gso_size)
		return 0;
	headers = xvs_ip_header_size(skb, start);
	return headers && headers + skb->gso_size <= mtu;
}

#endif
