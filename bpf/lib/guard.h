/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guards: what a port may not send. Whether it has any, and its source address, is looked at here
 * and now; what looks into packets are global functions, which the verifier looks at once.
 */
#ifndef XVS_BPF_GUARD_H
#define XVS_BPF_GUARD_H

#include <asm-generic/errno-base.h>
#include "bpf/lib/context.h"
#include "bpf/lib/fdb.h"
#include "bpf/lib/neighbor.h"
#include "bpf/lib/scratch.h"

/* What can't be read is dropped where one of these is on: it could be what they are against. */
#define XVS_PORT_PACKET_GUARDS                                                                     \
	(XVS_PORT_DHCP_GUARD | XVS_PORT_ROUTER_GUARD | XVS_PORT_ADDRESS_GUARD)
/* These look at the senders in ARP and ND. */
#define XVS_PORT_SENDER_GUARDS (XVS_PORT_OWN_MAC | XVS_PORT_ADDRESS_GUARD)
#define XVS_PORT_GUARDS (XVS_PORT_PACKET_GUARDS | XVS_PORT_SENDER_GUARDS)

/* Of a port, whose configuration is that of the half. */
struct xvs_guarded {
	const struct xvs_port_config *port;
	__u32 id;
	__u32 half;
};

/* May the port send from this address? */
static __always_inline int xvs_may_send_from(const struct xvs_guarded *from, const __u8 *mac)
{
	struct xvs_vm_mac key = {.vm = from->port->vm, .half = from->half};

	if (xvs_mac_equal(mac, from->port->mac))
		return 1;
	if (!(from->port->flags & XVS_PORT_TEAMING))
		return 0;
	__builtin_memcpy(key.mac, mac, XVS_MAC_SIZE);
	return bpf_map_lookup_elem(&vm_macs, &key) != NULL;
}

/* ---- addresses: set, or learned up to a limit ---- */

#define XVS_CLAIM_TRIES 4 /* against other CPUs that claim for the same port */
#define XVS_ADDRESS_COUNT 0xffff /* port_state.addresses in the word of it and its epoch */
#define XVS_ADDRESS_EPOCH_SHIFT 16

static __always_inline __u32 *xvs_address_word(struct xvs_port_state *state)
{
	return (__u32 *)&state->addresses;
}
_Static_assert(__builtin_offsetof(struct xvs_port_state, addresses) % 4 == 0 &&
		       __builtin_offsetof(struct xvs_port_state, address_epoch) ==
			       __builtin_offsetof(struct xvs_port_state, addresses) + 2 &&
		       __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
	"a word with the count in its lower half");

/* Counts one more in this epoch. 0, or -1: there are as many as may be. */
static __always_inline int xvs_claim_address(__u32 *word, __u32 epoch, __u32 limit)
{
	for (int i = 0; i < XVS_CLAIM_TRIES; i++) {
		__u32 old = *(volatile __u32 *)word;

		if (old >> XVS_ADDRESS_EPOCH_SHIFT != epoch || (old & XVS_ADDRESS_COUNT) >= limit)
			return -1;
		if (__sync_val_compare_and_swap(word, old, old + 1) == old)
			return 0;
	}
	return -1;
}

static __always_inline void xvs_disclaim_address(__u32 *word, __u32 epoch)
{
	for (int i = 0; i < XVS_CLAIM_TRIES; i++) {
		__u32 old = *(volatile __u32 *)word;

		if (old >> XVS_ADDRESS_EPOCH_SHIFT != epoch || !(old & XVS_ADDRESS_COUNT) ||
			__sync_val_compare_and_swap(word, old, old - 1) == old)
			return;
	}
}

/* 0: the address is the port's, now if not before. Or -1: the port has as many as it may. */
static __always_inline int xvs_learn_address(const __be32 *address, __u32 id, __u32 limit)
{
	struct xvs_port_state *state = bpf_map_lookup_elem(&port_state, &id);
	struct xvs_learned_address key = {.port = id};
	__u32 *word, *seen, now = xvs_tick_now();
	long error;

	if (!state)
		return -1;
	word = xvs_address_word(state);
	key.epoch = *(volatile __u32 *)word >> XVS_ADDRESS_EPOCH_SHIFT;
	__builtin_memcpy(key.address, address, sizeof(key.address));
	seen = bpf_map_lookup_elem(&learned_addresses, &key);
	if (seen) { /* if it has just become another's, that one is refreshed */
		if (now - *(volatile __u32 *)seen >= XVS_FDB_REFRESH_TICKS)
			*(volatile __u32 *)seen = now;
		return 0;
	}
	if (xvs_claim_address(word, key.epoch, limit))
		return -1;
	error = bpf_map_update_elem(&learned_addresses, &key, &now, BPF_NOEXIST);
	if (error)
		xvs_disclaim_address(word, key.epoch);
	return error && error != -EEXIST ? -1 : 0; /* another CPU may be faster */
}

