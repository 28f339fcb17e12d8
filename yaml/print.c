// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "yaml/print.h"
#include "yaml/text.h"

#define LINE_KEYS 3 /* of a mapping that stands on one line */

bool xvs_print_grow(struct xvs_print *print, size_t size)
{
	size_t room = 2 * print->room + size + 64;
	char *text = print->failed ? NULL : realloc(print->text, room);

	if (!text) {
		print->failed = true;
		return false;
	}
	print->text = text;
	print->room = room;
	return true;
}

static void print_spaces(struct xvs_print *print, unsigned int count)
{
	while (count-- > 0)
		xvs_print_bytes(print, " ", 1);
}

static bool means_nothing(const char *text)
{
	if (*text == 'n' || *text == 'N')
		return strcasecmp(text, "null") == 0;
	return *text == '\0';
}

enum { LETTER = 1, DIGIT, COLON, OTHER };

/* What may stand in a value without quotes; 0 = nothing of it. */
static const unsigned char plain_class[256] = {
	['a' ... 'z'] = LETTER,
	['A' ... 'Z'] = LETTER,
	['_'] = LETTER,
	['0' ... '9'] = DIGIT,
	[':'] = COLON,
	['-'] = OTHER,
	['.'] = OTHER,
	['/'] = OTHER,
};

/*
 * The length of a text that is read without quotes as this text, by us, and not as a number to
 * base 60 by YAML 1.1. 0 if it needs quotes.
 */
static size_t plain_length(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned int seen = 0; /* bits: 1 << class */

	if (plain_class[*at] > DIGIT || means_nothing(text))
		return 0;
	for (; *at; at++) {
		if (!plain_class[*at])
			return 0;
		seen |= 1u << plain_class[*at];
	}
	if (at[-1] == ':' || (seen & 1u << COLON && !(seen & 1u << LETTER)))
		return 0;
	return (const char *)at - text;
}

/* Nothing that YAML takes for a line break, or that may not stand in a file as it is. */
static bool printable(const char *text)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);

	while (at < end) {
		uint32_t code = xvs_text_next(&at, end);

		if (code < ' ' || code == 0x85 || code == 0x2028 || code == 0x2029 ||
			code == XVS_CODE_POINT_INVALID || !xvs_text_printable(code))
			return false;
	}
	return true;
}

static void print_single_quoted(struct xvs_print *print, const char *text)
{
	xvs_print_word(print, "'");
	for (;;) {
		size_t length = strcspn(text, "'");

		xvs_print_bytes(print, text, length);
		text += length;
		if (!*text)
			break;
		xvs_print_word(print, "''");
		text++;
	}
	xvs_print_word(print, "'");
}

/* All but plain letters as an escape: rare, and certain. */
static void print_double_quoted(struct xvs_print *print, const char *text)
{
	const unsigned char *at = (const unsigned char *)text, *end = at + strlen(text);

	xvs_print_word(print, "\"");
	while (at < end) {
		char escape[16] = {*at};
		uint32_t code = xvs_text_next(&at, end);

		if (code >= 0x7f || !isalnum((int)code))
			snprintf(escape, sizeof(escape), "\\U%08X", code);
		xvs_print_word(print, escape);
	}
	xvs_print_word(print, "\"");
}

void xvs_print_scalar(struct xvs_print *print, const char *text)
{
	size_t length = plain_length(text);

	if (length)
		xvs_print_bytes(print, text, length);
	else if (printable(text))
		print_single_quoted(print, text);
	else
		print_double_quoted(print, text);
}

static void print_flow_map(struct xvs_print *print, const struct xvs_node *map)
{
	xvs_print_word(print, "{");
	for (size_t i = 0; i < map->count; i++) {
		if (i)
			xvs_print_word(print, ", ");
		xvs_print_scalar(print, map->pairs[i].key.text);
		xvs_print_word(print, ": ");
		xvs_print_flow(print, &map->pairs[i].value);
	}
	xvs_print_word(print, "}");
}

void xvs_print_flow(struct xvs_print *print, const struct xvs_node *node)
{
	if (node->kind == XVS_NODE_MAP) {
		print_flow_map(print, node);
	} else if (node->kind == XVS_NODE_LIST) {
		xvs_print_word(print, "[");
		for (size_t i = 0; i < node->count; i++) {
			if (i)
				xvs_print_word(print, ", ");
			xvs_print_flow(print, &node->items[i]);
		}
		xvs_print_word(print, "]");
	} else if (node->kind == XVS_NODE_SCALAR) {
		xvs_print_scalar(print, node->text);
	} else {
		xvs_print_word(print, "~");
	}
}

static bool fits_line(const struct xvs_node *node)
{
	if (node->kind == XVS_NODE_LIST)
		return node->count == 0 || node->items[0].kind != XVS_NODE_MAP;
	if (node->kind != XVS_NODE_MAP)
		return true;
	for (size_t i = 0; i < node->count; i++)
		if (node->pairs[i].value.kind == XVS_NODE_MAP || !fits_line(&node->pairs[i].value))
			return false;
	return node->count <= LINE_KEYS;
}

static void print_items(struct xvs_print *print, const struct xvs_node *list, unsigned int indent)
{
	for (size_t i = 0; i < list->count; i++) {
		print_spaces(print, indent);
		xvs_print_word(print, "- ");
		xvs_print_flow(print, &list->items[i]);
		xvs_print_word(print, "\n");
	}
}

void xvs_print_block(struct xvs_print *print, const struct xvs_node *map, unsigned int indent)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct xvs_node *value = &map->pairs[i].value;

		print_spaces(print, indent);
		xvs_print_scalar(print, map->pairs[i].key.text);
		if (fits_line(value)) {
			xvs_print_word(print, ": ");
			xvs_print_flow(print, value);
			xvs_print_word(print, "\n");
			continue;
		}
		xvs_print_word(print, ":\n");
		if (value->kind == XVS_NODE_MAP)
			xvs_print_block(print, value, indent + 2);
		else
			print_items(print, value, indent + 2);
	}
}
