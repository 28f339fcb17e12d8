/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_CTL_EXTENSION_H
#define XVS_CTL_EXTENSION_H

#include "agent/ctl/ctl.h"

/*
 * Makes the parameters of Change from the words of a command that changes the extensions of a
 * switch or port. Complains and returns an exit code.
 */
int ctl_extension_parse(struct ctl_request *request, char **words, size_t count);

#endif
