/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flow table: what the access control lists of a port have said of a flow that they allow. A
 * flow between two ports has an entry for each that has lists. Denied flows have none, so that
 * nobody fills the table with what is not let through.
 *
 *   flow_tags    array, mmapable: a word for each bucket of eight places, a byte a place. 0: free;
 *                or enum xvs_flow_tag; or, from XVS_FLOW_TAG_LEAST on, eight bits of the hash of
 *                the flow that stands there
 *   flows        array, mmapable: the places, two cache lines each
 *   flow_sweep   array of one: the timer that takes out who is silent for too long, whether or not
 *                an agent runs. It ends with the last reference from user space: the map is pinned
 *
 * A flow stands in one of XVS_FLOW_CHOICES buckets, which its hash names: in the first of them that
 * was not full, and there in the place that its hash names if that was free. Their tags stand in
 * two cache lines. A look-up reads a word of tags and, as a rule, one place. Who puts a flow takes
 * a place by its tag (compare and exchange, busy), fills it, and sets the tag; who takes one out
 * changes the tag to dead, and `seen` tells when. A dead place is used again two ticks later, when
 * nobody reads what stood there. Two that put the same flow at once find each other, and one or
 * both give way; the next packet puts it again.
 */
#ifndef XVS_MAPS_FLOW_H
#define XVS_MAPS_FLOW_H

#include <linux/bpf.h>
#include <linux/types.h>
#include "maps/acl.h"
#include "maps/fdb.h"
#include "maps/limits.h"

#define XVS_FLOW_IDLE_S 60 /* of a flow without state */
#define XVS_FLOW_OPENING_S                                                                         \
	30 /* of a TCP connection that is not established, and of what came                        \
	      from outside and is not answered */
#define XVS_FLOW_CLOSED_S 10 /* of one that is over */
#define XVS_FLOW_CUT_S 300 /* of one that rules have ended: longer than TCP waits to send again */

#define XVS_FLOW_NO_VERSION 0 /* no rules have it: to be judged again */

#define XVS_FLOW_ICMP_TYPE 0xffff /* as remote port: the local one is an ICMP type and code */

/* From the side of the port, whichever way a packet goes. */
struct xvs_flow_key {
	union {
		struct {
			__be64 local[2], remote[2]; /* IPv4 as ::ffff:a.b.c.d */
			__u16 local_port, remote_port; /* host order; ICMP: see xvs_flow_icmp() */
			__u16 vlan;
			__u8 protocol;
			__u8 reserved;
			__u32 port; /* id of the port */
			__u32 reserved_2;
		};
		__u64 word[6]; /* the same, as it is hashed and compared */
	};
};
_Static_assert(sizeof(struct xvs_flow_key) == 48, "no padding");

#define XVS_FLOW_WAYS 8 /* places in a bucket */
#define XVS_FLOW_BUCKETS (XVS_FLOW_MAX / XVS_FLOW_WAYS) /* a power of two */

#define XVS_FLOW_CHOICES 8 /* buckets in which a flow may stand */

enum xvs_flow_tag {
	XVS_FLOW_TAG_FREE,
	XVS_FLOW_TAG_BUSY, /* being filled */
	XVS_FLOW_TAG_DEAD, /* taken out a moment ago */
	XVS_FLOW_TAG_LEAST = 4, /* from here on: of a flow. Even, see xvs_flow_zeros() */
};
#define XVS_FLOW_DEAD_TICKS 2 /* how long a place stays dead at least */

enum xvs_flow_flag { /* bit 0 << direction, bit 1 << direction are of a side */
	XVS_FLOW_IN_JUDGED = 1u << XVS_ACL_IN, /* this way is allowed by rules */
	XVS_FLOW_OUT_JUDGED = 1u << XVS_ACL_OUT,
	XVS_FLOW_STATEFUL = 1u << 2, /* then the extended ACL allows the other way as an answer */
	XVS_FLOW_BEGAN_OUT = 1u << 3, /* the first packet was sent by the port */
	XVS_FLOW_SYN_DATA = 1u << 4, /* the SYN brought data (RFC 7413) */
};

