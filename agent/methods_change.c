// SPDX-License-Identifier: GPL-2.0-only
/* The calls that change the configuration, or tell what a change would do. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "agent/event.h"
#include "agent/methods.h"
#include "agent/store.h"
#include "agent/transaction.h"
#include "agent/trial.h"
#include "yaml/diff.h"
#include "yaml/patch.h"

/* A call under way. */
struct request {
	struct xvs_agent *agent;
	struct xvs_call *call;
	struct xvs_sources sources; /* point into the call; only the list is owned */
	struct xvs_config *config; /* that is asked for, valid. Owned */
	bool save; /* as the boot configuration too */
};

static void clear_request(struct request *request)
{
	free(request->sources.item);
	xvs_config_free(request->config);
}

static int answer_invalid(struct xvs_call *call, const struct xvs_report *report)
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

int xvs_methods_refuse_in_trial(struct xvs_agent *agent, struct xvs_call *call)
{
	unsigned int left = xvs_trial_left(agent);

	return left ? xvs_call_error(
			      call, "TrialPending", json_pack("{s:i}", "seconds_left", left))
		    : 0;
}

/* ---- what is asked for ---- */

/* Points `sources` into the parameters: nothing is copied. */
static int read_files(struct xvs_call *call, struct xvs_sources *sources)
{
	json_t *files = json_object_get(call->parameters, "files"), *file;
	size_t index;

	if (!json_is_array(files) || json_array_size(files) == 0 ||
		json_array_size(files) > XVS_SOURCE_COUNT_MAX)
		return xvs_call_invalid(
			call, "files", "must be a list of 1 to %u files", XVS_SOURCE_COUNT_MAX);
	sources->item = calloc(json_array_size(files), sizeof(*sources->item));
	if (!sources->item)
		return -ENOMEM;
	sources->count = json_array_size(files);
	json_array_foreach (files, index, file) {
		struct xvs_source *source = &sources->item[index];

		if (json_unpack(file, "{s:s, s:s%}", "name", &source->name, "text", &source->text,
			    &source->size))
			return xvs_call_invalid(
				call, "files", "each must be {name: string, text: string}");
	}
	return 0;
}

/* Ends in a valid configuration, or in an answer. */
static int check(struct request *request, int error, struct xvs_report *report)
{
	error = error ?: xvs_agent_validate(request->agent, request->config, report);
	if (error == -ENOMEM)
		xvs_call_reply(request->call, NULL);
	else if (error)
		answer_invalid(request->call, report);
	xvs_report_clear(report);
	return error;
}

static int get_config(struct request *request)
{
	struct xvs_report report = {0};
	int error = read_files(request->call, &request->sources);

	if (error)
		return error;
	error = xvs_config_read(request->sources.item, request->sources.count, &report,
		&request->config);
	return check(request, error, &report);
}

static int get_boot_config(struct request *request)
{
	struct xvs_sources sources = {0};
	struct xvs_report report = {0};
	int error = xvs_store_load_boot(request->agent, &sources, &report, &request->config);

	if (error && !report.count)
		xvs_call_refused(request->call, "reading the boot configuration", error);
	else
		error = check(request, error, &report);
	xvs_sources_clear(&sources);
	return error;
}

/* ---- what is answered ---- */

static json_t *describe_settings(const struct xvs_difference *item)
{
	json_t *list = json_array();

	for (size_t i = 0; i < item->count; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:s?, s:s?}", "key", item->settings[i].key, "from",
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
			json_array_append_new(list,
				json_pack("{s:s, s:s, s:s, s:o}", "change",
					words[diff.item[i].kind], "kind", diff.item[i].object,
					"name", diff.item[i].name, "settings",
					describe_settings(&diff.item[i])));
	xvs_diff_clear(&diff);
	return list;
}

static json_t *describe_plan(const struct xvs_transaction *change)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < change->plan.count; i++)
		json_array_append_new(steps, json_string(change->plan.steps[i].what));
	return json_pack("{s:o, s:o}", "changes",
		describe_changes(change->agent->running, change->config), "steps", steps);
}

static int answer_refused(struct xvs_call *call, const struct xvs_transaction *change, int error)
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

/* ---- carried out ---- */

static int plan_save(struct request *request, struct xvs_transaction *change)
{
	const struct xvs_source *text =
		request->sources.count == 1 ? &request->sources.item[0] : NULL;
	char file[PATH_MAX];
	int error = xvs_store_plan_save(
		request->agent, change->config, text, &change->plan, file);

	if (error == -ENOTUNIQ)
		return xvs_call_invalid(request->call, "save",
			"%s holds several files, which are yours to edit: put the change there, "
			"then apply that folder",
			request->agent->options.config);
	return error ? xvs_call_refused(request->call, "saving", error) : 0;
}

