/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events for those who listen (`Monitor`): docs/control.md lists them. A listener that reads too
 * slowly loses some, and is told how many.
 */
#ifndef XVS_AGENT_EVENT_H
#define XVS_AGENT_EVENT_H

#include "agent/agent.h"

struct xvs_call;

/*
 * Tells all listeners. `format` and what follows are json_pack's, an object with the event's
 * members: xvs_event(agent, "link", "{s:s, s:b}", "port", name, "up", true). Without listeners
 * nothing is made, so it must not hand references over ("o").
 */
void xvs_event(struct xvs_agent *agent, const char *event, const char *format, ...);

/* The method `Monitor`. */
int xvs_event_monitor(struct xvs_agent *agent, struct xvs_call *call);

#endif
