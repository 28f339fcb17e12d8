/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of the daemon, to standard error; levels are those of syslog(3). */
#ifndef XVS_AGENT_LOG_H
#define XVS_AGENT_LOG_H

#include <syslog.h>

/* Messages above this level (LOG_INFO) are left out. */
void xvs_log_set_level(int level);

void xvs_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
