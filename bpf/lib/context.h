/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a frame carries through the stages of one hook, and, for copies, from the ingress hook to
 * the egress hook of another device in skb->cb (maps/layout.h).
 */
#ifndef XVS_BPF_CONTEXT_H
#define XVS_BPF_CONTEXT_H

#include <linux/pkt_cls.h>
#include "bpf/lib/count.h"
#include "bpf/lib/mtu.h"

/* Whose part of a CPU's memory, `scratch` and `chain_state`, is in use. */
enum xvs_scratch_of {
	XVS_SCRATCH_INGRESS,
	XVS_SCRATCH_EGRESS,
	XVS_SCRATCHES,
};

struct xvs_context {
	struct __sk_buff *skb;
	struct xvs_control *control;
	__u32 generation;
	__u32 source; /* port id */
	__u32 charge; /* port id that a drop is counted on */
	struct xvs_vlan vlan;
	struct xvs_tag tag; /* as the frame is now */
	__u8 tag_bytes; /* tags that stand in the packet itself */
	__u8 hook; /* enum xvs_scratch_of */
	__u8 parsed; /* what it carries stands in the hook's scratch */
	__u8 looked; /* whether it is plain is known: */
	__u8 plain; /* bits XVS_PLAIN */
	__u8 decided; /* whether it is another host's NVGRE is known */
	__u32 packets; /* as how many it counts: the segments of a GSO packet */
	__u32 now; /* tick, once it was needed, see xvs_now() */
};

static __always_inline __u32 xvs_now(struct xvs_context *c)
{
	if (!c->now)
		c->now = xvs_tick_now();
	return c->now;
}

/* A function of the packet's way returns a TC action, XVS_PASS, or minus a drop reason. */
#define XVS_PASS 0x100 /* not ours: to the next program and the stack (TC_ACT_UNSPEC is -1) */
#define XVS_TO_DECAP 0x101 /* a main function jumps there: it may be a frame of another host's */

/* Generation, priority and VLAN or subnet in a word. */
static __always_inline __u32 xvs_place_word(const struct xvs_context *c)
{
	return c->generation << XVS_CB_GENERATION_SHIFT |
	       c->vlan.priority << XVS_CB_PRIORITY_SHIFT | c->vlan.id;
}

static __always_inline void xvs_place_from(struct xvs_context *c, __u32 word)
{
	c->generation = word >> XVS_CB_GENERATION_SHIFT;
	c->vlan.id = c->vlan.fid = word & XVS_NUMBER_MASK;
	c->vlan.priority = word >> XVS_CB_PRIORITY_SHIFT & 7;
}

static __always_inline void xvs_hand_over(const struct xvs_context *c, __u32 phase, __u32 to)
{
	struct __sk_buff *skb = c->skb;

	skb->cb[0] = c->control->cookie ^ phase;
	skb->cb[1] = xvs_place_word(c);
	skb->cb[2] = c->source;
	skb->cb[3] = to;
}

/* Takes over what xvs_hand_over() left on a copy. `charge` is set by the caller. */
static __always_inline void xvs_take_over(struct xvs_context *c)
{
	xvs_place_from(c, c->skb->cb[1]);
	c->source = c->skb->cb[2];
}

/*
 * A global function, which the verifier looks at once and not once for each way to it, gets numbers
 * only: xvs_way_word() of the context, from which xvs_way_from() makes it another one. It lacks the
 * tag, and whatever may have been found out about the packet.
 */
#define XVS_WAY_SOURCE_SHIFT 32
#define XVS_WAY_HOOK_SHIFT 48
_Static_assert(XVS_PORT_MAX <= 1 << (XVS_WAY_HOOK_SHIFT - XVS_WAY_SOURCE_SHIFT), "ports fit");

static __always_inline __u64 xvs_way_word(const struct xvs_context *c)
{
	return xvs_place_word(c) | (__u64)c->source << XVS_WAY_SOURCE_SHIFT |
	       (__u64)c->hook << XVS_WAY_HOOK_SHIFT;
}

static __always_inline __u32 xvs_way_source(__u64 way)
{
	return way >> XVS_WAY_SOURCE_SHIFT & 0xffff;
}

/* Its lower 13 bits, of which the lowest tells the half. */
static __always_inline __u32 xvs_way_generation(__u64 way)
{
	return (__u32)way >> XVS_CB_GENERATION_SHIFT;
}

/* 0, or -1: cannot be. */
static __always_inline int xvs_way_from(
	struct xvs_context *ret, struct __sk_buff *skb, __u64 way, __u32 packets)
{
	*ret = (struct xvs_context){
		.skb = skb,
		.control = xvs_control(),
		.source = xvs_way_source(way),
		.hook = way >> XVS_WAY_HOOK_SHIFT,
		.packets = packets,
	};
	xvs_place_from(ret, way);
	return ret->control ? 0 : -1;
}

/*
 * Reads the outermost tag into c->tag, and sets c->packets. The kernel takes a tag out of the
 * packet before TC ingress, but a frame may also come with one tag in skb->vlan_* and more in the
 * packet.
 */
static __always_inline int xvs_read_tag(struct xvs_context *c)
{
	struct __sk_buff *skb = c->skb;
	const struct ethhdr *eth = (void *)(long)skb->data;
	const void *end = (void *)(long)skb->data_end;
	int error;

	if ((const void *)(eth + 1) > end)
		return -XVS_DROP_truncated;
	error = xvs_packet_tag(eth, end, &c->tag);
	if (error)
		return error;
	c->tag_bytes = c->tag.present ? XVS_TAG_SIZE : 0;
	if (skb->vlan_present) {
		c->tag.inner = c->tag.present;
		c->tag.present = 1;
		c->tag.protocol = bpf_ntohs(skb->vlan_proto);
		c->tag.control = skb->vlan_tci;
	}
	c->packets = xvs_packets(skb, c->tag_bytes);
	return 0;
}

#endif
