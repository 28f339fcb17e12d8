// SPDX-License-Identifier: GPL-2.0-only
/* What each kind of step does, how it is verified, taken back or made final. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/file.h"
#include "agent/log.h"
#include "agent/switch/steps.h"

static struct xvs_vport *port_of(struct xvs_agent *agent, const struct xvs_step *step)
{
	const struct xvs_change *change = step->subject;

	return xvs_vport_find(agent->switching, change->name);
}

static struct xvs_switch_state *switch_of(struct xvs_agent *agent, const struct xvs_step *step)
{
	const struct xvs_change *change = step->subject;

	return xvs_switch_find(agent->switching, change->name);
}

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

static int undo_add_switch(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return xvs_switch_drop(agent, change->name);
}

static int apply_remove_switch(struct xvs_agent *agent, struct xvs_step *step)
{
	switch_of(agent, step)->leaving = true;
	return 0;
}

static int undo_remove_switch(struct xvs_agent *agent, struct xvs_step *step)
{
	switch_of(agent, step)->leaving = false;
	return 0;
}

static int commit_remove_switch(struct xvs_agent *agent, struct xvs_step *step)
{
	int error = undo_add_switch(agent, step);

	if (error)
		undo_remove_switch(agent, step); /* the next plan removes it again */
	return error;
}

static int apply_resize(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return xvs_fdb_resize(agent, switch_of(agent, step), change->size, &change->old_table);
}

static int undo_resize(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	int error = xvs_fdb_put_back(
		agent, switch_of(agent, step), change->old_table, change->old_size);

	if (!error)
		change->old_table = 0;
	return error;
}

static void clear_resize(struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	if (change->old_table)
		close(change->old_table);
}

static int shown_switch(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	struct bpf_map_info info = {0};
	uint32_t id = switch_of(agent, step)->id, map_id, size = sizeof(info);

	if (bpf_map_lookup_elem(agent->loader.tables.fdb, &id, &map_id) ||
		bpf_obj_get_info_by_fd(switch_of(agent, step)->fdb, &info, &size))
		return -errno;
	if (map_id != info.id || info.max_entries != xvs_fdb_elements(change->size))
		return -ENOENT;
	return 0;
}

const struct xvs_step_kind xvs_step_add_switch = {
	.apply = apply_add_switch,
	.undo = undo_add_switch,
	.shown = shown_switch,
};
const struct xvs_step_kind xvs_step_remove_switch = {
	.apply = apply_remove_switch,
	.undo = undo_remove_switch,
	.commit = commit_remove_switch,
};
const struct xvs_step_kind xvs_step_resize_switch = {
	.apply = apply_resize,
	.undo = undo_resize,
	.shown = shown_switch,
	.clear = clear_resize,
};

/* ---- ports ---- */

static int apply_add_port(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	struct xvs_tables *tables = &agent->loader.tables;
	uint32_t id = 1;
	int error;

	xvs_fdb_forget(agent);
	while (id < XVS_PORT_MAX && agent->switching->port_by_id[id])
		id++;
	if (id == XVS_PORT_MAX)
		return -ENOSPC;
	error = xvs_vport_add(agent, id, change->name, change->kind);
	if (error)
		return error;
	error = xvs_counters_clear(tables, id);
	error = error ?: xvs_name_write(tables->port_names, id, change->name);
	if (error)
		xvs_vport_drop(agent, change->name);
	return error;
}

static int undo_add_port(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_vport *port = port_of(agent, step);

	xvs_device_release(agent, port); /* it may have found one later */
	xvs_fdb_misplace(agent, port->id); /* forgotten before the id is used again */
	return xvs_vport_drop(agent, port->name);
}

/* Its device is detached and no packet finds it any more. */
static int apply_remove_port(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_vport *port = port_of(agent, step);

	port->leaving = true;
	xvs_fdb_misplace(agent, port->id);
	return 0;
}

static int undo_remove_port(struct xvs_agent *agent, struct xvs_step *step)
{
	port_of(agent, step)->leaving = false;
	return 0;
}

/* The first one walks the MAC tables for all. */
static int commit_remove_port(struct xvs_agent *agent, struct xvs_step *step)
{
	int error = xvs_host_device_left(agent, port_of(agent, step)) ? -EBUSY : 0;

	xvs_fdb_forget(agent);
	error = error ?: xvs_vport_drop(agent, port_of(agent, step)->name);
	if (error)
		undo_remove_port(agent, step); /* the next plan removes it again */
	return error;
}

