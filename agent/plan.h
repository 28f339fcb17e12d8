/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A plan: the steps from what is to what is asked for, in words a person can read. One engine runs
 * any plan, as a transaction:
 *
 *   apply    step by step, in order            a failure: undo, in reverse
 *   shown    does the kernel show each step?   it does not: undo, in reverse
 *   commit   what can't be taken back          at once, or when a trial is confirmed
 *
 * So until it is committed, a plan can be undone as a whole.
 */
#ifndef XVS_AGENT_PLAN_H
#define XVS_AGENT_PLAN_H

#include <stdbool.h>
#include <stddef.h>

struct xvs_agent;
struct xvs_step;

/* What a kind of step does. NULL: there is nothing to do. */
struct xvs_step_kind {
	/* 0 or -errno; after a failure nothing of the step is in force. */
	int (*apply)(struct xvs_agent *agent, struct xvs_step *step);
	/*
	 * Takes an applied step back. Much may have happened since (a trial lasts), so it looks at
	 * what is there now. 0 or -errno: the steps before it are taken back all the same.
	 */
	int (*undo)(struct xvs_agent *agent, struct xvs_step *step);
	/* Does the kernel show what was applied? 0 or -errno. */
	int (*shown)(struct xvs_agent *agent, struct xvs_step *step);
	/*
	 * What can't be taken back, such as deleting a device. 0, or -errno with nothing done, so
	 * that another plan finds it still to be done.
	 */
	int (*commit)(struct xvs_agent *agent, struct xvs_step *step);
	/* Frees what the subject owns, not itself. */
	void (*clear)(struct xvs_step *step);
};

struct xvs_step {
	const struct xvs_step_kind *kind;
	char *what; /* "attach port vm1 to tap0". Owned */
	void *subject; /* of the kind; owned, freed with the step */
};

/* What became of a step, for whoever watches. */
enum xvs_step_result {
	XVS_STEP_DONE,
	XVS_STEP_FAILED,
	XVS_STEP_UNDONE,
	XVS_STEP_NOT_UNDONE,
	XVS_STEP_RESULT_MAX,
};
extern const char *const xvs_step_result_words[XVS_STEP_RESULT_MAX];

struct xvs_plan {
	struct xvs_step *steps;
	size_t count, room;
	size_t applied; /* steps in force: 0..count */
	size_t failed; /* after a failed run or commit: the step that failed */
	size_t uncommitted; /* after a commit: steps that are not final, to be planned again */
	char **not_undone; /* after an undo: steps that could not be taken back, owned */
	size_t not_undone_count;
	/* Called after each step. May be NULL. */
	void (*watch)(
		const struct xvs_plan *plan, size_t step, enum xvs_step_result result, void *data);
	void *watch_data;
};

/*
 * Appends a step; `subject` (from malloc, may be NULL) belongs to the plan from here on, also when
 * this fails. 0 or -ENOMEM.
 */
int xvs_plan_add(struct xvs_plan *plan, const struct xvs_step_kind *kind, void *subject,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Applies and verifies. 0, or -errno of the step plan->failed with everything undone. */
int xvs_plan_run(struct xvs_plan *plan, struct xvs_agent *agent);
/*
 * Ends what xvs_plan_run() began, one way or the other. A commit fails only if the first that is
 * to be done does: -errno, and all can still be undone. What fails later is logged and counted.
 */
int xvs_plan_commit(struct xvs_plan *plan, struct xvs_agent *agent);
void xvs_plan_undo(struct xvs_plan *plan, struct xvs_agent *agent);

void xvs_plan_clear(struct xvs_plan *plan);

#endif
