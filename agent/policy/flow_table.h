/* SPDX-License-Identifier: GPL-2.0-only */
/* The flow table from the side of the agent, while packets use it: maps/flow.h. */
#ifndef XVS_AGENT_POLICY_FLOW_TABLE_H
#define XVS_AGENT_POLICY_FLOW_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include "agent/tables.h"

/*
 * Copies the next flow from *place on, 0 at first, which is moved behind it. What comes or goes
 * meanwhile is seen or not. False: there is none.
 */
bool xvs_flow_next(const struct xvs_tables *tables, uint32_t *place, struct xvs_flow *ret);

/* Takes out the flow that was found before `place`. False: it has gone by itself. */
bool xvs_flow_take_out(const struct xvs_tables *tables, uint32_t place);

#endif
