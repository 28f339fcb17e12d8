/* SPDX-License-Identifier: GPL-2.0-only */
/* A plan in the making, for the files that make it: plan.c, and plan_host.c for host ports. */
#ifndef XVS_SWITCH_PLANNER_H
#define XVS_SWITCH_PLANNER_H

#include "agent/switch/steps.h"

/* A device that some port of the plan has taken. */
struct claim {
	uint32_t ifindex;
	UT_hash_handle hh;
};

struct planner {
	struct xvs_agent *agent;
	const struct xvs_config *config;
	struct xvs_plan *plan;
	size_t before; /* steps that others have put there */
	struct xvs_wanted_list wanted;
	const struct xvs_pool *pool; /* as it will be */
	struct xvs_change *lent; /* what changes it, NULL: nothing */
	struct claim *claims;
	uint32_t *ifindex; /* of wanted.item[i], 0 = waits */
	bool *removed; /* by port id: the steps of its removal are there already */
	int error;
};

/* A step's subject; NULL: out of memory, noted in the planner, or it has failed before. */
struct xvs_change *xvs_change_new(struct planner *planner, const char *name);

#define ADD(planner, kind, change, ...)                                                            \
	((planner)->error = (planner)->error                                                       \
				    ?: xvs_plan_add((planner)->plan, kind, change, __VA_ARGS__))

/* Is a port of this name wanted, and the device one that a port of the plan has? */
bool xvs_plan_wants(const struct planner *planner, const struct xvs_vport *port);
bool xvs_plan_claims(const void *planner, uint32_t ifindex);
void xvs_plan_detach(struct planner *planner, const struct xvs_vport *port);

/* plan_host.c */
void xvs_plan_host_device(struct planner *planner, const struct xvs_wanted *item);
void xvs_plan_host_ends(struct planner *planner);
void xvs_plan_host_addresses(struct planner *planner);
/* Moves NICs' addresses to host ports; gives them back where that is no longer wanted. */
void xvs_plan_take_addresses(struct planner *planner);
void xvs_plan_return_addresses(struct planner *planner);
void xvs_plan_host_removal(struct planner *planner, const struct xvs_vport *port);

#endif
