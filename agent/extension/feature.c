// SPDX-License-Identifier: GPL-2.0-only
/* The face of the feature. */
#include <errno.h>
#include <stdlib.h>
#include "agent/extension/extensions.h"

/* Seconds behind a trial until what it kept goes: its end, too, has a grace period. */
#define OVERDUE_TICKS 2

static int open_extensions(struct xvs_agent *agent)
{
	agent->extensions = calloc(1, sizeof(*agent->extensions));
	if (!agent->extensions)
		return -ENOMEM;
	return xvs_instances_open(agent) ?: xvs_chains_open(agent);
}

static void close_extensions(struct xvs_agent *agent)
{
	struct xvs_extension *extension, *next;
	struct xvs_missing *missing, *next_missing;

	if (!agent->extensions)
		return;
	xvs_copies_close(agent);
	xvs_chains_close(agent);
	xvs_instances_close(agent);
	xvs_switch_part_close(agent->extensions->part);
	HASH_ITER (hh, agent->extensions->objects, extension, next) {
		HASH_DEL(agent->extensions->objects, extension);
		xvs_extension_free(extension);
	}
	HASH_ITER (hh, agent->extensions->missing, missing, next_missing) {
		HASH_DEL(agent->extensions->missing, missing);
		free(missing);
	}
	free(agent->extensions);
	agent->extensions = NULL;
}

static int fill_port(struct xvs_agent *agent, const struct xvs_switch *item,
	const struct xvs_config *config, const struct xvs_port_setting *setting, uint32_t id,
	struct xvs_port_config *port)
{
	(void)id;
	return xvs_chains_fill(agent, item, config, setting, port);
}

/* What is in force now is missing no more. */
static void forget_missing(struct xvs_agent *agent)
{
	struct xvs_missing *missing, *next;

	HASH_ITER (hh, agent->extensions->missing, missing, next)
		if (xvs_extension_of(agent, agent->running, missing->name) ||
			!xvs_config_extension(agent->running, missing->name))
			xvs_missing_forget(agent, missing->name);
}

/* Chains first: their programs hold instances' maps. */
static void clean(struct xvs_agent *agent)
{
	const uint32_t generation = agent->loader.tables.control->generation;
	struct xvs_instance_state *instance, *next_instance;
	struct xvs_extension *extension, *next;

	xvs_chains_after_grace(agent);
	HASH_ITER (hh, agent->extensions->instances, instance, next_instance)
		if ((int32_t)(instance->used - generation) < 0)
			xvs_instance_remove(agent, instance);
	xvs_instances_settle(agent);
	HASH_ITER (hh, agent->extensions->objects, extension, next) {
		if ((int32_t)(extension->used - generation) >= 0)
			continue;
		HASH_DEL(agent->extensions->objects, extension);
		xvs_extension_free(extension);
	}
}

/* What a trial has taken away may come back. */
static void after_grace(struct xvs_agent *agent)
{
	agent->extensions->overdue = agent->trial ? OVERDUE_TICKS : 0;
	if (agent->trial)
		return;
	clean(agent);
	if (!agent->in_force)
		return;
	forget_missing(agent);
	xvs_copies_save(agent);
}

static void tick(struct xvs_agent *agent)
{
	if (!agent->extensions->overdue || agent->trial)
		return;
	if (--agent->extensions->overdue == 0)
		after_grace(agent);
}

static bool differs(struct xvs_agent *agent, const struct xvs_config *config)
{
	return xvs_values_differ(agent, config) || xvs_chains_differ(agent, config);
}

static void release(struct xvs_agent *agent)
{
	xvs_copies_remove(agent);
}

const struct xvs_feature xvs_feature_extension = {
	.name = "extension",
	.open = open_extensions,
	.close = close_extensions,
	.validate = xvs_extensions_validate,
	.prepare = xvs_chains_prepare,
	.fill_port = fill_port,
	.write_half = xvs_values_write_half,
	.differs = differs,
	.after_grace = after_grace,
	.port_gone = xvs_instances_forget_port,
	.tick = tick,
	.release = release,
	.methods = xvs_extension_methods,
};
