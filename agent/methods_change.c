// SPDX-License-Identifier: GPL-2.0-only
/* The calls that change the configuration for good, or tell what a change would do. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include "agent/event.h"
#include "agent/methods.h"
#include "agent/proposal.h"
#include "yaml/config.h"
#include "yaml/patch.h"

static int tell(struct xvs_proposal *proposal)
{
	struct xvs_transaction change;
	int error = xvs_proposal_plan(proposal, &change);

	if (!error)
		xvs_call_reply(proposal->call, xvs_proposal_describe(&change));
	xvs_transaction_clear(&change);
	return error;
}

static int apply(struct xvs_proposal *proposal)
{
	struct xvs_transaction change;
	json_t *answer = NULL;
	int error = xvs_proposal_plan(proposal, &change);

	if (!error) {
		answer = xvs_proposal_describe(&change);
		error = xvs_transaction_run_for_good(&change);
		if (error)
			xvs_proposal_refused(proposal->call, &change, error);
	}
	if (!error) {
		xvs_event(proposal->agent, "configuration", "{s:I}", "changes",
			(json_int_t)json_array_size(json_object_get(answer, "changes")));
		xvs_call_reply(proposal->call, json_incref(answer));
	}
	json_decref(answer);
	xvs_transaction_clear(&change);
	return error;
}

int xvs_method_apply(struct xvs_agent *agent, struct xvs_call *call)
{
	static const char *const known[] = {"files", "save", NULL};
	struct xvs_proposal proposal;
	int error = xvs_proposal_open(&proposal, agent, call);

	error = error ?: xvs_call_only(call, known);
	error = error ?: xvs_proposal_flag(call, "save", &proposal.save);
	error = error ?: xvs_proposal_read(&proposal);
	error = error ?: apply(&proposal);
	xvs_proposal_clear(&proposal);
	return error;
}

int xvs_method_plan(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_proposal proposal = {.agent = agent, .call = call};
	int error = json_object_get(call->parameters, "files") ? xvs_proposal_read(&proposal)
							       : xvs_proposal_read_boot(&proposal);

	error = error ?: tell(&proposal);
	xvs_proposal_clear(&proposal);
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
	return error ? xvs_proposal_refuse_boot(agent, call, "saving", error) : 0;
}

int xvs_method_save(struct xvs_agent *agent, struct xvs_call *call)
{
	char file[PATH_MAX];
	struct xvs_plan plan = {0};
	struct xvs_proposal proposal;
	int error = xvs_proposal_open(&proposal, agent, call);

	error = error ?: xvs_proposal_needs_running(agent, call);
	error = error ?: xvs_methods_save(agent, call, &plan, file);
	if (!error) {
		error = xvs_plan_commit(&plan, agent);
		if (error)
			xvs_proposal_refuse_boot(agent, call, "saving", error);
		else
			xvs_call_reply(
				call, json_pack("{s:s, s:b}", "file", file, "changed", plan.count));
	}
	xvs_plan_undo(&plan, agent);
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

static int patch_one(struct xvs_proposal *proposal, json_t *item, struct xvs_report *report)
{
	struct xvs_patch_setting *settings = NULL;
	struct xvs_patch patch = {.name = ""};
	json_t *list = NULL;
	int error;

	if (json_unpack(item, "{s:s, s?:s, s:s, s?:o}", "section", &patch.section, "name",
		    &patch.name, "operation", &patch.operation, "settings", &list))
		return xvs_call_invalid(proposal->call, "changes",
			"each must be {section, name, operation, settings}");
	error = read_settings(proposal->call, list, &settings, &patch.count);
	if (error)
		return error;
	patch.settings = settings;
	error = xvs_config_patch(proposal->config, &patch, report);
	free(settings);
	return error;
}

static int get_changed_config(struct xvs_proposal *proposal)
{
	json_t *changes = json_object_get(proposal->call->parameters, "changes"), *item;
	struct xvs_report report = {0};
	size_t index;
	int error = xvs_config_clone(proposal->agent->running, &proposal->config);

	if (!error && !json_array_size(changes))
		return xvs_call_invalid(proposal->call, "changes", "must be a list of changes");
	json_array_foreach (changes, index, item) {
		error = error ?: patch_one(proposal, item, &report);
		if (error && error != -ENOMEM && !report.count)
			return error; /* answered */
	}
	error = error ?: xvs_config_check_extensions(proposal->config, &report);
	return xvs_proposal_check(proposal, error, &report);
}

int xvs_method_change(struct xvs_agent *agent, struct xvs_call *call)
{
	static const char *const known[] = {"changes", "save", "dry_run", NULL};
	struct xvs_proposal proposal;
	bool dry_run = false;
	int error = xvs_proposal_open(&proposal, agent, call);

	error = error ?: xvs_call_only(call, known);
	error = error ?: xvs_proposal_flag(call, "save", &proposal.save);
	error = error ?: xvs_proposal_flag(call, "dry_run", &dry_run);
	error = error ?: xvs_proposal_needs_running(agent, call);
	error = error ?: get_changed_config(&proposal);
	error = error ?: dry_run ? tell(&proposal) : apply(&proposal);
	xvs_proposal_clear(&proposal);
	return error;
}

int xvs_methods_apply(struct xvs_agent *agent, struct xvs_call *call, struct xvs_config *config)
{
	struct xvs_proposal proposal;
	struct xvs_report report = {0};
	int error = xvs_proposal_open(&proposal, agent, call);

	proposal.config = config;
	error = error ?: xvs_proposal_check(&proposal, 0, &report);
	error = error ?: apply(&proposal);
	xvs_proposal_clear(&proposal);
	return error;
}
