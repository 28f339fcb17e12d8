/* SPDX-License-Identifier: GPL-2.0-only */
/* What the files of methods share; docs/control.md lists the methods. */
#ifndef XVS_AGENT_METHODS_H
#define XVS_AGENT_METHODS_H

#include "agent/control.h"

/* As in YAML; null: any, or none. */
json_t *xvs_prefix_text(const struct xvs_prefix *prefix);

/*
 * Validates `config`, brings it into force and answers with what was done, or why not. Takes
 * `config` over. For features' methods that change their part of a clone. 0 or -errno.
 */
int xvs_methods_apply(struct xvs_agent *agent, struct xvs_call *call, struct xvs_config *config);

/*
 * Applies the plan that makes what is running the boot configuration; *ret_file (of PATH_MAX) is
 * where it then is. The caller commits or undoes `plan`. 0 or -errno, answered.
 */
int xvs_methods_save(
	struct xvs_agent *agent, struct xvs_call *call, struct xvs_plan *plan, char *ret_file);

/* methods_change.c, methods_features.c, methods_trial.c: one for each method. */
int xvs_method_features(struct xvs_agent *agent, struct xvs_call *call);
int xvs_method_apply(struct xvs_agent *agent, struct xvs_call *call);
int xvs_method_plan(struct xvs_agent *agent, struct xvs_call *call);
int xvs_method_try(struct xvs_agent *agent, struct xvs_call *call);
int xvs_method_confirm(struct xvs_agent *agent, struct xvs_call *call);
int xvs_method_cancel(struct xvs_agent *agent, struct xvs_call *call);
int xvs_method_save(struct xvs_agent *agent, struct xvs_call *call);
int xvs_method_change(struct xvs_agent *agent, struct xvs_call *call);

#endif
