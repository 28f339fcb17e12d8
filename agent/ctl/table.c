// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/table.h"
#include "agent/ctl/text.h"

#define GAP "  "

static const struct {
	const char *state, *color;
} colors[] = {
	{"ok", "\033[32m"},
	{"up", "\033[32m"},
	{"enabled", "\033[32m"},
	{"degraded", "\033[33m"},
	{"waiting", "\033[33m"},
	{"down", "\033[31m"},
	{"failed", "\033[31m"},
};

const json_t *ctl_find(const json_t *object, const char *path)
{
	char key[64];

	for (const char *dot; object && (dot = strchr(path, '.')); path = dot + 1) {
		snprintf(key, sizeof(key), "%.*s", (int)(dot - path), path);
		object = json_object_get(object, key);
	}
	return json_object_get(object, path);
}

json_int_t ctl_number(const json_t *object, const char *path)
{
	return json_integer_value(ctl_find(object, path));
}

const char *ctl_string(const json_t *object, const char *path)
{
	return json_string_value(ctl_find(object, path));
}

static char *value_text(const json_t *value)
{
	if (!value || json_is_null(value))
		return NULL;
	if (json_is_string(value))
		return ctl_escape(json_string_value(value));
	if (json_is_integer(value))
		return ctl_format("%" JSON_INTEGER_FORMAT, json_integer_value(value));
	if (json_is_boolean(value))
		return ctl_format("%s", json_is_true(value) ? "yes" : "no");
	return ctl_need(json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY));
}

char *ctl_text(const json_t *object, const char *path)
{
	return value_text(ctl_find(object, path));
}

static char *cell_text(const struct ctl_column *column, const json_t *object)
{
	char *text = column->text ? column->text(object) : ctl_text(object, column->path);

	if (text && !*text) {
		free(text);
		return NULL;
	}
	return text;
}

static bool wanted(const struct ctl_options *options, const struct ctl_column *column)
{
	if (options->brief)
		return column->flags & CTL_BRIEF;
	return options->stats || !(column->flags & CTL_STATS);
}

static const char *color_of(const char *state)
{
	for (size_t i = 0; i < sizeof(colors) / sizeof(colors[0]); i++) {
		if (!strcmp(state, colors[i].state))
			return colors[i].color;
	}
	return NULL;
}

static void print_cell(const struct ctl_options *options, unsigned int flags, const char *text)
{
	const char *color = options->color && flags & CTL_STATE ? color_of(text) : NULL;

	printf("%s%s%s", color ? color : "", text, color ? "\033[0m" : "");
}

/* The cells of one row, those of left-out columns are not looked at. */
static void print_row(const struct ctl_table *table, const char *const *texts, unsigned int ignored)
{
	const char *gap = table->margin ? GAP : "";
	int behind = 0; /* blanks that the last cell still needs if another one follows */

	for (size_t i = 0; table->columns[i].title; i++) {
		const bool right = table->columns[i].flags & CTL_RIGHT;
		int padding;

		if (!table->width[i])
			continue;
		padding = table->width[i] - strlen(texts[i]);
		printf("%*s%s%*s", behind, "", gap, right ? padding : 0, "");
		print_cell(table->options, table->columns[i].flags & ~ignored, texts[i]);
		behind = right ? 0 : padding;
		gap = GAP;
	}
	putchar('\n');
}

static void print_titles(struct ctl_table *table)
{
	const char *titles[CTL_COLUMN_MAX];

	for (size_t i = 0; table->columns[i].title; i++)
		titles[i] = table->columns[i].title;
	print_row(table, titles, CTL_STATE);
	table->titled = true;
}

static void widen(size_t *width, size_t to)
{
	if (*width < to)
		*width = to;
}

/* Fills the column's cells, the first of which is `cells`, and sees how wide it must be. */
static void fill_column(struct ctl_table *table, size_t index, const json_t *objects, char **cells)
{
	const struct ctl_column *column = &table->columns[index];
	const json_t *object;
	bool shown = !(column->flags & CTL_OPTIONAL);
	size_t row, width = 0;

	json_array_foreach (objects, row, object) {
		char *text = cell_text(column, object);

		shown = shown || text;
		if (!text)
			text = ctl_format("-");
		cells[row * CTL_COLUMN_MAX] = text;
		widen(&width, strlen(text));
	}
	if (!shown)
		return;
	widen(&width, table->options->brief ? 0 : strlen(column->title));
	widen(&table->width[index], width);
}

void ctl_table_print(struct ctl_table *table, const json_t *objects)
{
	const size_t rows = json_array_size(objects);
	char **cells = ctl_need(calloc(rows * CTL_COLUMN_MAX + 1, sizeof(*cells)));

	for (size_t i = 0; table->columns[i].title; i++) {
		if (wanted(table->options, &table->columns[i]))
			fill_column(table, i, objects, cells + i);
	}
	if (rows && !table->titled && !table->options->brief)
		print_titles(table);
	for (size_t row = 0; row < rows; row++)
		print_row(table, (const char *const *)cells + row * CTL_COLUMN_MAX, 0);
	for (size_t i = 0; i < rows * CTL_COLUMN_MAX; i++)
		free(cells[i]);
	free(cells);
}

static void print_line(
	const struct ctl_options *options, const struct ctl_column *line, int width, char *text)
{
	if (text && *text) {
		printf("  %-*s  ", width, line->title);
		print_cell(options, line->flags, text);
		putchar('\n');
	}
	free(text);
}

static void print_list(const struct ctl_options *options, const struct ctl_column *line, int width,
	const json_t *list)
{
	const json_t *element;
	size_t i;

	json_array_foreach (list, i, element)
		print_line(options, line, width, value_text(element));
}

void ctl_page_print(
	const struct ctl_options *options, const struct ctl_column *lines, const json_t *object)
{
	size_t width = 0;

	for (const struct ctl_column *line = lines; line->title; line++)
		widen(&width, strlen(line->title));
	for (const struct ctl_column *line = lines; line->title; line++) {
		if (line->flags & CTL_LIST)
			print_list(options, line, width, ctl_find(object, line->path));
		else
			print_line(options, line, width, cell_text(line, object));
	}
}

bool ctl_wants_pages(const struct ctl_request *request)
{
	const bool named = json_object_get(request->parameters, "name");

	if (request->options.brief)
		return false;
	return request->options.details || (request->command->page && named);
}

void ctl_say_empty(const char *what)
{
	fprintf(stderr, "no %s\n", what);
}