/*
 * May the port say that it is this address? 0; or minus a drop reason: address_limit, or
 * nd_spoofed in the name of both.
 */
__noinline int xvs_check_address(
	const struct xvs_port_config *port, __u32 id, __u32 half, const struct xvs_ip6_address *is)
{
	struct xvs_port_address key = {.port = id, .half = half};

	if (!port || !is || !xvs_is_station_address(is->word))
		return -XVS_DROP_nd_spoofed;
	__builtin_memcpy(key.address, is->word, sizeof(key.address));
	if (bpf_map_lookup_elem(&port_addresses, &key))
		return 0;
	if (!port->address_limit)
		return -XVS_DROP_nd_spoofed;
	return xvs_learn_address(is->word, id, port->address_limit) ? -XVS_DROP_address_limit : 0;
}

/* ---- ARP (RFC 826, RFC 5227) ---- */

static __always_inline int xvs_guard_arp(
	struct __sk_buff *skb, const struct xvs_packet *packet, const struct xvs_guarded *from)
{
	struct xvs_ip6_address sender = {.word[2] = bpf_htonl(0xffff)};
	struct xvs_arp arp;
	int error;

	if (XVS_LOAD(skb, packet->network, &arp))
		return -XVS_DROP_truncated;
	if (arp.protocol != bpf_htons(ETH_P_IP) || arp.hardware_size != ETH_ALEN ||
		arp.protocol_size != sizeof(arp.sender))
		return -XVS_DROP_unparsed;
	if ((from->port->flags & XVS_PORT_OWN_MAC) && !xvs_may_send_from(from, arp.sender_mac))
		return -XVS_DROP_arp_spoofed;
	if (!(from->port->flags & XVS_PORT_ADDRESS_GUARD))
		return 0;
	__builtin_memcpy(&sender.word[3], arp.sender, sizeof(arp.sender));
	if (!sender.word[3] && arp.operation == bpf_htons(XVS_ARP_REQUEST))
		return 0; /* a probe: nobody's yet */
	error = xvs_check_address(from->port, from->id, from->half, &sender);
	return error == -XVS_DROP_nd_spoofed ? -XVS_DROP_arp_spoofed : error;
}

/* ---- neighbour discovery (RFC 4861) ---- */

/* Where the options begin, from the ICMP header on; 0: it has none in which a sender names itself.
 */
static __always_inline __u32 xvs_nd_options(__u8 type)
{
	switch (type) {
	case XVS_ND_ROUTER_SOLICITATION:
		return 8;
	case XVS_ND_ROUTER_ADVERTISEMENT:
		return 16;
	case XVS_ND_SOLICITATION:
	case XVS_ND_ADVERTISEMENT:
		return XVS_ND_TARGET + 16;
	default:
		return 0; /* a redirect's is that of the better hop */
	}
}

struct xvs_nd_walk {
	struct __sk_buff *skb;
	const struct xvs_packet *packet;
	const struct xvs_guarded *from;
	__u32 offset; /* of the next option */
	int error;
};

static int xvs_guard_nd_option(struct xvs_nd_walk *walk)
{
	struct xvs_nd_option option;

	if (XVS_LOAD_INSIDE(walk->skb, walk->packet, walk->offset, &option))
		return -XVS_DROP_truncated;
	if (!option.size)
		return -XVS_DROP_unparsed;
	if ((option.type == XVS_ND_SOURCE_MAC || option.type == XVS_ND_TARGET_MAC) &&
		(option.size != 1 || !xvs_may_send_from(walk->from, option.mac)))
		return -XVS_DROP_nd_spoofed;
	walk->offset += option.size * 8;
	return 0;
}

static long xvs_nd_step(__u32 number, struct xvs_nd_walk *walk)
{
	if (walk->offset >= walk->packet->end)
		return 1;
	walk->error = xvs_guard_nd_option(walk);
	return !!walk->error;
}

/* Every link-layer address among the options must be one that the port may send from. */
static __always_inline int xvs_guard_nd_options(struct __sk_buff *skb,
	const struct xvs_packet *packet, const struct xvs_guarded *from, __u32 offset)
{
	struct xvs_nd_walk walk = {skb, packet, from, offset, 0};

	bpf_loop(XVS_ND_OPTIONS_MAX, xvs_nd_step, &walk, 0);
	if (walk.error)
		return walk.error;
	return walk.offset < packet->end ? -XVS_DROP_nd_spoofed : 0; /* nobody needs so many */
}

