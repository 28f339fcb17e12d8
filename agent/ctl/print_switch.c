// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

/* The reasons why it is degraded, joined. */
static char *reasons_text(const json_t *object)
{
	char *text = NULL, *longer, *word;
	const json_t *reason;
	size_t i;

	json_array_foreach (ctl_find(object, "reasons"), i, reason) {
		word = ctl_escape(json_is_string(reason) ? json_string_value(reason) : "?");
		longer = ctl_format("%s%s%s", text ? text : "", text ? "; " : "", word);
		free(word);
		free(text);
		text = longer;
	}
	return text;
}

static char *xdp_text(const json_t *object)
{
	char *wanted = ctl_text(object, "xdp.wanted"), *attached = ctl_text(object, "xdp.attached");
	char *reason = ctl_text(object, "xdp.reason"), *text = NULL;

	if (wanted || attached)
		text = ctl_format("%s attached, %s wanted%s%s", attached ? attached : "none",
			wanted ? wanted : "none", reason ? ": " : "", reason ? reason : "");
	free(wanted);
	free(attached);
	free(reason);
	return text;
}

static char *host_port_text(const json_t *object)
{
	char *interface = ctl_text(object, "host_port.interface"), *text;
	char *vlan = ctl_text(object, "host_port.vlan"), *mac = ctl_text(object, "host_port.mac");

	text = !interface ? NULL
			  : ctl_format("%s%s%s%s%s", interface, vlan ? ", vlan " : "",
				    vlan ? vlan : "", mac ? ", mac " : "", mac ? mac : "");
	free(interface);
	free(vlan);
	free(mac);
	return text;
}

static char *ageing_text(const json_t *object)
{
	if (!ctl_find(object, "ageing"))
		return NULL;
	return ctl_format("%" JSON_INTEGER_FORMAT " seconds", ctl_number(object, "ageing"));
}

static char *mac_table_text(const json_t *object)
{
	if (!ctl_find(object, "mac_table"))
		return NULL;
	return ctl_format("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " entries",
		ctl_number(object, "mac_table.used"), ctl_number(object, "mac_table.size"));
}

static const struct ctl_column columns[] = {
	{"NAME", .path = "name", .flags = CTL_BRIEF},
	{"STATE", .path = "state", .flags = CTL_BRIEF | CTL_STATE},
	{"TYPE", .path = "type", .flags = CTL_BRIEF},
	{"UPLINK", .path = "uplink"},
	{"HOST-PORT", .path = "host_port.interface"},
	{"PORTS", .path = "ports", .flags = CTL_RIGHT},
	{"MACS", .path = "mac_table.used", .flags = CTL_RIGHT},
	{"MACS-MAX", .path = "mac_table.size", .flags = CTL_RIGHT},
	{"REASONS", .text = reasons_text, .flags = CTL_OPTIONAL},
	{0},
};

static const struct ctl_column lines[] = {
	{"state", .path = "state", .flags = CTL_STATE},
	{"reasons", .text = reasons_text},
	{"type", .path = "type"},
	{"id", .path = "id"},
	{"uplink", .path = "uplink"},
	{"xdp", .text = xdp_text},
	{"host-port", .text = host_port_text},
	{"ageing", .text = ageing_text},
	{"mac-table", .text = mac_table_text},
	{"ports", .path = "ports"},
	{0},
};

static void print_page(const struct ctl_options *options, const json_t *object)
{
	char *name = ctl_text(object, "name");

	printf("switch %s\n", name ? name : "?");
	free(name);
	ctl_page_print(options, lines, object);
}

void ctl_list_switches(const struct ctl_request *request, const json_t *switches)
{
	struct ctl_table table = {.options = &request->options, .columns = columns};
	const json_t *object;
	size_t i;

	if (!ctl_wants_pages(request)) {
		ctl_table_print(&table, switches);
		return;
	}
	json_array_foreach (switches, i, object) {
		if (i)
			putchar('\n');
		print_page(&request->options, object);
	}
}

void ctl_print_switches(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_t *switches = ctl_find(reply, "switches");

	if (!json_array_size(switches))
		ctl_say_empty("switches");
	ctl_list_switches(request, switches);
}
