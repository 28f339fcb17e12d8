/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands, and how the words of a command line name one of them. */
#ifndef XVS_CTL_COMMAND_H
#define XVS_CTL_COMMAND_H

#include "agent/ctl/ctl.h"

/* Ends with an object of NULL; the verbs of an object stand together. */
extern const struct ctl_command ctl_commands[];

/*
 * Finds what `words` ask for: fills `command` and `parameters` of the request, or prints help
 * (command stays NULL, CTL_OK). Objects, verbs and keywords may be cut to a unique beginning.
 */
int ctl_command_parse(struct ctl_request *request, char **words, size_t count);

/* Fills the request's parameters as the command's table says. Complains, returns an exit code. */
int ctl_parameters_parse(struct ctl_request *request, char **words, size_t count);

#endif
