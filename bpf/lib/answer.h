/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the distributed router answers in a virtual subnet: ARP requests and neighbour solicitations
 * from the records, pings for the gateway itself. The frame becomes the answer, which goes back to
 * the port that it came from. Each function returns 0 for that, the subnet's number if the frame is
 * to be forwarded as it is, or minus the drop reason.
 */
#ifndef XVS_BPF_ANSWER_H
#define XVS_BPF_ANSWER_H

#include "bpf/lib/neighbor.h"
#include "bpf/lib/record.h"
#include "bpf/lib/scratch.h"

/* Makes the frame's first `size` bytes readable in place. 0, or minus the drop reason. */
static __always_inline int xvs_pull(struct __sk_buff *skb, __u32 size)
{
	if ((void *)(long)skb->data + size <= (void *)(long)skb->data_end)
		return 0;
	return bpf_skb_pull_data(skb, size) ? -XVS_DROP_truncated : 0;
}

static __always_inline int xvs_address_equal(const __be32 *left, const __be32 *right)
{
	return left[0] == right[0] && left[1] == right[1] && left[2] == right[2] &&
	       left[3] == right[3];
}

/* `address`: one that a station could have. */
static __always_inline int xvs_is_gateway(
	const struct xvs_subnet_config *subnet, const __be32 *address)
{
	return xvs_address_equal(subnet->gateway[0], address) ||
	       xvs_address_equal(subnet->gateway[1], address);
}

/* The MAC address of who has it in the subnet, as a number. 0: nobody known. */
static __always_inline __u64 xvs_owner(
	const struct xvs_subnet_config *subnet, const struct xvs_ip6_address *address)
{
	if (xvs_is_gateway(subnet, address->word))
		return xvs_mac_number(subnet->gateway_mac);
	return xvs_record_mac(subnet->vsid, address);
}

/* What the records don't tell is for the stations to say, where they are listened to. */
static __always_inline int xvs_leave_to_stations(
	const struct xvs_subnet_config *subnet, __u32 number)
{
	return subnet->flags & XVS_SUBNET_LEARN ? (int)number : -XVS_DROP_not_answered;
}

/* ---- ARP ---- */

#define XVS_ARP_ETHERNET 1

static __always_inline int xvs_is_arp(const struct xvs_arp *arp)
{
	return arp->hardware == bpf_htons(XVS_ARP_ETHERNET) &&
	       arp->protocol == bpf_htons(ETH_P_IP) && arp->hardware_size == ETH_ALEN &&
	       arp->protocol_size == sizeof(arp->sender);
}

static __always_inline void xvs_make_arp_reply(
	struct ethhdr *eth, struct xvs_arp *arp, const struct xvs_ip6_address *asked, __u64 mac)
{
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	xvs_put_mac(eth->h_source, mac);
	arp->operation = bpf_htons(XVS_ARP_REPLY);
	__builtin_memcpy(arp->target_mac, arp->sender_mac, ETH_ALEN);
	__builtin_memcpy(arp->target, arp->sender, sizeof(arp->target));
	xvs_put_mac(arp->sender_mac, mac);
	__builtin_memcpy(arp->sender, &asked->word[3], sizeof(arp->sender));
}

/*
 * RFC 826, and RFC 5227: who announces an address or asks whether it is free gets no answer if it
 * is its own.
 */
__noinline int xvs_answer_arp(struct __sk_buff *skb, __u32 number, __u32 generation)
{
	const struct xvs_subnet_config *subnet = xvs_subnet_numbered(number, generation);
	struct xvs_ip6_address asked = {.word[2] = bpf_htonl(0xffff)};
	struct ethhdr *eth;
	struct xvs_arp *arp;
	__be32 sender;
	__u64 mac;

	if (!subnet)
		return -XVS_DROP_not_answered;
	if (xvs_pull(skb, sizeof(*eth) + sizeof(*arp)))
		return -XVS_DROP_truncated;
	eth = (void *)(long)skb->data;
	arp = (void *)(eth + 1);
	if ((void *)(arp + 1) > (void *)(long)skb->data_end)
		return -XVS_DROP_truncated;
	__builtin_memcpy(&asked.word[3], arp->target, sizeof(arp->target));
	__builtin_memcpy(&sender, arp->sender, sizeof(sender));
	if (!xvs_is_arp(arp) || !xvs_is_station_address(asked.word))
		return -XVS_DROP_not_answered;
	if (arp->operation != bpf_htons(XVS_ARP_REQUEST) || sender == asked.word[3])
		return xvs_leave_to_stations(subnet, number);
	mac = xvs_owner(subnet, &asked);
	if (!mac)
		return xvs_leave_to_stations(subnet, number);
	if (mac == xvs_mac_number(eth->h_source) || mac == xvs_mac_number(arp->sender_mac))
		return -XVS_DROP_not_answered;
	xvs_make_arp_reply(eth, arp, &asked, mac);
	return 0;
}

