// SPDX-License-Identifier: GPL-2.0-only
/* The calls that change the configuration for good, or tell what a change would do. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include "agent/event.h"
#include "agent/methods.h"
#include "agent/request.h"
#include "yaml/patch.h"

static int tell(struct xvs_request *request)
{
	struct xvs_transaction change;
	int error = xvs_request_plan(request, &change);

	if (!error)
		xvs_call_reply(request->call, xvs_request_describe(&change));
	xvs_transaction_clear(&change);
	return error;
}

static int apply(struct xvs_request *request)
{
	struct xvs_transaction change;
	json_t *answer = NULL;
	int error = xvs_request_plan(request, &change);

	if (!error) {
		answer = xvs_request_describe(&change);
		error = xvs_transaction_run(&change);
		if (error)
			xvs_request_refused(request->call, &change, error);
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

int xvs_method_apply(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_request request;
	int error = xvs_request_open(&request, agent, call);

	error = error ?: xvs_request_flag(call, "save", &request.save);
	error = error ?: xvs_request_read(&request);
	error = error ?: apply(&request);
	xvs_request_clear(&request);
	return error;
}

int xvs_method_plan(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_request request = {.agent = agent, .call = call};
	int error = json_object_get(call->parameters, "files") ? xvs_request_read(&request)
							       : xvs_request_read_boot(&request);

	error = error ?: tell(&request);
	xvs_request_clear(&request);
	return error;
}

int xvs_methods_save(
	struct xvs_agent *agent, struct xvs_call *call, struct xvs_plan *plan, char *ret_file)
{
	int error = xvs_store_plan_save(agent, agent->running, NULL, plan, ret_file);

	if (error == -ENOTUNIQ)
		return xvs_call_invalid(call, "save",
			"%s holds several files, which are yours to edit", agent->options.config);
	error = error ?: xvs_plan_run(plan, agent);
	return error ? xvs_call_refused(call, "saving the configuration", error) : 0;
}

int xvs_method_save(struct xvs_agent *agent, struct xvs_call *call)
{
	char file[PATH_MAX];
	struct xvs_plan plan = {0};
	struct xvs_request request;
	int error = xvs_request_open(&request, agent, call);

	error = error ?: xvs_methods_save(agent, call, &plan, file);
	if (!error) {
		xvs_call_reply(call, json_pack("{s:s, s:b}", "file", file, "changed", plan.count));
		xvs_plan_commit(&plan, agent);
	}
	xvs_plan_clear(&plan);
	return error;
}

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

static int patch_one(struct xvs_request *request, json_t *item, struct xvs_report *report)
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

static int get_changed_config(struct xvs_request *request)
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
	return xvs_request_check(request, error, &report);
}

int xvs_method_change(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_request request;
	bool dry_run = false;
	int error = xvs_request_open(&request, agent, call);

	error = error ?: xvs_request_flag(call, "save", &request.save);
	error = error ?: xvs_request_flag(call, "dry_run", &dry_run);
	error = error ?: get_changed_config(&request);
	error = error ?: dry_run ? tell(&request) : apply(&request);
	xvs_request_clear(&request);
	return error;
}

int xvs_methods_apply(struct xvs_agent *agent, struct xvs_call *call, struct xvs_config *config)
{
	struct xvs_request request;
	struct xvs_report report = {0};
	int error = xvs_request_open(&request, agent, call);

	request.config = config;
	error = error ?: xvs_request_check(&request, 0, &report);
	error = error ?: apply(&request);
	xvs_request_clear(&request);
	return error;
}
