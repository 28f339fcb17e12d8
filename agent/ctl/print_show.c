// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

static char *backlog_text(const json_t *agent)
{
	char *error = ctl_text(agent, "backlog.error"), *text = NULL;
	char *current = ctl_text(agent, "backlog.current");

	if (ctl_find(agent, "backlog"))
		text = ctl_format("%s packets, %" JSON_INTEGER_FORMAT " needed%s%s",
			current ? current : "unknown", ctl_number(agent, "backlog.needed"),
			error ? ": " : "", error ? error : "");
	free(current);
	free(error);
	return text;
}

static char *mac_pool_text(const json_t *agent)
{
	char *first = ctl_text(agent, "mac_pool.first"), *text = NULL;

	if (first)
		text = ctl_format("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
				  " in use, from %s",
			ctl_number(agent, "mac_pool.used"), ctl_number(agent, "mac_pool.size"),
			first);
	free(first);
	return text;
}

static char *memory_text(const json_t *agent)
{
	if (!ctl_find(agent, "memory"))
		return NULL;
	return ctl_format("%" JSON_INTEGER_FORMAT " bytes", ctl_number(agent, "memory"));
}

static char *configuration_text(const json_t *agent)
{
	const char *error = ctl_string(agent, "configuration.error");
	const json_t *saved = ctl_find(agent, "configuration.saved");
	const json_int_t count = ctl_number(agent, "configuration.differences");

	if (error)
		return ctl_format("can't be compared with the boot configuration: %s", error);
	if (!json_is_boolean(saved))
		return NULL;
	if (json_is_true(saved))
		return ctl_format("saved");
	return ctl_format("differs from the boot configuration (%" JSON_INTEGER_FORMAT
			  " difference%s; see xvsctl diff)",
		count, count == 1 ? "" : "s");
}

static char *trial_text(const json_t *agent)
{
	if (!json_is_object(ctl_find(agent, "configuration.trial")))
		return NULL;
	return ctl_format("pending: reverts in %" JSON_INTEGER_FORMAT " s unless confirmed",
		ctl_number(agent, "configuration.trial.seconds_left"));
}

static const struct ctl_column lines[] = {
	{"version", .path = "version"},
	{"pid", .path = "pid"},
	{"kernel", .path = "kernel"},
	{"hook", .path = "hook"},
	{"degraded", .path = "degraded", .flags = CTL_LIST},
	{"layout", .path = "layout"},
	{"generation", .path = "generation"},
	{"pin-dir", .path = "pin_dir"},
	{"socket", .path = "socket"},
	{"backlog", .text = backlog_text},
	{"mac-pool", .text = mac_pool_text},
	{"memory", .text = memory_text},
	{"boot", .path = "configuration.boot"},
	{"configuration", .text = configuration_text},
	{"try", .text = trial_text},
	{0},
};

void ctl_print_show(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_t *switches = ctl_find(reply, "switches"), *ports = ctl_find(reply, "ports");
	const char *gap = request->options.brief ? "" : "\n";

	if (!request->options.brief) {
		printf("agent\n");
		ctl_page_print(&request->options, lines, ctl_find(reply, "agent"));
	}
	if (!json_array_size(switches)) {
		ctl_say_empty("switches");
		return;
	}
	fputs(gap, stdout);
	ctl_list_switches(request, switches);
	if (json_array_size(ports))
		fputs(gap, stdout);
	ctl_list_ports(request, ports);
}
