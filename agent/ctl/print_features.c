// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

static char *state_text(const json_t *feature)
{
	return json_is_true(ctl_find(feature, "degraded")) ? ctl_format("degraded") : NULL;
}

/* Only where it is done: the feature is missing, or the ports do without it. */
static char *instead_text(const json_t *feature)
{
	const char *present = ctl_string(feature, "present");
	const bool there = present && !strcmp(present, "yes");

	if (there && !json_is_true(ctl_find(feature, "degraded")))
		return NULL;
	return ctl_text(feature, "instead");
}

static const struct ctl_column feature_columns[] = {
	{"FEATURE", .path = "name", .flags = CTL_BRIEF},
	{"PRESENT", .path = "present", .flags = CTL_BRIEF},
	{"STATE", .text = state_text, .flags = CTL_STATE | CTL_OPTIONAL},
	{"USE", .path = "use"},
	{"FOR", .path = "for"},
	{"INSTEAD", .text = instead_text, .flags = CTL_OPTIONAL},
	{"REASON", .path = "reason", .flags = CTL_OPTIONAL},
	{0},
};

static const struct ctl_column feature_lines[] = {
	{"present", .path = "present"},
	{"reason", .path = "reason"},
	{"state", .text = state_text, .flags = CTL_STATE},
	{"use", .path = "use"},
	{"for", .path = "for"},
	{"without-it", .path = "instead"},
	{0},
};

/* From 1,000 Mbit/s on in Gbit/s, with the decimals that it has. */
static char *speed_text(const json_t *nic)
{
	const json_int_t speed = ctl_number(nic, "speed");

	if (!json_is_integer(ctl_find(nic, "speed")))
		return NULL;
	return speed < 1000 ? ctl_format("%" JSON_INTEGER_FORMAT " Mbit/s", speed)
			    : ctl_format("%g Gbit/s", speed / 1000.0);
}

static const struct ctl_column nic_columns[] = {
	{"INTERFACE", .path = "interface", .flags = CTL_BRIEF},
	{"PORT", .path = "port", .flags = CTL_BRIEF},
	{"DRIVER", .path = "driver"},
	{"SPEED", .text = speed_text, .flags = CTL_RIGHT},
	{"QUEUES", .path = "queues", .flags = CTL_RIGHT},
	{"XDP", .path = "xdp"},
	{"RX-VLAN", .path = "rx_vlan_offload"},
	{"VFS", .path = "virtual_functions", .flags = CTL_RIGHT},
	{"DCB", .path = "dcb"},
	{0},
};

static const struct ctl_column nic_lines[] = {
	{"port", .path = "port"},
	{"driver", .path = "driver"},
	{"device", .path = "device"},
	{"speed", .text = speed_text},
	{"queues", .path = "queues"},
	{"xdp", .path = "xdp"},
	{"rx-vlan-offload", .path = "rx_vlan_offload"},
	{"virtual-functions", .path = "virtual_functions"},
	{"dcb", .path = "dcb"},
	{"instead", .path = "instead", .flags = CTL_LIST},
	{0},
};

static void print_page(const struct ctl_options *options, const json_t *object, const char *kind,
	const char *key, const struct ctl_column *lines)
{
	char *name = ctl_text(object, key);

	printf("%s %s\n", kind, name ? name : "?");
	free(name);
	ctl_page_print(options, lines, object);
}

static void print_pages(const struct ctl_options *options, const json_t *reply)
{
	const json_t *object;
	size_t i;

	json_array_foreach (ctl_find(reply, "features"), i, object) {
		if (i)
			putchar('\n');
		print_page(options, object, "feature", "name", feature_lines);
	}
	json_array_foreach (ctl_find(reply, "nics"), i, object) {
		putchar('\n');
		print_page(options, object, "nic", "interface", nic_lines);
	}
}

static void print_tables(const struct ctl_options *options, const json_t *reply)
{
	struct ctl_table features = {.options = options, .columns = feature_columns};
	struct ctl_table nics = {.options = options, .columns = nic_columns};

	ctl_table_print(&features, ctl_find(reply, "features"));
	if (json_array_size(ctl_find(reply, "nics")) && !options->brief)
		putchar('\n');
	ctl_table_print(&nics, ctl_find(reply, "nics"));
}

void ctl_print_features(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_int_t more = ctl_number(reply, "more");

	if (ctl_wants_pages(request))
		print_pages(&request->options, reply);
	else
		print_tables(&request->options, reply);
	if (more)
		fprintf(stderr, "%" JSON_INTEGER_FORMAT " more NICs were not looked at\n", more);
}
