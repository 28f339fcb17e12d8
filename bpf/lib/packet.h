/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a frame carries, for guards and rules: looks through VLAN tags, LLC/SNAP, IP options, IPv6
 * extension headers (RFC 8200, section 4; RFC 4302) and tells fragments apart. Who can't be looked
 * through within the bounds below is told so; what becomes of it is up to the caller.
 */
#ifndef XVS_BPF_PACKET_H
#define XVS_BPF_PACKET_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/udp.h>
#include <bpf/bpf_helpers.h>
#include "bpf/lib/frame.h"

#define XVS_TAGS_MAX 4 /* in the packet itself */
#define XVS_IP6_HEADERS_MAX 8 /* extension headers */
#define XVS_BOOTP_SERVER 67
#define XVS_BOOTP_CLIENT 68
#define XVS_DHCP6_CLIENT 546
#define XVS_DHCP6_SERVER 547
#define XVS_ETHERTYPE_LEAST 0x600 /* below, it is a length (IEEE 802.3) */

enum xvs_fragment {
	XVS_FRAGMENT_NONE,
	XVS_FRAGMENT_FIRST,
	XVS_FRAGMENT_LATER, /* no ports, no ICMP type */
};

struct xvs_packet {
	__be32 source[4] __attribute__((aligned(8))); /* IPv4 as ::ffff:a.b.c.d */
	__be32 destination[4];
	__u16 protocol; /* EtherType, host order; 0: an 802.3 frame with none */
	__u16 network; /* where the layer-3 header begins, in bytes from the Ethernet header */
	__u16 transport; /* where the layer-4 header begins; 0 if there is none */
	__u8 next; /* IP protocol of the layer-4 header */
	__u8 fragment; /* enum xvs_fragment */
	__u32 fragment_id; /* of a fragment, in the order of the wire */
	__u32 end; /* of what the IP header says is its packet: what is behind is padding */
	__u16 source_port; /* TCP, UDP, SCTP, UDP-Lite, DCCP, host order; else 0 */
	__u16 destination_port;
	__u8 icmp_type; /* ICMP of either family */
	__u8 icmp_code;
	__u16 icmp_id; /* of an echo, host order */
	__u8 tcp_flags; /* of byte 13 */
	__u8 hop_limit; /* or TTL */
	__u16 tcp_window; /* as it stands there, host order */
	__u32 tcp_sequence, tcp_acknowledged; /* host order */
	__u16 tcp_size; /* of the header, in bytes */
	__u16 fragment_edge; /* in units of 8 bytes: where a later one begins, a first one ends */
	__u8 fragment_protocol; /* what its packet is told apart by (RFC 791); IPv6: 0 (RFC 8200) */
};

struct xvs_tcp {
	__be16 source, destination;
	__be32 sequence, acknowledged;
	__u8 size; /* upper half: in units of 4 bytes */
	__u8 flags;
	__be16 window, checksum, urgent;
};

struct xvs_ip6_address {
	__be32 word[4]; /* IPv4 as ::ffff:a.b.c.d */
};

struct xvs_llc {
	__u8 dsap, ssap, control, oui[3];
	__be16 protocol;
};

struct xvs_ip4 {
	__u8 version_size, tos;
	__be16 length;
	__be16 id;
	__be16 fragment; /* 3 bits flags, 13 bits offset */
	__u8 ttl, protocol;
	__be16 checksum;
	__be32 source, destination;
};

struct xvs_ip6 {
	__be32 version_flow;
	__be16 length;
	__u8 next, hop_limit;
	__be32 source[4], destination[4];
};

struct xvs_extension {
	__u8 next, size; /* in units of 8 bytes behind the first (AH: of 4, less 2) */
	__be16 fragment; /* 13 bits offset, 2 reserved, 1 more */
	__be32 id;
};

#define XVS_LOAD(skb, offset, target)                                                              \
	(bpf_skb_load_bytes(skb, offset, target, sizeof(*(target))) ? -XVS_DROP_truncated : 0)

/*
 * The same within the IP packet. What a sender puts behind its end is not what the receiver reads
 * there, once it has put the fragments together.
 */
#define XVS_LOAD_INSIDE(skb, packet, offset, target)                                               \
	((offset) + sizeof(*(target)) > (packet)->end ? -XVS_DROP_truncated                        \
						      : XVS_LOAD(skb, offset, target))

