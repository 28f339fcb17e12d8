/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ICMP errors to a guest, about a packet that it has sent (RFC 792, RFC 1191, RFC 4443): the frame
 * becomes the error about itself, on its way back, with as much of the packet as fits behind the
 * headers. A port is sent XVS_TOLD_MAX a second.
 */
#ifndef XVS_BPF_ICMP_ERROR_H
#define XVS_BPF_ICMP_ERROR_H

#include "bpf/lib/record.h"
#include "bpf/lib/tell.h"

/* Errors, as xvs_icmp_error() has them: type << 8 | code of ICMP, and in the upper half ICMPv6. */
#define XVS_ICMP_TOO_BIG (0x0200u << 16 | 0x0304) /* the rest is the MTU */
#define XVS_ICMP_TTL_EXCEEDED (0x0300u << 16 | 0x0b00)
#define XVS_ICMP_NO_ROUTE (0x0100u << 16 | 0x0300)
#define XVS_ICMP_NO_HOST (0x0103u << 16 | 0x0301)
#define XVS_ICMP_PROHIBITED (0x0101u << 16 | 0x030d)

#define XVS_ICMP_TTL 64
#define XVS_QUOTE_4 548 /* bytes of a packet in an error of 576 (RFC 1812, 4.3.2.3) */
#define XVS_QUOTE_6 1232 /* in one of 1280 (RFC 4443, 2.4) */
#define XVS_QUOTE_PART 512 /* a checksum is made of so many at once */
#define XVS_QUOTE_PARTS 3

struct xvs_icmp {
	__u8 type, code;
	__be16 checksum;
	__be32 rest;
};

struct xvs_error4 {
	struct xvs_ip4 ip;
	struct xvs_icmp icmp;
};

struct xvs_error6 {
	struct xvs_ip6 ip;
	struct xvs_icmp icmp;
};

/* What an error is made of. */
struct xvs_icmp_room {
	struct xvs_packet about;
	struct ethhdr eth; /* of that, then of the error */
	__be32 from[4]; /* who sends the error */
	__be32 rest;
	__u32 quoted; /* bytes */
	union {
		struct xvs_error4 four;
		struct xvs_error6 six;
	};
	__u8 quote[XVS_QUOTE_PARTS * XVS_QUOTE_PART] __attribute__((aligned(8)));
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct xvs_icmp_room);
} icmp_room SEC(".maps");

static __always_inline struct xvs_icmp_room *xvs_icmp_room(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&icmp_room, &zero);
}

static __always_inline int xvs_icmp_is_group4(__be32 address)
{
	return (bpf_ntohl(address) >> 28) == 0xe || address == 0xffffffff || !address;
}

/* No error answers an error, a group, a later fragment, or who has no address (RFC 1122, 3.2.2). */
static __always_inline int xvs_icmp_may_answer(const struct xvs_icmp_room *room)
{
	const struct xvs_packet *about = &room->about;

	if (xvs_is_group(room->eth.h_dest) || xvs_is_group(room->eth.h_source) ||
		about->fragment == XVS_FRAGMENT_LATER)
		return 0;
	if (about->protocol == ETH_P_IP)
		return !xvs_icmp_is_group4(about->source[3]) &&
		       !xvs_icmp_is_group4(about->destination[3]) &&
		       (about->next != IPPROTO_ICMP || xvs_is_echo(about));
	if (about->protocol != ETH_P_IPV6)
		return 0;
	return (about->source[0] & bpf_htonl(0xff000000)) != bpf_htonl(0xff000000) &&
	       (about->destination[0] & bpf_htonl(0xff000000)) != bpf_htonl(0xff000000) &&
	       (about->source[0] | about->source[1] | about->source[2] | about->source[3]) &&
	       (about->next != IPPROTO_ICMPV6 || about->icmp_type >= 128);
}

/* The sum of bytes behind the headers, and of what stands in front of them. */
static __always_inline __u16 xvs_icmp_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~((sum & 0xffff) + (sum >> 16));
}

static __always_inline __u64 xvs_icmp_sum(
	struct xvs_icmp_room *room, const struct xvs_icmp *icmp, const __be32 *pseudo)
{
	__s64 sum = bpf_csum_diff(NULL, 0, (__be32 *)icmp, sizeof(*icmp), 0);

	for (int i = 0; i < XVS_QUOTE_PARTS; i++)
		sum = bpf_csum_diff(
			NULL, 0, (__be32 *)(room->quote + i * XVS_QUOTE_PART), XVS_QUOTE_PART, sum);
	return pseudo ? bpf_csum_diff(NULL, 0, (__be32 *)pseudo, 32, sum) : sum;
}

static __always_inline void xvs_icmp_write4(struct xvs_icmp_room *room, __u32 error)
{
	struct xvs_error4 *out = &room->four;

	out->ip = (struct xvs_ip4){
		.version_size = 0x45,
		.length = bpf_htons(sizeof(out->ip) + sizeof(out->icmp) + room->quoted),
		.ttl = XVS_ICMP_TTL,
		.protocol = IPPROTO_ICMP,
		.source = room->from[3],
		.destination = room->about.source[3],
	};
	out->ip.checksum =
		xvs_icmp_fold(bpf_csum_diff(NULL, 0, (__be32 *)&out->ip, sizeof(out->ip), 0));
	out->icmp = (struct xvs_icmp){error >> 8, error, 0, room->rest};
	out->icmp.checksum = xvs_icmp_fold(xvs_icmp_sum(room, &out->icmp, NULL));
}