/* ---- neighbour discovery ---- */

struct xvs_nd {
	__u8 type, code;
	__be16 checksum;
	__be32 flags;
	__be32 target[4];
};

#define XVS_ND_ROUTER 0x80000000 /* flags of an advertisement */
#define XVS_ND_SOLICITED 0x40000000
#define XVS_ND_OVERRIDE 0x20000000

#define XVS_ND_HOP_LIMIT 255 /* what has passed a router is less */
#define XVS_ND_START (ETH_HLEN + (__u32)sizeof(struct xvs_ip6)) /* no extension headers */
#define XVS_ND_SIZE_MAX 128 /* of a solicitation, in bytes; nobody needs more options */

/* Behind an IPv6 header. */
struct xvs_ip6_pseudo {
	__be32 length, next;
};

static __always_inline __u16 xvs_fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* `addresses`: source and destination, before what else is summed. */
static __always_inline __u16 xvs_sum_icmp6(
	__be32 *addresses, __u32 addresses_size, __be32 *message, __u32 message_size, __u32 length)
{
	struct xvs_ip6_pseudo pseudo = {bpf_htonl(length), bpf_htonl(IPPROTO_ICMPV6)};
	__s64 sum = bpf_csum_diff(NULL, 0, (__be32 *)&pseudo, sizeof(pseudo), 0);

	sum = bpf_csum_diff(NULL, 0, addresses, addresses_size, sum);
	return xvs_fold(bpf_csum_diff(NULL, 0, message, message_size, sum));
}

/* Looks through the options; returns whether they end with the message, and none has no size. */
static __always_inline int xvs_nd_options_end(const __u8 *message, __u32 size, __u32 *has_source)
{
	__u32 next = sizeof(struct xvs_nd);

	*has_source = 0;
#pragma unroll
	for (__u32 at = sizeof(struct xvs_nd); at < XVS_ND_SIZE_MAX; at += 8) {
		if (at != next || at >= size)
			continue;
		if (!message[at + 1])
			return 0;
		*has_source |= message[at] == XVS_ND_SOURCE_MAC;
		next += message[at + 1] * 8;
	}
	return next == size;
}

/* ff02::1:ff and the last 24 bits of the target (RFC 4291, section 2.7.1). */
static __always_inline int xvs_is_solicited_node(const __be32 *group, const __be32 *target)
{
	return group[0] == bpf_htonl(0xff020000) && !group[1] && group[2] == bpf_htonl(1) &&
	       group[3] == (target[3] | bpf_htonl(0xff000000));
}

static __always_inline int xvs_is_unspecified(const __be32 *address)
{
	return !address[0] && !address[1] && !address[2] && !address[3];
}

/* Is the packet in the scratch a solicitation as RFC 4861, section 7.1.1, wants it? */
__noinline int xvs_is_solicitation(struct __sk_buff *skb)
{
	struct xvs_scratch *room = xvs_scratch(XVS_SCRATCH_INGRESS);
	union {
		struct xvs_nd nd;
		__u8 bytes[XVS_ND_SIZE_MAX];
	} message = {.bytes = {0}};
	struct xvs_packet *packet;
	__u32 size, has_source;

	if (!room)
		return 0; /* cannot be: an array's element */
	packet = &room->packet;
	size = packet->end - XVS_ND_START;
	if (packet->transport != XVS_ND_START || packet->fragment || packet->icmp_code ||
		packet->hop_limit != XVS_ND_HOP_LIMIT)
		return 0;
	if (size < sizeof(message.nd) || size > sizeof(message) ||
		bpf_skb_load_bytes(skb, XVS_ND_START, &message, size))
		return 0;
	if (xvs_sum_icmp6(packet->source, sizeof(packet->source) + sizeof(packet->destination),
		    (__be32 *)&message, sizeof(message), size) != 0xffff)
		return 0;
	if (!xvs_nd_options_end(message.bytes, size, &has_source))
		return 0;
	return !xvs_is_unspecified(packet->source) ||
	       (!has_source && xvs_is_solicited_node(packet->destination, message.nd.target));
}
_Static_assert(__builtin_offsetof(struct xvs_packet, destination) ==
		       __builtin_offsetof(struct xvs_packet, source) + 16,
	"both addresses are summed at once");