const struct xvs_step_kind xvs_step_add_port = {
	.apply = apply_add_port,
	.undo = undo_add_port,
};
const struct xvs_step_kind xvs_step_remove_port = {
	.apply = apply_remove_port,
	.undo = undo_remove_port,
	.commit = commit_remove_port,
};

/* ---- devices ---- */

static int change_device(struct xvs_agent *agent, struct xvs_vport *port, uint32_t ifindex)
{
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

	return change_device(agent, port_of(agent, step), change->ifindex);
}

static int undo_attach(struct xvs_agent *agent, struct xvs_step *step)
{
	return xvs_device_release(agent, port_of(agent, step));
}

static int apply_detach(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	struct xvs_vport *port = port_of(agent, step);

	change->old_xdp = xvs_device_xdp_mode(port);
	return xvs_device_detach(agent, port);
}

static int undo_detach(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	struct xvs_vport *port = port_of(agent, step);
	int error = change_device(agent, port, change->old_ifindex);

	if (error == -ENODEV)
		return 0; /* gone meanwhile: the port waits for another */
	if (!error && change->old_xdp != XVS_XDP_OFF)
		error = xvs_device_set_xdp(agent, port, change->old_xdp);
	return error;
}

static int shown_attached(struct xvs_agent *agent, struct xvs_step *step)
{
	return xvs_device_attached(agent, port_of(agent, step));
}

const struct xvs_step_kind xvs_step_attach = {
	.apply = apply_attach,
	.undo = undo_attach,
	.shown = shown_attached,
};
const struct xvs_step_kind xvs_step_detach = {
	.apply = apply_detach,
	.undo = undo_detach,
};

static int apply_xdp(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	struct xvs_vport *port = port_of(agent, step);

	change->old_xdp = xvs_device_xdp_mode(port);
	return xvs_device_set_xdp(agent, port, change->xdp);
}

static int undo_xdp(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return xvs_device_set_xdp(agent, port_of(agent, step), change->old_xdp);
}

const struct xvs_step_kind xvs_step_set_xdp = {
	.apply = apply_xdp,
	.undo = undo_xdp,
};

/* ---- leases and the flip ---- */

static void swap_pools(struct xvs_agent *agent, struct xvs_change *change)
{
	struct xvs_pool old = agent->switching->pool;

	agent->switching->pool = change->pool;
	change->pool = old;
}

static int undo_leases(struct xvs_agent *agent, struct xvs_step *step)
{
	char path[PATH_MAX];

	xvs_leases_file(agent, path);
	xvs_file_unstage(path);
	swap_pools(agent, step->subject);
	return 0;
}

static int apply_leases(struct xvs_agent *agent, struct xvs_step *step)
{
	int error;

	swap_pools(agent, step->subject);
	error = xvs_leases_stage(agent);
	if (error)
		undo_leases(agent, step);
	return error;
}

static int commit_leases(struct xvs_agent *agent, struct xvs_step *step)
{
	char path[PATH_MAX];

	xvs_leases_file(agent, path);
	return xvs_file_commit(path);
}

static void clear_leases(struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	xvs_pool_clear(&change->pool);
}

const struct xvs_step_kind xvs_step_leases = {
	.apply = apply_leases,
	.undo = undo_leases,
	.commit = commit_leases,
	.clear = clear_leases,
};

/* What was published stood on the leases of then, which are taken back after this. */
static int undo_publish(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	int error;

	if (change->lent)
		swap_pools(agent, change->lent);
	error = xvs_switch_publish(agent, change->old_config);
	if (change->lent)
		swap_pools(agent, change->lent);
	xvs_fdb_replace(agent);
	return error;
}

static int apply_publish(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;
	int error = xvs_switch_publish(agent, change->config);

	/*
	 * What was written to the MAC tables before it failed. Before anything was in force, what
	 * an earlier run left goes on.
	 */
	if (error && agent->in_force)
		undo_publish(agent, step);
	change->generation = agent->loader.tables.control->generation;
	return error;
}

static int commit_publish(struct xvs_agent *agent, struct xvs_step *step)
{
	xvs_fdb_forget(agent);
	return 0; /* tried again by itself */
}

static int shown_published(struct xvs_agent *agent, struct xvs_step *step)
{
	struct xvs_change *change = step->subject;

	return agent->loader.tables.control->generation == change->generation ? 0 : -ESTALE;
}

const struct xvs_step_kind xvs_step_publish = {
	.apply = apply_publish,
	.undo = undo_publish,
	.shown = shown_published,
	.commit = commit_publish,
};
