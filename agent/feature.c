// SPDX-License-Identifier: GPL-2.0-only
/* What is asked of all features, whichever there are. */
#include "agent/agent.h"

int xvs_features_prepare(struct xvs_agent *agent, const struct xvs_config *config)
{
	int error = 0;

	for (size_t i = 0; !error && xvs_features[i]; i++)
		if (xvs_features[i]->prepare)
			error = xvs_features[i]->prepare(agent, config);
	return error;
}

int xvs_features_fill_port(struct xvs_agent *agent, const struct xvs_switch *item,
	const struct xvs_config *config, const struct xvs_port_setting *setting, uint32_t id,
	struct xvs_port_config *port)
{
	int error = 0;

	for (size_t i = 0; !error && xvs_features[i]; i++)
		if (xvs_features[i]->fill_port)
			error = xvs_features[i]->fill_port(agent, item, config, setting, id, port);
	return error;
}

int xvs_features_write_half(struct xvs_agent *agent, const struct xvs_config *config)
{
	int error = 0;

	for (size_t i = 0; !error && xvs_features[i]; i++)
		if (xvs_features[i]->write_half)
			error = xvs_features[i]->write_half(agent, config);
	return error;
}

bool xvs_features_differ(struct xvs_agent *agent, const struct xvs_config *config)
{
	for (size_t i = 0; xvs_features[i]; i++)
		if (xvs_features[i]->differs && xvs_features[i]->differs(agent, config))
			return true;
	return false;
}

int xvs_features_describe_port(struct xvs_agent *agent, const struct xvs_port_setting *setting,
	uint32_t id, bool whole, json_t *answer)
{
	int error = 0;

	for (size_t i = 0; !error && xvs_features[i]; i++)
		if (xvs_features[i]->describe_port)
			error = xvs_features[i]->describe_port(agent, setting, id, whole, answer);
	return error;
}

void xvs_features_after_grace(struct xvs_agent *agent)
{
	for (size_t i = 0; xvs_features[i]; i++)
		if (xvs_features[i]->after_grace)
			xvs_features[i]->after_grace(agent);
}

const char *xvs_features_port_name(const struct xvs_agent *agent, uint32_t id)
{
	const char *name = NULL;

	for (size_t i = 0; !name && xvs_features[i]; i++)
		if (xvs_features[i]->port_name)
			name = xvs_features[i]->port_name(agent, id);
	return name;
}

uint32_t xvs_features_port_id(const struct xvs_agent *agent, const char *name)
{
	uint32_t id = 0;

	for (size_t i = 0; !id && xvs_features[i]; i++)
		if (xvs_features[i]->port_id)
			id = xvs_features[i]->port_id(agent, name);
	return id;
}

uint32_t xvs_features_switch_id(const struct xvs_agent *agent, const char *name)
{
	uint32_t id = 0;

	for (size_t i = 0; !id && xvs_features[i]; i++)
		if (xvs_features[i]->switch_id)
			id = xvs_features[i]->switch_id(agent, name);
	return id;
}

void xvs_features_port_gone(struct xvs_agent *agent, uint32_t id)
{
	for (size_t i = 0; xvs_features[i]; i++)
		if (xvs_features[i]->port_gone)
			xvs_features[i]->port_gone(agent, id);
}
