/* SPDX-License-Identifier: GPL-2.0-only */
/* Some of a frame changed, where headers have their lengths and types above all. */
#ifndef XVS_CERTIFY_MUTATE_H
#define XVS_CERTIFY_MUTATE_H

#include "agent/certify/packet.h"
#include "agent/certify/random.h"

/* What a change takes from elsewhere. */
struct mutator {
	struct tag (*tag)(struct random *random); /* as guests and wires may send it */
	const struct packet *(*other)(struct random *random); /* whose end the frame may get */
};

/* A few changes, or none; the frame keeps ETH_HLEN to JUMBO_SIZE bytes, tags included. */
void mutate(const struct mutator *mutator, struct random *random, struct packet *packet);
/* Makes the frame longer, up to `size` bytes, with bytes that tell their places. */
void mutate_grow(struct packet *packet, uint32_t size);

#endif
