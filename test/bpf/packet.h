/* SPDX-License-Identifier: GPL-2.0-only */
/* Frames as a table describes them, and their bytes. */
#ifndef XVS_TEST_BPF_PACKET_H
#define XVS_TEST_BPF_PACKET_H

#include <stdbool.h>
#include "agent/certify/packet.h"

#define FRAME_SIZE 100 /* unless a table says otherwise */

/* What is behind the Ethernet header and the tags. */
enum content {
	EXPERIMENTAL, /* no protocol that anyone knows */
	CUT_TAG, /* the protocol of a tag; with fewer than 18 bytes the tag is cut */
	ARP,
	IPV4_TCP,
	IPV4_TCP_OPTIONS, /* with 12 bytes of them, and 4 in the IP header */
	IPV4_UDP,
	IPV4_SCTP,
	IPV4_GRE,
	IPV6_TCP,
	IPV6_UDP,
	IPV6_ICMP,
	IPV6_EXTENSIONS_TCP, /* hop-by-hop, destination options, fragment */
	IPV6_EXTENSIONS_UDP, /* a routing header of 24 bytes */
	IPV6_EXTENSIONS_MANY, /* five: more than the programs follow */
	CONTENTS,
};

#define Q(tci)                                                                                     \
	{                                                                                          \
		ETH_P_8021Q, tci                                                                   \
	}
#define AD(tci)                                                                                    \
	{                                                                                          \
		ETH_P_8021AD, tci                                                                  \
	}
#define PRIORITY(p) ((p) << 13)

struct frame {
	const uint8_t *source, *destination;
	enum content content;
	struct tag tags[TAGS_MAX]; /* outermost first */
	uint32_t size; /* without tags; 0 = FRAME_SIZE */
};

/* MAC addresses, also for the initializers of tables. */
#define MAC(a, b, c, d, e, f) ((const uint8_t[]){a, b, c, d, e, f})
#define STATION(port) MAC(2, 0, 0, 0, 0, port) /* assigned to the port */
#define GUEST(number) MAC(2, 0, 0, 0, 1, number) /* nobody's yet */
#define BROADCAST MAC(0xff, 0xff, 0xff, 0xff, 0xff, 0xff)
#define MULTICAST MAC(0x01, 0x00, 0x5e, 0x7f, 0x00, 0x01)
#define RESERVED(number) MAC(0x01, 0x80, 0xc2, 0x00, 0x00, number)

void packet_fill(struct packet *packet, const struct frame *frame);

bool packet_equal(const struct packet *left, const struct packet *right);

/* Words for people; until the next call. */
const char *packet_difference(const struct packet *got, const struct packet *expected);

/* From the network header to the payload. */
uint32_t packet_headers(enum content content);

#endif
