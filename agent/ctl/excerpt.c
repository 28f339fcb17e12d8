// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <wchar.h>
#include <wctype.h>
#include "agent/ctl/excerpt.h"

#define CLIP "..."
#define BEFORE_MAX 60 /* columns shown before the caret */
#define WIDTH_MAX 100 /* columns shown */
#define TAB 8
#define BYTE_ORDER_MARK "\xEF\xBB\xBF" /* no character of the first line */

/* Where the line ends, without its line break. */
static const char *line_end(const char *line, const char *end)
{
	const char *at = memchr(line, '\n', end - line);

	if (!at)
		at = end;
	return at > line && at[-1] == '\r' ? at - 1 : at;
}

static const char *find_line(const char *text, const char *end, unsigned long line)
{
	while (text && --line) {
		text = memchr(text, '\n', end - text);
		if (text)
			text++;
	}
	return text;
}

/* Bytes of the UTF-8 character at `at`. */
static size_t length(const char *at, const char *end)
{
	size_t bytes = 1;

	while (at + bytes < end && (at[bytes] & 0xC0) == 0x80)
		bytes++;
	return bytes;
}

static const char *skip(const char *at, const char *end, unsigned long characters)
{
	while (at < end && characters--)
		at += length(at, end);
	return at;
}

/* The most columns that the character can take. */
static size_t width_bound(const char *at, size_t bytes)
{
	if (*at == '\t')
		return TAB;
	return bytes == 1 && *at >= ' ' && *at <= '~' ? 1 : 4 * bytes;
}

/* Where to begin so that at most BEFORE_MAX columns stand before `caret`. */
static const char *window_begin(const char *line, const char *caret)
{
	const char *at = caret;

	for (size_t columns = 0; at > line;) {
		const char *before = at;

		do
			before--;
		while (before > line && (*before & 0xC0) == 0x80);
		columns += width_bound(before, at - before);
		if (columns > BEFORE_MAX)
			break;
		at = before;
	}
	return at;
}

/* Writes one character so that it can't command the terminal. Returns the columns it takes. */
static size_t write_character(FILE *out, const char *at, size_t bytes, size_t column)
{
	mbstate_t state = {0};
	wchar_t wide;

	if (*at == '\t')
		return fprintf(out, "%*s", (int)(TAB - column % TAB), "");
	/* Where the locale has the character and gives it a place of its own. */
	if (mbrtowc(&wide, at, bytes, &state) == bytes && iswprint(wide) && wcwidth(wide) > 0) {
		fwrite(at, 1, bytes, out);
		return wcwidth(wide);
	}
	for (size_t i = 0; i < bytes; i++)
		fprintf(out, "\\x%02x", (unsigned char)at[i]);
	return 4 * bytes;
}

void ctl_excerpt(FILE *out, const char *text, size_t size, unsigned long line, unsigned long column)
{
	const size_t mark_size = size >= 3 && !memcmp(text, BYTE_ORDER_MARK, 3) ? 3 : 0;
	const char *begin = line ? find_line(text + mark_size, text + size, line) : NULL;
	const char *end, *caret, *at;
	size_t width = 0, mark, bytes;

	if (!begin)
		return;
	end = line_end(begin, text + size);
	caret = skip(begin, end, column ? column - 1 : 0);
	at = window_begin(begin, caret);
	if (at > begin)
		width += fprintf(out, CLIP);
	mark = width;
	for (; at < end && width < WIDTH_MAX; at += bytes) {
		bytes = length(at, end);
		width += write_character(out, at, bytes, width);
		if (at < caret)
			mark = width;
	}
	fprintf(out, "%s\n", at < end ? CLIP : "");
	if (column)
		fprintf(out, "%*s^\n", (int)mark, "");
}
