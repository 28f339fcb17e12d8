/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_AGENT_CHECK_H
#define XVS_AGENT_CHECK_H

#include "agent/agent.h"

/*
 * `xvswitchd --check PATH`: reads and validates a configuration as a start would, touching
 * nothing; prints what is wrong as file:line:column to standard error. 0 or -errno.
 */
int xvs_check(const struct xvs_options *options, const char *path);

#endif
