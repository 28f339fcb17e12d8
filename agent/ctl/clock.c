// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "agent/ctl/clock.h"
#include "agent/ctl/ctl.h"
#include "agent/ctl/text.h"

#define DURATION_MAX 86400 /* seconds, what the daemon takes */

static const struct {
	const char *unit;
	unsigned int seconds;
} units[] = {
	{"s", 1},
	{"m", 60},
	{"min", 60},
	{"h", 3600},
};

long long ctl_clock(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000ll + time.tv_nsec / 1000000;
}

static unsigned int seconds_of(const char *unit)
{
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(units[i].unit, unit))
			return units[i].seconds;
	}
	return 0;
}

unsigned int ctl_duration(const char *what, const char *text)
{
	unsigned long number;
	unsigned int seconds;
	char *unit;

	errno = 0;
	number = strtoul(text, &unit, 10);
	seconds = seconds_of(unit);
	if (*text < '0' || *text > '9') {
		ctl_fail(CTL_WRONG, "%s '%s': expected a time such as 60s, 5m or 1h", what, text);
		return 0;
	}
	if (!*unit) {
		ctl_fail(CTL_WRONG, "%s '%s': the unit is missing: %ss, %sm or %sh", what, text,
			text, text, text);
		return 0;
	}
	if (!seconds) {
		ctl_fail(CTL_WRONG, "%s '%s': unknown unit '%s', there are s, m and h", what, text,
			unit);
		return 0;
	}
	if (errno || !number || number > DURATION_MAX / seconds) {
		ctl_fail(CTL_WRONG, "%s '%s': expected 1s to 24h", what, text);
		return 0;
	}
	return number * seconds;
}
