/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MAC table of one switch, from the agent's side. maps/fdb.h says how it is laid out, and how
 * programs that use it at the same time and the agent keep out of each other's way. Of agents there
 * is one at a time.
 */
#ifndef XVS_AGENT_MAC_TABLE_H
#define XVS_AGENT_MAC_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "maps/fdb.h"

/* An address in it, as it was when it was read. */
struct xvs_fdb_entry {
	struct xvs_fdb_key key;
	uint32_t port; /* port id */
	uint32_t flags; /* enum xvs_fdb_flag */
	uint64_t seen_ns; /* CLOCK_MONOTONIC_COARSE of the last frame; 0 if permanent */
};

/* A table in memory. */
struct xvs_mac_table {
	struct xvs_fdb_head *head;
	struct xvs_fdb_bucket *bucket; /* [end]; 0 is the head, homes begin at 1 */
	uint32_t *beyond; /* by home */
	uint32_t end;
	size_t bytes;
};

/* CLOCK_MONOTONIC_COARSE, as the programs read it. */
uint64_t xvs_mac_table_now(void);

/*
 * Puts the table of the map `fd` into memory, to be closed; both take time in proportion to its
 * size, some 5 ms for 1,000,000 addresses. 0 or -errno; -EPROTO: it is no MAC table.
 */
int xvs_mac_table_open(int fd, struct xvs_mac_table *ret);
void xvs_mac_table_close(struct xvs_mac_table *table);

/* Makes the head of a new table for `size` addresses. 0 or -errno. */
int xvs_mac_table_begin(int fd, uint32_t size);

/* Is there an address in this place? *ret is what it was. */
bool xvs_mac_table_at(const struct xvs_mac_table *table, uint32_t bucket, uint32_t slot,
	struct xvs_fdb_entry *ret);
bool xvs_mac_table_get(const struct xvs_mac_table *table, const struct xvs_fdb_key *key,
	struct xvs_fdb_entry *ret);
/* Takes an address out; false: it isn't there (any more). *ret_was as it was at the last. */
bool xvs_mac_table_remove(
	struct xvs_mac_table *table, const struct xvs_fdb_key *key, struct xvs_fdb_entry *ret_was);

/*
 * Puts an address in, or gives one that is there another owner. `ret_was` is what has gone for it,
 * port 0 if nothing: the same address, or, for a permanent one, a learned one in whose place it
 * stands now. A permanent one finds room in a full table, too, which then has more than `size`. 0,
 * or -ENOSPC: the table has as many addresses as it takes, or all places where this one may stand
 * have permanent ones.
 */
int xvs_mac_table_put(struct xvs_mac_table *table, const struct xvs_fdb_entry *entry,
	struct xvs_fdb_entry *ret_was);

/*
 * After an agent that was killed: frees places that it has left half taken, lets addresses be found
 * again that it was about to show, and counts anew. Waits for packets if there are half taken ones.
 */
void xvs_mac_table_repair(struct xvs_mac_table *table);

#endif
