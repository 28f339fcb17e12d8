/* SPDX-License-Identifier: GPL-2.0-only */
/* What extensions remember of a port, in maps of theirs. */
#ifndef XVS_AGENT_EXTENSION_STATE_H
#define XVS_AGENT_EXTENSION_STATE_H

#include <stdbool.h>
#include <stdint.h>

/* How far a walk is. It goes by the map's buckets: entries that come or go don't disturb it. */
struct xvs_state_walk {
	uint32_t port;
	uint32_t key_size, value_size;
	bool begun;
	uint32_t bucket; /* where it goes on */
	uint32_t room; /* elements that keys and values take */
	uint8_t *keys, *values; /* owned */
};

/* Called with each entry of the port; key and value are the walk's. 0, or -errno to end it. */
typedef int xvs_state_visit(void *data, const uint8_t *key, const uint8_t *value);

/* 0 or -errno: -EPROTO no hash. To be ended in both cases. */
int xvs_state_walk_begin(struct xvs_state_walk *walk, int map, uint32_t port);
/* The next few buckets. 1: there is more; 0, or -errno. */
int xvs_state_walk_next(struct xvs_state_walk *walk, int map, xvs_state_visit *visit, void *data);
void xvs_state_walk_end(struct xvs_state_walk *walk);

/* Removes the port's entries. 0 or -errno. */
int xvs_state_forget(int map, uint32_t port);

#endif
