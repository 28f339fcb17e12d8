/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MAC pool: which address is lent to whom. Pure: no clock, no file, no kernel. A lease stays
 * with its holder as long as the holder exists and the address lies in the range.
 */
#ifndef XVS_SWITCH_POOL_H
#define XVS_SWITCH_POOL_H

#include <uthash.h>
#include "agent/model.h"

struct xvs_lease {
	char holder[XVS_PORT_NAME_SIZE]; /* a port's name */
	uint64_t number; /* the address, see xvs_mac_number() */
	UT_hash_handle by_holder, by_number;
};

struct xvs_pool {
	uint64_t first; /* address */
	uint64_t size;
	struct xvs_lease *by_holder, *by_number;
};

/* Sets the range and takes back the leases outside it. */
void xvs_pool_set_range(struct xvs_pool *pool, const struct xvs_mac *first, uint64_t size);
bool xvs_pool_contains(const struct xvs_pool *pool, const struct xvs_mac *mac);
/* The holder's address: its lease, or the lowest free one. -ENOSPC: the pool is exhausted. */
int xvs_pool_lend(struct xvs_pool *pool, const char *holder, struct xvs_mac *ret);
/* The address that `holder` has. -ENOENT: none. */
int xvs_pool_address(const struct xvs_pool *pool, const char *holder, struct xvs_mac *ret);
/* Notes a lease from an earlier run. -EEXIST: somebody else has it; -ERANGE: not of this pool. */
int xvs_pool_restore(struct xvs_pool *pool, const char *holder, const struct xvs_mac *mac);
void xvs_pool_take_back(struct xvs_pool *pool, const char *holder);
unsigned int xvs_pool_used(const struct xvs_pool *pool);
void xvs_pool_clear(struct xvs_pool *pool);

/* The range of a host that was given none: 02:xx:xx:xx:xx:00, from what is unique to the host. */
struct xvs_mac xvs_pool_default_first(const void *unique, size_t size);

#endif
