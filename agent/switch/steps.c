// SPDX-License-Identifier: GPL-2.0-only
/* What each kind of step does, and how it is taken back. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/log.h"
#include "agent/switch/steps.h"

/* ---- switches ---- */

static int apply_add_switch(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	struct xvs_tables *tables = &agent->loader.tables;
	uint32_t id = 1;
	int fdb, error;

	while (id < XVS_SWITCH_MAX && agent->switching->switch_by_id[id])
		id++;
	if (id == XVS_SWITCH_MAX)
		return -ENOSPC;
	fdb = xvs_fdb_create(tables, id, change->size);
	if (fdb < 0)
		return fdb;
	error = xvs_switch_add(agent, id, change->name, fdb, change->size);
	if (error) {
		close(fdb);
		return error;
	}
	error = xvs_fdb_set(tables, id, fdb);
	error = error ?: xvs_name_write(tables->switch_names, id, change->name);
	if (error)
		xvs_switch_drop(agent, change->name);
	return error;
}

static void undo_add_switch(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	xvs_switch_drop(agent, change->name);
}

static int apply_remove_switch(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	xvs_switch_drop(agent, change->name);
	return 0;
}

static int apply_resize(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return xvs_fdb_resize(agent, xvs_switch_find(agent->switching, change->name), change->size);
}

static void undo_resize(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	xvs_fdb_resize(agent, xvs_switch_find(agent->switching, change->name), change->old_size);
}

const struct xvs_step_kind xvs_step_add_switch = {apply_add_switch, undo_add_switch, NULL};
const struct xvs_step_kind xvs_step_remove_switch = {apply_remove_switch, NULL, NULL};
const struct xvs_step_kind xvs_step_resize_switch = {apply_resize, undo_resize, NULL};

/* ---- ports ---- */

static int apply_add_port(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	struct xvs_tables *tables = &agent->loader.tables;
	uint32_t id = 1;
	int error;

	while (id < XVS_PORT_MAX && agent->switching->port_by_id[id])
		id++;
	if (id == XVS_PORT_MAX)
		return -ENOSPC;
	error = xvs_vport_add(agent, id, change->name, change->kind);
	if (error)
		return error;
	xvs_counters_clear(tables, id);
	error = xvs_name_write(tables->port_names, id, change->name);
	if (error)
		xvs_vport_drop(agent, change->name);
	return error;
}

static void undo_add_port(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	xvs_vport_drop(agent, change->name);
}

/* Its device is detached and no packet finds it any more. */
static int apply_remove_port(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	struct xvs_vport *port = xvs_vport_find(agent->switching, change->name);

	xvs_fdb_forget_port(agent, port->id);
	xvs_vport_drop(agent, change->name);
	return 0;
}

const struct xvs_step_kind xvs_step_add_port = {apply_add_port, undo_add_port, NULL};
const struct xvs_step_kind xvs_step_remove_port = {apply_remove_port, NULL, NULL};

/* ---- devices ---- */

static int change_device(struct xvs_agent *agent, const char *name, uint32_t ifindex)
{
	struct xvs_vport *port = xvs_vport_find(agent->switching, name);

	if (!ifindex && port->kind == XVS_PORT_HOST) {
		char device[IFNAMSIZ];

		xvs_host_device_name(agent, port->id, device);
		ifindex = if_nametoindex(device);
	}
	return xvs_device_attach(agent, port, ifindex);
}

static int apply_attach(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return change_device(agent, change->name, change->ifindex);
}

static int apply_detach(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	xvs_device_detach(agent, xvs_vport_find(agent->switching, change->name));
	return 0;
}

static void undo_detach(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	if (change_device(agent, change->name, change->old_ifindex))
		xvs_log(LOG_ERR, "port %s: its device could not be attached again", change->name);
}

static void undo_attach(struct xvs_agent *agent, struct xvs_step *step)
{
	apply_detach(agent, step);
}

const struct xvs_step_kind xvs_step_attach = {apply_attach, undo_attach, NULL};
const struct xvs_step_kind xvs_step_detach = {apply_detach, undo_detach, NULL};

static int apply_host_device(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	struct xvs_vport *port = xvs_vport_find(agent->switching, change->name);
	const struct xvs_link *uplink = xvs_link_by_name(&agent->links, change->uplink);
	struct xvs_mac mac;
	const struct xvs_switch *item;
	char name[XVS_NAME_SIZE];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(change->name, "/"), change->name);
	item = xvs_config_switch(change->config, name);
	mac = item->host_port.mac.mac;
	if (item->host_port.mac.source == XVS_MAC_POOL &&
		xvs_pool_address(&agent->switching->pool, change->name, &mac))
		return -ENOENT;
	return xvs_host_device_add(
		agent, port->id, change->interface, &mac, uplink ? uplink->mtu : 0);
}

