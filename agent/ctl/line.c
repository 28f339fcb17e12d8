// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "agent/ctl/line.h"
#include "agent/ctl/text.h"

#define WIDTH_DEFAULT 80

static int shown; /* columns that are in use */

bool ctl_line_usable(void)
{
	return isatty(STDERR_FILENO);
}

/* One column less than there are: a full line would move the cursor on to the next. */
static int width(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col < 2)
		return WIDTH_DEFAULT - 1;
	return size.ws_col - 1;
}

/* Blanks, not an escape sequence, wipe out what a longer line left: every terminal knows them. */
static void rewrite(const char *text, int length)
{
	const int rest = shown > length ? shown - length : 0;

	fprintf(stderr, "\r%.*s%*s\r%.*s", length, text, rest, "", length, text);
	shown = length;
	fflush(stderr);
}

void ctl_line_show(const char *text)
{
	const int room = width();
	char *escaped;
	int length;

	if (!ctl_line_usable())
		return;
	escaped = ctl_escape(text);
	length = strlen(escaped);
	rewrite(escaped, length < room ? length : room);
	free(escaped);
}

void ctl_line_leave(void)
{
	if (shown)
		fputc('\n', stderr);
	shown = 0;
}

void ctl_line_clear(void)
{
	if (shown)
		rewrite("", 0);
}
