/* SPDX-License-Identifier: GPL-2.0-only */
/* The formats of ARP (RFC 826) and neighbour discovery (RFC 4861), and who may be asked for. */
#ifndef XVS_BPF_NEIGHBOR_H
#define XVS_BPF_NEIGHBOR_H

#include "bpf/lib/packet.h"

/* Could a station have it? Not ::, ::1, groups, 0/8, 127/8, class D and E. */
static __always_inline int xvs_is_station_address(const __be32 *address)
{
	__u32 last = bpf_ntohl(address[3]), first = last >> 24;

	if (address[0] || address[1])
		return bpf_ntohl(address[0]) >> 24 != 0xff;
	if (address[2] == bpf_htonl(0xffff))
		return first && first != 127 && first < 224;
	return address[2] || last > 1;
}

struct xvs_arp {
	__be16 hardware, protocol;
	__u8 hardware_size, protocol_size;
	__be16 operation;
	__u8 sender_mac[ETH_ALEN], sender[4];
	__u8 target_mac[ETH_ALEN], target[4];
};

#define XVS_ARP_REQUEST 1
#define XVS_ARP_REPLY 2

#define XVS_ND_ROUTER_SOLICITATION 133
#define XVS_ND_ROUTER_ADVERTISEMENT 134
#define XVS_ND_SOLICITATION 135
#define XVS_ND_ADVERTISEMENT 136
#define XVS_ND_REDIRECT 137

#define XVS_ND_TARGET 8 /* from the ICMP header on */
#define XVS_ND_OPTIONS_MAX 16

struct xvs_nd_option {
	__u8 type, size; /* in units of 8 bytes */
	__u8 mac[ETH_ALEN];
};

#define XVS_ND_SOURCE_MAC 1
#define XVS_ND_TARGET_MAC 2

#endif
