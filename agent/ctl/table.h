/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Objects of a reply as a table of aligned columns, or one object as a page of aligned lines.
 * Both are described by the same list of columns.
 */
#ifndef XVS_CTL_TABLE_H
#define XVS_CTL_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define CTL_COLUMN_MAX 16

struct ctl_options;

enum {
	CTL_RIGHT = 1, /* numbers */
	CTL_OPTIONAL = 2, /* left out where no object has a value for it */
	CTL_STATS = 4, /* only with -s */
	CTL_BRIEF = 8, /* with -br too */
	CTL_STATE = 16, /* coloured */
	CTL_LIST = 32, /* in a page: a line for each element of the list at `path` */
};

struct ctl_column {
	const char *title;
	const char *path; /* keys to the value, with dots between; NULL where `text` needs none */
	char *(*text)(
		const json_t *object); /* NULL: the value at `path`. May return NULL: no value */
	unsigned int flags;
};

struct ctl_table {
	const struct ctl_options *options;
	const struct ctl_column *columns; /* title NULL ends them */
	size_t width[CTL_COLUMN_MAX]; /* 0 = left out; only grows, so that a stream stays aligned */
	bool margin; /* stands below a page, moved in like its lines */
	bool titled; /* the titles are printed */
};

/* The value at a path such as `counters.transmit.bytes`, NULL if there is none. */
const json_t *ctl_find(const json_t *object, const char *path);

/* The number there, 0 if there is none. */
json_int_t ctl_number(const json_t *object, const char *path);

/* The string there, NULL if there is none. */
const char *ctl_string(const json_t *object, const char *path);

/* The value there as text for a person, NULL for null or nothing; the caller frees it. */
char *ctl_text(const json_t *object, const char *path);

/* Prints one row for each object. May be called again with more, which are joined on below. */
void ctl_table_print(struct ctl_table *table, const json_t *objects);

/* Prints `name: value` lines, those without a value left out. */
void ctl_page_print(
	const struct ctl_options *options, const struct ctl_column *lines, const json_t *object);

#endif
