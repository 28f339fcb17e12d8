// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "agent/event.h"
#include "agent/guardian.h"
#include "agent/log.h"
#include "agent/trial.h"

struct xvs_trial {
	struct xvs_transaction change;
	struct xvs_guardian guardian;
	sd_event_source *timer;
	uint64_t end_us; /* CLOCK_BOOTTIME */
	struct xvs_held *held; /* of the caller who waits, NULL: nobody does */
};

static const char *const outcome_words[XVS_OUTCOME_MAX] = {
	[XVS_OUTCOME_CONFIRMED] = "confirmed",
	[XVS_OUTCOME_CANCELED] = "canceled",
	[XVS_OUTCOME_EXPIRED] = "expired",
};

/* It is over: whoever waits is told. */
static void finish(struct xvs_agent *agent, enum xvs_outcome outcome)
{
	struct xvs_trial *trial = agent->trial;
	struct xvs_held *held = trial->held;

	agent->trial = NULL;
	sd_event_source_disable_unref(trial->timer);
	xvs_guardian_end(&trial->guardian);
	xvs_log(LOG_NOTICE, "the trial is %s", outcome_words[outcome]);
	xvs_event(agent, "trial", "{s:s}", "state", outcome_words[outcome]);
	if (held)
		xvs_held_reply(held, json_pack("{s:s}", "outcome", outcome_words[outcome]), true);
	xvs_transaction_clear(&trial->change);
	free(trial);
}

int xvs_trial_confirm(struct xvs_agent *agent)
{
	int error = xvs_transaction_commit(&agent->trial->change);

	if (!error)
		finish(agent, XVS_OUTCOME_CONFIRMED);
	return error;
}

size_t xvs_trial_end(struct xvs_agent *agent, enum xvs_outcome outcome)
{
	size_t not_undone;

	if (!agent->trial)
		return 0;
	xvs_transaction_revert(&agent->trial->change);
	not_undone = agent->trial->change.plan.not_undone_count;
	finish(agent, outcome);
	return not_undone;
}

static int on_time(sd_event_source *source, uint64_t now, void *data)
{
	xvs_trial_end(data, XVS_OUTCOME_EXPIRED);
	return 0;
}

static void on_gone(struct xvs_agent *agent, void *data)
{
	agent->trial->held = NULL;
	xvs_log(LOG_NOTICE, "who began the trial is gone");
	xvs_trial_end(agent, XVS_OUTCOME_CANCELED);
}

static int set_timer(struct xvs_agent *agent, struct xvs_trial *trial, unsigned int seconds)
{
	int error = sd_event_now(agent->event, CLOCK_BOOTTIME, &trial->end_us);

	if (error < 0)
		return error;
	trial->end_us += seconds * 1000000ull;
	error = sd_event_add_time(
		agent->event, &trial->timer, CLOCK_BOOTTIME, trial->end_us, 0, on_time, agent);
	return error < 0 ? error : 0;
}

/* The guardian comes first: who is killed in the middle of the plan has one too. */
static int begin(struct xvs_agent *agent, struct xvs_trial *trial, unsigned int seconds)
{
	int error = xvs_guardian_start(&trial->guardian, agent, seconds);

	if (error)
		return error;
	error = set_timer(agent, trial, seconds);
	error = error ?: xvs_transaction_run(&trial->change);
	if (error) {
		sd_event_source_disable_unref(trial->timer);
		xvs_guardian_end(&trial->guardian);
	}
	return error;
}

int xvs_trial_begin(struct xvs_agent *agent, struct xvs_transaction *change, unsigned int seconds)
{
	struct xvs_trial *trial = calloc(1, sizeof(*trial));
	int error;

	if (!trial)
		return -ENOMEM;
	trial->change = *change;
	error = begin(agent, trial, seconds);
	if (error) {
		*change = trial->change; /* the plan has grown: what failed, what was undone */
		free(trial);
		return error;
	}
	*change = (struct xvs_transaction){.agent = agent};
	trial->change.call = NULL;
	agent->trial = trial;
	xvs_log(LOG_NOTICE, "a trial has begun; %u s to confirm it", seconds);
	xvs_event(agent, "trial", "{s:s, s:i}", "state", "begun", "seconds_left", seconds);
	return 0;
}

int xvs_trial_wait(struct xvs_agent *agent, struct xvs_call *call)
{
	agent->trial->held = xvs_call_hold(call, on_gone, NULL);
	return agent->trial->held ? 0 : -ENOMEM;
}

unsigned int xvs_trial_left(const struct xvs_agent *agent)
{
	uint64_t now;

	if (!agent->trial || sd_event_now(agent->event, CLOCK_BOOTTIME, &now) < 0)
		return 0;
	return now < agent->trial->end_us ? (agent->trial->end_us - now + 999999) / 1000000 : 1;
}
