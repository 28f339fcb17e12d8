/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages of the daemon; levels are those of syslog(3). Where standard error is the journal they
 * go there with their fields, else to standard error as text.
 */
#ifndef XVS_AGENT_LOG_H
#define XVS_AGENT_LOG_H

#include <syslog.h>

/* What a message is about; NULL: left out. In the journal XVS_SWITCH, XVS_PORT, XVS_REASON. */
struct xvs_log_fields {
	const char *switch_name;
	const char *port; /* name of the port, as in the configuration */
	const char *reason; /* why, as a text or word of its own */
};

/* "emerg" … "debug", or "0" … "7"; -EINVAL: no such level. */
int xvs_log_level(const char *word);

/* Messages above this level (LOG_INFO) are left out. */
void xvs_log_set_level(int level);

void xvs_log(int level, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The fields go along with the text, which must be understood without them. */
void xvs_log_of(int level, const struct xvs_log_fields *fields, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
