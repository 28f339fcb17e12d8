// SPDX-License-Identifier: GPL-2.0-only
/* The face of the feature. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "agent/nvgre/nvgre.h"
#include "agent/nvgre/validate.h"
#include "agent/programs.h"

static int open_nvgre(struct xvs_agent *agent)
{
	int error;

	agent->nvgre = calloc(1, sizeof(*agent->nvgre));
	if (!agent->nvgre)
		return -ENOMEM;
	error = xvs_subnets_open(agent);
	if (!error && agent->loader.adopted)
		error = xvs_hash_open(agent);
	return error;
}

static void close_nvgre(struct xvs_agent *agent)
{
	struct xvs_nvgre *nvgre = agent->nvgre;

	if (!nvgre)
		return;
	xvs_folder_close(agent);
	xvs_subnets_close(agent);
	xvs_store_free(nvgre->store);
	xvs_store_free(nvgre->former);
	if (nvgre->hash)
		close(nvgre->hash);
	free(nvgre);
	agent->nvgre = NULL;
}

static int prepare(struct xvs_agent *agent, const struct xvs_config *config)
{
	int error = 0;

	if (config->networks && !agent->comparing)
		error = xvs_programs_load_networks(&agent->loader);
	return error ?: xvs_subnets_prepare(agent, config);
}

/* Frames of a guest's subnet, and those with a foreign header, are nothing for XDP. */
static int fill_port(struct xvs_agent *agent, const struct xvs_switch *item,
	const struct xvs_config *config, const struct xvs_port_setting *setting, uint32_t id,
	struct xvs_port_config *port)
{
	(void)config;
	(void)id;
	if (!setting && port->kind == XVS_PORT_HOST && item->host_port.provider) {
		port->flags |= XVS_PORT_PROVIDER;
		port->flags &= ~XVS_PORT_XDP_TARGET;
	}
	if (!setting || !setting->vsid)
		return 0;
	port->vlan_mode = XVS_VLAN_VIRTUAL;
	port->vlan = XVS_SUBNET_FIRST + xvs_subnet_id(agent, setting->vsid);
	port->flags &= ~XVS_PORT_XDP_TARGET;
	return 0;
}

static bool differs(struct xvs_agent *agent, const struct xvs_config *config)
{
	return !xvs_records_equal(config, agent->running) ||
	       !xvs_record_folders_equal(config, agent->running) ||
	       (config->networks && !agent->nvgre->store) || xvs_subnets_differ(agent, config);
}

static int write_half(struct xvs_agent *agent, const struct xvs_config *config)
{
	struct xvs_store *store;
	int error = xvs_folder_set(agent, config->record_folder);

	error = error ?: xvs_subnets_write(agent, config);
	error = error ?: xvs_records_make(agent, config, &store);
	return error ?: xvs_records_apply(agent, store);
}

static void after_grace(struct xvs_agent *agent)
{
	xvs_subnets_after_grace(agent);
	xvs_records_clean(agent);
}

static void tick(struct xvs_agent *agent)
{
	xvs_folder_tick(agent);
	xvs_records_sweep(agent);
}

const struct xvs_feature xvs_feature_nvgre = {
	.name = "nvgre",
	.open = open_nvgre,
	.close = close_nvgre,
	.validate = xvs_nvgre_validate,
	.prepare = prepare,
	.fill_port = fill_port,
	.write_half = write_half,
	.differs = differs,
	.after_grace = after_grace,
	.describe_port = xvs_nvgre_describe_port,
	.status = xvs_nvgre_status,
	.tick = tick,
	.methods = xvs_nvgre_methods,
};
