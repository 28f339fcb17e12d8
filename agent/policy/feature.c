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
	.open = xvs_guards_open,
	.close = xvs_guards_close,
	.validate = xvs_guards_validate,
	.fill_port = fill_port,
	.write_half = xvs_guards_write,
	.differs = xvs_guards_differ,
	.describe_port = xvs_guards_describe,
	.tick = xvs_addresses_sweep,
	.methods = xvs_guard_methods,
};
