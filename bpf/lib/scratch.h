/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Room for what the policy of a port needs while a packet passes: more than fits on the stack. A
 * CPU has one for each hook, since a clone runs the egress hook inside the ingress hook. Nothing
 * in it outlives the hook.
 */
#ifndef XVS_BPF_SCRATCH_H
#define XVS_BPF_SCRATCH_H

#include "bpf/lib/acl.h"
#include "bpf/lib/context.h"
#include "bpf/lib/packet.h"

/* A packet on its way through the lists of one port. */
struct xvs_passing {
	__u32 port; /* id */
	__u32 packets, bytes;
	__u16 vlan;
	__u8 direction; /* enum xvs_acl_direction */
	__u8 reserved;
	__u32 now; /* tick */
};

/* What the two lists of a port say of one way of a flow. */
struct xvs_ruling {
	__u32 counter[2]; /* of port ACL and extended ACL */
	__u32 idle_s; /* stateful: of the state; else 0 */
	__u32 reason; /* the drop reason, 0 = allowed */
	__u32 rule, list; /* that has denied it, or is to be told of; `list` in `acls`, 0 = none */
	__u32 logged; /* it is to be told of */
};

struct xvs_scratch {
	struct xvs_packet packet;
	int error; /* that came of reading it, 0 = none */
	struct xvs_passing passing;
	struct xvs_flow_key key; /* of it */
	__u64 hash; /* of the key */
	__u32 cut; /* it is of a connection that rules have ended */
	struct xvs_acl_query query;
	struct xvs_acl_found found;
	struct xvs_ruling ruling;
	struct xvs_told told; /* on its way to `events` */
	struct xvs_packet quoted; /* what an ICMP error is about */
	struct xvs_passing quoted_passing;
	struct xvs_flow_key quoted_key;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XVS_SCRATCHES);
	__type(key, __u32);
	__type(value, struct xvs_scratch);
} scratch SEC(".maps");

static __always_inline struct xvs_scratch *xvs_scratch(enum xvs_scratch_of of)
{
	__u32 index = of;

	return bpf_map_lookup_elem(&scratch, &index);
}

/* Is the frame plain? Bits XVS_PLAIN; found out when the first stage of a hook asks. */
static __always_inline __u32 xvs_plain(struct xvs_context *c)
{
	if (!c->looked) {
		c->plain = xvs_plain_kind(c->skb);
		c->looked = 1;
	}
	return c->plain;
}

/*
 * Reads the packet when the first stage of a hook asks for it. 0, or minus the drop reason.
 * `done`: has it been read?
 */
static __always_inline int xvs_parse(struct __sk_buff *skb, struct xvs_scratch *room, __u8 *done)
{
	if (*done)
		return room->error;
	room->error = xvs_read_packet(skb, &room->packet);
	*done = 1;
	return room->error;
}

#endif