static int remove_host_device(struct xvs_agent *agent, const char *name)
{
	struct xvs_vport *port = xvs_vport_find(agent->switching, name);
	char device[IFNAMSIZ];
	uint32_t ifindex;

	xvs_host_device_name(agent, port->id, device);
	ifindex = if_nametoindex(device);
	return ifindex ? xvs_link_delete(&agent->links, ifindex) : 0;
}

static void undo_host_device(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	remove_host_device(agent, change->name);
}

static int apply_remove_host_device(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return remove_host_device(agent, change->name);
}

const struct xvs_step_kind xvs_step_add_host_device = {apply_host_device, undo_host_device, NULL};
const struct xvs_step_kind xvs_step_drop_host_device = {apply_remove_host_device, NULL, NULL};

static int rename_host_end(struct xvs_agent *agent, const char *from, const char *to)
{
	uint32_t ifindex = if_nametoindex(from);

	return ifindex ? xvs_link_rename(&agent->links, ifindex, to) : -ENODEV;
}

static int apply_rename(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return rename_host_end(agent, change->old_interface, change->interface);
}

static void undo_rename(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	rename_host_end(agent, change->interface, change->old_interface);
}

static int set_host_mac(
	struct xvs_agent *agent, const struct xvs_change *change, const struct xvs_mac *mac)
{
	const struct xvs_vport *port = xvs_vport_find(agent->switching, change->name);
	const struct xvs_link *end = xvs_host_end(agent, port);
	int error = end ? xvs_link_set_mac(&agent->links, end->ifindex, mac) : -ENODEV;

	return error ?: xvs_link_refresh(&agent->links, end->ifindex);
}

static int apply_host_mac(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return set_host_mac(agent, change, &change->mac);
}

static void undo_host_mac(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	set_host_mac(agent, change, &change->old_mac);
}

const struct xvs_step_kind xvs_step_rename_host_end = {apply_rename, undo_rename, NULL};
const struct xvs_step_kind xvs_step_host_mac = {apply_host_mac, undo_host_mac, NULL};

static int set_address(struct xvs_agent *agent, const struct xvs_change *change, bool present)
{
	uint32_t ifindex = if_nametoindex(change->interface);

	return ifindex ? xvs_link_address(&agent->links, ifindex, change->address, present)
		       : -ENODEV;
}

static int apply_address(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return set_address(agent, change, change->present);
}

static void undo_address(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	set_address(agent, change, !change->present);
}

const struct xvs_step_kind xvs_step_address = {apply_address, undo_address, NULL};

static int apply_xdp(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	xvs_device_set_xdp(agent, xvs_vport_find(agent->switching, change->name), change->xdp);
	return 0; /* TC does the work where XDP can't; status tells */
}

static void undo_xdp(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	xvs_device_set_xdp(agent, xvs_vport_find(agent->switching, change->name), change->old_xdp);
}

const struct xvs_step_kind xvs_step_set_xdp = {apply_xdp, undo_xdp, NULL};

/* ---- leases and the flip ---- */

static void swap_pools(struct xvs_agent *agent, struct xvs_change *change)
{
	struct xvs_pool old = agent->switching->pool;

	agent->switching->pool = change->pool;
	change->pool = old;
}

static int apply_leases(struct xvs_agent *agent, struct xvs_step *step)
{
	int error;

	swap_pools(agent, step->subject);
	error = xvs_leases_save(agent);
	if (error)
		swap_pools(agent, step->subject);
	return error;
}

static void undo_leases(struct xvs_agent *agent, struct xvs_step *step)
{
	swap_pools(agent, step->subject);
	xvs_leases_save(agent);
}

static void clear_leases(struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	xvs_pool_clear(&change->pool);
}

static void undo_publish(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	if (xvs_switch_publish(agent, change->old_config))
		xvs_log(LOG_ERR, "the former configuration could not be published again");
}

static int apply_publish(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	int error = xvs_switch_publish(agent, change->config);

	if (error) /* what was written to the MAC tables before it failed */
		undo_publish(agent, step);
	return error;
}

const struct xvs_step_kind xvs_step_leases = {apply_leases, undo_leases, clear_leases};
const struct xvs_step_kind xvs_step_publish = {apply_publish, undo_publish, NULL};
