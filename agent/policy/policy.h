/* SPDX-License-Identifier: GPL-2.0-only */
/* Port policy: what a guest may send and receive. */
#ifndef XVS_AGENT_POLICY_H
#define XVS_AGENT_POLICY_H

#include "agent/agent.h"

/* guard.c: the port's part of what packets read */
int xvs_guards_fill(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_port_setting *setting, struct xvs_port_config *port);

/* lists.c */
int xvs_lists_open(struct xvs_agent *agent);
void xvs_lists_close(struct xvs_agent *agent);
/* Compiles what ports of the configuration use and is not compiled yet. 0 or -errno. */
int xvs_lists_prepare(struct xvs_agent *agent, const struct xvs_config *config);
/* The port's part of what packets read. */
void xvs_lists_fill(const struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_port_setting *setting, struct xvs_port_config *port);
/* They come into force with the next flip; what was before is out of use after the grace period. */
int xvs_lists_write_half(struct xvs_agent *agent, const struct xvs_config *config);
void xvs_lists_after_grace(struct xvs_agent *agent);

/* flows.c */
void xvs_flows_port_gone(struct xvs_agent *agent, uint32_t id);
/* Removes the flows of ports that are gone. */
void xvs_flows_forget(struct xvs_agent *agent);
int xvs_flows_list(struct xvs_agent *agent, struct xvs_call *call);
int xvs_flows_flush(struct xvs_agent *agent, struct xvs_call *call);

/* logged.c: a record of the map `events` */
void xvs_logged_tell(struct xvs_agent *agent, const void *record);

/* validate.c */
int xvs_policy_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report);

/* methods.c */
const char *xvs_policy_near_port(const struct xvs_agent *agent, const char *name);
extern const struct xvs_method xvs_policy_methods[];

#endif
