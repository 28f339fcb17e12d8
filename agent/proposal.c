// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/proposal.h"
#include "agent/trial.h"
#include "yaml/diff.h"
#include "yaml/reread.h"

int xvs_proposal_open(struct xvs_proposal *proposal, struct xvs_agent *agent, struct xvs_call *call)
{
	unsigned int left = xvs_trial_left(agent);

	*proposal = (struct xvs_proposal){.agent = agent, .call = call};
	if (left)
		return xvs_call_error(
			call, "TrialPending", json_pack("{s:i}", "seconds_left", left));
	xvs_agent_catch_up(agent);
	return 0;
}

int xvs_proposal_needs_running(const struct xvs_agent *agent, struct xvs_call *call)
{
	if (agent->in_force)
		return 0;
	return xvs_call_error(call, "Refused",
		json_pack("{s:s, s:s, s:[]}", "step", "what runs is not known", "reason",
			"xvswitchd could not bring its configuration into force when it started, "
			"and says why in its messages; mend that and restart it, or apply a whole "
			"configuration",
			"not_undone"));
}

void xvs_proposal_clear(struct xvs_proposal *proposal)
{
	free(proposal->sources.item);
	free(proposal->texts);
	xvs_config_free(proposal->config);
}

int xvs_proposal_flag(struct xvs_call *call, const char *name, bool *ret)
{
	const json_t *value = json_object_get(call->parameters, name);

	if (value && !json_is_null(value) && !json_is_boolean(value))
		return xvs_call_invalid(call, name, "must be true or false");
	if (json_is_boolean(value))
		*ret = json_is_true(value);
	return 0;
}

/* ---- what is asked for ---- */

int xvs_proposal_invalid(struct xvs_call *call, const struct xvs_report *report)
{
	json_t *list = json_array();
	size_t shown = 0;

	for (; shown < report->count && shown < XVS_REPORT_MAX; shown++) {
		const struct xvs_problem *problem = &report->problems[shown];

		json_array_append_new(
			list, json_pack("{s:s?, s:i, s:i, s:s}", "file", problem->place.file,
				      "line", problem->place.line, "column", problem->place.column,
				      "message", problem->message ?: "out of memory"));
	}
	return xvs_call_error(call, "InvalidConfiguration",
		json_pack("{s:o, s:I}", "problems", list, "more",
			(json_int_t)(report->count - shown)));
}

/* Its text is in the call, or its size alone, for the memory that came with it. */
static int read_file(struct xvs_call *call, json_t *file, struct xvs_source *ret)
{
	json_int_t size = -1;

	*ret = (struct xvs_source){0};
	if (json_unpack(file, "{s:s, s?s%, s?I}", "name", &ret->name, "text", &ret->text,
		    &ret->size, "size", &size) ||
		(ret->text ? size != -1 : size < 0))
		return xvs_call_invalid(call, "files",
			"each must be {name: string, text: string} or {name: string, size: int}");
	if (!ret->text)
		ret->size = size;
	return 0;
}

static int refuse_memory(struct xvs_call *call, int error)
{
	return xvs_call_invalid(call, "files", "%s",
		error == -EBADF ? "no memory file with their texts came with the call"
		: error == -EPERM
			? "the memory file is not readable, or not sealed: SHRINK, GROW and WRITE"
		: error == -EFBIG ? "the memory file is larger than a call may be"
				  : strerror(-error));
}

/* The texts stand in the memory one after another. */
static int read_memory(struct xvs_proposal *proposal)
{
	struct xvs_call *call = proposal->call;
	size_t at = 0, size;
	int error = xvs_call_memory(call, &proposal->texts, &size);

	if (error)
		return refuse_memory(call, error);
	for (size_t i = 0; i < proposal->sources.count; i++) {
		struct xvs_source *source = &proposal->sources.item[i];

		if (source->text)
			continue;
		if (source->size > size - at)
			return xvs_call_invalid(
				call, "files", "their sizes are more than the memory file has");
		source->text = proposal->texts + at;
		at += source->size;
	}
	return 0;
}

/* Points the sources into the parameters or the memory: nothing is copied. */
int xvs_proposal_files(struct xvs_proposal *proposal)
{
	struct xvs_call *call = proposal->call;
	struct xvs_sources *sources = &proposal->sources;
	json_t *files = json_object_get(call->parameters, "files"), *file;
	bool all_here = true;
	size_t index;
	int error;

	if (!json_is_array(files) || json_array_size(files) == 0 ||
		json_array_size(files) > XVS_SOURCE_COUNT_MAX)
		return xvs_call_invalid(
			call, "files", "must be a list of 1 to %u files", XVS_SOURCE_COUNT_MAX);
	sources->item = calloc(json_array_size(files), sizeof(*sources->item));
	if (!sources->item)
		return -ENOMEM;
	sources->count = json_array_size(files);
	json_array_foreach (files, index, file) {
		error = read_file(call, file, &sources->item[index]);
		if (error)
			return error;
		all_here = all_here && sources->item[index].text;
	}
	return all_here ? 0 : read_memory(proposal);
}