/* Behind tags and LLC/SNAP: sets protocol and network. Many stations look through both. */
static __always_inline int xvs_find_network(struct __sk_buff *skb, struct xvs_packet *ret)
{
	__u16 offset = 2 * ETH_ALEN;
	struct xvs_tag_header tag;
	struct xvs_llc llc;
	__be16 type;

	if (XVS_LOAD(skb, offset, &type))
		return -XVS_DROP_truncated;
	offset += sizeof(type);
	for (int i = 0; i < XVS_TAGS_MAX && xvs_is_tpid(bpf_ntohs(type)); i++) {
		if (XVS_LOAD(skb, offset, &tag))
			return -XVS_DROP_truncated;
		type = tag.protocol;
		offset += sizeof(tag);
	}
	if (xvs_is_tpid(bpf_ntohs(type)))
		return -XVS_DROP_unparsed;
	ret->protocol = bpf_ntohs(type);
	ret->network = offset;
	if (ret->protocol >= XVS_ETHERTYPE_LEAST)
		return 0;
	ret->protocol = 0;
	if (XVS_LOAD(skb, offset, &llc) || llc.dsap != 0xaa || llc.ssap != 0xaa || llc.control != 3)
		return 0;
	ret->protocol = bpf_ntohs(llc.protocol); /* whatever the OUI: more than one means it */
	ret->network = offset + sizeof(llc);
	return xvs_is_tpid(ret->protocol) ? -XVS_DROP_unparsed : 0;
}

static __always_inline int xvs_has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP ||
	       protocol == IPPROTO_UDPLITE || protocol == IPPROTO_DCCP;
}

/* Half of an address as a number: the first byte on the wire is the highest. */
static __always_inline __u64 xvs_address_number(const __be32 *word)
{
	return (__u64)bpf_ntohl(word[0]) << 32 | bpf_ntohl(word[1]);
}

static __always_inline int xvs_is_echo(const struct xvs_packet *packet)
{
	__u8 type = packet->icmp_type;

	return packet->next == IPPROTO_ICMP ? type == 8 || type == 0 : type == 128 || type == 129;
}

static __always_inline void xvs_set_tcp(const struct xvs_tcp *tcp, struct xvs_packet *ret)
{
	ret->tcp_flags = tcp->flags;
	ret->tcp_size = tcp->size >> 4 << 2;
	ret->tcp_window = bpf_ntohs(tcp->window);
	ret->tcp_sequence = bpf_ntohl(tcp->sequence);
	ret->tcp_acknowledged = bpf_ntohl(tcp->acknowledged);
}

static __always_inline int xvs_read_transport(struct __sk_buff *skb, struct xvs_packet *ret)
{
	struct xvs_tcp tcp;
	__be16 ports[2];
	__u8 type_code[2];
	__be16 id = 0;

	if (ret->fragment == XVS_FRAGMENT_LATER)
		return 0;
	if (ret->next == IPPROTO_ICMP || ret->next == IPPROTO_ICMPV6) {
		if (XVS_LOAD_INSIDE(skb, ret, ret->transport, &type_code))
			return -XVS_DROP_truncated;
		ret->icmp_type = type_code[0];
		ret->icmp_code = type_code[1];
		if (xvs_is_echo(ret) && XVS_LOAD_INSIDE(skb, ret, ret->transport + 4, &id))
			id = 0; /* an echo that nobody answers */
		ret->icmp_id = bpf_ntohs(id);
	}
	if (!xvs_has_ports(ret->next))
		return 0;
	if (XVS_LOAD_INSIDE(skb, ret, ret->transport, &ports))
		return -XVS_DROP_truncated;
	ret->source_port = bpf_ntohs(ports[0]);
	ret->destination_port = bpf_ntohs(ports[1]);
	if (ret->next != IPPROTO_TCP)
		return 0;
	if (XVS_LOAD_INSIDE(skb, ret, ret->transport, &tcp))
		return -XVS_DROP_truncated;
	xvs_set_tcp(&tcp, ret);
	return 0;
}

static __always_inline int xvs_is_ip6_extension(__u8 protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT ||
	       protocol == IPPROTO_AH;
}

/*
 * A fragment so near to the first one (in units of 8 bytes) that it could write over what was
 * judged there: the flags of TCP (RFC 3128). Nobody cuts packets like that.
 */
static __always_inline int xvs_is_overwriting(__u16 offset, __u8 protocol)
{
	return offset == 1 && protocol == IPPROTO_TCP;
}

