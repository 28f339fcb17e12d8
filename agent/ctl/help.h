/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_CTL_HELP_H
#define XVS_CTL_HELP_H

#include <stdio.h>
#include "agent/ctl/option.h"

/* `xvsctl port show [NAME] [switch SWITCH]`, valid until the next call. */
const char *ctl_usage(const struct ctl_command *command);

/* The commands that take that option, `apply, diff, try`, valid until the next call. */
const char *ctl_takers(const struct ctl_option *option);

/* Help on one object, or on all with the options for NULL. */
void ctl_help(FILE *out, const char *object);

/* Says on stderr which words could have stood there, after `lead`; NULL ends them. */
void ctl_help_hint(const char *lead, const char *const *words);

#endif
