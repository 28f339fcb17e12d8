/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP (RFC 9293), as far as what is no part of a connection can be told by flags, sequence numbers
 * and windows. The states are those of maps/flow.h. A side is a direction: bit 0 or 1.
 */
#ifndef XVS_BPF_TCP_H
#define XVS_BPF_TCP_H

#include "bpf/lib/tcp_header.h"
#include "maps/flow.h"

/* The state of a connection that begins with this packet. */
static __always_inline __u8 xvs_tcp_begin(const struct xvs_packet *packet)
{
	if (packet->next != IPPROTO_TCP || !(packet->tcp_flags & XVS_TCP_SYN))
		return XVS_TCP_NONE;
	return packet->tcp_flags & XVS_TCP_ACK ? XVS_TCP_NONE : XVS_TCP_OPENING;
}

/* ---- sequence numbers ---- */

/*
 * How far a packet may lie beside what its connection has come to: old ones that are sent again,
 * probes, fragments of which the first is seen alone.
 */
#define XVS_TCP_SLACK 65536
#define XVS_TCP_WINDOW_SHIFT 14
#define XVS_TCP_NO_SCALE 15
#define XVS_TCP_SCALE_MAX 14 /* RFC 7323, section 2.3 */
#define XVS_TCP_SYN_DATA_MAX 16384 /* bytes: more than a frame takes */

/* The window scale among the options of a SYN, or XVS_TCP_NO_SCALE. `offset`, `end`: as above. */
__noinline int xvs_tcp_scale(struct __sk_buff *skb, __u32 offset, __u32 end)
{
	__u32 found =
		xvs_tcp_find(skb, offset, end, XVS_TCP_OPTION_SCALE, XVS_TCP_OPTION_SCALE_SIZE);
	__u8 scale;

	if (!found || bpf_skb_load_bytes(skb, found, &scale, sizeof(scale)))
		return XVS_TCP_NO_SCALE;
	return scale < XVS_TCP_SCALE_MAX ? scale : XVS_TCP_SCALE_MAX;
}

/* The sequence number behind the packet. */
static __always_inline __u32 xvs_tcp_end(const struct xvs_packet *packet)
{
	__u32 data = packet->end - packet->transport - packet->tcp_size;
	__u8 flags = packet->tcp_flags;

	if ((__s32)data < 0)
		data = 0; /* a header that is longer than its packet */
	return packet->tcp_sequence + data + !!(flags & XVS_TCP_SYN) + !!(flags & XVS_TCP_FIN);
}

/* Bytes of the largest window that the side has announced. */
static __always_inline __u32 xvs_tcp_window(const struct xvs_flow *flow, __u8 side)
{
	return (__u32)flow->window[side & 1] << XVS_TCP_WINDOW_SHIFT;
}

static __always_inline int xvs_tcp_within(__u32 number, __u32 least, __u32 most)
{
	return (__s32)(number - least) >= 0 && (__s32)(number - most) <= 0;
}

/* Is it sent by the side that began? */
static __always_inline int xvs_tcp_is_first(const struct xvs_flow *flow, __u8 side)
{
	return !(flow->flags & XVS_FLOW_BEGAN_OUT) == !side;
}

/* Bits of the sides whose numbers bind the packet: before an answer one has none, a SYN has new
 * ones. */
static __always_inline __u8 xvs_tcp_numbered(
	const struct xvs_flow *flow, const struct xvs_packet *packet, __u8 side)
{
	int opening = flow->tcp == XVS_TCP_OPENING, first = xvs_tcp_is_first(flow, side);
	__u8 sides = 3;

	if (opening)
		sides = flow->flags & XVS_FLOW_BEGAN_OUT ? 1 << XVS_ACL_OUT : 1 << XVS_ACL_IN;
	if (packet->tcp_flags & XVS_TCP_SYN &&
		(opening || (flow->tcp == XVS_TCP_ANSWERED && !first)))
		sides &= ~(1 << side);
	return sides;
}

/*
 * Could the packet of `side` be one of the connection by its numbers? As in RFC 9293, section
 * 3.10.7.4, by what was seen of both sides.
 */
