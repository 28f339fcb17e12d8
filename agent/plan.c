// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/log.h"
#include "agent/plan.h"

const char *const xvs_step_result_words[XVS_STEP_RESULT_MAX] = {
	[XVS_STEP_DONE] = "done",
	[XVS_STEP_FAILED] = "failed",
	[XVS_STEP_UNDONE] = "undone",
	[XVS_STEP_NOT_UNDONE] = "not_undone",
};

int xvs_plan_add(struct xvs_plan *plan, const struct xvs_step_kind *kind, void *subject,
	const char *format, ...)
{
	struct xvs_step added = {.kind = kind, .subject = subject};
	va_list arguments;
	int length;

	if (plan->count == plan->room) {
		size_t room = plan->room ? 2 * plan->room : 64;
		void *steps = reallocarray(plan->steps, room, sizeof(*plan->steps));

		if (!steps)
			goto no_memory;
		plan->steps = steps;
		plan->room = room;
	}
	va_start(arguments, format);
	length = vasprintf(&added.what, format, arguments);
	va_end(arguments);
	if (length < 0)
		goto no_memory;
	plan->steps[plan->count++] = added;
	return 0;

no_memory:
	if (kind->clear && subject)
		kind->clear(&added);
	free(subject);
	return -ENOMEM;
}

static void tell(const struct xvs_plan *plan, size_t step, enum xvs_step_result result)
{
	if (plan->watch)
		plan->watch(plan, step, result, plan->watch_data);
}

static void note_not_undone(struct xvs_plan *plan, const char *what)
{
	char **more = reallocarray(
		plan->not_undone, plan->not_undone_count + 1, sizeof(*plan->not_undone));

	if (!more)
		return;
	plan->not_undone = more;
	more[plan->not_undone_count++] = strdup(what);
}

void xvs_plan_undo(struct xvs_plan *plan, struct xvs_agent *agent)
{
	while (plan->applied) {
		struct xvs_step *step = &plan->steps[--plan->applied];
		int error = step->kind->undo ? step->kind->undo(agent, step) : 0;

		if (error) {
			xvs_log(LOG_ERR, "could not undo: %s: %s", step->what, strerror(-error));
			note_not_undone(plan, step->what);
		} else {
			xvs_log(LOG_NOTICE, "undone: %s", step->what);
		}
		tell(plan, plan->applied, error ? XVS_STEP_NOT_UNDONE : XVS_STEP_UNDONE);
	}
}

static int fail(struct xvs_plan *plan, struct xvs_agent *agent, size_t step, int error)
{
	plan->failed = step;
	tell(plan, step, XVS_STEP_FAILED);
	xvs_plan_undo(plan, agent);
	return error;
}

int xvs_plan_run(struct xvs_plan *plan, struct xvs_agent *agent)
{
	for (; plan->applied < plan->count; plan->applied++) {
		struct xvs_step *step = &plan->steps[plan->applied];
		int error = step->kind->apply ? step->kind->apply(agent, step) : 0;

		if (error) {
			xvs_log(LOG_ERR, "%s: %s", step->what, strerror(-error));
			return fail(plan, agent, plan->applied, error);
		}
		xvs_log(LOG_DEBUG, "done: %s", step->what);
		tell(plan, plan->applied, XVS_STEP_DONE);
	}
	for (size_t i = 0; i < plan->count; i++) {
		struct xvs_step *step = &plan->steps[i];
		int error = step->kind->shown ? step->kind->shown(agent, step) : 0;

		if (error) {
			xvs_log(LOG_ERR, "%s: done, but the kernel does not show it: %s",
				step->what, strerror(-error));
			return fail(plan, agent, i, error);
		}
	}
	return 0;
}

int xvs_plan_commit(struct xvs_plan *plan, struct xvs_agent *agent)
{
	bool final = false; /* from now on there is no way back */

	for (size_t i = 0; i < plan->applied; i++) {
		struct xvs_step *step = &plan->steps[i];
		int error = step->kind->commit ? step->kind->commit(agent, step) : 0;

		if (error) {
			xvs_log(LOG_ERR, "%s: %s", step->what, strerror(-error));
			plan->failed = i;
			if (!final)
				return error;
			plan->uncommitted++;
		}
		final = final || step->kind->commit;
	}
	plan->applied = 0; /* nothing left to undo */
	return 0;
}

void xvs_plan_clear(struct xvs_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->steps[i].kind->clear && plan->steps[i].subject)
			plan->steps[i].kind->clear(&plan->steps[i]);
		free(plan->steps[i].what);
		free(plan->steps[i].subject);
	}
	for (size_t i = 0; i < plan->not_undone_count; i++)
		free(plan->not_undone[i]);
	free(plan->not_undone);
	free(plan->steps);
	*plan = (struct xvs_plan){0};
}
