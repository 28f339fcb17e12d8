// SPDX-License-Identifier: GPL-2.0-only
/* The face of the feature. */
#include "agent/policy/policy.h"

static int fill_port(struct xvs_agent *agent, const struct xvs_switch *item,
	const struct xvs_config *config, const struct xvs_port_setting *setting, uint32_t id,
	struct xvs_port_config *port)
{
	(void)item;
	(void)id;
	if (!setting)
		return 0;
	xvs_lists_fill(agent, config, setting, port);
	return xvs_guards_fill(agent, config, setting, port);
}

static int open_policy(struct xvs_agent *agent)
{
	return xvs_guards_open(agent) ?: xvs_lists_open(agent);
}

static void close_policy(struct xvs_agent *agent)
{
	xvs_lists_close(agent);
	xvs_guards_close(agent);
}

static int validate(
	const struct xvs_agent *agent, const struct xvs_config *config, struct xvs_report *report)
{
	int lists = xvs_policy_validate(agent, config, report);

	return xvs_guards_validate(agent, config, report) ?: lists;
}

static int write_half(struct xvs_agent *agent, const struct xvs_config *config)
{
	return xvs_guards_write(agent, config) ?: xvs_lists_write_half(agent, config);
}

static void tick(struct xvs_agent *agent)
{
	xvs_addresses_sweep(agent);
	xvs_flows_forget(agent);
}

static const struct xvs_record_kind records[] = {
	{XVS_EVENT_LOGGED, sizeof(struct xvs_told), xvs_told_tell},
	{XVS_EVENT_DROPPED, sizeof(struct xvs_told), xvs_told_tell},
	{0},
};

const struct xvs_feature xvs_feature_policy = {
	.name = "policy",
	.open = open_policy,
	.close = close_policy,
	.validate = validate,
	.prepare = xvs_lists_prepare,
	.fill_port = fill_port,
	.write_half = write_half,
	.differs = xvs_guards_differ,
	.after_grace = xvs_lists_after_grace,
	.describe_port = xvs_guards_describe,
	.port_gone = xvs_flows_port_gone,
	.tick = tick,
	.methods = xvs_policy_methods,
	.records = records,
};
