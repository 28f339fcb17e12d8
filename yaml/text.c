// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include "yaml/text.h"

uint32_t xvs_text_next(const unsigned char **text, const unsigned char *end)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000}; /* by follow-up bytes */
	const unsigned char *at = *text;
	uint32_t code = *at++;
	int more = code < 0x80 ? 0 : code >= 0xf0 ? 3 : code >= 0xe0 ? 2 : 1;

	*text = at;
	if (more == 0)
		return code;
	if (code < 0xc0 || code >= 0xf8 || end - at < more)
		return XVS_CODE_POINT_INVALID;
	code &= 0x3f >> more;
	for (int i = 0; i < more; i++, at++) {
		if ((*at & 0xc0) != 0x80)
			return XVS_CODE_POINT_INVALID;
		code = code << 6 | (*at & 0x3f);
	}
	if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return XVS_CODE_POINT_INVALID;
	*text = at;
	return code;
}

bool xvs_text_printable(uint32_t code)
{
	if (code < 0x20)
		return code == '\t' || code == '\n' || code == '\r';
	if (code < 0xa0)
		return code < 0x7f || code == 0x85;
	return code != 0xfeff && code != 0xfffe && code != 0xffff;
}

static int report_character(
	struct xvs_report *report, const struct xvs_place *place, uint32_t code, const char *text)
{
	if (code == XVS_CODE_POINT_INVALID)
		return xvs_report(report, place,
			"byte 0x%02x is not valid UTF-8; save the file as UTF-8",
			(unsigned char)*text);
	if (code == 0)
		return xvs_report(
			report, place, "a zero byte; the file is not text, or is not UTF-8");
	return xvs_report(report, place, "character U+%04X is not allowed in YAML", code);
}

/* libyaml names no line for a bad character, so we look first. */
static int check_characters(const struct xvs_source *source, struct xvs_report *report)
{
	const unsigned char *at = (const unsigned char *)source->text, *end = at + source->size;
	struct xvs_place place = {.file = source->name, .line = 1, .column = 1};

	if (source->size >= 3 && memcmp(at, XVS_BYTE_ORDER_MARK, 3) == 0)
		at += 3;
	for (;;) {
		const unsigned char *start = at;
		uint32_t code;

		while (at < end && *at >= ' ' && *at < 0x7f) /* nearly all there is */
			at++;
		place.column += at - start;
		if (at == end)
			return 0;
		start = at;
		code = xvs_text_next(&at, end);
		if (code == XVS_CODE_POINT_INVALID || !xvs_text_printable(code))
			return report_character(report, &place, code, (const char *)start);
		place.column++;
		if (code == '\n') {
			place.line++;
			place.column = 1;
		}
	}
}

int xvs_text_check(const struct xvs_source *source, size_t most, struct xvs_report *report)
{
	struct xvs_place place = {.file = source->name, .line = 1, .column = 1};

	if (source->size > most)
		return xvs_report(report, &place,
			"the file has %zu bytes, at most %zu are read; divide it", source->size,
			most);
	if (source->size >= 2 && (memcmp(source->text, "\xff\xfe", 2) == 0 ||
					 memcmp(source->text, "\xfe\xff", 2) == 0))
		return xvs_report(report, &place, "the file is UTF-16; save it as UTF-8");
	return check_characters(source, report);
}

/* Is there a tab among the blanks that line `line` (from 0) begins with? */
static bool indented_by_tab(const struct xvs_source *source, size_t line)
{
	const char *at = source->text, *end = at + source->size;

	for (; at && line > 0; line--) {
		at = memchr(at, '\n', end - at);
		at = at ? at + 1 : NULL;
	}
	for (; at && at < end && (*at == ' ' || *at == '\t'); at++)
		if (*at == '\t')
			return true;
	return false;
}

/* libyaml's words, and ours. What is not listed is understandable as it is. */
static const struct {
	const char *problem;
	const char *words;
} syntax_words[] = {
	{"found character that cannot start any token",
		"a value cannot begin with this character; put the value in quotes"},
	{"did not find expected key",
		"expected a key here; is the indentation that of the lines above?"},
	{"did not find expected '-' indicator",
		"expected another '- ' of the list; is the indentation that of the lines above?"},
	{"could not find expected ':'", "expected ':' after the key"},
	{"mapping values are not allowed in this context",
		"':' is not allowed here; is the indentation right, or does a value need quotes?"},
	{"block sequence entries are not allowed in this context",
		"a list item ('- ') is not allowed here; begin the list on a new line"},
	{"did not find expected ',' or ']'", "expected ',' or ']': a list is not closed"},
	{"did not find expected ',' or '}'", "expected ',' or '}': a mapping is not closed"},
	{"did not find expected node content",
		"expected a value here; is a list or mapping not closed?"},
	{"found unexpected end of stream", "the file ends inside quotes that are not closed"},
	{"found a tab character that violates indentation",
		"a tab in the indentation; YAML wants spaces"},
	{"did not find expected alphabetic or numeric character",
		"a value cannot begin with '*' or '&'; put the value in quotes"},
	{"found unknown escape character",
		"unknown escape in double quotes; write \\\\ for a backslash"},
};

int xvs_text_report(
	const struct xvs_source *source, const yaml_parser_t *parser, struct xvs_report *report)
{
	struct xvs_place place = {
		.file = source->name,
		.line = parser->problem_mark.line + 1,
		.column = parser->problem_mark.column + 1,
	};
	const char *problem = parser->problem ? parser->problem : "not understood";

	if (parser->error == YAML_MEMORY_ERROR)
		return -ENOMEM;
	if (indented_by_tab(source, parser->problem_mark.line))
		return xvs_report(report, &place, "a tab in the indentation; YAML wants spaces");
	for (size_t i = 0; i < sizeof(syntax_words) / sizeof(*syntax_words); i++)
		if (strcmp(problem, syntax_words[i].problem) == 0)
			return xvs_report(report, &place, "%s", syntax_words[i].words);
	return xvs_report(report, &place, "not valid YAML: %s", problem);
}
