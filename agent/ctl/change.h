/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_CTL_CHANGE_H
#define XVS_CTL_CHANGE_H

#include "agent/ctl/ctl.h"

/*
 * Makes the parameters of Change from the words behind the verb. Keys and values are the daemon's
 * to judge. Complains and returns an exit code.
 */
int ctl_change_parse(struct ctl_request *request, char **words, size_t count);

/* For those that make such parameters in another way. Both complain and return an exit code. */

/* Puts a setting behind those of an edit. Without a value the key is to be taken out. */
int ctl_change_add(json_t *settings, const char *key, const char *value);
/* Says that something isn't there, and how the command is used. */
int ctl_change_missing(const struct ctl_request *request, const char *what);

/* The words that it takes, for a usage text. */
const char *ctl_change_usage(const struct ctl_change *change);

#endif
