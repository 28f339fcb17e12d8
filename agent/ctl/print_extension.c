// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

/* Strings of the list KEY of an object, joined. */
static char *join(const json_t *object, const char *key)
{
	char *text = NULL;
	const json_t *item;
	size_t i;

	json_array_foreach (ctl_find(object, key), i, item) {
		char *word = ctl_escape(json_is_string(item) ? json_string_value(item) : "?");
		char *longer = ctl_format("%s%s%s", text ? text : "", text ? ", " : "", word);

		free(word);
		free(text);
		text = longer;
	}
	return text;
}

static char *directions_text(const json_t *extension)
{
	return join(extension, "directions");
}

static char *changes_text(const json_t *extension)
{
	return join(extension, "changes");
}

static char *certified_text(const json_t *extension)
{
	return ctl_format("%s", json_is_true(ctl_find(extension, "certified")) ? "yes" : "no");
}

/* What varies most in width stands last. */
static const struct ctl_column columns[] = {
	{"NAME", .path = "name", .flags = CTL_BRIEF},
	{"SWITCH", .path = "switch", .flags = CTL_BRIEF},
	{"POSITION", .path = "position", .flags = CTL_RIGHT},
	{"KIND", .path = "kind"},
	{"STATE", .path = "state", .flags = CTL_BRIEF | CTL_STATE},
	{"PACKETS", .path = "packets", .flags = CTL_RIGHT},
	{"DROPPED", .path = "dropped", .flags = CTL_RIGHT},
	{"CHANGED", .path = "changed", .flags = CTL_RIGHT},
	{"CERTIFIED", .text = certified_text},
	{"VERSION", .path = "version"},
	{"VENDOR", .path = "vendor"},
	{"WHY", .path = "why", .flags = CTL_OPTIONAL},
	{0},
};

static const struct ctl_column lines[] = {
	{"state", .path = "state", .flags = CTL_STATE},
	{"why", .path = "why"},
	{"kind", .path = "kind"},
	{"vendor", .path = "vendor"},
	{"version", .path = "version"},
	{"certified", .text = certified_text},
	{"position", .path = "position"},
	{"file", .path = "file"},
	{"sha256", .path = "sha256"},
	{"api", .path = "api"},
	{"directions", .text = directions_text},
	{"if-missing", .path = "if_missing"},
	{"changes", .text = changes_text},
	{"packets", .path = "packets"},
	{"dropped", .path = "dropped"},
	{"changed", .path = "changed"},
	{0},
};

/* A switch or an address has none. */
static char *range_text(const json_t *setting)
{
	const json_int_t least = ctl_number(setting, "least"), most = ctl_number(setting, "most");

	if (!least && !most)
		return NULL;
	return ctl_format("%" JSON_INTEGER_FORMAT " to %" JSON_INTEGER_FORMAT, least, most);
}

static const struct ctl_column setting_columns[] = {
	{"SETTING", .path = "name"},
	{"VALUE", .path = "value"},
	{"INITIAL", .path = "initial"},
	{"TYPE", .path = "type"},
	{"RANGE", .text = range_text},
	{"SCOPE", .path = "scope"},
	{"MEANING", .path = "meaning"},
	{0},
};

static const struct ctl_column reason_columns[] = {
	{"DROPPED", .path = "packets", .flags = CTL_RIGHT},
	{"REASON", .path = "word"},
	{"NUMBER", .path = "number", .flags = CTL_RIGHT},
	{"MEANING", .path = "meaning"},
	{0},
};

static const struct ctl_column map_columns[] = {
	{"MAP", .path = "name"},
	{"TYPE", .path = "type"},
	{"PIN", .path = "pin"},
	{0},
};

/* The list KEY, if there is anything in it. */
static void print_part(const struct ctl_options *options, const json_t *extension, const char *key,
	const struct ctl_column *part)
{
	struct ctl_table table = {.options = options, .columns = part, .margin = true};
	const json_t *list = ctl_find(extension, key);

	if (!json_array_size(list))
		return;
	putchar('\n');
	ctl_table_print(&table, list);
}

static void print_page(const struct ctl_options *options, const json_t *extension)
{
	char *name = ctl_text(extension, "name"), *at = ctl_text(extension, "switch");

	printf("extension %s of switch %s\n", name ? name : "?", at ? at : "?");
	free(name);
	free(at);
	ctl_page_print(options, lines, extension);
	print_part(options, extension, "settings", setting_columns);
	print_part(options, extension, "reasons", reason_columns);
	print_part(options, extension, "maps", map_columns);
}

void ctl_print_extensions(struct ctl_request *request, const json_t *reply, bool last)
{
	struct ctl_table table = {.options = &request->options, .columns = columns};
	const json_t *extensions = ctl_find(reply, "extensions"), *extension;
	size_t i;

	if (!json_array_size(extensions))
		ctl_say_empty("extensions");
	if (!ctl_wants_pages(request)) {
		ctl_table_print(&table, extensions);
		return;
	}
	json_array_foreach (extensions, i, extension) {
		if (i)
			putchar('\n');
		print_page(&request->options, extension);
	}
}

void ctl_print_extension(struct ctl_request *request, const json_t *reply, bool last)
{
	struct ctl_table table = {.options = &request->options, .columns = columns};
	json_t *rows;

	if (ctl_wants_pages(request)) {
		print_page(&request->options, reply);
		return;
	}
	rows = ctl_need(json_pack("[O]", reply));
	ctl_table_print(&table, rows);
	json_decref(rows);
}
