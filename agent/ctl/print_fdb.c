// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

static char *vlan_text(const json_t *entry)
{
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

/* Where an entry stands in {"entries": [...]} when it is indented. */
#define ENTRY_INDENT "\n        "

/* jansson writes an object as if it stood alone: moves its lines in. Strings hold no raw newline.
 */
static int write_indented(const char *text, size_t size, void *unused)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			fputs(ENTRY_INDENT, stdout);
		else
			putchar(text[i]);
	}
	return 0;
}

/* The stream as the one object that would have been too large to send, or to hold, at once. */
static void print_json(struct ctl_request *request, const json_t *entries, bool first, bool last)
{
	const bool pretty = request->options.pretty;
	const json_t *entry;
	size_t i;

	if (first)
		fputs(pretty ? "{\n    \"entries\": [" : "{\"entries\":[", stdout);
	json_array_foreach (entries, i, entry) {
		if (request->printed++)
			putchar(',');
		if (pretty) {
			fputs(ENTRY_INDENT, stdout);
			json_dump_callback(
				entry, write_indented, NULL, JSON_INDENT(4) | JSON_ENSURE_ASCII);
		} else {
			json_dumpf(entry, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		}
	}
	if (last)
		fputs(!pretty ? "]}\n" : request->printed ? "\n    ]\n}\n" : "]\n}\n", stdout);
}

void ctl_print_entries(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_t *entries = ctl_find(reply, "entries");
	const bool first = !request->table.options;

	request->table.options = &request->options;
	request->table.columns = columns;
	if (request->options.json) {
		print_json(request, entries, first, last);
		return;
	}
	ctl_table_print(&request->table, entries);
	request->printed += json_array_size(entries);
	if (last && !request->printed)
		ctl_say_empty("entries");
}

void ctl_print_flushed(struct ctl_request *request, const json_t *reply, bool last)
{
	const json_int_t count = ctl_number(reply, "flushed");

	printf("%" JSON_INTEGER_FORMAT " learned entr%s removed\n", count,
		count == 1 ? "y" : "ies");
}
