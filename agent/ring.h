/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reader of the map `events`: what the programs tell, handed to the feature that has its kind
 * in `records`.
 */
#ifndef XVS_AGENT_RING_H
#define XVS_AGENT_RING_H

#include "agent/agent.h"

/* 0 or -errno. */
int xvs_ring_open(struct xvs_agent *agent);
void xvs_ring_close(struct xvs_agent *agent);
/* Takes what was told since the last call, which is a second ago. */
void xvs_ring_read(struct xvs_agent *agent);

#endif
