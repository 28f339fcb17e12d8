// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

int ctl_print_nothing(struct ctl_request *request, const json_t *reply, bool last)
{
	return CTL_OK;
}

int ctl_print_steps(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_t *steps = ctl_find(reply, "steps"), *step;
	size_t i;

	if (!json_array_size(steps))
		fputs("nothing to change\n", stderr);
	json_array_foreach (steps, i, step) {
		ctl_write(stdout, json_is_string(step) ? json_string_value(step) : "?");
		putchar('\n');
	}
	return CTL_OK;
}

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

static const struct ctl_column lines[] = {
	{"version", .path = "version"},
	{"pid", .path = "pid"},
	{"kernel", .path = "kernel"},
	{"hook", .path = "hook"},
	{"layout", .path = "layout"},
	{"generation", .path = "generation"},
	{"pin-dir", .path = "pin_dir"},
	{"socket", .path = "socket"},
	{"backlog", .text = backlog_text},
	{"mac-pool", .text = mac_pool_text},
	{"memory", .text = memory_text},
	{0},
};

int ctl_print_show(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_t *switches = ctl_find(reply, "switches"), *ports = ctl_find(reply, "ports");
	const char *gap = request->options.brief ? "" : "\n";

	if (!request->options.brief) {
		printf("agent\n");
		ctl_page_print(&request->options, lines, ctl_find(reply, "agent"));
	}
	if (!json_array_size(switches)) {
		ctl_say_empty("switches");
		return CTL_OK;
	}
	fputs(gap, stdout);
	ctl_list_switches(request, switches);
	if (json_array_size(ports))
		fputs(gap, stdout);
	ctl_list_ports(request, ports);
	return CTL_OK;
}
