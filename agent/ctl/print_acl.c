// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

static const struct ctl_column acl_columns[] = {
	{"NAME", .path = "name", .flags = CTL_BRIEF},
	{"RULES", .path = "rules", .flags = CTL_RIGHT},
	{"PORTS", .path = "ports", .flags = CTL_RIGHT},
	{0},
};

void ctl_print_acls(struct ctl_request *request, const json_t *reply, bool last)
{
	struct ctl_table table = {.options = &request->options, .columns = acl_columns};
	const json_t *acls = ctl_find(reply, "acls");

	if (!json_array_size(acls))
		ctl_say_empty("lists");
	ctl_table_print(&table, acls);
}

/* A port's own list has no name but the port's. */
static char *list_text(const json_t *rule)
{
	char *port = ctl_text(rule, "port"), *text;

	if (!port)
		return ctl_text(rule, "acl");
	text = ctl_format("port %s", port);
	free(port);
	return text;
}

/* What a rule matches, as it is written in the file: a member of the reply and its key there. */
static const struct {
	const char *member, *key;
} matches[] = {
	{"protocol", "protocol"},
	{"icmp_type", "icmp-type"},
	{"local", "local"},
	{"local_port", "local-port"},
	{"remote", "remote"},
	{"remote_port", "remote-port"},
	{"vlan", "vlan"},
};

/* Puts a word behind `text`, which is freed. */
static char *join(char *text, const char *word)
{
	char *longer = ctl_format("%s%s%s", text ? text : "", text ? " " : "", word);

	free(text);
	return longer;
}

/* `protocol tcp local-port 443` */
static char *match_text(const json_t *rule)
{
	char *text = NULL;

	for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
		char *value = ctl_text(rule, matches[i].member);

		if (!value)
			continue;
		text = join(join(text, matches[i].key), value);
		free(value);
	}
	return text ? text : ctl_format("any");
}

/* `stateful 300s, log` */
static char *extras_text(const json_t *rule)
{
	char *text = NULL;

	if (json_is_true(ctl_find(rule, "stateful")))
		text = ctl_format(
			"stateful %" JSON_INTEGER_FORMAT "s", ctl_number(rule, "idle_timeout"));
	if (json_is_true(ctl_find(rule, "log")))
		text = join(text, "log");
	return text;
}

/* What varies in width stands last: widths grow while a stream goes on. */
static const struct ctl_column rule_columns[] = {
	{"DIRECTION", .path = "direction"},
	{"WEIGHT", .path = "weight", .flags = CTL_RIGHT | CTL_OPTIONAL},
	{"ACTION", .path = "action"},
	{"PACKETS", .path = "packets", .flags = CTL_RIGHT | CTL_OPTIONAL},
	{"BYTES", .path = "bytes", .flags = CTL_RIGHT | CTL_OPTIONAL},
	{"LIST", .text = list_text, .flags = CTL_BRIEF},
	{"NAME", .path = "name", .flags = CTL_BRIEF},
	{"MATCH", .text = match_text},
	{"EXTRAS", .text = extras_text, .flags = CTL_OPTIONAL},
	{0},
};

void ctl_print_rules(struct ctl_request *request, const json_t *reply, bool last)
{
	ctl_print_list(request, "rules", rule_columns, reply, last);
}

void ctl_print_rules_reset(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_int_t count = ctl_number(reply, "reset");

	printf("counters of %" JSON_INTEGER_FORMAT " rule%s set to zero\n", count,
		count == 1 ? "" : "s");
}
