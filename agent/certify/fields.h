/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the fields of a frame stand that a filter may declare to change, and their checksums. */
#ifndef XVS_CERTIFY_FIELDS_H
#define XVS_CERTIFY_FIELDS_H

#include <stdbool.h>
#include "agent/certify/packet.h"

/* Offsets from the destination MAC; what can't be found is 0. */
struct fields {
	uint32_t network; /* IP header */
	uint32_t header; /* size of it; 0: it makes no sense */
	uint32_t behind; /* all tags and LLC: what Ethernet carries */
	uint32_t end; /* of the IP packet, by its own length; within the frame */
	uint32_t transport; /* not in a later fragment */
	uint32_t payload; /* behind the transport header */
	uint32_t checksum; /* of the transport header, 0 = it has none */
	uint8_t version; /* of IP: 4, 6, or 0 */
	uint8_t protocol;
	bool fragment;
	bool detour; /* a routing header: the sum is over another destination */
	bool cut; /* IP says that it is longer than the frame, or shorter than its header */
};

enum fields_checksum { FIELDS_IP4 = 1, FIELDS_TRANSPORT = 2 };

void fields_read(const struct packet *packet, struct fields *ret);
/* Lengths of IP, and checksums, of a frame that was just put together. */
void fields_finish(struct packet *packet);

/*
 * Sums that are there and can be looked at (bits of enum fields_checksum), and which of them are
 * right.
 */
unsigned int fields_checksums(const struct packet *packet, unsigned int *ret_right);

/* Sets the bits of `mask` that a filter that declares `changes` (enum xvs_changes) may change. */
void fields_allow(const struct packet *packet, unsigned int changes, uint8_t mask[PACKET_SIZE]);

#endif
