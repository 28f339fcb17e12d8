// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include "agent/control.h"
#include "agent/event.h"
#include "agent/log.h"
#include "agent/store.h"
#include "agent/transaction.h"

#define LOGGED_MAX 100 /* steps of a plan that are logged one by one */
#define PROGRESS_US 100000 /* between two words on it */

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000ull + now.tv_nsec / 1000;
}

static void watch(const struct xvs_plan *plan, size_t step, enum xvs_step_result result, void *data)
{
	struct xvs_transaction *change = data;
	uint64_t now = now_us();

	xvs_event(change->agent, "step", "{s:I, s:I, s:s, s:s}", "number", (json_int_t)step + 1,
		"total", (json_int_t)plan->count, "step", plan->steps[step].what, "result",
		xvs_step_result_words[result]);
	if (now - change->told_us < PROGRESS_US)
		return;
	change->told_us = now;
	sd_notify(0, "WATCHDOG=1"); /* at work, though not in the event loop */
	if (change->call)
		xvs_call_progress(change->call,
			json_pack("{s:{s:I, s:I, s:s}}", "progress", "done", (json_int_t)step + 1,
				"total", (json_int_t)plan->count, "step", plan->steps[step].what));
}

int xvs_transaction_plan(struct xvs_transaction *change)
{
	struct xvs_agent *agent = change->agent;
	int error = 0;

	if ((change->config != agent->running || agent->unfinished) && !change->passing)
		error = xvs_store_plan_keep(agent, change->config, &change->plan);
	for (size_t i = 0; !error && xvs_features[i]; i++) {
		if (xvs_features[i]->observe)
			error = xvs_features[i]->observe(agent);
		if (!error && xvs_features[i]->plan)
			error = xvs_features[i]->plan(agent, change->config, &change->plan);
	}
	change->plan.failed = change->plan.count; /* no step of it */
	return error;
}

int xvs_transaction_run(struct xvs_transaction *change)
{
	struct xvs_agent *agent = change->agent;
	int error;

	change->plan.watch = watch;
	change->plan.watch_data = change;
	change->told_us = now_us();
	if (change->plan.count >= XVS_LONG_PLAN) {
		xvs_hook_hurry(&agent->loader, true);
		change->told_us = 0; /* the first word at once */
	}
	error = xvs_plan_run(&change->plan, agent);
	xvs_hook_hurry(&agent->loader, false);
	if (error)
		return error;
	change->former = agent->running;
	agent->running = change->config;
	agent->in_force = true;
	return 0;
}

/* A long plan is for `xvsctl monitor`, not for the journal. */
static void log_steps(const struct xvs_plan *plan)
{
	if (plan->count > LOGGED_MAX)
		xvs_log(LOG_INFO, "done, in %zu steps", plan->count);
	for (size_t i = 0; plan->count <= LOGGED_MAX && i < plan->count; i++)
		xvs_log(LOG_INFO, "%s", plan->steps[i].what);
}

int xvs_transaction_commit(struct xvs_transaction *change)
{
	int error = xvs_plan_commit(&change->plan, change->agent);

	if (error)
		return error;
	log_steps(&change->plan);
	change->agent->unfinished = change->plan.uncommitted;
	if (change->former != change->config)
		xvs_config_free(change->former);
	change->former = change->config = NULL;
	return 0;
}

void xvs_transaction_revert(struct xvs_transaction *change)
{
	struct xvs_agent *agent = change->agent;

	if (change->plan.count >= XVS_LONG_PLAN)
		xvs_hook_hurry(&agent->loader, true);
	xvs_plan_undo(&change->plan, agent);
	xvs_hook_hurry(&agent->loader, false);
	agent->running = change->former;
	change->former = NULL;
	if (change->config != agent->running)
		xvs_agent_reconcile(agent); /* what has come and gone meanwhile */
}

int xvs_transaction_run_for_good(struct xvs_transaction *change)
{
	int error = xvs_transaction_run(change);

	if (error)
		return error;
	error = xvs_transaction_commit(change);
	if (error)
		xvs_transaction_revert(change);
	return error;
}

void xvs_transaction_clear(struct xvs_transaction *change)
{
	xvs_plan_clear(&change->plan);
	if (change->config != change->agent->running)
		xvs_config_free(change->config);
	change->config = NULL;
}
