/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_CTL_ERROR_H
#define XVS_CTL_ERROR_H

#include <jansson.h>
#include "agent/ctl/files.h"

/*
 * Says on stderr what an error reply means. `name` is the protocol's name of it, NULL if it has
 * none, `files` is what was sent. Returns the exit code it stands for.
 */
int ctl_error(const struct ctl_files *files, const char *name, const json_t *parameters);

#endif
