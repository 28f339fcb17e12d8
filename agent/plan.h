/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plan: the steps from what is to what is asked for, in words a person can read. One engine runs
 * any plan, in order, and undoes it in reverse when a step fails.
 */
#ifndef XVS_AGENT_PLAN_H
#define XVS_AGENT_PLAN_H

#include <stddef.h>

struct xvs_agent;
struct xvs_step;

struct xvs_step_kind {
	/* 0 or -errno; after a failure nothing of the step is in force. */
	int (*apply)(struct xvs_agent *agent, struct xvs_step *step);
	/* Takes an applied step back. NULL: there is nothing to take back. */
	void (*undo)(struct xvs_agent *agent, struct xvs_step *step);
	/* Frees what the subject owns, not itself. NULL: nothing. */
	void (*clear)(struct xvs_step *step);
};

struct xvs_step {
	const struct xvs_step_kind *kind;
	char *what; /* "attach port vm1 to tap0". Owned */
	void *subject; /* of the kind; owned, freed with the step */
};

struct xvs_plan {
	struct xvs_step *steps;
	size_t count, room;
	size_t failed; /* after a failed run: the step that failed */
};

/*
 * Appends a step; `subject` (from malloc, may be NULL) belongs to the plan from here on, also when
 * this fails. 0 or -ENOMEM.
 */
int xvs_plan_add(struct xvs_plan *plan, const struct xvs_step_kind *kind, void *subject,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Runs all steps. 0, or -errno of the step plan->failed with everything before it undone. */
int xvs_plan_run(struct xvs_plan *plan, struct xvs_agent *agent);

void xvs_plan_clear(struct xvs_plan *plan);

#endif
