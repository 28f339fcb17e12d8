// SPDX-License-Identifier: GPL-2.0-only
/* A list that comes as a stream, in the form that the options ask for. */
#include <stdio.h>
#include "agent/ctl/ctl.h"

/* Where an item stands in {"items": [...]} when it is indented. */
#define ITEM_INDENT "\n        "

/* jansson writes an object as if it stood alone: moves its lines in. Strings hold no raw newline.
 */
static int write_indented(const char *text, size_t size, void *unused)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			fputs(ITEM_INDENT, stdout);
		else
			putchar(text[i]);
	}
	return 0;
}

/* {"KEY": [...]}, the one object that would have been too large to send, or to hold, at once. */
static void print_json(struct ctl_request *request, const char *key, const json_t *items, bool last)
{
	const bool pretty = request->options.pretty;
	const json_t *item;
	size_t i;

	if (!request->begun)
		printf(pretty ? "{\n    \"%s\": [" : "{\"%s\":[", key);
	request->begun = true;
	json_array_foreach (items, i, item) {
		if (request->printed++)
			putchar(',');
		if (pretty) {
			fputs(ITEM_INDENT, stdout);
			json_dump_callback(
				item, write_indented, NULL, JSON_INDENT(4) | JSON_ENSURE_ASCII);
		} else {
			json_dumpf(item, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
		}
	}
	if (last)
		fputs(!pretty ? "]}\n" : request->printed ? "\n    ]\n}\n" : "]\n}\n", stdout);
}

void ctl_print_list(struct ctl_request *request, const char *key, const struct ctl_column *columns,
	const json_t *reply, bool last)
{
	const json_t *items = ctl_find(reply, key);

	if (request->options.json) {
		print_json(request, key, items, last);
		return;
	}
	request->table.options = &request->options;
	request->table.columns = columns;
	ctl_table_print(&request->table, items);
	request->printed += json_array_size(items);
	if (last && !request->printed)
		ctl_say_empty(key);
}
