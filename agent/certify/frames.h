/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames for certification, made of a seed and a number: those of all protocols that the switch
 * knows, with right lengths and checksums, and as many that were changed at random.
 */
#ifndef XVS_CERTIFY_FRAMES_H
#define XVS_CERTIFY_FRAMES_H

#include "agent/certify/packet.h"
#include "agent/certify/witness.h"

#define FRAMES_PORTS 8 /* there are ports 1..8 */
#define FRAMES_LINEAR                                                                              \
	3000 /* bytes that a test run takes; what is longer grows there, by zeroes                 \
	      */

struct frame_made {
	struct witness_asked asked; /* where it comes from and goes to */
	uint32_t gso_segments, gso_size; /* 0 = the frame is one packet */
	struct packet packet; /* as the extension gets it */
};

/* Which ways, enum xvs_extension_flag; with both it is one or the other. */
void frames_make(uint64_t seed, uint32_t number, unsigned int ways, struct frame_made *ret);
/* How many of its bytes a test run is given. It takes none without whole headers. */
uint32_t frames_given(const struct frame_made *frame);

#endif