/* A TCP connection (RFC 9293, section 3.3.2), as far as what is no part of it can be told. */
enum xvs_flow_tcp {
	XVS_TCP_NONE, /* no TCP, or picked up midway */
	XVS_TCP_OPENING, /* SYN seen */
	XVS_TCP_ANSWERED, /* SYN and ACK seen */
	XVS_TCP_ESTABLISHED,
	XVS_TCP_CLOSING, /* a FIN seen */
	XVS_TCP_CLOSED, /* FINs of both, or an RST */
	XVS_TCP_CUT, /* the rules have changed, and allow it no more */
};

struct xvs_flow {
	struct xvs_flow_key key;
	__u32 version; /* acl_version of the rules that allowed it, or XVS_FLOW_NO_VERSION */
	__u32 seen; /* tick of the last packet, see maps/fdb.h */
	__u32 idle; /* ticks that it may be silent, by its rule */
	__u8 flags; /* enum xvs_flow_flag */
	__u8 tcp; /* enum xvs_flow_tcp */
	__u8 fins; /* bit of each direction that sent a FIN */
	__u8 scales; /* of windows (RFC 7323), four bits a direction; 15: none */
	/* ---- second cache line ---- */
	__u32 counter[XVS_ACL_DIRECTIONS][2]; /* of the rules of port ACL and extended ACL, see
						 xvs_acl_counter_of(); 0 = no rule */
	__u64 packets[XVS_ACL_DIRECTIONS], bytes[XVS_ACL_DIRECTIONS];
	__u32 patience; /* ticks that it may be silent now */
	__u32 end[XVS_ACL_DIRECTIONS]; /* TCP: the sequence number behind all that was sent */
	__u16 window[XVS_ACL_DIRECTIONS]; /* the largest that was announced, in units of 16 KiB */
};
_Static_assert(sizeof(struct xvs_flow) == 128, "two cache lines");

/* In flow_sweep. */
struct xvs_flow_sweep {
	struct bpf_timer timer;
	__u32 running; /* the timer is wound up */
	__u32 put; /* 1: flows were put since the timer last asked */
	__u32 next; /* bucket that is looked at next */
	__u32 quiet; /* buckets without a flow since one was seen or put */
	__u32 reserved[2];
};

static inline __u32 xvs_flow_ticks(__u32 seconds)
{
	return (__u64)seconds * 1000000000ull >> XVS_FDB_TICK_SHIFT;
}

/* How many ticks a flow may be silent, with what it has come to. */
static inline __u32 xvs_flow_patience(const struct xvs_flow *flow)
{
	__u32 most = flow->idle;

	if (flow->tcp == XVS_TCP_CUT)
		return xvs_flow_ticks(XVS_FLOW_CUT_S);
	if (flow->tcp == XVS_TCP_OPENING || flow->tcp == XVS_TCP_ANSWERED)
		most = xvs_flow_ticks(XVS_FLOW_OPENING_S);
	if (!(flow->flags & (XVS_FLOW_BEGAN_OUT | XVS_FLOW_OUT_JUDGED)))
		most = xvs_flow_ticks(XVS_FLOW_OPENING_S); /* from outside, and not answered */
	if (flow->tcp == XVS_TCP_CLOSED)
		most = xvs_flow_ticks(XVS_FLOW_CLOSED_S);
	return flow->idle < most ? flow->idle : most;
}

/*
 * Does each packet give it time anew? While a connection is made, and once it is over, what counts
 * is when it came to that, or who is not let in could keep it there.
 */
static inline int xvs_flow_is_renewed(const struct xvs_flow *flow)
{
	return flow->tcp != XVS_TCP_OPENING && flow->tcp != XVS_TCP_ANSWERED &&
	       flow->tcp != XVS_TCP_CLOSED;
}

static inline int xvs_flow_is_silent(const struct xvs_flow *flow, __u32 now)
{
	return xvs_fdb_idle(0, flow->seen, now) >= flow->patience;
}

#endif
