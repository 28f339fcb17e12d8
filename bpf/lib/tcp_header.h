/* SPDX-License-Identifier: GPL-2.0-only */
/* Flags and options of TCP. */
#ifndef XVS_BPF_TCP_HEADER_H
#define XVS_BPF_TCP_HEADER_H

#include "bpf/lib/packet.h"

#define XVS_TCP_FIN 0x01
#define XVS_TCP_SYN 0x02
#define XVS_TCP_RST 0x04
#define XVS_TCP_ACK 0x10

#define XVS_TCP_OPTIONS_MAX 40 /* bytes */

/* Kinds of options (RFC 9293, section 3.1; RFC 7323, section 2.2), and how many bytes each has. */
#define XVS_TCP_OPTION_END 0
#define XVS_TCP_OPTION_NOTHING 1 /* fills up */
#define XVS_TCP_OPTION_MSS 2
#define XVS_TCP_OPTION_MSS_SIZE 4
#define XVS_TCP_OPTION_SCALE 3
#define XVS_TCP_OPTION_SCALE_SIZE 3

struct xvs_tcp_option {
	__u8 kind, size;
};

struct xvs_tcp_walk {
	struct __sk_buff *skb;
	__u32 offset, end; /* of the options that are left */
	struct xvs_tcp_option wanted;
	__u32 found; /* where its value stands */
};

static long xvs_tcp_step(__u32 number, struct xvs_tcp_walk *walk)
{
	struct xvs_tcp_option option;

	if (walk->offset >= walk->end || bpf_skb_load_bytes(walk->skb, walk->offset, &option, 1) ||
		option.kind == XVS_TCP_OPTION_END)
		return 1;
	if (option.kind == XVS_TCP_OPTION_NOTHING) {
		walk->offset++;
		return 0;
	}
	if (bpf_skb_load_bytes(walk->skb, walk->offset, &option, sizeof(option)) ||
		option.size < sizeof(option))
		return 1;
	if (option.kind == walk->wanted.kind && option.size == walk->wanted.size) {
		walk->found = walk->offset + sizeof(option);
		return 1;
	}
	walk->offset += option.size;
	return 0;
}

/*
 * Where the value of an option stands, 0: there is none. `offset`, `end`: of the options. The
 * verifier looks at it once: it is a function of its own.
 */
__noinline __u32 xvs_tcp_find(
	struct __sk_buff *skb, __u32 offset, __u32 end, __u32 kind, __u32 size)
{
	struct xvs_tcp_walk walk = {skb, offset, end, {kind, size}, 0};

	bpf_loop(XVS_TCP_OPTIONS_MAX, xvs_tcp_step, &walk, 0);
	return walk.found;
}

#endif
