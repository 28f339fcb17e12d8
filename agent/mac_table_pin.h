/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MAC tables as pinned maps: made, put where packets find them, found again, removed. docs/pins.md
 * says which names they have when.
 */
#ifndef XVS_AGENT_MAC_TABLE_PIN_H
#define XVS_AGENT_MAC_TABLE_PIN_H

#include "agent/tables.h"

/* A new, empty MAC table. A file descriptor, or -errno. */
int xvs_fdb_create(const struct xvs_tables *tables, uint32_t switch_id, uint32_t size);
/* Makes it the switch's: pinned, and from now on the one that packets find. 0 or -errno. */
int xvs_fdb_set(const struct xvs_tables *tables, uint32_t switch_id, int table);
/* Takes the switch's table from packets and pins. */
int xvs_fdb_unset(const struct xvs_tables *tables, uint32_t switch_id);
/*
 * The switch's table after a restart. A file descriptor, or -errno: -ENOENT or -ESTALE if the one
 * that packets find is not pinned.
 */
int xvs_fdb_open(const struct xvs_tables *tables, uint32_t switch_id, uint32_t *ret_size);
/* Removes tables without a switch, which a killed run has left. */
void xvs_fdb_clean(const struct xvs_tables *tables);

#endif
