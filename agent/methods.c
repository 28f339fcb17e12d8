// SPDX-License-Identifier: GPL-2.0-only
/* The calls that show what the daemon has; those of features stand in their folders. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "agent/event.h"
#include "agent/methods.h"
#include "agent/store.h"
#include "agent/trial.h"
#include "yaml/diff.h"
#include "yaml/writer.h"

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

/* How the boot configuration stands to what is running. */
static json_t *show_configuration(struct xvs_agent *agent)
{
	unsigned int left = xvs_trial_left(agent);
	struct xvs_config *boot = NULL;
	struct xvs_sources sources = {0};
	struct xvs_report report = {0};
	struct xvs_diff diff = {0};
	int error = xvs_store_load_boot(agent, &sources, &report, &boot);
	json_t *answer;

	error = error ?: xvs_config_diff(boot, agent->running, &diff);
	answer = json_pack("{s:s, s:b, s:I, s:s?, s:o}", "boot", agent->options.config, "saved",
		!error && !diff.count, "differences", (json_int_t)diff.count, "error",
		report.count ? report.problems[0].message
		: error      ? strerror(-error)
			     : NULL,
		"trial", left ? json_pack("{s:i}", "seconds_left", left) : json_null());
	xvs_diff_clear(&diff);
	xvs_report_clear(&report);
	xvs_sources_clear(&sources);
	xvs_config_free(boot);
	return answer;
}

static json_t *show_agent(struct xvs_agent *agent)
{
	struct utsname system;

	uname(&system);
	return json_pack("{s:{s:s, s:i, s:s, s:s, s:s, s:i, s:I, s:s, s:I, s:o, s:o}}", "agent",
		"version", XVS_VERSION, "pid", getpid(), "kernel", system.release, "pin_dir",
		agent->options.pin_dir, "socket", agent->options.socket, "layout",
		XVS_LAYOUT_VERSION, "generation",
		(json_int_t)agent->loader.tables.control->generation, "hook",
		agent->hook == XVS_HOOK_TCX ? "tcx" : "clsact", "memory", resident_bytes(),
		"degraded", xvs_probe_degraded(agent), "configuration", show_configuration(agent));
}

/* First the agent and what is short, then the features' lists, part by part. */
static int next_shown(struct xvs_agent *agent, void *data, json_t **ret, bool *ret_last)
{
	struct showing *showing = data;
	int error = 0;

	*ret = showing->begun ? json_object() : show_agent(agent);
	for (size_t i = 0; !showing->begun && xvs_features[i]; i++)
		if (!error && xvs_features[i]->status)
			error = xvs_features[i]->status(agent, *ret);
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

static int run_get_configuration(struct xvs_agent *agent, struct xvs_call *call)
{
	char *text = NULL;
	size_t size;
	int error = xvs_config_write(agent->running, &text, &size);

	if (!error)
		error = xvs_call_reply(call, json_pack("{s:s%}", "text", text, size));
	else
		xvs_call_refused(call, "writing the configuration", error);
	free(text);
	return error;
}

json_t *xvs_prefix_text(const struct xvs_prefix *prefix)
{
	char text[XVS_PREFIX_TEXT_SIZE];

	if (prefix->family == XVS_ADDRESS_ANY)
		return json_null();
	return json_string(xvs_prefix_format(prefix, text));
}

const struct xvs_method xvs_core_methods[] = {
	{"Show", run_show, .reads = true},
	{"Features", xvs_method_features, .reads = true},
	{"GetConfiguration", run_get_configuration, .reads = true},
	{"Monitor", xvs_event_monitor, .reads = true},
	{"Plan", xvs_method_plan, .reads = true},
	{"Apply", .run = xvs_method_apply},
	{"Change", .run = xvs_method_change},
	{"Save", .run = xvs_method_save},
	{"Try", .run = xvs_method_try},
	{"Confirm", .run = xvs_method_confirm},
	{"Cancel", .run = xvs_method_cancel},
	{0},
};
