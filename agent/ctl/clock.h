/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_CTL_CLOCK_H
#define XVS_CTL_CLOCK_H

/* Milliseconds of a clock that only goes forward. */
long long ctl_clock(void);

/*
 * The seconds that `text` stands for: a whole number with a unit, `90s`, `5m` (or `5min`), `1h`,
 * from 1 s to 24 h. Else it complains about `what` and returns 0.
 */
unsigned int ctl_duration(const char *what, const char *text);

#endif
