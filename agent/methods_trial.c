// SPDX-License-Identifier: GPL-2.0-only
/* The calls of a trial. */
#include <errno.h>
#include <limits.h>
#include "agent/methods.h"
#include "agent/proposal.h"
#include "agent/trial.h"

static json_t *describe_trial(json_t *answer, unsigned int seconds)
{
	json_object_set_new(answer, "seconds_left", json_integer(seconds));
	return answer;
}

static int try(struct xvs_proposal *proposal, unsigned int seconds, bool wait)
{
	struct xvs_transaction change;
	json_t *answer = NULL;
	int error = xvs_proposal_plan(proposal, &change);

	if (!error) {
		answer = describe_trial(xvs_proposal_describe(&change), seconds);
		error = xvs_trial_begin(proposal->agent, &change, seconds);
		if (error)
			xvs_proposal_refused(proposal->call, &change, error);
	}
	if (!error && wait) {
		xvs_call_progress(proposal->call, json_incref(answer));
		if (xvs_trial_wait(proposal->agent, proposal->call))
			xvs_trial_end(proposal->agent, XVS_OUTCOME_CANCELED);
	} else if (!error) {
		xvs_call_reply(proposal->call, json_incref(answer));
	}
	json_decref(answer);
	xvs_transaction_clear(&change);
	return error;
}

int xvs_method_try(struct xvs_agent *agent, struct xvs_call *call)
{
	static const char *const known[] = {"files", "timeout", "wait", NULL};
	struct xvs_proposal proposal;
	long long seconds = XVS_TRIAL_SECONDS;
	bool wait = true;
	int error = xvs_proposal_open(&proposal, agent, call);

	error = error ?: xvs_call_only(call, known);
	error = error ?: xvs_call_number(call, "timeout", 1, XVS_TRIAL_SECONDS_MAX, &seconds);
	error = error ?: xvs_proposal_flag(call, "wait", &wait);
	if (!error && wait && !call->more)
		error = xvs_call_error(call, "org.varlink.service.ExpectedMore", json_object());
	error = error ?: xvs_proposal_needs_running(agent, call);
	error = error ?: xvs_proposal_read(&proposal);
	error = error ?: try(&proposal, seconds, wait);
	xvs_proposal_clear(&proposal);
	return error;
}

static int need_trial(struct xvs_agent *agent, struct xvs_call *call)
{
	return agent->trial ? 0 : xvs_call_error(call, "NoTrial", json_object());
}

int xvs_method_confirm(struct xvs_agent *agent, struct xvs_call *call)
{
	char file[PATH_MAX];
	bool and_save = false;
	struct xvs_plan plan = {0};
	int error = need_trial(agent, call);

	error = error ?: xvs_proposal_flag(call, "save", &and_save);
	if (!error && and_save)
		error = xvs_methods_save(agent, call, &plan, file);
	if (!error) {
		error = xvs_trial_confirm(agent); /* first: a boot loads nothing on trial */
		error = error ?: xvs_plan_commit(&plan, agent);
		if (error)
			xvs_call_refused(
				call, agent->trial ? "making it final" : "saving it", error);
		else
			xvs_call_reply(call, json_object());
	}
	xvs_plan_undo(&plan, agent);
	xvs_plan_clear(&plan);
	return error;
}

int xvs_method_cancel(struct xvs_agent *agent, struct xvs_call *call)
{
	int error = need_trial(agent, call);

	if (error)
		return error;
	if (xvs_trial_end(agent, XVS_OUTCOME_CANCELED))
		return xvs_call_refused(call, "undoing all of the trial (see the log)", -EBUSY);
	return xvs_call_reply(call, json_object());
}