/* Plans `change`, which takes the request's configuration over. */
static int plan(struct request *request, struct xvs_transaction *change)
{
	int error;

	*change = (struct xvs_transaction){
		.agent = request->agent,
		.config = request->config,
		.call = request->call,
	};
	request->config = NULL;
	if (request->save) {
		error = plan_save(request, change);
		if (error)
			return error;
	}
	error = xvs_transaction_plan(change);
	return error ? answer_refused(request->call, change, error) : 0;
}

static int tell(struct request *request)
{
	struct xvs_transaction change;
	int error = plan(request, &change);

	if (!error)
		xvs_call_reply(request->call, describe_plan(&change));
	xvs_transaction_clear(&change);
	return error;
}

static int apply(struct request *request)
{
	struct xvs_transaction change;
	json_t *answer = NULL;
	int error = plan(request, &change);

	if (!error) {
		answer = describe_plan(&change);
		error = xvs_transaction_run(&change);
		if (error)
			answer_refused(request->call, &change, error);
	}
	if (!error) {
		xvs_transaction_commit(&change);
		xvs_event(request->agent, "configuration", "{s:I}", "changes",
			(json_int_t)json_array_size(json_object_get(answer, "changes")));
		xvs_call_reply(request->call, json_incref(answer));
	}
	json_decref(answer);
	xvs_transaction_clear(&change);
	return error;
}

/* An optional truth. */
static int get_flag(struct xvs_call *call, const char *name, bool *ret)
{
	const json_t *value = json_object_get(call->parameters, name);

	if (value && !json_is_null(value) && !json_is_boolean(value))
		return xvs_call_invalid(call, name, "must be true or false");
	if (json_is_boolean(value))
		*ret = json_is_true(value);
	return 0;
}

static int run_apply(struct xvs_agent *agent, struct xvs_call *call)
{
	struct request request = {.agent = agent, .call = call};
	int error = xvs_methods_refuse_in_trial(agent, call);

	error = error ?: get_flag(call, "save", &request.save);
	error = error ?: get_config(&request);
	error = error ?: apply(&request);
	clear_request(&request);
	return error;
}

static int run_plan(struct xvs_agent *agent, struct xvs_call *call)
{
	struct request request = {.agent = agent, .call = call};
	int error = json_object_get(call->parameters, "files") ? get_config(&request)
							       : get_boot_config(&request);

	error = error ?: tell(&request);
	clear_request(&request);
	return error;
}

/* ---- trials ---- */

static json_t *describe_trial(json_t *answer, unsigned int seconds)
{
	json_object_set_new(answer, "seconds_left", json_integer(seconds));
	return answer;
}

static int try(struct request *request, unsigned int seconds, bool wait)
{
	struct xvs_transaction change;
	json_t *answer = NULL;
	int error = plan(request, &change);

	if (!error) {
		answer = describe_trial(describe_plan(&change), seconds);
		error = xvs_trial_begin(request->agent, &change, seconds);
		if (error)
			answer_refused(request->call, &change, error);
	}
	if (!error && wait) {
		xvs_call_progress(request->call, json_incref(answer));
		if (xvs_trial_wait(request->agent, request->call))
			xvs_trial_end(request->agent, XVS_OUTCOME_CANCELED);
	} else if (!error) {
		xvs_call_reply(request->call, json_incref(answer));
	}
	json_decref(answer);
	xvs_transaction_clear(&change);
	return error;
}

static int run_try(struct xvs_agent *agent, struct xvs_call *call)
{
	struct request request = {.agent = agent, .call = call};
	long long seconds = XVS_TRIAL_SECONDS;
	bool wait = true;
	int error = xvs_methods_refuse_in_trial(agent, call);

	error = error ?: xvs_call_number(call, "timeout", 1, XVS_TRIAL_SECONDS_MAX, &seconds);
	error = error ?: get_flag(call, "wait", &wait);
	if (!error && wait && !call->more)
		error = xvs_call_error(call, "org.varlink.service.ExpectedMore", json_object());
	error = error ?: get_config(&request);
	error = error ?: try(&request, seconds, wait);
	clear_request(&request);
	return error;
}

static int need_trial(struct xvs_agent *agent, struct xvs_call *call)
{
	return agent->trial ? 0 : xvs_call_error(call, "NoTrial", json_object());
}

/* Makes what is running the boot configuration; *ret_file (of PATH_MAX) is where it is then. */
static int save(
	struct xvs_agent *agent, struct xvs_call *call, struct xvs_plan *plan, char *ret_file)
{
	int error = xvs_store_plan_save(agent, agent->running, NULL, plan, ret_file);

	if (error == -ENOTUNIQ)
		return xvs_call_invalid(call, "save",
			"%s holds several files, which are yours to edit", agent->options.config);
	error = error ?: xvs_plan_run(plan, agent);
	return error ? xvs_call_refused(call, "saving the configuration", error) : 0;
}

