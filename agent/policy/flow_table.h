/* SPDX-License-Identifier: GPL-2.0-only */
/* The flow table from the side of the agent, while packets use it: maps/flow.h. */
#ifndef XVS_AGENT_POLICY_FLOW_TABLE_H
#define XVS_AGENT_POLICY_FLOW_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include "agent/tables.h"

struct xvs_flow_walk {
	const struct xvs_tables *tables;
	struct xvs_flow *flows; /* mapped: [XVS_FLOW_MAX], 34 MB that the daemon has for as long */
	uint32_t place; /* how far it is */
};

/* Begins at `place`, 0 at first. 0 or -errno. */
int xvs_flow_walk_begin(const struct xvs_tables *tables, uint32_t place, struct xvs_flow_walk *ret);
void xvs_flow_walk_end(struct xvs_flow_walk *walk);

/* Copies the next flow. What comes or goes meanwhile is seen or not. False: there is none. */
bool xvs_flow_next(struct xvs_flow_walk *walk, struct xvs_flow *ret);

/* Takes out the flow that was copied last. False: it has gone by itself. */
bool xvs_flow_take_out(struct xvs_flow_walk *walk);

#endif