static __always_inline int xvs_tcp_fits(
	const struct xvs_flow *flow, const struct xvs_packet *packet, __u8 side)
{
	__u8 numbered = xvs_tcp_numbered(flow, packet, side);
	__u32 other_window = xvs_tcp_window(flow, !side) + XVS_TCP_SLACK;
	__u32 window = xvs_tcp_window(flow, side) + XVS_TCP_SLACK;
	__u32 sent = flow->end[side & 1], got = flow->end[!side];

	if (numbered >> side & 1) {
		if (!xvs_tcp_within(
			    packet->tcp_sequence, sent - other_window, sent + other_window) ||
			(__s32)(xvs_tcp_end(packet) - sent - other_window) > 0)
			return 0;
	}
	return !(packet->tcp_flags & XVS_TCP_ACK) || !(numbered >> !side & 1) ||
	       xvs_tcp_within(packet->tcp_acknowledged, got - window, got + XVS_TCP_SLACK);
}

/* Is it under way, what an ICMP error quotes of the side? `transport`: of what is quoted. */
static __always_inline int xvs_tcp_is_quoted(
	struct __sk_buff *skb, const struct xvs_flow *flow, __u32 transport, __u8 side)
{
	__u32 sent = flow->end[side & 1];
	__be32 sequence;

	if (bpf_skb_load_bytes(skb, transport + 4, &sequence, sizeof(sequence)))
		return 0;
	return xvs_tcp_within(
		bpf_ntohl(sequence), sent - xvs_tcp_window(flow, !side) - XVS_TCP_SLACK, sent);
}

/* The scale that windows of the side have: none unless both have announced one. */
static __always_inline __u8 xvs_tcp_scale_of(const struct xvs_flow *flow, __u8 side)
{
	__u8 in = flow->scales & 15, out = flow->scales >> 4;

	if (in == XVS_TCP_NO_SCALE || out == XVS_TCP_NO_SCALE)
		return 0;
	return side ? out : in;
}

/*
 * Notes how far the side has come. A SYN begins anew; the scale of one that is sent again without
 * options is that of the first.
 */
static __always_inline void xvs_tcp_note(
	struct __sk_buff *skb, struct xvs_flow *flow, const struct xvs_packet *packet, __u8 side)
{
	__u32 end = xvs_tcp_end(packet), window = packet->tcp_window;
	int syn = packet->tcp_flags & XVS_TCP_SYN;

	if (syn || (__s32)(end - flow->end[side & 1]) > 0)
		flow->end[side & 1] = end;
	if (syn) {
		__u8 scale = xvs_tcp_scale(
			skb, packet->transport + 20, packet->transport + packet->tcp_size);

		if (end - packet->tcp_sequence > 1)
			flow->flags |= XVS_FLOW_SYN_DATA;
		if (scale != XVS_TCP_NO_SCALE)
			flow->scales = side ? (flow->scales & 15) | scale << 4
					    : (flow->scales & 15 << 4) | (scale & 15);
		flow->window[side & 1] = 0;
	} else {
		window <<= xvs_tcp_scale_of(flow, side);
	}
	window = (window + (1 << XVS_TCP_WINDOW_SHIFT) - 1) >> XVS_TCP_WINDOW_SHIFT;
	if (window > flow->window[side & 1])
		flow->window[side & 1] = window;
}

/* ---- flags ---- */

/* With the state that stays: the packet passes, but nothing is learned from it. */
#define XVS_TCP_UNNOTED 0x10
#define XVS_TCP_UNBOUND 0x20 /* and whatever its numbers are */

/*
 * Does it acknowledge the SYN of the other side? The data of a SYN (RFC 7413) need not be.
 */
static __always_inline int xvs_tcp_answers(
	const struct xvs_flow *flow, const struct xvs_packet *packet, __u8 side)
{
	__u32 lacks = flow->end[!side] - packet->tcp_acknowledged;

	return lacks <= (flow->flags & XVS_FLOW_SYN_DATA ? XVS_TCP_SYN_DATA_MAX : 0);
}

/*
 * The state after an RST, or -1. It ends the connection only where it could not be a guess (RFC
 * 5961, section 3); the stations decide about others.
 */