static int run_confirm(struct xvs_agent *agent, struct xvs_call *call)
{
	char file[PATH_MAX];
	bool and_save = false;
	struct xvs_plan plan = {0};
	int error = need_trial(agent, call);

	error = error ?: get_flag(call, "save", &and_save);
	if (!error && and_save)
		error = save(agent, call, &plan, file);
	if (!error) {
		xvs_trial_end(agent, XVS_OUTCOME_CONFIRMED);
		xvs_plan_commit(&plan, agent);
		xvs_call_reply(call, json_object());
	}
	xvs_plan_clear(&plan);
	return error;
}

static int run_cancel(struct xvs_agent *agent, struct xvs_call *call)
{
	int error = need_trial(agent, call);

	if (error)
		return error;
	xvs_trial_end(agent, XVS_OUTCOME_CANCELED);
	return xvs_call_reply(call, json_object());
}

static int run_save(struct xvs_agent *agent, struct xvs_call *call)
{
	char file[PATH_MAX];
	struct xvs_plan plan = {0};
	int error = xvs_methods_refuse_in_trial(agent, call);

	error = error ?: save(agent, call, &plan, file);
	if (!error) {
		xvs_call_reply(call, json_pack("{s:s, s:b}", "file", file, "changed", plan.count));
		xvs_plan_commit(&plan, agent);
	}
	xvs_plan_clear(&plan);
	return error;
}

/* ---- patches ---- */

static int read_settings(
	struct xvs_call *call, json_t *list, struct xvs_patch_setting **ret, size_t *ret_count)
{
	struct xvs_patch_setting *settings = calloc(json_array_size(list) + 1, sizeof(*settings));
	json_t *item;
	size_t index;

	if (!settings)
		return -ENOMEM;
	json_array_foreach (list, index, item) {
		json_t *value = json_object_get(item, "value");

		settings[index].key = json_string_value(json_object_get(item, "key"));
		settings[index].value = json_string_value(value);
		if (settings[index].key && (!value || json_is_null(value) || json_is_string(value)))
			continue;
		free(settings);
		return xvs_call_invalid(
			call, "settings", "each must be {key: string, value: string or null}");
	}
	*ret = settings;
	*ret_count = json_array_size(list);
	return 0;
}

static int patch_one(struct request *request, json_t *item, struct xvs_report *report)
{
	struct xvs_patch_setting *settings = NULL;
	struct xvs_patch patch = {.name = ""};
	json_t *list = NULL;
	int error;

	if (json_unpack(item, "{s:s, s?:s, s:s, s?:o}", "section", &patch.section, "name",
		    &patch.name, "operation", &patch.operation, "settings", &list))
		return xvs_call_invalid(request->call, "changes",
			"each must be {section, name, operation, settings}");
	error = read_settings(request->call, list, &settings, &patch.count);
	if (error)
		return error;
	patch.settings = settings;
	error = xvs_config_patch(request->config, &patch, report);
	free(settings);
	return error;
}

static int get_changed_config(struct request *request)
{
	json_t *changes = json_object_get(request->call->parameters, "changes"), *item;
	struct xvs_report report = {0};
	size_t index;
	int error = xvs_config_clone(request->agent->running, &request->config);

	if (!error && !json_array_size(changes))
		return xvs_call_invalid(request->call, "changes", "must be a list of changes");
	json_array_foreach (changes, index, item) {
		error = error ?: patch_one(request, item, &report);
		if (error && error != -ENOMEM && !report.count)
			return error; /* answered */
	}
	return check(request, error, &report);
}

static int run_change(struct xvs_agent *agent, struct xvs_call *call)
{
	struct request request = {.agent = agent, .call = call};
	bool dry_run = false;
	int error = xvs_methods_refuse_in_trial(agent, call);

	error = error ?: get_flag(call, "save", &request.save);
	error = error ?: get_flag(call, "dry_run", &dry_run);
	error = error ?: get_changed_config(&request);
	error = error ?: dry_run ? tell(&request) : apply(&request);
	clear_request(&request);
	return error;
}

int xvs_methods_apply(
	struct xvs_agent *agent, struct xvs_call *call, struct xvs_config *config)
{
	struct request request = {.agent = agent, .call = call, .config = config};
	struct xvs_report report = {0};
	int error = xvs_methods_refuse_in_trial(agent, call);

	error = error ?: check(&request, 0, &report);
	error = error ?: apply(&request);
	clear_request(&request);
	return error;
}

const struct xvs_method xvs_change_methods[] = {
	{"Apply", run_apply},
	{"Plan", run_plan, .reads = true},
	{"Try", run_try},
	{"Confirm", run_confirm},
	{"Cancel", run_cancel},
	{"Save", run_save},
	{"Change", run_change},
	{0},
};
