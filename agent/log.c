// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "agent/log.h"

static int most = LOG_INFO;

void xvs_log_set_level(int level)
{
	most = level;
}

void xvs_log(int level, const char *format, ...)
{
	char line[1024];
	va_list arguments;

	if (level > most)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	if (getenv("JOURNAL_STREAM")) /* the journal reads the level from the line's start */
		fprintf(stderr, "<%d>%s\n", level, line);
	else
		fprintf(stderr, "xvswitchd: %s\n", line);
}
