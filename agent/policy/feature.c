// SPDX-License-Identifier: GPL-2.0-only
/* The face of the feature. */
#include "agent/policy/policy.h"

static int fill_port(struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_port_setting *setting, uint32_t id, struct xvs_port_config *port)
{
	(void)id;
	return xvs_guards_fill(agent, config, setting, port);
}

const struct xvs_feature xvs_feature_policy = {
	.name = "policy",
	.validate = xvs_policy_validate,
	.fill_port = fill_port,
	.methods = xvs_policy_methods,
};
