/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of a call, for those that do more in it than print its replies. */
#ifndef XVS_CTL_CALL_H
#define XVS_CTL_CALL_H

#include "agent/ctl/client.h"
#include "agent/ctl/ctl.h"

/* All complain and return an exit code. */

/* Connects and sends the call of `request`. The caller closes `client` in any case. */
int ctl_call_begin(struct ctl_request *request, struct ctl_client *client);

/*
 * The parameters of the next reply, which the caller owns; progress is shown on the way. An error
 * reply is said and gives its exit code.
 */
int ctl_call_next(
	struct ctl_request *request, struct ctl_client *client, json_t **ret_reply, bool *ret_last);

/* Makes another call without parameters, over a connection of its own. */
int ctl_call_other(const struct ctl_request *request, const char *method);

#endif
