// SPDX-License-Identifier: GPL-2.0-only
/* The face of the feature. */
#include "agent/policy/policy.h"

static int fill_port(struct xvs_agent *agent, const struct xvs_config *config,
	const struct xvs_port_setting *setting, uint32_t id, struct xvs_port_config *port)
{
	(void)id;
	xvs_lists_fill(agent, config, setting, port);
	return xvs_guards_fill(agent, config, setting, port);
}

static const struct xvs_record_kind records[] = {
	{XVS_EVENT_LOGGED, sizeof(struct xvs_logged), xvs_logged_tell},
	{0},
};

const struct xvs_feature xvs_feature_policy = {
	.name = "policy",
	.open = xvs_lists_open,
	.close = xvs_lists_close,
	.validate = xvs_policy_validate,
	.prepare = xvs_lists_prepare,
	.fill_port = fill_port,
	.write_half = xvs_lists_write_half,
	.after_grace = xvs_lists_after_grace,
	.port_gone = xvs_flows_port_gone,
	.tick = xvs_flows_forget,
	.methods = xvs_policy_methods,
	.records = records,
};
