// SPDX-License-Identifier: GPL-2.0-only
/* The face of the feature: opened, adopted, observed, given back. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/log.h"
#include "agent/transaction.h"
#include "agent/switch/switching.h"

/* A table in the place of one that somebody has unpinned: addresses are learned again. */
static int replace_table(struct xvs_agent *agent, uint32_t id, const char *name, uint32_t *ret_size)
{
	const struct xvs_tables *tables = &agent->loader.tables;
	int fdb = xvs_fdb_create(tables, id, XVS_FDB_SIZE_DEFAULT), error;

	if (fdb < 0)
		return fdb;
	xvs_log(LOG_WARNING, "the MAC table of switch %s is not pinned any more; a new one begins",
		name);
	error = xvs_fdb_set(tables, id, fdb);
	if (error) {
		close(fdb);
		return error;
	}
	*ret_size = XVS_FDB_SIZE_DEFAULT;
	return fdb;
}

static int adopt_table(struct xvs_agent *agent, uint32_t id, const char *name)
{
	uint32_t size;
	int error, fdb = xvs_fdb_open(&agent->loader.tables, id, &size);

	if (fdb == -ENOENT || fdb == -ESTALE)
		fdb = replace_table(agent, id, name, &size);
	if (fdb < 0)
		return fdb;
	error = xvs_switch_add(agent, id, name, fdb, size);
	if (error) {
		close(fdb);
		return error;
	}
	return xvs_fdb_adopt(agent, xvs_switch_find(agent->switching, name));
}

static int adopt_switches(struct xvs_agent *agent)
{
	struct xvs_name name;

	xvs_fdb_clean(&agent->loader.tables);
	for (uint32_t id = 1; id < XVS_SWITCH_MAX; id++) {
		int error = xvs_name_read(agent->loader.tables.switch_names, id, &name);

		if (!error && name.text[0])
			error = adopt_table(agent, id, name.text);
		if (error)
			return error;
	}
	return 0;
}

static enum xvs_port_kind kind_by_name(const char *name)
{
	const char *part = strchr(name, '/');

	if (!part)
		return XVS_PORT_VPORT;
	return strcmp(part, "/host") ? XVS_PORT_UPLINK : XVS_PORT_HOST;
}

/*
 * A port that an earlier run has made, whether or not it came to publish it: its device is known
 * from what was noted of the device before anything was changed.
 */
static int adopt_port(struct xvs_agent *agent, uint32_t id, const char *name)
{
	struct xvs_device_saved saved = {0};
	struct xvs_vport *port;
	int error = xvs_vport_add(agent, id, name, kind_by_name(name));

	xvs_host_aside_unstage(agent, id);
	if (!error)
		bpf_map_lookup_elem(agent->loader.tables.device_saved, &id, &saved);
	if (error || !saved.ifindex || !xvs_link_by_index(&agent->links, saved.ifindex))
		return error;
	port = agent->switching->port_by_id[id];
	if (xvs_hook_attached(&agent->loader, agent->hook, saved.ifindex) == 0)
		xvs_log_of(LOG_WARNING, &(struct xvs_log_fields){.port = name},
			"port %s lacks its programs; attaching them", name);
	if (xvs_device_attach(agent, port, saved.ifindex))
		return 0; /* the plan tries again, and tells */
	if (port->kind == XVS_PORT_UPLINK)
		port->xdp_wanted = XVS_XDP_MODE_MAX; /* not known: set again, which adopts */
	return 0;
}

/* Whatever stands in a half is written anew with it, be its port still there or not. */
static bool is_in_use(const struct xvs_port *port)
{
	return port->half[0].kind != XVS_PORT_UNUSED || port->half[1].kind != XVS_PORT_UNUSED;
}

static int adopt_ports(struct xvs_agent *agent)
{
	struct xvs_name name;

	for (uint32_t id = 1; id < XVS_PORT_MAX; id++) {
		int error = xvs_name_read(agent->loader.tables.port_names, id, &name);

		if (is_in_use(&agent->loader.tables.ports[id]))
			agent->switching->ports_end = id + 1;

		if (!error && name.text[0])
			error = adopt_port(agent, id, name.text);
		if (error)
			return error;
	}
	return 0;
}

static int open_switching(struct xvs_agent *agent)
{
	const struct xvs_mac zero = {{0}};
	struct xvs_switching *switching = calloc(1, sizeof(*switching));
	int error;

	if (!switching)
		return -ENOMEM;
	agent->switching = switching;
	switching->sweep_count = calloc(XVS_PORT_MAX, sizeof(*switching->sweep_count));
	if (!switching->sweep_count)
		return -ENOMEM;
	switching->ports_end = 1;
	xvs_pool_set_range(&switching->pool, &zero, 1ull << 48); /* all leases of earlier runs */
	error = xvs_switch_grace_open(agent);
	error = error ?: xvs_leases_load(agent);
	if (error || !agent->loader.adopted)
		return error;
	xvs_switch_grace_later(agent);
	error = xvs_switch_adopt_sets(agent);
	error = error ?: adopt_switches(agent);
	return error ?: adopt_ports(agent);
}