/* Who the sender says it is. 0, or minus the drop reason. */
static __always_inline int xvs_guard_nd_sender(
	struct __sk_buff *skb, const struct xvs_packet *packet, const struct xvs_guarded *from)
{
	struct xvs_ip6_address sender;

	__builtin_memcpy(&sender, packet->source, sizeof(sender));
	if (packet->icmp_type == XVS_ND_ADVERTISEMENT) {
		if (XVS_LOAD_INSIDE(skb, packet, packet->transport + XVS_ND_TARGET, &sender))
			return -XVS_DROP_truncated;
	} else if (packet->icmp_type == XVS_ND_SOLICITATION ||
		   packet->icmp_type == XVS_ND_ROUTER_SOLICITATION) {
		if (!sender.word[0] && !sender.word[1] && !sender.word[2] && !sender.word[3])
			return 0; /* nobody's yet: duplicate address detection */
	}
	return xvs_check_address(from->port, from->id, from->half, &sender);
}

static __always_inline int xvs_guard_nd(
	struct __sk_buff *skb, const struct xvs_packet *packet, const struct xvs_guarded *from)
{
	__u32 options = xvs_nd_options(packet->icmp_type);
	int error = 0;

	if (packet->icmp_type < XVS_ND_ROUTER_SOLICITATION || packet->icmp_type > XVS_ND_REDIRECT)
		return 0;
	if (packet->fragment)
		return -XVS_DROP_nd_spoofed; /* RFC 6980: never in fragments */
	if (options && (from->port->flags & XVS_PORT_OWN_MAC))
		error = xvs_guard_nd_options(skb, packet, from, packet->transport + options);
	if (error || !(from->port->flags & XVS_PORT_ADDRESS_GUARD))
		return error;
	return xvs_guard_nd_sender(skb, packet, from);
}

/* ---- servers and routers ---- */

#define XVS_BOOTP_REPLY 2 /* RFC 951: op */

/* DHCPv6 (RFC 8415, RFC 7341): what only servers send to clients; to relays. */
static __always_inline int xvs_is_dhcp6_server(__u16 port, __u8 type)
{
	if (port == XVS_DHCP6_SERVER)
		return type == 13; /* relay-reply */
	/* advertise, reply, reconfigure, DHCPv4 response */
	return type == 2 || type == 7 || type == 10 || type == 21;
}

static __always_inline int xvs_guard_dhcp(struct __sk_buff *skb, const struct xvs_packet *packet)
{
	__u16 port = packet->destination_port;
	int ip4 = packet->protocol == ETH_P_IP;
	__u8 type; /* the first byte behind the UDP header, in all of them */

	if (packet->next != IPPROTO_UDP)
		return 0;
	if (ip4 && port == XVS_BOOTP_CLIENT)
		return -XVS_DROP_dhcp_server;
	if (ip4 ? port != XVS_BOOTP_SERVER : port != XVS_DHCP6_CLIENT && port != XVS_DHCP6_SERVER)
		return 0;
	/* a later fragment, or segment of a GSO packet, may bring another type */
	if (packet->fragment || skb->gso_size ||
		XVS_LOAD_INSIDE(skb, packet, packet->transport + 8, &type))
		return -XVS_DROP_dhcp_server;
	return (ip4 ? type == XVS_BOOTP_REPLY : xvs_is_dhcp6_server(port, type))
		       ? -XVS_DROP_dhcp_server
		       : 0;
}

#define XVS_ICMP_REDIRECT 5
#define XVS_ICMP_ROUTER_ADVERTISEMENT 9 /* RFC 1256 */

static __always_inline int xvs_is_router_message(const struct xvs_packet *packet)
{
	if (packet->fragment == XVS_FRAGMENT_LATER)
		return 0;
	if (packet->protocol == ETH_P_IP)
		return packet->next == IPPROTO_ICMP &&
		       (packet->icmp_type == XVS_ICMP_REDIRECT ||
			       packet->icmp_type == XVS_ICMP_ROUTER_ADVERTISEMENT);
	return packet->next == IPPROTO_ICMPV6 &&
	       (packet->icmp_type == XVS_ND_ROUTER_ADVERTISEMENT ||
		       packet->icmp_type == XVS_ND_REDIRECT);
}

/* ---- all of them ---- */

