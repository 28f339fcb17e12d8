/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP (RFC 9293), as far as what is no part of a connection can be told by its flags. The states
 * are those of maps/flow.h.
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

/*
 * Follows a connection whose first packet was seen. Returns its next state, or -1: the packet is
 * no part of it. `first`: it is sent by the side that began.
 *
 *   state        by the first side            by the other
 *   opening      SYN, RST                     SYN ACK (answered), RST
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
		return XVS_TCP_CLOSED;
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

#endif