/* An advertisement, from the IPv6 header on. */
struct xvs_advertisement {
	struct xvs_ip6 ip;
	struct xvs_nd nd;
	struct xvs_nd_option option;
};
_Static_assert(sizeof(struct xvs_advertisement) == 72, "as on the wire");
#define XVS_ADVERTISED                                                                             \
	((__u32)(sizeof(struct xvs_advertisement) - sizeof(struct xvs_ip6))) /* behind IPv6 */

/* To who has asked; to all nodes if that is nobody yet (RFC 4861, section 7.2.4). */
static __always_inline void xvs_fill_advertisement(struct xvs_advertisement *ret,
	const struct xvs_packet *packet, const struct xvs_ip6_address *target, __u64 mac)
{
	__builtin_memcpy(ret->ip.source, target, sizeof(ret->ip.source));
	__builtin_memcpy(ret->ip.destination, packet->source, sizeof(ret->ip.destination));
	__builtin_memcpy(ret->nd.target, target, sizeof(ret->nd.target));
	if (xvs_is_unspecified(packet->source)) {
		ret->ip.destination[0] = bpf_htonl(0xff020000);
		ret->ip.destination[3] = bpf_htonl(1);
	} else {
		ret->nd.flags |= bpf_htonl(XVS_ND_SOLICITED);
	}
	xvs_put_mac(ret->option.mac, mac);
	ret->nd.checksum =
		~xvs_sum_icmp6(ret->ip.source, sizeof(ret->ip.source) + sizeof(ret->ip.destination),
			(__be32 *)&ret->nd, XVS_ADVERTISED, XVS_ADVERTISED);
}

static __always_inline int xvs_make_advertisement(struct __sk_buff *skb,
	const struct xvs_packet *packet, const struct xvs_ip6_address *target, __u64 mac,
	__u32 flags)
{
	struct xvs_advertisement answer = {
		.ip = {bpf_htonl(0x60000000), bpf_htons(XVS_ADVERTISED), IPPROTO_ICMPV6,
			XVS_ND_HOP_LIMIT, {0}, {0}},
		.nd = {XVS_ND_ADVERTISEMENT, 0, 0, bpf_htonl(flags), {0}},
		.option = {XVS_ND_TARGET_MAC, 1, {0}},
	};
	struct ethhdr eth;

	xvs_fill_advertisement(&answer, packet, target, mac);
	if (bpf_skb_load_bytes(skb, 0, &eth, sizeof(eth)))
		return -XVS_DROP_truncated;
	if (xvs_is_unspecified(packet->source))
		xvs_put_mac(eth.h_dest, 0x010000003333); /* 33:33:00:00:00:01: all nodes */
	else
		__builtin_memcpy(eth.h_dest, eth.h_source, ETH_ALEN);
	xvs_put_mac(eth.h_source, mac);
	if (bpf_skb_change_tail(skb, sizeof(eth) + sizeof(answer), 0) ||
		bpf_skb_store_bytes(skb, 0, &eth, sizeof(eth), 0) ||
		bpf_skb_store_bytes(skb, sizeof(eth), &answer, sizeof(answer), 0))
		return -XVS_DROP_not_answered; /* no memory */
	return 0;
}

/* RFC 4861, and RFC 4862 for who asks whether its address is free. The packet is in the scratch. */
__noinline int xvs_answer_nd(struct __sk_buff *skb, __u32 number, __u32 generation)
{
	const struct xvs_subnet_config *subnet = xvs_subnet_numbered(number, generation);
	struct xvs_scratch *room = xvs_scratch(XVS_SCRATCH_INGRESS);
	struct xvs_ip6_address target;
	__u8 asker[ETH_ALEN];
	__u64 mac;

	if (!subnet || !room)
		return -XVS_DROP_not_answered;
	if (room->packet.icmp_type == XVS_ND_ADVERTISEMENT)
		return xvs_leave_to_stations(subnet, number);
	if (room->packet.icmp_type != XVS_ND_SOLICITATION || !xvs_is_solicitation(skb) ||
		XVS_LOAD(skb, XVS_ND_START + XVS_ND_TARGET, &target) ||
		XVS_LOAD(skb, ETH_ALEN, &asker))
		return -XVS_DROP_not_answered;
	if (!xvs_is_station_address(target.word) || xvs_is_mapped(target.word))
		return -XVS_DROP_not_answered;
	mac = xvs_owner(subnet, &target);
	if (!mac)
		return xvs_leave_to_stations(subnet, number);
	if (mac == xvs_mac_number(asker))
		return -XVS_DROP_not_answered;
	return xvs_make_advertisement(skb, &room->packet, &target, mac,
		XVS_ND_OVERRIDE | (xvs_is_gateway(subnet, target.word) ? XVS_ND_ROUTER : 0));
}