/* The guards of what a packet carries. 0, or minus the drop reason. */
__noinline int xvs_guard_packet(struct __sk_buff *skb, const struct xvs_packet *packet,
	const struct xvs_port_config *port, __u32 id, __u32 half)
{
	struct xvs_guarded from = {.port = port, .id = id, .half = half};

	if (!packet || !port)
		return -XVS_DROP_unparsed; /* for the verifier, which lets them be NULL */
	if (packet->protocol == ETH_P_ARP)
		return port->flags & XVS_PORT_SENDER_GUARDS ? xvs_guard_arp(skb, packet, &from) : 0;
	if (packet->protocol != ETH_P_IP && packet->protocol != ETH_P_IPV6)
		return 0;
	if ((port->flags & XVS_PORT_DHCP_GUARD) && xvs_guard_dhcp(skb, packet))
		return -XVS_DROP_dhcp_server;
	if ((port->flags & XVS_PORT_ROUTER_GUARD) && xvs_is_router_message(packet))
		return -XVS_DROP_router;
	if (packet->protocol != ETH_P_IPV6 || packet->next != IPPROTO_ICMPV6 ||
		!(port->flags & XVS_PORT_SENDER_GUARDS))
		return 0;
	return xvs_guard_nd(skb, packet, &from);
}

/* Could it be ARP or ND? Most frames are neither, and tell at once. */
static __always_inline int xvs_may_name_sender(struct __sk_buff *skb)
{
	const struct ethhdr *eth = (void *)(long)skb->data;
	const struct xvs_ip6 *ip = (const void *)(eth + 1);
	const void *end = (void *)(long)skb->data_end;

	if ((const void *)(eth + 1) > end)
		return 1;
	if (eth->h_proto == bpf_htons(ETH_P_IP))
		return 0;
	if (eth->h_proto != bpf_htons(ETH_P_IPV6) || (const void *)(ip + 1) > end)
		return 1;
	return ip->next != IPPROTO_TCP && ip->next != IPPROTO_UDP;
}

static __always_inline int xvs_guard_source(
	const struct xvs_context *c, const struct xvs_port_config *port)
{
	const struct ethhdr *eth = (void *)(long)c->skb->data;
	struct xvs_guarded from = {.port = port, .id = c->source, .half = c->generation & 1};

	if ((const void *)(eth + 1) > (const void *)(long)c->skb->data_end)
		return -XVS_DROP_truncated;
	return xvs_may_send_from(&from, eth->h_source) ? 0 : -XVS_DROP_mac_spoofed;
}

/* 0, or minus the drop reason. */
static __always_inline int xvs_guard(struct xvs_context *c, const struct xvs_port_config *port)
{
	struct xvs_scratch *room;
	int error = 0;

	if (!(port->flags & XVS_PORT_GUARDS))
		return 0;
	if (port->flags & XVS_PORT_OWN_MAC)
		error = xvs_guard_source(c, port);
	if (error)
		return error;
	if (!(port->flags & XVS_PORT_PACKET_GUARDS) && !xvs_may_name_sender(c->skb))
		return 0;
	if ((xvs_plain(c) & (XVS_PLAIN | XVS_PLAIN_GUARDED)) == XVS_PLAIN)
		return 0;
	room = xvs_scratch(c->hook);
	if (!room)
		return -XVS_DROP_unparsed; /* cannot be: an array's element */
	error = xvs_parse(c->skb, room, &c->parsed);
	if (!error)
		error = xvs_guard_packet(c->skb, &room->packet, port, c->source, c->generation & 1);
	if ((error == -XVS_DROP_unparsed || error == -XVS_DROP_truncated) &&
		!(port->flags & XVS_PORT_PACKET_GUARDS))
		return 0;
	return error;
}

/* ---- storms ---- */

#define XVS_STORM_WINDOW_SHIFT 32 /* below: frames in the second that stands above */

/* A new second begins with nothing counted. Who is late does not bring the old one back. */
static __always_inline __u64 xvs_storm_now(__u64 *storm, __u32 second)
{
	__u64 old = *(volatile __u64 *)storm, begin = (__u64)second << XVS_STORM_WINDOW_SHIFT, seen;

	if ((__s32)(second - (__u32)(old >> XVS_STORM_WINDOW_SHIFT)) <= 0)
		return old;
	seen = __sync_val_compare_and_swap(storm, old, begin);
	return seen == old ? begin : seen;
}

/* Would the port flood more than `limit` frames in this second? If not, they are counted. */
__noinline int xvs_is_storm(__u32 id, __u32 limit, __u32 packets)
{
	struct xvs_port_state *state = bpf_map_lookup_elem(&port_state, &id);
	__u64 old;

	if (!state)
		return 0;
	old = xvs_storm_now(&state->storm, bpf_ktime_get_coarse_ns() / 1000000000);
	if ((__u64)(__u32)old + packets > limit)
		return 1;
	old = __sync_fetch_and_add(&state->storm, packets);
	return (__u64)(__u32)old + packets > limit; /* another CPU may have taken the rest */
}

#endif
