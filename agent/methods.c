// SPDX-License-Identifier: GPL-2.0-only
/* The core's own methods: Apply and Show. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "agent/control.h"
#include "agent/event.h"
#include "agent/log.h"
#include "agent/store.h"

extern const struct xvs_feature *const xvs_features[];

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

static json_t *steps_of(const struct xvs_plan *plan)
{
	json_t *steps = json_array();

	for (size_t i = 0; i < plan->count; i++)
		json_array_append_new(steps, json_string(plan->steps[i].what));
	return steps;
}

static int apply_config(struct xvs_agent *agent, struct xvs_call *call, struct xvs_config **config)
{
	struct xvs_plan plan = {0};
	int error = xvs_agent_apply(agent, *config, &plan);

	if (error) {
		error = xvs_call_refused(call,
			plan.failed < plan.count ? plan.steps[plan.failed].what : "planning",
			error);
	} else {
		*config = NULL; /* the agent's now */
		if (xvs_store_keep(agent))
			xvs_log(LOG_ERR, "keeping the running configuration failed");
		xvs_call_reply(call, json_pack("{s:o}", "steps", steps_of(&plan)));
	}
	xvs_plan_clear(&plan);
	return error;
}

static int run_apply(struct xvs_agent *agent, struct xvs_call *call)
{
	__attribute__((cleanup(xvs_config_freep))) struct xvs_config *config = NULL;
	struct xvs_sources sources = {0};
	struct xvs_report report = {0};
	int error = read_files(call, &sources);

	if (!error) {
		error = xvs_config_read(sources.item, sources.count, &report, &config);
		error = error ?: xvs_agent_validate(agent, config, &report);
		if (error)
			answer_invalid(call, &report);
		else
			error = apply_config(agent, call, &config);
	}
	xvs_report_clear(&report);
	free(sources.item);
	return error;
}

static json_int_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long total, resident = 0;

	if (file) {
		if (fscanf(file, "%ld %ld", &total, &resident) != 2)
			resident = 0;
		fclose(file);
	}
	return (json_int_t)resident * sysconf(_SC_PAGESIZE);
}

/* `Show` under way. */
struct showing {
	bool begun;
	size_t feature; /* whose lists come now */
	size_t position;
};

static json_t *show_agent(struct xvs_agent *agent)
{
	struct utsname system;

	uname(&system);
	return json_pack("{s:{s:s, s:i, s:s, s:s, s:s, s:i, s:I, s:s, s:I}}", "agent", "version",
		XVS_VERSION, "pid", getpid(), "kernel", system.release, "pin_dir",
		agent->options.pin_dir, "socket", agent->options.socket, "layout",
		XVS_LAYOUT_VERSION, "generation",
		(json_int_t)agent->loader.tables.control->generation, "hook",
		agent->hook == XVS_HOOK_TCX ? "tcx" : "clsact", "memory", resident_bytes());
}

/* First the agent and what is short, then the features' lists, part by part. */
static int next_shown(struct xvs_agent *agent, void *data, json_t **ret, bool *ret_last)
{
	struct showing *showing = data;
	int error = 0;

	*ret = showing->begun ? json_object() : show_agent(agent);
	for (size_t i = 0; !showing->begun && xvs_features[i]; i++)
		error = error ?: xvs_features[i]->status(agent, *ret);
	showing->begun = true;
	if (!error && xvs_features[showing->feature]->status_part)
		error = xvs_features[showing->feature]->status_part(
			agent, *ret, &showing->position);
	else
		showing->position = SIZE_MAX;
	if (showing->position == SIZE_MAX) {
		showing->position = 0;
		showing->feature++;
	}
	*ret_last = !xvs_features[showing->feature];
	return error;
}

static int run_show(struct xvs_agent *agent, struct xvs_call *call)
{
	struct xvs_stream stream = {.next = next_shown, .close = free};

	stream.state = calloc(1, sizeof(struct showing));
	return stream.state ? xvs_call_stream(call, &stream) : xvs_call_reply(call, NULL);
}

const struct xvs_method xvs_core_methods[] = {
	{"Apply", run_apply, .reads = false},
	{"Show", run_show, .reads = true},
	{"Monitor", xvs_event_monitor, .reads = true},
	{0},
};
