/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fragments at a port with lists. Later ones have no ports: they take the verdict of the first one,
 * which is remembered for a while by addresses, protocol and identification.
 */
#ifndef XVS_BPF_FRAGMENT_H
#define XVS_BPF_FRAGMENT_H

#include "bpf/lib/acl.h"
#include "bpf/lib/flow_table.h"
#include "bpf/lib/scratch.h"

static __always_inline __u64 xvs_fragment_mark(
	const struct xvs_passing *passing, const struct xvs_packet *packet, __u32 seed)
{
	__u64 hash = xvs_acl_mix(seed, xvs_address_number(packet->source + 2));

	hash = xvs_acl_mix(hash, xvs_address_number(packet->destination + 2));
	hash = xvs_acl_mix(hash, xvs_address_number(packet->source));
	hash = xvs_acl_mix(hash, xvs_address_number(packet->destination));
	hash = xvs_acl_mix(hash, (__u64)packet->fragment_id << 32 | passing->vlan << 16 |
					 packet->fragment_protocol << 8 | passing->direction);
	return hash;
}

#define XVS_FRAGMENT_STAMP 0xffff /* the lowest bits of a mark: when it was made */
#define XVS_FRAGMENT_EDGE_SHIFT 16 /* above: where the first fragment ends, 13 bits */
#define XVS_FRAGMENT_EDGE 0x1fff
#define XVS_FRAGMENT_HASH (~0ull << 29) /* above */

static __always_inline __u64 *xvs_fragment_place(__u32 port, __u64 mark)
{
	struct xvs_fragments *of = bpf_map_lookup_elem(&fragments, &port);

	return of ? &of->mark[mark >> 60 & (XVS_FRAGMENTS - 1)] : NULL;
}

/* In units of a second, more or less. */
static __always_inline __u16 xvs_fragment_now(void)
{
	return xvs_tick_now() >> 7;
}

/* Does a list of the port look at ports in this direction? */
static __always_inline int xvs_acl_has_ports(__u32 list, __u8 direction, __u8 family)
{
	void *map = list ? bpf_map_lookup_elem(&acls, &list) : NULL;
	const struct xvs_acl_head *head = xvs_acl_head(map);

	return head && (head->has_ports[direction & 1] >> family & 1);
}

/* Remembers that the first fragment may pass. */
__noinline int xvs_fragment_first(__u32 hook)
{
	const struct xvs_scratch *room = xvs_scratch(hook);
	struct xvs_control *control = xvs_control();
	__u64 *place, mark;

	if (!room || !control)
		return 0; /* cannot be: an array's element */
	mark = xvs_fragment_mark(&room->passing, &room->packet, control->cookie);
	place = xvs_fragment_place(room->passing.port, mark);
	if (place)
		*place = (mark & XVS_FRAGMENT_HASH) |
			 (__u64)room->packet.fragment_edge << XVS_FRAGMENT_EDGE_SHIFT |
			 xvs_fragment_now();
	return 0;
}

/*
 * 0: it passes as the first one did; minus the drop reason; 1: no rule looks at ports. One that
 * overlaps the first could change what was judged there (RFC 5722, RFC 3128).
 */
__noinline int xvs_fragment_later(__u32 hook, const struct xvs_port_config *port)
{
	const struct xvs_scratch *room = xvs_scratch(hook);
	struct xvs_control *control = xvs_control();
	__u64 *place, mark, is;
	__u8 family, side;

	if (!room || !control || !port)
		return -XVS_DROP_fragment; /* for the verifier: they are there */
	mark = xvs_fragment_mark(&room->passing, &room->packet, control->cookie);
	place = xvs_fragment_place(room->passing.port, mark);
	is = place ? *(volatile __u64 *)place : 0;
	if (is && !((is ^ mark) & XVS_FRAGMENT_HASH) &&
		(__u16)(xvs_fragment_now() - (__u16)is) < XVS_FRAGMENT_S)
		return room->packet.fragment_edge <
				       (is >> XVS_FRAGMENT_EDGE_SHIFT & XVS_FRAGMENT_EDGE)
			       ? -XVS_DROP_fragment
			       : 0;
	family = room->packet.protocol == ETH_P_IP ? XVS_ACL_IPV4 : XVS_ACL_IPV6;
	side = room->passing.direction;
	return xvs_acl_has_ports(port->acl_port, side, family) ||
			       xvs_acl_has_ports(port->acl_extended, side, family)
		       ? -XVS_DROP_fragment
		       : 1;
}

#endif