static __always_inline void xvs_icmp_write6(struct xvs_icmp_room *room, __u32 error)
{
	struct xvs_error6 *out = &room->six;
	__u16 length = sizeof(out->icmp) + room->quoted;

	out->ip.version_flow = bpf_htonl(0x60000000);
	out->ip.length = bpf_htons(length);
	out->ip.next = IPPROTO_ICMPV6;
	out->ip.hop_limit = XVS_ICMP_TTL;
	__builtin_memcpy(out->ip.source, room->from, sizeof(room->from));
	__builtin_memcpy(out->ip.destination, room->about.source, sizeof(room->from));
	out->icmp = (struct xvs_icmp){error >> 24, error >> 16, 0, room->rest};
	out->icmp.checksum = xvs_icmp_fold(xvs_icmp_sum(room, &out->icmp, out->ip.source) +
					   bpf_htons(length) + bpf_htons(IPPROTO_ICMPV6));
}

/* What a sum is made of ends with zeroes. Too large for the compiler's own way. */
static __always_inline void xvs_icmp_clear(struct xvs_icmp_room *room)
{
	volatile __u64 *word = (volatile __u64 *)room->quote;

	for (__u32 i = 0; i < sizeof(room->quote) / sizeof(*word); i++)
		word[i] = 0;
}

/* Takes the part of the packet that the error quotes; the frame is cut behind it. 0, or -1. */
static __always_inline int xvs_icmp_quote(struct __sk_buff *skb, struct xvs_icmp_room *room)
{
	__u32 most = room->about.protocol == ETH_P_IP ? XVS_QUOTE_4 : XVS_QUOTE_6;
	__u32 end = room->about.end, quoted, last;

	if (end <= ETH_HLEN || room->about.network != ETH_HLEN)
		return -1;
	quoted = end - ETH_HLEN < most ? end - ETH_HLEN : most;
	xvs_icmp_clear(room);
	last = quoted - 1;
	/* or kernel 6.1 sees that `quoted` has an end, but not that it isn't 0 */
	asm volatile("" : "+r"(last));
	if (last >= XVS_QUOTE_6 || bpf_skb_load_bytes(skb, ETH_HLEN, room->quote, last + 1))
		return -1;
	room->quoted = quoted;
	return bpf_skb_change_tail(skb, ETH_HLEN + quoted, 0) ? -1 : 0;
}

/* In front of what is quoted. 0, or -1. */
static __always_inline int xvs_icmp_put(
	struct __sk_buff *skb, const struct xvs_icmp_room *room, const void *headers, __u32 size)
{
	return bpf_skb_change_head(skb, size, 0) ||
			       bpf_skb_store_bytes(skb, 0, &room->eth, sizeof(room->eth), 0) ||
			       bpf_skb_store_bytes(skb, sizeof(room->eth), headers, size, 0)
		       ? -1
		       : 0;
}

/* To whom the error goes: a packet that has been routed has the gateway's address. 0, or -1. */
static __always_inline int xvs_icmp_turn(
	const struct xvs_subnet_config *subnet, struct xvs_icmp_room *room)
{
	__u64 mac = xvs_mac_number(room->eth.h_source);

	if (mac == xvs_mac_number(subnet->gateway_mac))
		mac = xvs_record_mac(
			subnet->vsid, (const struct xvs_ip6_address *)room->about.source);
	xvs_put_mac(room->eth.h_dest, mac);
	return mac ? 0 : -1;
}

/*
 * Makes the frame, untagged and whole, the error about itself, from the subnet's gateway (without
 * one: from whom it was for), `rest` in the last word of its header, host order. 0, or -1: none may
 * be sent, and the frame may be half of it: it is to be dropped. Packet pointers are void.
 */
__noinline int xvs_icmp_error(
	struct __sk_buff *skb, __u32 subnet_id, __u32 generation, __u32 error, __u32 rest)
{
	const struct xvs_subnet_config *subnet = xvs_subnet(subnet_id, generation);
	struct xvs_icmp_room *room = xvs_icmp_room();
	const __be32 *gateway;

	if (!room || !subnet || xvs_read_packet(skb, &room->about) ||
		bpf_skb_load_bytes(skb, 0, &room->eth, sizeof(room->eth)) ||
		!xvs_icmp_may_answer(room) || xvs_icmp_quote(skb, room))
		return -1;
	room->rest = bpf_htonl(rest);
	gateway = subnet->gateway[room->about.protocol != ETH_P_IP];
	__builtin_memcpy(room->from,
		gateway[0] | gateway[1] | gateway[2] | gateway[3] ? gateway
								  : room->about.destination,
		sizeof(room->from));
	if (xvs_icmp_turn(subnet, room))
		return -1;
	__builtin_memcpy(room->eth.h_source, subnet->gateway_mac, ETH_ALEN);
	if (room->about.protocol == ETH_P_IP) {
		xvs_icmp_write4(room, error);
		return xvs_icmp_put(skb, room, &room->four, sizeof(room->four));
	}
	xvs_icmp_write6(room, error);
	return xvs_icmp_put(skb, room, &room->six, sizeof(room->six));
}

/* May the port be sent one more error now? */
static __always_inline int xvs_may_send_error(__u32 port)
{
	struct xvs_port_state *state = bpf_map_lookup_elem(&port_state, &port);

	return state && xvs_may_tell(&state->errors);
}

#endif