/* ---- pings for the gateway ---- */

#define XVS_ECHO_HOPS 64 /* TTL and hop limit of what the gateway sends */

/* Checksum, with 16 bits changed from `old` to `new` (RFC 1624, equation 3). */
static __always_inline __be16 xvs_sum_replace(__be16 checksum, __be16 old, __be16 new)
{
	return ~xvs_fold((__u64)(__u16)~checksum + (__u16)~old + new);
}

static __always_inline void xvs_turn_ip4(struct xvs_ip4 *ip)
{
	__be32 source = ip->source;
	__be16 *hops = (__be16 *)&ip->ttl, old = *hops;

	ip->source = ip->destination;
	ip->destination = source;
	ip->ttl = XVS_ECHO_HOPS;
	ip->checksum = xvs_sum_replace(ip->checksum, old, *hops);
}

static __always_inline void xvs_turn_ip6(struct xvs_ip6 *ip)
{
	__be32 source[4];

	__builtin_memcpy(source, ip->source, sizeof(source));
	__builtin_memcpy(ip->source, ip->destination, sizeof(source));
	__builtin_memcpy(ip->destination, source, sizeof(source));
	ip->hop_limit = XVS_ECHO_HOPS;
}

/* Addresses of both layers change places, which no sum notices. */
static __always_inline int xvs_turn_around(struct __sk_buff *skb, int is_ip6)
{
	struct ethhdr *eth;
	struct xvs_ip6 *ip6;
	__u8 mac[ETH_ALEN];

	if (xvs_pull(skb, sizeof(*eth) + (is_ip6 ? sizeof(*ip6) : sizeof(struct xvs_ip4))))
		return -XVS_DROP_truncated;
	eth = (void *)(long)skb->data;
	ip6 = (void *)(eth + 1);
	if ((void *)((struct xvs_ip4 *)ip6 + 1) > (void *)(long)skb->data_end)
		return -XVS_DROP_truncated;
	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
	if (!is_ip6)
		xvs_turn_ip4((struct xvs_ip4 *)ip6);
	else if ((void *)(ip6 + 1) <= (void *)(long)skb->data_end)
		xvs_turn_ip6(ip6);
	return 0;
}

/* RFC 792, RFC 4443: the packet in the scratch is for the gateway; 0, or minus the drop reason. */
__noinline int xvs_answer_echo(struct __sk_buff *skb)
{
	struct xvs_scratch *room = xvs_scratch(XVS_SCRATCH_INGRESS);
	int is_ip6;
	__u32 start;
	__u8 code, type[2];
	__be16 was, is;

	if (!room)
		return -XVS_DROP_no_route; /* cannot be: an array's element */
	is_ip6 = room->packet.protocol == ETH_P_IPV6;
	start = ETH_HLEN + (is_ip6 ? sizeof(struct xvs_ip6) : sizeof(struct xvs_ip4));
	if (room->packet.transport != start || room->packet.fragment || skb->gso_size ||
		room->packet.next != (is_ip6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) ||
		room->packet.icmp_type != (is_ip6 ? 128 : 8) ||
		!xvs_is_station_address(room->packet.source))
		return -XVS_DROP_no_route;
	code = room->packet.icmp_code;
	type[0] = is_ip6 ? 129 : 0;
	type[1] = code;
	__builtin_memcpy(&is, type, sizeof(is));
	type[0] = room->packet.icmp_type;
	__builtin_memcpy(&was, type, sizeof(was));
	if (bpf_l4_csum_replace(skb, start + 2, was, is, sizeof(is)) ||
		bpf_skb_store_bytes(skb, start, &is, sizeof(is), 0))
		return -XVS_DROP_truncated;
	return xvs_turn_around(skb, is_ip6);
}

#endif
