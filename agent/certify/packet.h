/* SPDX-License-Identifier: GPL-2.0-only */
/* The bytes of a frame, and its tags. */
#ifndef XVS_CERTIFY_PACKET_H
#define XVS_CERTIFY_PACKET_H

#include <linux/if_ether.h>
#include <stdint.h>

#define TAGS_MAX 2
#define TAG_SIZE 4
#define JUMBO_SIZE 9216 /* more than any MTU here; longer ones are GSO packets */
#define PACKET_SIZE (65535 + ETH_HLEN + TAG_SIZE * TAGS_MAX)

struct tag {
	uint16_t protocol; /* TPID; 0 = no tag */
	uint16_t control; /* priority, DEI, VLAN id */
};

struct packet {
	uint32_t size;
	uint8_t bytes[PACKET_SIZE];
};

/* Puts `tag` outside of those the packet has, if there is room for it. */
void packet_put_tag(struct packet *packet, struct tag tag);

#endif
