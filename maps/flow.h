/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Map `flows`, hash: what the access control lists of a port have said of a flow that they allow.
 * A flow between two ports has an entry for each that has lists. Denied flows have none, so that
 * nobody fills the table with what is not let through.
 *
 * An entry goes by a timer of its own when the flow is silent for long enough, whether or not an
 * agent runs. A timer ends with the last reference from user space: the map is pinned.
 */
#ifndef XVS_MAPS_FLOW_H
#define XVS_MAPS_FLOW_H

#include <linux/bpf.h>
#include <linux/types.h>
#include "maps/acl.h"

#define XVS_FLOW_IDLE_S 60 /* of a flow without state */
#define XVS_FLOW_OPENING_S 30 /* of a TCP connection that is not established */
#define XVS_FLOW_CLOSED_S 10 /* of one that is over */

#define XVS_FLOW_ICMP_TYPE 0xffff /* as remote port: the local one is an ICMP type and code */

/* From the side of the port, whichever way a packet goes. Addresses as in xvs_acl_tuple. */
struct xvs_flow_key {
	__u64 local[2], remote[2];
	__u16 local_port, remote_port; /* host order; ICMP: see xvs_flow_icmp() */
	__u16 vlan;
	__u8 protocol;
	__u8 reserved;
	__u32 port; /* id of the port */
	__u32 reserved_2;
};
_Static_assert(sizeof(struct xvs_flow_key) == 48, "no padding: compared as bytes");

enum xvs_flow_flag { /* bit 0 << direction, bit 1 << direction are of a side */
	XVS_FLOW_IN_JUDGED = 1u << XVS_ACL_IN, /* this way is allowed by rules */
	XVS_FLOW_OUT_JUDGED = 1u << XVS_ACL_OUT,
	XVS_FLOW_STATEFUL = 1u << 2, /* then the extended ACL allows the other way as an answer */
	XVS_FLOW_BEGAN_OUT = 1u << 3, /* the first packet was sent by the port */
};

/* A TCP connection (RFC 9293, section 3.3.2), as far as what is no part of it can be told. */
enum xvs_flow_tcp {
	XVS_TCP_NONE, /* no TCP, or picked up midway */
	XVS_TCP_OPENING, /* SYN seen */
	XVS_TCP_ANSWERED, /* SYN and ACK seen */
	XVS_TCP_ESTABLISHED,
	XVS_TCP_CLOSING, /* a FIN seen */
	XVS_TCP_CLOSED, /* FINs of both, or an RST */
};

struct xvs_flow {
	__u64 check; /* of the key: elements of hash maps are reused at once, a reader checks */
	__u32 version; /* acl_version of the rules that allowed it */
	__u32 seen; /* tick of the last packet, see maps/fdb.h */
	__u32 idle_s; /* how long it may be silent */
	__u8 flags; /* enum xvs_flow_flag */
	__u8 tcp; /* enum xvs_flow_tcp */
	__u8 fins; /* bit of each direction that sent a FIN */
	__u8 reserved;
	__u32 counter[XVS_ACL_DIRECTIONS][2]; /* of the rules of port ACL and extended ACL:
						 element << 2 | place; 0 = no rule */
	__u64 packets[XVS_ACL_DIRECTIONS], bytes[XVS_ACL_DIRECTIONS];
	struct bpf_timer timer;
};

/* How long it may be silent now, in seconds. */
static inline __u32 xvs_flow_patience_s(const struct xvs_flow *flow)
{
	__u32 most = flow->idle_s;

	if (flow->tcp == XVS_TCP_OPENING || flow->tcp == XVS_TCP_ANSWERED)
		most = XVS_FLOW_OPENING_S;
	if (flow->tcp == XVS_TCP_CLOSED)
		most = XVS_FLOW_CLOSED_S;
	return flow->idle_s < most ? flow->idle_s : most;
}

static inline __u64 xvs_flow_check(const struct xvs_flow_key *key)
{
	__u64 hash = xvs_acl_mix(key->local[1], key->remote[1]);

	hash = xvs_acl_mix(hash, key->remote[0] ^ key->local[0] << 1);
	return xvs_acl_mix(hash, (__u64)key->port << 32 | key->local_port << 16 | key->remote_port);
}

#endif
