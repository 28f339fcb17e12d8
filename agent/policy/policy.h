/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Port policy: what a guest may send and receive.
 *
 *   guard.c      guards: the port's part of what packets read, and what belongs to it
 *   addresses.c  IP addresses that ports have learned: told, aged, forgotten
 */
#ifndef XVS_AGENT_POLICY_H
#define XVS_AGENT_POLICY_H

#include "agent/agent.h"

#define XVS_STORM_LIMIT 1000 /* default on external and internal switches */

/* guard.c */
int xvs_guards_open(struct xvs_agent *agent);
void xvs_guards_close(struct xvs_agent *agent);
int xvs_guards_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report);
/* The port's part of what packets read. 0 or -errno. */
int xvs_guards_fill(struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_port_setting *setting, struct xvs_port_config *port);
/*
 * Addresses of siblings, and those that are set, for the spare half, whose ports are written
 * already. 0 or -errno.
 */
int xvs_guards_write(struct xvs_agent *agent, const struct xvs_config *config);
/* Does that differ in what ports themselves don't show? */
bool xvs_guards_differ(struct xvs_agent *agent, const struct xvs_config *config);
int xvs_guards_describe(struct xvs_agent *agent, const struct xvs_port_setting *setting,
	uint32_t id, bool whole, json_t *answer);

/* addresses.c */
/* Takes away what is aged or void, some at a time. */
void xvs_addresses_sweep(struct xvs_agent *agent);
/* What the port has learned, as text. NULL: out of memory. */
json_t *xvs_addresses_list(const struct xvs_agent *agent, uint32_t port);
/* The address of maps/layout.h as text. NULL: out of memory. */
json_t *xvs_address_text(const __be32 address[4]);
/* A call of xvsctl, see methods.c. */
int xvs_addresses_method(struct xvs_agent *agent, struct xvs_call *call);

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

/* told.c: a record of the map `events` */
void xvs_told_tell(struct xvs_agent *agent, const void *record);

/* validate.c */
int xvs_policy_validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report);

/* methods.c */
extern const struct xvs_method xvs_policy_methods[];

#endif
