// SPDX-License-Identifier: GPL-2.0-only
/* The switches and ports in force: found, added, dropped. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/switch/switching.h"

struct xvs_vport *xvs_vport_find(const struct xvs_switching *switching, const char *name)
{
	struct xvs_vport *port;

	HASH_FIND(by_name, switching->by_name, name, strlen(name), port);
	return port;
}

struct xvs_switch_state *xvs_switch_find(const struct xvs_switching *switching, const char *name)
{
	struct xvs_switch_state *item;

	HASH_FIND_STR(switching->switches, name, item);
	return item;
}

int xvs_switch_add(struct xvs_agent *agent, uint32_t id, const char *name, int fdb, uint32_t size)
{
	struct xvs_switch_state *item = calloc(1, sizeof(*item));

	if (!item)
		return -ENOMEM;
	snprintf(item->name, sizeof(item->name), "%s", name);
	item->id = id;
	item->fdb = fdb;
	item->size = size;
	HASH_ADD_STR(agent->switching->switches, name, item);
	agent->switching->switch_by_id[id] = item;
	return 0;
}

int xvs_switch_drop(struct xvs_agent *agent, const char *name)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_switch_state *item = xvs_switch_find(switching, name);

	int error;

	if (!item)
		return 0;
	error = xvs_name_write(agent->loader.tables.switch_names, item->id, "");
	if (error)
		return error;
	error = xvs_fdb_unset(&agent->loader.tables, item->id);
	if (error) { /* in this order: what has no name is cleaned up by whoever comes */
		xvs_name_write(agent->loader.tables.switch_names, item->id, name);
		return error;
	}
	if (switching->sweep_switch == item->id)
		switching->sweep_bucket = 0;
	switching->switch_by_id[item->id] = NULL;
	HASH_DEL(switching->switches, item);
	close(item->fdb);
	free(item->permanent);
	free(item);
	return 0;
}

int xvs_vport_add(struct xvs_agent *agent, uint32_t id, const char *name, enum xvs_port_kind kind)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_vport *port = calloc(1, sizeof(*port));

	if (!port)
		return -ENOMEM;
	snprintf(port->name, sizeof(port->name), "%s", name);
	port->id = id;
	port->kind = kind;
	port->xdp_wanted = port->xdp_attached = XVS_XDP_OFF;
	HASH_ADD_KEYPTR(by_name, switching->by_name, port->name, strlen(port->name), port);
	switching->port_by_id[id] = port;
	if (id >= switching->ports_end)
		switching->ports_end = id + 1;
	return 0;
}

int xvs_vport_drop(struct xvs_agent *agent, const char *name)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_vport *port = xvs_vport_find(switching, name);

	int error;

	if (!port)
		return 0;
	error = xvs_name_write(agent->loader.tables.port_names, port->id, "");
	if (error)
		return error;
	xvs_features_port_gone(agent, port->id);
	switching->port_by_id[port->id] = NULL;
	HASH_DELETE(by_name, switching->by_name, port);
	free(port);
	return 0;
}
