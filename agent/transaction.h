/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A change of the configuration in force: planned, run, and then committed or reverted. All ways
 * to change something (apply, try, a patch, a reload, a restart, keeping up with the kernel) are
 * this.
 *
 *	plan ──> run ──> commit
 *	           └───> revert
 */
#ifndef XVS_AGENT_TRANSACTION_H
#define XVS_AGENT_TRANSACTION_H

#include "agent/agent.h"

#define XVS_LONG_PLAN 16 /* steps: worth a hurry, see hook.h */

struct xvs_call;

/* Starts as {.agent, .config} and what else is known, the rest zero. */
struct xvs_transaction {
	struct xvs_agent *agent;
	/* what is asked for; agent->running, or taken over: freed, or in force in the end */
	struct xvs_config *config;
	struct xvs_config *former; /* between run and the end: what was in force */
	bool passing; /* not to be kept for a restarted agent */
	struct xvs_plan plan;
	struct xvs_call *call; /* who is told of progress, NULL: nobody */
	uint64_t told_us; /* when that was last (CLOCK_MONOTONIC) */
};

/* Fills the plan; nothing is changed. 0 or -errno. */
int xvs_transaction_plan(struct xvs_transaction *change);

/* Brings the configuration into force, but so that it can be reverted. 0, or -errno: it did not. */
int xvs_transaction_run(struct xvs_transaction *change);
/* 0, or -errno: it is still in force, and can be reverted or committed once more. */
int xvs_transaction_commit(struct xvs_transaction *change);
void xvs_transaction_revert(struct xvs_transaction *change);
/* Both at once: in force for good, or -errno and reverted. */
int xvs_transaction_run_for_good(struct xvs_transaction *change);

/* Frees what it still has. */
void xvs_transaction_clear(struct xvs_transaction *change);

#endif