/* Notes what a fragment is. Where it is one, its part begins at `transport`. */
static __always_inline void xvs_set_fragment(
	struct xvs_packet *ret, __u16 offset, int more, __u8 protocol)
{
	ret->fragment_protocol = protocol;
	ret->fragment_edge = offset ?: (ret->end - ret->transport + 7) >> 3;
	if (offset)
		ret->fragment = XVS_FRAGMENT_LATER;
	else if (more)
		ret->fragment = XVS_FRAGMENT_FIRST;
}

/* One extension header. A fragment header inside a fragment can't be judged. */
static __always_inline int xvs_pass_extension(struct __sk_buff *skb, struct xvs_packet *ret)
{
	struct xvs_extension extension;
	__u16 fragment;

	if (XVS_LOAD_INSIDE(skb, ret, ret->transport, &extension))
		return -XVS_DROP_truncated;
	if (ret->next == IPPROTO_FRAGMENT) {
		if (ret->fragment)
			return -XVS_DROP_unparsed;
		fragment = bpf_ntohs(extension.fragment);
		if (xvs_is_overwriting(fragment >> 3, extension.next))
			return -XVS_DROP_unparsed;
		ret->fragment_id = extension.id;
		ret->transport += sizeof(extension);
		xvs_set_fragment(ret, fragment >> 3, fragment & 1, 0);
	} else if (ret->next == IPPROTO_AH) {
		ret->transport += (extension.size + 2) * 4;
	} else {
		ret->transport += (extension.size + 1) * 8;
	}
	ret->next = extension.next;
	return 0;
}

/*
 * Where a packet of `length` bytes ends that begins at `start`. 0 is what is too long for the
 * field: a jumbogram, or a GSO packet that is to be cut; it takes all there is.
 */
static __always_inline __u32 xvs_end_of(struct __sk_buff *skb, __u32 start, __u32 length)
{
	__u32 end = start + length;

	return length && end < skb->len ? end : skb->len;
}

#define XVS_IP4_MORE 0x2000
#define XVS_IP4_OFFSET 0x1fff

static __always_inline void xvs_set_ip4_addresses(const struct xvs_ip4 *ip, struct xvs_packet *ret)
{
	*(__u64 *)ret->source = *(__u64 *)ret->destination = 0;
	ret->source[2] = ret->destination[2] = bpf_htonl(0xffff);
	ret->source[3] = ip->source;
	ret->destination[3] = ip->destination;
}

static __always_inline int xvs_read_ip4(struct __sk_buff *skb, struct xvs_packet *ret)
{
	struct xvs_ip4 ip;
	__u16 fragment;

	if (XVS_LOAD(skb, ret->network, &ip))
		return -XVS_DROP_truncated;
	if (ip.version_size >> 4 != 4 || (ip.version_size & 0xf) < 5)
		return -XVS_DROP_unparsed;
	fragment = bpf_ntohs(ip.fragment);
	if (xvs_is_overwriting(fragment & XVS_IP4_OFFSET, ip.protocol))
		return -XVS_DROP_unparsed;
	xvs_set_ip4_addresses(&ip, ret);
	ret->next = ip.protocol;
	ret->hop_limit = ip.ttl;
	ret->transport = ret->network + (ip.version_size & 0xf) * 4;
	ret->end = xvs_end_of(skb, ret->network, bpf_ntohs(ip.length));
	if (ret->transport > ret->end)
		return -XVS_DROP_truncated;
	xvs_set_fragment(ret, fragment & XVS_IP4_OFFSET, fragment & XVS_IP4_MORE, ip.protocol);
	ret->fragment_id = ip.id;
	if (ret->next == IPPROTO_AH && ret->fragment != XVS_FRAGMENT_LATER &&
		xvs_pass_extension(skb, ret))
		return -XVS_DROP_truncated;
	if (ret->next == IPPROTO_AH && ret->fragment != XVS_FRAGMENT_LATER)
		return -XVS_DROP_unparsed; /* one in the other */
	return xvs_read_transport(skb, ret);
}

/* An IPv4 address in an IPv6 header (RFC 4291, section 2.5.5.2): on no wire. */
static __always_inline int xvs_is_mapped(const __be32 *address)
{
	return !address[0] && !address[1] && address[2] == bpf_htonl(0xffff);
}