static __always_inline int xvs_tcp_reset(
	const struct xvs_flow *flow, const struct xvs_packet *packet, __u8 side)
{
	if (flow->tcp == XVS_TCP_OPENING && !xvs_tcp_is_first(flow, side)) {
		return packet->tcp_flags & XVS_TCP_ACK && xvs_tcp_answers(flow, packet, side)
			       ? XVS_TCP_CLOSED
			       : -1;
	}
	if (packet->tcp_sequence == flow->end[side & 1])
		return XVS_TCP_CLOSED;
	return flow->tcp | XVS_TCP_UNNOTED | (flow->tcp == XVS_TCP_OPENING ? XVS_TCP_UNBOUND : 0);
}

/*
 * The state after another packet, or -1: it is no part of the connection.
 *
 * opening      The side that began sends its SYN again. The other answers by SYN and ACK, or has
 *              begun at once (SYN): answered. An ACK without data is of a connection that only it
 *              remembers, and that the first side will reset.
 * answered     The first side sends with ACK: established. Either sends its SYN again.
 * established  All have ACK. A SYN of the first side: it has forgotten the connection.
 * closing      The same; with FINs of both sides closed.
 */
static __always_inline int xvs_tcp_next(
	const struct xvs_flow *flow, const struct xvs_packet *packet, __u8 side, __u8 fins)
{
	__u8 syn = packet->tcp_flags & (XVS_TCP_SYN | XVS_TCP_ACK), state = flow->tcp;
	int first = xvs_tcp_is_first(flow, side);

	if (state == XVS_TCP_OPENING) {
		if (first)
			return syn == XVS_TCP_SYN ? XVS_TCP_OPENING : -1;
		if (syn == XVS_TCP_ACK)
			return xvs_tcp_end(packet) == packet->tcp_sequence
				       ? XVS_TCP_OPENING | XVS_TCP_UNNOTED | XVS_TCP_UNBOUND
				       : -1;
		if (syn & XVS_TCP_ACK && !xvs_tcp_answers(flow, packet, side))
			return -1;
		return syn ? XVS_TCP_ANSWERED : -1;
	}
	if (syn == XVS_TCP_SYN) {
		if (state == XVS_TCP_ANSWERED)
			return XVS_TCP_ANSWERED;
		return first ? state | XVS_TCP_UNNOTED | XVS_TCP_UNBOUND : -1;
	}
	if (!syn)
		return -1;
	if (state == XVS_TCP_ANSWERED)
		return first && syn == XVS_TCP_ACK ? XVS_TCP_ESTABLISHED : XVS_TCP_ANSWERED;
	if (syn & XVS_TCP_SYN)
		return state | XVS_TCP_UNNOTED; /* an answer that is sent again */
	if (state == XVS_TCP_CLOSED || fins == 3)
		return XVS_TCP_CLOSED;
	return fins ? XVS_TCP_CLOSING : state;
}

/*
 * Watches a connection whose first packet was seen. 0, or minus the drop reason. The verifier looks
 * at it once: it is a function of its own.
 */
__noinline int xvs_tcp_watch(
	struct __sk_buff *skb, struct xvs_flow *flow, const struct xvs_packet *packet, __u32 side)
{
	__u8 fins;
	int next;

	if (!flow || !packet)
		return -XVS_DROP_flow_state; /* for the verifier, which lets them be NULL */
	side &= 1;
	fins = flow->fins | (packet->tcp_flags & XVS_TCP_FIN ? 1 << side : 0);
	next = packet->tcp_flags & XVS_TCP_RST ? xvs_tcp_reset(flow, packet, side)
					       : xvs_tcp_next(flow, packet, side, fins);
	if (next < 0 || (!(next & XVS_TCP_UNBOUND) && !xvs_tcp_fits(flow, packet, side)))
		return -XVS_DROP_flow_state;
	if (next & XVS_TCP_UNNOTED)
		return 0;
	xvs_tcp_note(skb, flow, packet, side);
	flow->fins = fins;
	if (next == flow->tcp)
		return 0;
	flow->tcp = next;
	flow->seen = xvs_tick_now();
	flow->patience = xvs_flow_patience(flow);
	return 0;
}

#endif
