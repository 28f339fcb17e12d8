/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP (RFC 9293), as far as what is no part of a connection can be told by flags, sequence numbers
 * and windows. The states are those of maps/flow.h. A side is a direction: bit 0 or 1.
 */
#ifndef XVS_BPF_TCP_H
#define XVS_BPF_TCP_H

#include "bpf/lib/packet.h"
#include "maps/flow.h"

#define XVS_TCP_FIN 0x01
#define XVS_TCP_SYN 0x02
#define XVS_TCP_RST 0x04
#define XVS_TCP_ACK 0x10

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
#define XVS_TCP_OPTIONS_MAX 40 /* bytes */

/*
 * The window scale among the options of a SYN, or XVS_TCP_NO_SCALE. `offset`, `end`: of the
 * options. The verifier looks at it once: it is a function of its own.
 */
__noinline int xvs_tcp_scale(struct __sk_buff *skb, __u32 offset, __u32 end)
{
	struct {
		__u8 kind, size, value;
	} option;

	for (int i = 0; i < XVS_TCP_OPTIONS_MAX && offset < end; i++) {
		if (bpf_skb_load_bytes(skb, offset, &option, 1) || !option.kind)
			break;
		if (option.kind == 1) { /* nothing: fills up */
			offset++;
			continue;
		}
		if (bpf_skb_load_bytes(skb, offset, &option, sizeof(option)) || option.size < 2)
			break;
		if (option.kind == 3 && option.size == 3)
			return option.value < XVS_TCP_SCALE_MAX ? option.value : XVS_TCP_SCALE_MAX;
		offset += option.size;
	}
	return XVS_TCP_NO_SCALE;
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

/* Bits of the sides whose numbers bind the packet: before an answer one has none, a SYN has new
 * ones. */
static __always_inline __u8 xvs_tcp_numbered(
	const struct xvs_flow *flow, const struct xvs_packet *packet, __u8 side)
{
	__u8 sides = 3;

	if (flow->tcp == XVS_TCP_OPENING)
		sides = flow->flags & XVS_FLOW_BEGAN_OUT ? 1 << XVS_ACL_OUT : 1 << XVS_ACL_IN;
	if (packet->tcp_flags & XVS_TCP_SYN && flow->tcp <= XVS_TCP_ANSWERED)
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

/* The scale that windows of the side have: none unless both have announced one. */
static __always_inline __u8 xvs_tcp_scale_of(const struct xvs_flow *flow, __u8 side)
{
	__u8 in = flow->scales & 15, out = flow->scales >> 4;

	if (in == XVS_TCP_NO_SCALE || out == XVS_TCP_NO_SCALE)
		return 0;
	return side ? out : in;
}

/* Notes how far the side has come. A SYN begins anew. */
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

/*
 * Follows a connection whose first packet was seen. Returns its next state, or -1: the packet is
 * no part of it. `first`: it is sent by the side that began.
 *
 *   state        by the first side            by the other
 *   opening      SYN, RST                     SYN ACK (answered), RST ACK
 *   answered     ACK (established), SYN, RST  SYN ACK, RST; data may overtake nothing: others not
 *   established  any but SYN alone            any but SYN alone
 *   closing      the same                     the same; FINs of both: closed
 *   closed       ACK, FIN, RST                the same; data not
 */
static __always_inline int xvs_tcp_next(__u8 state, __u8 flags, int first, __u8 fins)
{
	__u8 syn = flags & (XVS_TCP_SYN | XVS_TCP_ACK);

	if (state == XVS_TCP_NONE)
		return XVS_TCP_NONE;
	if (flags & XVS_TCP_RST)
		return state == XVS_TCP_OPENING && !first && !syn ? -1 : XVS_TCP_CLOSED;
	if (state == XVS_TCP_OPENING) {
		if (first)
			return syn == XVS_TCP_SYN ? XVS_TCP_OPENING : -1;
		return syn == (XVS_TCP_SYN | XVS_TCP_ACK) ? XVS_TCP_ANSWERED : -1;
	}
	if (state == XVS_TCP_ANSWERED) {
		if (!first)
			return syn == (XVS_TCP_SYN | XVS_TCP_ACK) ? XVS_TCP_ANSWERED : -1;
		return syn == XVS_TCP_ACK ? XVS_TCP_ESTABLISHED
					  : (syn == XVS_TCP_SYN ? XVS_TCP_ANSWERED : -1);
	}
	if (syn == XVS_TCP_SYN)
		return -1;
	if (fins == 3)
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
	int first, next;
	__u8 fins;

	if (!flow || !packet)
		return -XVS_DROP_flow_state; /* for the verifier, which lets them be NULL */
	first = !(flow->flags & XVS_FLOW_BEGAN_OUT) == !side;
	fins = flow->fins | (packet->tcp_flags & XVS_TCP_FIN ? 1 << (side & 1) : 0);
	next = xvs_tcp_next(flow->tcp, packet->tcp_flags, first, fins);
	if (next < 0 || !xvs_tcp_fits(flow, packet, side))
		return -XVS_DROP_flow_state;
	xvs_tcp_note(skb, flow, packet, side);
	flow->fins = fins;
	if (next == flow->tcp)
		return 0;
	flow->tcp = next;
	flow->patience = xvs_flow_patience(flow->idle, next);
	return 0;
}

#endif