static __always_inline int xvs_read_ip6(struct __sk_buff *skb, struct xvs_packet *ret)
{
	struct xvs_ip6 ip;
	int error = XVS_LOAD(skb, ret->network, &ip);

	if (error)
		return error;
	if ((bpf_ntohl(ip.version_flow) >> 28) != 6 || xvs_is_mapped(ip.source) ||
		xvs_is_mapped(ip.destination))
		return -XVS_DROP_unparsed;
	__builtin_memcpy(ret->source, ip.source, sizeof(ip.source));
	__builtin_memcpy(ret->destination, ip.destination, sizeof(ip.destination));
	ret->next = ip.next;
	ret->hop_limit = ip.hop_limit;
	ret->transport = ret->network + sizeof(ip);
	ret->end = xvs_end_of(skb, ret->network, ip.length ? bpf_ntohs(ip.length) + sizeof(ip) : 0);
	for (int i = 0; i < XVS_IP6_HEADERS_MAX && xvs_is_ip6_extension(ret->next) &&
			ret->fragment != XVS_FRAGMENT_LATER;
		i++) {
		error = xvs_pass_extension(skb, ret);
		if (error)
			return error;
	}
	if (ret->fragment != XVS_FRAGMENT_LATER && xvs_is_ip6_extension(ret->next))
		return -XVS_DROP_unparsed;
	return xvs_read_transport(skb, ret);
}

/*
 * What most frames are: untagged TCP or UDP in IPv4 without options or in IPv6 without extension
 * headers, whole, with all of its headers in the linear part. Read in place, at a fifth of the
 * cost; what only ICMP and fragments have is left as it was. 0: it is something else, for the long
 * way.
 */
static __always_inline int xvs_read_plain_ports(
	const void *transport, const void *end, struct xvs_packet *ret)
{
	const struct xvs_tcp *tcp = transport;
	const __be16 *ports = transport;

	if ((const void *)(ports + 2) > end || ret->transport + sizeof(*ports) * 2 > ret->end)
		return 0;
	if (ret->next == IPPROTO_TCP && (const void *)(tcp + 1) <= end &&
		ret->transport + sizeof(*tcp) <= ret->end)
		xvs_set_tcp(tcp, ret);
	else if (ret->next != IPPROTO_UDP)
		return 0;
	ret->source_port = bpf_ntohs(ports[0]);
	ret->destination_port = bpf_ntohs(ports[1]);
	return 1;
}

static __always_inline int xvs_read_plain(struct __sk_buff *skb, struct xvs_packet *ret)
{
	const struct ethhdr *eth = (void *)(long)skb->data;
	const void *end = (void *)(long)skb->data_end;
	const struct xvs_ip4 *ip4 = (const void *)(eth + 1);
	const struct xvs_ip6 *ip6 = (const void *)(eth + 1);

	if ((const void *)(ip4 + 1) > end)
		return 0;
	ret->network = sizeof(*eth);
	ret->fragment = XVS_FRAGMENT_NONE;
	ret->tcp_flags = 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		if (ip4->version_size != 0x45 ||
			(ip4->fragment & bpf_htons(XVS_IP4_MORE | XVS_IP4_OFFSET)))
			return 0;
		ret->protocol = ETH_P_IP;
		xvs_set_ip4_addresses(ip4, ret);
		ret->next = ip4->protocol;
		ret->hop_limit = ip4->ttl;
		ret->transport = sizeof(*eth) + sizeof(*ip4);
		ret->end = xvs_end_of(skb, ret->network, bpf_ntohs(ip4->length));
		return xvs_read_plain_ports(ip4 + 1, end, ret);
	}
	if (eth->h_proto != bpf_htons(ETH_P_IPV6) || (const void *)(ip6 + 1) > end ||
		(ip6->version_flow & bpf_htonl(0xf0000000)) != bpf_htonl(0x60000000) ||
		xvs_is_mapped(ip6->source) || xvs_is_mapped(ip6->destination))
		return 0;
	ret->protocol = ETH_P_IPV6;
	__builtin_memcpy(ret->source, ip6->source, sizeof(ip6->source));
	__builtin_memcpy(ret->destination, ip6->destination, sizeof(ip6->destination));
	ret->next = ip6->next;
	ret->hop_limit = ip6->hop_limit;
	ret->transport = sizeof(*eth) + sizeof(*ip6);
	ret->end = xvs_end_of(
		skb, ret->network, ip6->length ? bpf_ntohs(ip6->length) + sizeof(*ip6) : 0);
	return xvs_read_plain_ports(ip6 + 1, end, ret);
}

