// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

char *ctl_endpoint(const json_t *object, const char *side)
{
	char *address = ctl_text(object, side), *key = ctl_format("%s_port", side);
	char *port = ctl_text(object, key), *text = NULL;

	if (address && port)
		text = ctl_format(strchr(address, ':') ? "[%s]:%s" : "%s:%s", address, port);
	free(key);
	free(port);
	if (!text)
		return address;
	free(address);
	return text;
}

static char *local_text(const json_t *flow)
{
	return ctl_endpoint(flow, "local");
}

static char *remote_text(const json_t *flow)
{
	return ctl_endpoint(flow, "remote");
}

/* The state of a TCP connection; of other flows whether answers are allowed by it. */
static char *state_text(const json_t *flow)
{
	char *state = ctl_text(flow, "state");

	if (!state && json_is_true(ctl_find(flow, "stateful")))
		return ctl_format("stateful");
	return state;
}

/* `echo 7`, `time-exceeded/0` */
static char *icmp_text(const json_t *flow)
{
	char *type = ctl_text(flow, "icmp_type"), *text = NULL;

	if (type)
		text = ctl_format("%s/%" JSON_INTEGER_FORMAT, type, ctl_number(flow, "icmp_code"));
	else if (ctl_find(flow, "icmp_id"))
		text = ctl_format("echo %" JSON_INTEGER_FORMAT, ctl_number(flow, "icmp_id"));
	free(type);
	return text;
}

/* `in web https`, `out own 3` */
static char *rule_text(const json_t *rule)
{
	char *direction = ctl_text(rule, "direction"), *list = ctl_text(rule, "list");
	char *name = ctl_text(rule, "rule"), *number = ctl_text(rule, "number");
	char *text = ctl_format("%s %s %s", direction ? direction : "?", list ? list : "own",
		name     ? name
		: number ? number
			 : "?");

	free(direction);
	free(list);
	free(name);
	free(number);
	return text;
}

static char *rules_text(const json_t *flow)
{
	char *text = NULL, *longer, *one;
	const json_t *rule;
	size_t i;

	json_array_foreach (ctl_find(flow, "rules"), i, rule) {
		one = rule_text(rule);
		longer = ctl_format("%s%s%s", text ? text : "", text ? ", " : "", one);
		free(one);
		free(text);
		text = longer;
	}
	return text;
}

/* What varies in width stands last: widths grow while a stream goes on. */
static const struct ctl_column columns[] = {
	{"PROTOCOL", .path = "protocol", .flags = CTL_BRIEF},
	{"BEGAN", .path = "began"},
	{"STATE", .text = state_text, .flags = CTL_BRIEF},
	{"AGE", .path = "age", .flags = CTL_RIGHT},
	{"LEFT", .path = "left", .flags = CTL_RIGHT},
	{"IN-PACKETS", .path = "in.packets", .flags = CTL_RIGHT},
	{"IN-BYTES", .path = "in.bytes", .flags = CTL_RIGHT},
	{"OUT-PACKETS", .path = "out.packets", .flags = CTL_RIGHT},
	{"OUT-BYTES", .path = "out.bytes", .flags = CTL_RIGHT},
	{"VLAN", .path = "vlan", .flags = CTL_RIGHT},
	{"PORT", .path = "port", .flags = CTL_BRIEF},
	{"LOCAL", .text = local_text, .flags = CTL_BRIEF},
	{"REMOTE", .text = remote_text, .flags = CTL_BRIEF},
	{"ICMP", .text = icmp_text, .flags = CTL_OPTIONAL},
	{"RULES", .text = rules_text, .flags = CTL_OPTIONAL},
	{0},
};

void ctl_print_flows(struct ctl_request *request, const json_t *reply, bool last)
{
	ctl_print_list(request, "flows", columns, reply, last);
}

void ctl_print_flows_flushed(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_int_t count = ctl_number(reply, "flushed");

	printf("%" JSON_INTEGER_FORMAT " flow%s removed\n", count, count == 1 ? "" : "s");
}