static void close_switching(struct xvs_agent *agent)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_switch_state *item, *next;
	struct xvs_set_slot *slot, *next_slot;
	struct xvs_vport *port, *next_port;

	if (!switching)
		return;
	HASH_ITER (by_name, switching->by_name, port, next_port) {
		if (port->ifindex)
			HASH_DELETE(by_index, switching->by_index, port);
		HASH_DELETE(by_name, switching->by_name, port);
		free(port);
	}
	HASH_ITER (hh, switching->switches, item, next) {
		HASH_DEL(switching->switches, item);
		close(item->fdb);
		free(item->permanent);
		free(item);
	}
	HASH_ITER (hh, switching->sets, slot, next_slot) {
		HASH_DEL(switching->sets, slot);
		free(slot);
	}
	xvs_pool_clear(&switching->pool);
	free(switching->sweep_count);
	sd_event_source_disable_unref(switching->grace);
	free(switching);
	agent->switching = NULL;
}

static bool uses_xdp(const struct xvs_switching *switching)
{
	struct xvs_vport *port, *next;

	HASH_ITER (by_index, switching->by_index, port, next)
		if (port->xdp_attached != XVS_XDP_OFF)
			return true;
	return false;
}

static uint32_t uses(const struct xvs_agent *agent)
{
	const struct xvs_switching *switching = agent->switching;
	uint32_t uses = 0;

	if (switching->by_index)
		uses |= XVS_PROBE_BIT(tcx);
	if (HASH_CNT(by_index, switching->by_index) >= XVS_LONG_PLAN)
		uses |= XVS_PROBE_BIT(expedited_rcu);
	if (2 * switching->longest_flood > XVS_BACKLOG_DEFAULT)
		uses |= XVS_PROBE_BIT(backlog);
	if (uses_xdp(switching))
		uses |= XVS_PROBE_BIT(xdp_features) | XVS_PROBE_BIT(devmap_tracepoint) |
			XVS_PROBE_BIT(kernel_btf);
	return uses;
}

static const char *uplink_on(const struct xvs_agent *agent, uint32_t ifindex)
{
	struct xvs_vport *port;

	HASH_FIND(by_index, agent->switching->by_index, &ifindex, sizeof(ifindex), port);
	return port && port->kind == XVS_PORT_UPLINK ? port->name : NULL;
}

static const char *port_name(const struct xvs_agent *agent, uint32_t id)
{
	const struct xvs_vport *port = id < XVS_PORT_MAX ? agent->switching->port_by_id[id] : NULL;

	return port ? port->name : NULL;
}

static uint32_t port_id(const struct xvs_agent *agent, const char *name)
{
	const struct xvs_vport *port = xvs_vport_find(agent->switching, name);

	return port ? port->id : 0;
}

static uint32_t switch_id(const struct xvs_agent *agent, const char *name)
{
	const struct xvs_switch_state *item = xvs_switch_find(agent->switching, name);

	return item ? item->id : 0;
}

static void tick(struct xvs_agent *agent)
{
	if (!agent->trial) /* else it may yet be undone */
		xvs_fdb_forget(agent);
	xvs_fdb_sweep(agent);
	if (uses_xdp(agent->switching) && xvs_links_read_xdp(&agent->links))
		xvs_agent_reconcile(agent);
}

/* Left by a commit that failed: no plan waits to be undone. */
static void forget_leftovers(struct xvs_agent *agent)
{
	struct xvs_vport *port, *next;

	HASH_ITER (by_index, agent->switching->by_index, port, next)
		if (port->kind == XVS_PORT_HOST && xvs_host_forget(agent, port->id))
			xvs_log_of(LOG_WARNING, &(struct xvs_log_fields){.port = port->name},
				"what was remembered of the interface of %s stays on disk",
				port->name);
}

/* A device that is gone took its hooks along; the port waits for another. */
static int observe(struct xvs_agent *agent)
{
	struct xvs_vport *port, *next;

	HASH_ITER (by_index, agent->switching->by_index, port, next)
		if (!xvs_link_by_index(&agent->links, port->ifindex))
			xvs_device_release(agent, port);
	if (agent->unfinished && !agent->trial)
		forget_leftovers(agent);
	if (uses_xdp(agent->switching))
		xvs_links_read_xdp(&agent->links);
	return 0;
}

static void restore_backlog(struct xvs_agent *agent)
{
	struct xvs_control *control = agent->loader.tables.control;
	FILE *file = control->saved_backlog ? fopen(XVS_BACKLOG_PATH, "w") : NULL;

	if (!file)
		return;
	fprintf(file, "%u\n", control->saved_backlog);
	fclose(file);
	control->saved_backlog = 0;
}

static void release(struct xvs_agent *agent)
{
	restore_backlog(agent);
	xvs_leases_remove(agent);
}

static const struct xvs_record_kind records[] = {
	{XVS_EVENT_MAC_MOVED, sizeof(struct xvs_mac_moved), xvs_fdb_tell_move},
	{0},
};

const struct xvs_feature xvs_feature_switch = {
	.name = "switch",
	.open = open_switching,
	.close = close_switching,
	.validate = xvs_switch_validate,
	.observe = observe,
	.plan = xvs_switch_plan,
	.status = xvs_switch_status,
	.status_part = xvs_switch_status_part,
	.uses = uses,
	.uplink_on = uplink_on,
	.port_name = port_name,
	.port_id = port_id,
	.switch_id = switch_id,
	.tick = tick,
	.release = release,
	.methods = xvs_switch_methods,
	.records = records,
};
