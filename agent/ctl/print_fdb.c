// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

static char *vlan_text(const json_t *entry)
{
	if (json_is_integer(ctl_find(entry, "vsid")))
		return ctl_format("vsid %" JSON_INTEGER_FORMAT, ctl_number(entry, "vsid"));
	return json_is_null(ctl_find(entry, "vlan")) ? ctl_format("all") : ctl_text(entry, "vlan");
}

/* What varies in width stands last: widths grow while a stream goes on. */
static const struct ctl_column columns[] = {
	{"MAC", .path = "mac", .flags = CTL_BRIEF},
	{"VLAN", .text = vlan_text, .flags = CTL_RIGHT | CTL_BRIEF},
	{"KIND", .path = "kind"},
	{"AGE", .path = "age", .flags = CTL_RIGHT},
	{"SWITCH", .path = "switch"},
	{"PORT", .path = "port", .flags = CTL_BRIEF},
	{0},
};

void ctl_print_entries(struct ctl_request *request, const json_t *reply, bool last)
{
	ctl_print_list(request, "entries", columns, reply, last);
}

void ctl_print_flushed(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_int_t count = ctl_number(reply, "flushed");

	printf("%" JSON_INTEGER_FORMAT " learned entr%s removed\n", count,
		count == 1 ? "y" : "ies");
}
