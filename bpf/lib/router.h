/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The distributed router of a virtual network: every host routes what its own ports send, so that a
 * packet between two subnets takes the way that one within a subnet takes. A routed frame has the
 * MAC address of its next hop's record, and goes through forwarding once more, as one of the next
 * hop's subnet.
 */
#ifndef XVS_BPF_ROUTER_H
#define XVS_BPF_ROUTER_H

#include "bpf/lib/answer.h"

/* Beside a drop reason: the sender is told why its packet goes nowhere. */
#define XVS_ROUTER_TELLS 0x1000
_Static_assert(XVS_DROP_count <= XVS_ROUTER_TELLS, "a bit that no reason has");
#define XVS_REFUSED(reason) (-(int)(XVS_ROUTER_TELLS | XVS_DROP_##reason))

/* Where a packet goes next. */
struct xvs_next {
	__u32 number; /* of the subnet, in the place of a VLAN's */
	__u32 is_gateway; /* the subnet's gateway record, for lack of a route */
	struct xvs_ip6_address address; /* whose record leads there */
};

/* May packets from or to it pass a router? Link-local ones stay (RFC 3927, RFC 4291). */
static __always_inline int xvs_is_routable(const __be32 *address)
{
	if (!xvs_is_station_address(address))
		return 0;
	if (!address[0] && !address[1] && address[2] == bpf_htonl(0xffff))
		return bpf_ntohl(address[3]) >> 16 != 0xa9fe;
	return bpf_ntohl(address[0]) >> 22 != 0xfe80 >> 6;
}

/* A default route of IPv6 is longer than none of IPv4, too. */
static __always_inline int xvs_is_other_family(const __be32 *a, const __be32 *b)
{
	return (!a[0] && !a[1] && a[2] == bpf_htonl(0xffff)) !=
	       (!b[0] && !b[1] && b[2] == bpf_htonl(0xffff));
}

/* The longest prefix decides. Returns 0, or as xvs_route(). */
static __always_inline int xvs_find_next(
	const struct xvs_packet *packet, __u32 domain, __u32 number, struct xvs_next *ret)
{
	struct xvs_route_key key = {.length = 32 + 128, .domain = domain};
	const struct xvs_hop *hop;

	__builtin_memcpy(key.address, packet->destination, sizeof(key.address));
	hop = bpf_map_lookup_elem(&customer_routes, &key);
	if (hop && hop->kind == XVS_HOP_VIA && xvs_is_other_family(key.address, hop->via))
		hop = NULL;
	*ret = (struct xvs_next){.number = number, .is_gateway = !hop};
	if (!hop) {
		ret->address.word[2] = packet->protocol == ETH_P_IP ? bpf_htonl(0xffff) : 0;
		return 0;
	}
	ret->number = XVS_SUBNET_FIRST + hop->subnet;
	if (hop->kind == XVS_HOP_APART)
		return XVS_REFUSED(routed_apart);
	if (hop->kind == XVS_HOP_ON_LINK)
		__builtin_memcpy(&ret->address, key.address, sizeof(ret->address));
	else if (hop->kind == XVS_HOP_VIA)
		__builtin_memcpy(&ret->address, hop->via, sizeof(ret->address));
	else
		return -XVS_DROP_no_route;
	return 0;
}

/* The TTL, or hop limit, is one less now, and more than 0. */
static __always_inline void xvs_take_hop_ip4(struct xvs_ip4 *ip)
{
	__be16 *hops = (__be16 *)&ip->ttl, old = *hops;

	ip->ttl--;
	ip->checksum = xvs_sum_replace(ip->checksum, old, *hops);
}

/* What changes in the frame itself. 0, or minus the drop reason. */
__noinline int xvs_send_on(struct __sk_buff *skb, __u64 from, __u64 to)
{
	struct ethhdr *eth;
	struct xvs_ip4 *ip4;
	struct xvs_ip6 *ip6;

	if (xvs_pull(skb, sizeof(*eth) + sizeof(*ip4)))
		return -XVS_DROP_truncated;
	eth = (void *)(long)skb->data;
	ip4 = (void *)(eth + 1);
	ip6 = (void *)(eth + 1);
	if ((void *)(ip4 + 1) > (void *)(long)skb->data_end)
		return -XVS_DROP_truncated;
	xvs_put_mac(eth->h_dest, to);
	xvs_put_mac(eth->h_source, from);
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		xvs_take_hop_ip4(ip4);
	else
		ip6->hop_limit--;
	return 0;
}
_Static_assert(__builtin_offsetof(struct xvs_ip6, hop_limit) < sizeof(struct xvs_ip4),
	"what is readable of IPv4 is enough");

