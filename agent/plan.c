// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/log.h"
#include "agent/plan.h"

int xvs_plan_add(struct xvs_plan *plan, const struct xvs_step_kind *kind, void *subject,
	const char *format, ...)
{
	struct xvs_step *step;
	va_list arguments;
	int length;

	if (plan->count == plan->room) {
		size_t room = plan->room ? 2 * plan->room : 64;
		void *steps = reallocarray(plan->steps, room, sizeof(*plan->steps));

		if (!steps) {
			free(subject);
			return -ENOMEM;
		}
		plan->steps = steps;
		plan->room = room;
	}
	step = &plan->steps[plan->count];
	*step = (struct xvs_step){.kind = kind, .subject = subject};
	va_start(arguments, format);
	length = vasprintf(&step->what, format, arguments);
	va_end(arguments);
	if (length < 0) {
		free(subject);
		return -ENOMEM;
	}
	plan->count++;
	return 0;
}

static void undo(struct xvs_plan *plan, struct xvs_agent *agent)
{
	for (size_t i = plan->failed; i-- > 0;) {
		struct xvs_step *step = &plan->steps[i];

		xvs_log(LOG_NOTICE, "undo: %s", step->what);
		if (step->kind->undo)
			step->kind->undo(agent, step);
	}
}

int xvs_plan_run(struct xvs_plan *plan, struct xvs_agent *agent)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct xvs_step *step = &plan->steps[i];
		int error = step->kind->apply(agent, step);

		if (error) {
			xvs_log(LOG_ERR, "%s: %s", step->what, strerror(-error));
			plan->failed = i;
			undo(plan, agent);
			return error;
		}
		xvs_log(LOG_DEBUG, "done: %s", step->what);
	}
	return 0;
}

void xvs_plan_clear(struct xvs_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (plan->steps[i].kind->clear)
			plan->steps[i].kind->clear(&plan->steps[i]);
		free(plan->steps[i].what);
		free(plan->steps[i].subject);
	}
	free(plan->steps);
	*plan = (struct xvs_plan){0};
}
