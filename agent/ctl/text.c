// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "agent/ctl/ctl.h"
#include "agent/ctl/line.h"
#include "agent/ctl/text.h"

void *ctl_need(void *memory)
{
	if (memory)
		return memory;
	fputs("xvsctl: out of memory\n", stderr);
	exit(CTL_REFUSED);
}

static char *format_arguments(const char *format, va_list arguments)
{
	char *text;

	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	return ctl_need(text);
}

char *ctl_format(const char *format, ...)
{
	va_list arguments;
	char *text;

	va_start(arguments, format);
	text = format_arguments(format, arguments);
	va_end(arguments);
	return text;
}

char *ctl_escape(const char *text)
{
	char *escaped = ctl_need(malloc(4 * strlen(text) + 1)), *to = escaped;

	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at >= ' ' && *at <= '~')
			*to++ = *at;
		else if (*at == '\n' || *at == '\t')
			to += sprintf(to, "\\%c", *at == '\n' ? 'n' : 't');
		else
			to += sprintf(to, "\\x%02x", *at);
	}
	*to = '\0';
	return escaped;
}

void ctl_write(FILE *out, const char *text)
{
	char *escaped = ctl_escape(text);

	fputs(escaped, out);
	free(escaped);
}

static void say(const char *lead, const char *format, va_list arguments)
{
	char *text = format_arguments(format, arguments);

	/* What is printed already stands before the complaint where both go to one place. */
	fflush(stdout);
	ctl_line_clear();
	fputs(lead, stderr);
	ctl_write(stderr, text);
	fputc('\n', stderr);
	free(text);
}

int ctl_fail(int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("xvsctl: ", format, arguments);
	va_end(arguments);
	return status;
}

void ctl_hint(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say("  ", format, arguments);
	va_end(arguments);
}