/*
 * Routes the packet in the scratch, which the subnet's gateway was sent. Returns the number of the
 * subnet in which the frame goes on, 0 if it has become an answer, or minus the drop reason, with
 * XVS_ROUTER_TELLS where the sender is to be told.
 */
__noinline int xvs_route(struct __sk_buff *skb, __u32 number, __u32 generation)
{
	const struct xvs_subnet_config *from = xvs_subnet_numbered(number, generation), *to;
	struct xvs_scratch *room = xvs_scratch(XVS_SCRATCH_INGRESS);
	const struct xvs_packet *packet;
	struct xvs_next next;
	__u64 mac, gateway;
	int error;

	if (!from || !room)
		return -XVS_DROP_no_route;
	packet = &room->packet;
	if (xvs_is_gateway(from, packet->destination))
		return xvs_answer_echo(skb);
	if (!xvs_is_routable(packet->source) || !xvs_is_routable(packet->destination))
		return -XVS_DROP_no_route;
	error = xvs_find_next(packet, from->network << 1 | (generation & 1), number, &next);
	if (error)
		return error;
	to = xvs_subnet_numbered(next.number, generation);
	if (!to || to->switch_id != from->switch_id)
		return -XVS_DROP_no_route;
	if (xvs_is_gateway(to, next.address.word))
		return xvs_address_equal(next.address.word, packet->destination)
			       ? xvs_answer_echo(skb)
			       : -XVS_DROP_no_route;
	if (packet->hop_limit <= 1)
		return XVS_REFUSED(ttl_exceeded);
	gateway = xvs_mac_number(to->gateway_mac);
	mac = xvs_record_mac(to->vsid, &next.address);
	if (!mac || mac == gateway) /* or it would come here again */
		return next.is_gateway ? XVS_REFUSED(no_route) : XVS_REFUSED(no_record);
	return xvs_send_on(skb, gateway, mac) ?: (int)next.number;
}

static __always_inline int xvs_is_nd(const struct xvs_packet *packet)
{
	return packet->protocol == ETH_P_IPV6 && packet->next == IPPROTO_ICMPV6 &&
	       packet->fragment != XVS_FRAGMENT_LATER &&
	       packet->icmp_type >= XVS_ND_ROUTER_SOLICITATION &&
	       packet->icmp_type <= XVS_ND_REDIRECT;
}

/*
 * An untagged frame of the subnet for the router: ARP, ND, or sent to the gateway's MAC address.
 * Returns as xvs_route().
 */
__noinline int xvs_router(struct __sk_buff *skb, __u32 number, __u32 generation)
{
	const struct xvs_subnet_config *subnet = xvs_subnet_numbered(number, generation);
	struct xvs_scratch *room = xvs_scratch(XVS_SCRATCH_INGRESS);
	struct ethhdr eth;
	int error;

	if (!subnet || !room)
		return -XVS_DROP_no_route;
	if (XVS_LOAD(skb, 0, &eth))
		return -XVS_DROP_truncated;
	if (eth.h_proto == bpf_htons(ETH_P_ARP))
		return xvs_answer_arp(skb, number, generation);
	if (eth.h_proto != bpf_htons(ETH_P_IP) && eth.h_proto != bpf_htons(ETH_P_IPV6))
		return -XVS_DROP_no_route;
	error = xvs_read_packet(skb, &room->packet);
	if (error)
		return error;
	if (xvs_is_nd(&room->packet))
		return xvs_answer_nd(skb, number, generation);
	if (!xvs_mac_equal(eth.h_dest, subnet->gateway_mac))
		return -XVS_DROP_no_route;
	return xvs_route(skb, number, generation);
}

#endif
