/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of methods share; docs/control.md lists the methods. */
#ifndef XVS_AGENT_METHODS_H
#define XVS_AGENT_METHODS_H

#include "agent/control.h"

/* Refuses the call with TrialPending while a trial is. 0, or -EINVAL: answered. */
int xvs_methods_refuse_in_trial(struct xvs_agent *agent, struct xvs_call *call);

/*
 * Validates `config`, brings it into force and answers with what was done, or why not. Takes
 * `config` over. For features' methods that change their part of a clone. 0 or -errno.
 */
int xvs_methods_apply(
	struct xvs_agent *agent, struct xvs_call *call, struct xvs_config *config);

extern const struct xvs_method xvs_core_methods[]; /* methods.c */
extern const struct xvs_method xvs_change_methods[]; /* methods_change.c */

#endif