/* What a plain frame is, as bits. */
#define XVS_PLAIN (1u << 0) /* as xvs_read_plain() has it, with at least 20 bytes of transport */
#define XVS_PLAIN_IP6 (1u << 1)
#define XVS_PLAIN_GUARDED (1u << 2) /* UDP to a port of DHCP, which guards look into */

static __always_inline __u32 xvs_plain_transport(
	const struct xvs_tcp *tcp, __u8 protocol, __u32 length)
{
	__u16 port = bpf_ntohs(tcp->destination);

	if (protocol == IPPROTO_TCP)
		return !length || length >= sizeof(*tcp) ? XVS_PLAIN : 0;
	if (protocol != IPPROTO_UDP || (length && length < sizeof(struct udphdr)))
		return 0;
	return port == XVS_BOOTP_SERVER || port == XVS_BOOTP_CLIENT || port == XVS_DHCP6_CLIENT ||
			       port == XVS_DHCP6_SERVER
		       ? XVS_PLAIN | XVS_PLAIN_GUARDED
		       : XVS_PLAIN;
}

/* 0: not plain. The verifier looks at it once: it is a function of its own. */
__noinline int xvs_plain_kind(struct __sk_buff *skb)
{
	const struct ethhdr *eth = (void *)(long)skb->data;
	const void *end = (void *)(long)skb->data_end;
	const struct xvs_ip4 *ip4 = (const void *)(eth + 1);
	const struct xvs_ip6 *ip6 = (const void *)(eth + 1);
	const struct xvs_tcp *tcp4 = (const void *)(ip4 + 1), *tcp6 = (const void *)(ip6 + 1);
	__u32 kind, length;

	if ((const void *)(tcp4 + 1) > end)
		return 0;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		length = bpf_ntohs(ip4->length);
		if (ip4->version_size != 0x45 ||
			(ip4->fragment & bpf_htons(XVS_IP4_MORE | XVS_IP4_OFFSET)) ||
			(length && length < sizeof(*ip4) + 1))
			return 0;
		return xvs_plain_transport(tcp4, ip4->protocol, length ? length - sizeof(*ip4) : 0);
	}
	if (eth->h_proto != bpf_htons(ETH_P_IPV6) || (const void *)(tcp6 + 1) > end ||
		(ip6->version_flow & bpf_htonl(0xf0000000)) != bpf_htonl(0x60000000) ||
		xvs_is_mapped(ip6->source) || xvs_is_mapped(ip6->destination))
		return 0;
	kind = xvs_plain_transport(tcp6, ip6->next, bpf_ntohs(ip6->length));
	return kind ? kind | XVS_PLAIN_IP6 : 0;
}

/*
 * Reads the frame. 0, or minus the drop reason of one that is cut off (truncated) or can't be
 * looked through (unparsed). The verifier looks at it once: it is a function of its own.
 */
__noinline int xvs_read_packet(struct __sk_buff *skb, struct xvs_packet *ret)
{
	int error;

	if (!ret)
		return -XVS_DROP_unparsed; /* for the verifier, which lets it be NULL */
	if (xvs_read_plain(skb, ret))
		return 0;
	__builtin_memset(ret, 0, sizeof(*ret));
	error = xvs_find_network(skb, ret);
	if (error)
		return error;
	if (ret->protocol == ETH_P_IP)
		return xvs_read_ip4(skb, ret);
	if (ret->protocol == ETH_P_IPV6)
		return xvs_read_ip6(skb, ret);
	return 0;
}

/*
 * The same of a packet that an ICMP error quotes, at `offset`; it may be cut off behind the ports.
 * 0, or minus the drop reason.
 */
__noinline int xvs_read_quoted(
	struct __sk_buff *skb, __u32 offset, __u32 protocol, struct xvs_packet *ret)
{
	int error;

	if (!ret)
		return -XVS_DROP_unparsed;
	__builtin_memset(ret, 0, sizeof(*ret));
	ret->protocol = protocol;
	ret->network = offset;
	error = protocol == ETH_P_IP ? xvs_read_ip4(skb, ret) : xvs_read_ip6(skb, ret);
	return ret->source_port || ret->destination_port ? 0 : error;
}

#endif