int xvs_proposal_check(struct xvs_proposal *proposal, int error, struct xvs_report *report)
{
	error = error ?: xvs_agent_validate(proposal->agent, proposal->config, report);
	if (error == -ENOMEM)
		xvs_call_reply(proposal->call, NULL);
	else if (error)
		xvs_proposal_invalid(proposal->call, report);
	xvs_report_clear(report);
	return error;
}

int xvs_proposal_read(struct xvs_proposal *proposal)
{
	struct xvs_report report = {0};
	const struct xvs_sources *sources = &proposal->sources;
	int error = xvs_proposal_files(proposal);

	if (error)
		return error;
	error = sources->count == 1 ? xvs_config_reread(proposal->agent->running, &sources->item[0],
					      &proposal->config)
				    : -EAGAIN;
	if (error == -EAGAIN)
		error = xvs_config_read(sources->item, sources->count, &report, &proposal->config);
	return xvs_proposal_check(proposal, error, &report);
}

int xvs_proposal_refuse_boot(
	const struct xvs_agent *agent, struct xvs_call *call, const char *doing, int error)
{
	char step[PATH_MAX + 64];

	snprintf(step, sizeof(step), "%s the boot configuration in %s", doing,
		agent->options.config);
	return xvs_call_refused(call, step, error);
}

int xvs_proposal_read_boot(struct xvs_proposal *proposal)
{
	struct xvs_sources sources = {0};
	struct xvs_report report = {0};
	int error = xvs_store_load_boot(proposal->agent, &sources, &report, &proposal->config);

	if (error && !report.count)
		xvs_proposal_refuse_boot(proposal->agent, proposal->call, "reading", error);
	else
		error = xvs_proposal_check(proposal, error, &report);
	xvs_sources_clear(&sources);
	return error;
}

/* ---- what is answered ---- */

static json_t *describe_settings(const struct xvs_difference *item)
{
	json_t *list = json_array();

	for (size_t i = 0; i < item->count; i++)
		json_array_append_new(
			list, json_pack("{s:s, s:s?, s:s?}", "key", item->settings[i].key, "from",
				      item->settings[i].from, "to", item->settings[i].to));
	return list;
}

static json_t *describe_changes(const struct xvs_config *from, const struct xvs_config *to)
{
	static const char *const words[] = {
		[XVS_DIFFERENCE_ADD] = "add",
		[XVS_DIFFERENCE_REMOVE] = "remove",
		[XVS_DIFFERENCE_CHANGE] = "change",
	};
	json_t *list = json_array();
	struct xvs_diff diff = {0};

	if (!xvs_config_diff(from, to, &diff))
		for (size_t i = 0; i < diff.count; i++)
			json_array_append_new(
				list, json_pack("{s:s, s:s, s:s, s:o}", "change",
					      words[diff.item[i].kind], "kind", diff.item[i].object,
					      "name", diff.item[i].name, "settings",
					      describe_settings(&diff.item[i])));
	xvs_diff_clear(&diff);
	return list;
}

json_t *xvs_proposal_describe(const struct xvs_transaction *change)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < change->plan.count; i++)
		json_array_append_new(steps, json_string(change->plan.steps[i].what));
	return json_pack("{s:o, s:o}", "changes",
		describe_changes(change->agent->running, change->config), "steps", steps);
}

int xvs_proposal_refused(struct xvs_call *call, const struct xvs_transaction *change, int error)
{
	const struct xvs_plan *plan = &change->plan;
	json_t *not_undone = json_array();

	for (size_t i = 0; i < plan->not_undone_count; i++)
		json_array_append_new(not_undone, json_string(plan->not_undone[i]));
	xvs_call_error(call, "Refused",
		json_pack("{s:s, s:s, s:o}", "step",
			plan->failed < plan->count ? plan->steps[plan->failed].what : "planning",
			"reason", strerror(-error), "not_undone", not_undone));
	return error;
}

/* ---- planned ---- */

static int plan_save(struct xvs_proposal *proposal, struct xvs_transaction *change)
{
	const struct xvs_source *text =
		proposal->sources.count == 1 ? &proposal->sources.item[0] : NULL;
	char file[PATH_MAX];
	int error = xvs_store_plan_save(proposal->agent, change->config, text, &change->plan, file);

	if (error == -ENOTUNIQ)
		return xvs_call_invalid(proposal->call, "save",
			"%s holds several files, which are yours to edit: put the change there, "
			"then apply that folder",
			proposal->agent->options.config);
	return error ? xvs_proposal_refuse_boot(proposal->agent, proposal->call, "saving", error)
		     : 0;
}

int xvs_proposal_plan(struct xvs_proposal *proposal, struct xvs_transaction *change)
{
	int error;

	*change = (struct xvs_transaction){
		.agent = proposal->agent,
		.config = proposal->config,
		.call = proposal->call,
	};
	proposal->config = NULL;
	if (proposal->save) {
		error = plan_save(proposal, change);
		if (error)
			return error;
	}
	error = xvs_transaction_plan(change);
	return error ? xvs_proposal_refused(proposal->call, change, error) : 0;
}
