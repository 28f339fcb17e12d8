/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef XVS_CTL_EXTENSION_H
#define XVS_CTL_EXTENSION_H

#include "agent/ctl/ctl.h"

/*
 * Makes the parameters of Change from the words of a command that changes the extensions of a
 * switch or port. Complains and returns an exit code.
 */
int ctl_extension_parse(struct ctl_request *request, char **words, size_t count);

/* export, import (extension_state.c). */
int ctl_state_export(struct ctl_request *request);
int ctl_state_import(struct ctl_request *request);
void ctl_print_imported(struct ctl_request *request, const json_t *reply, bool last);
/* CTL_DIFFERENT where something was left out. */
int ctl_imported_status(const json_t *reply);

#endif
