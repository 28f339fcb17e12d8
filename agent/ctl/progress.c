// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/ctl/clock.h"
#include "agent/ctl/line.h"
#include "agent/ctl/progress.h"
#include "agent/ctl/table.h"
#include "agent/ctl/text.h"

#define INTERVAL 100 /* milliseconds */

void ctl_progress_show(const json_t *progress)
{
	static long long next;
	const char *step = ctl_string(progress, "step");
	char *total, *text;

	if (ctl_clock() < next)
		return;
	next = ctl_clock() + INTERVAL;
	total = ctl_format("%" JSON_INTEGER_FORMAT, ctl_number(progress, "total"));
	text = ctl_format("[%*" JSON_INTEGER_FORMAT "/%s] %s", (int)strlen(total),
		ctl_number(progress, "done"), total, step ? step : "");
	ctl_line_show(text);
	free(text);
	free(total);
}
