// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps from what is to what is wanted. Things come first, then one flip that puts them all
 * in force, then the removal of what is wanted no longer.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include "agent/log.h"
#include "agent/switch/switching.h"

/* The subject of every step of this feature; each kind uses what it needs. */
struct change {
	char name[XVS_PORT_NAME_SIZE]; /* of the switch or port */
	enum xvs_port_kind kind;
	uint32_t ifindex, old_ifindex;
	uint32_t size, old_size;
	enum xvs_xdp_mode xdp, old_xdp;
	char interface[IFNAMSIZ]; /* host port: the host's end */
	char uplink[IFNAMSIZ]; /* host port: whose MTU it takes */
	char address[64];
	bool present; /* address: add or remove */
	struct xvs_pool pool; /* leases: the new ones, after apply the old ones */
	const struct xvs_config *config, *old_config; /* publish */
};

struct planner {
	struct xvs_agent *agent;
	const struct xvs_config *config;
	struct xvs_plan *plan;
	struct xvs_wanted_list wanted;
	struct xvs_device_claim *claims;
	uint32_t *ifindex; /* of wanted.item[i], 0 = waits */
	int error;
};

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

/* ---- switches ---- */

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

static void drop_switch(struct xvs_agent *agent, const char *name)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_switch_state *item = xvs_switch_find(switching, name);

	if (!item)
		return;
	bpf_map_delete_elem(agent->loader.tables.fdb, &item->id);
	xvs_name_write(agent->loader.tables.switch_names, item->id, "");
	if (switching->sweep_switch == item->id)
		xvs_fdb_cursor_clear(&switching->sweep_cursor);
	switching->switch_by_id[item->id] = NULL;
	HASH_DEL(switching->switches, item);
	close(item->fdb);
	free(item->permanent);
	free(item);
}

static int apply_add_switch(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;
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
	if (bpf_map_update_elem(tables->fdb, &id, &fdb, BPF_ANY))
		error = -errno;
	error = error ?: xvs_name_write(tables->switch_names, id, change->name);
	if (error)
		drop_switch(agent, change->name);
	return error;
}

static void undo_add_switch(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	drop_switch(agent, change->name);
}

static int apply_remove_switch(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	drop_switch(agent, change->name);
	return 0;
}

static int apply_resize(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	return xvs_fdb_resize(
		agent, xvs_switch_find(agent->switching, change->name), change->size);
}

static void undo_resize(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	xvs_fdb_resize(agent, xvs_switch_find(agent->switching, change->name), change->old_size);
}

static const struct xvs_step_kind add_switch = {apply_add_switch, undo_add_switch};
static const struct xvs_step_kind remove_switch = {apply_remove_switch, NULL};
static const struct xvs_step_kind resize_switch = {apply_resize, undo_resize};

/* ---- ports ---- */

int xvs_vport_add(
	struct xvs_agent *agent, uint32_t id, const char *name, enum xvs_port_kind kind)
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

static void drop_port(struct xvs_agent *agent, const char *name)
{
	struct xvs_switching *switching = agent->switching;
	struct xvs_vport *port = xvs_vport_find(switching, name);

	if (!port)
		return;
	xvs_name_write(agent->loader.tables.port_names, port->id, "");
	switching->port_by_id[port->id] = NULL;
	HASH_DELETE(by_name, switching->by_name, port);
	free(port);
}

static int apply_add_port(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;
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
		drop_port(agent, change->name);
	return error;
}

static void undo_add_port(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	drop_port(agent, change->name);
}

/* Its device is detached and no packet finds it any more. */
static int apply_remove_port(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;
	struct xvs_vport *port = xvs_vport_find(agent->switching, change->name);

	xvs_fdb_forget_port(agent, port->id);
	drop_port(agent, change->name);
	return 0;
}

static const struct xvs_step_kind add_port = {apply_add_port, undo_add_port};
static const struct xvs_step_kind remove_port = {apply_remove_port, NULL};

/* ---- devices ---- */

static int change_device(struct xvs_agent *agent, const char *name, uint32_t ifindex)
{
	struct xvs_vport *port = xvs_vport_find(agent->switching, name);

	if (!ifindex && port->kind == XVS_PORT_HOST) {
		char device[IFNAMSIZ];

		xvs_host_device_name(port->id, device);
		ifindex = if_nametoindex(device);
	}
	return xvs_device_attach(agent, port, ifindex);
}

static int apply_attach(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	return change_device(agent, change->name, change->ifindex);
}

static int apply_detach(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	xvs_device_detach(agent, xvs_vport_find(agent->switching, change->name));
	return 0;
}

static void undo_detach(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	if (change_device(agent, change->name, change->old_ifindex))
		xvs_log(LOG_ERR, "port %s: its device could not be attached again", change->name);
}

static void undo_attach(struct xvs_agent *agent, struct xvs_step *step)
{
	apply_detach(agent, step);
}

static const struct xvs_step_kind attach = {apply_attach, undo_attach};
static const struct xvs_step_kind detach = {apply_detach, undo_detach};

static int apply_host_device(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;
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

	xvs_host_device_name(port->id, device);
	ifindex = if_nametoindex(device);
	return ifindex ? xvs_link_delete(&agent->links, ifindex) : 0;
}

static void undo_host_device(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	remove_host_device(agent, change->name);
}

static int apply_remove_host_device(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	return remove_host_device(agent, change->name);
}

static const struct xvs_step_kind add_host_device = {apply_host_device, undo_host_device};
static const struct xvs_step_kind drop_host_device = {apply_remove_host_device, NULL};

static int set_address(struct xvs_agent *agent, const struct change *change, bool present)
{
	uint32_t ifindex = if_nametoindex(change->interface);

	return ifindex ? xvs_link_address(&agent->links, ifindex, change->address, present) :
			 -ENODEV;
}

static int apply_address(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	return set_address(agent, change, change->present);
}

static void undo_address(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	set_address(agent, change, !change->present);
}

static const struct xvs_step_kind address = {apply_address, undo_address};

static int apply_xdp(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	xvs_device_set_xdp(agent, xvs_vport_find(agent->switching, change->name), change->xdp);
	return 0; /* TC does the work where XDP can't; status tells */
}

static void undo_xdp(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	xvs_device_set_xdp(agent, xvs_vport_find(agent->switching, change->name), change->old_xdp);
}

static const struct xvs_step_kind set_xdp = {apply_xdp, undo_xdp};

/* ---- leases and the flip ---- */

static void swap_pools(struct xvs_agent *agent, struct change *change)
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

static int apply_publish(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	return xvs_switch_publish(agent, change->config);
}

static void undo_publish(struct xvs_agent *agent, struct xvs_step *step)
{
	struct change *change = step->subject;

	if (xvs_switch_publish(agent, change->old_config))
		xvs_log(LOG_ERR, "the former configuration could not be published again");
}

static const struct xvs_step_kind leases = {apply_leases, undo_leases};
static const struct xvs_step_kind publish = {apply_publish, undo_publish};

/* ---- planning ---- */

static struct change *change_of(struct planner *planner, const char *name)
{
	struct change *change = calloc(1, sizeof(*change));

	if (!change) {
		planner->error = -ENOMEM;
		return NULL;
	}
	snprintf(change->name, sizeof(change->name), "%s", name);
	change->config = planner->config;
	change->old_config = planner->agent->running;
	return change;
}

#define ADD(planner, kind, change, ...)                                                            \
	((planner)->error = (planner)->error ?: xvs_plan_add((planner)->plan, kind, change,        \
							 __VA_ARGS__))

static void plan_leases(struct planner *planner)
{
	struct xvs_switching *switching = planner->agent->switching;
	struct xvs_pool pool;
	struct change *change;

	planner->error = xvs_leases_make(switching, planner->config, &planner->wanted, &pool);
	if (planner->error)
		return;
	change = xvs_leases_same(&pool, &switching->pool) ? NULL : change_of(planner, "");
	if (!change) {
		xvs_pool_clear(&pool);
		return;
	}
	change->pool = pool;
	ADD(planner, &leases, change, "lend %u MAC addresses of the pool", xvs_pool_used(&pool));
}

static void plan_switches(struct planner *planner)
{
	XVS_EACH_SWITCH (planner->config, item) {
		const struct xvs_switch_state *state =
			xvs_switch_find(planner->agent->switching, item->name);
		struct change *change;

		if (state && state->size == item->mac_table_size)
			continue;
		change = change_of(planner, item->name);
		if (!change)
			return;
		change->size = item->mac_table_size;
		if (!state) {
			ADD(planner, &add_switch, change, "add switch %s (%s)", item->name,
				xvs_switch_type_words[item->type]);
		} else {
			change->old_size = state->size;
			ADD(planner, &resize_switch, change,
				"resize the MAC table of %s from %u to %u", item->name, state->size,
				item->mac_table_size);
		}
	}
}

static void plan_new_ports(struct planner *planner)
{
	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_wanted *item = &planner->wanted.item[i];
		struct change *change;

		if (xvs_vport_find(planner->agent->switching, item->name))
			continue;
		change = change_of(planner, item->name);
		if (!change)
			return;
		change->kind = item->kind;
		ADD(planner, &add_port, change, "add port %s to %s", item->name, item->of->name);
	}
}

static void claim_device(struct planner *planner, uint32_t ifindex)
{
	struct xvs_device_claim *claim = calloc(1, sizeof(*claim));

	if (!claim) {
		planner->error = -ENOMEM;
		return;
	}
	claim->ifindex = ifindex;
	HASH_ADD_INT(planner->claims, ifindex, claim);
}

static void host_device_of(
	const struct planner *planner, const struct xvs_wanted *item, char name[IFNAMSIZ])
{
	const struct xvs_vport *port = xvs_vport_find(planner->agent->switching, item->name);

	name[0] = 0;
	if (port && item->kind == XVS_PORT_HOST)
		xvs_host_device_name(port->id, name);
}

/* Does the host port's veth have the host's end that is wanted? */
static bool host_device_fits(const struct planner *planner, const struct xvs_wanted *item)
{
	return item->kind != XVS_PORT_HOST ||
		xvs_link_by_name(&planner->agent->links, item->interface);
}

static bool keeps_device(
	const struct planner *planner, const struct xvs_wanted *item, const struct xvs_vport *port)
{
	const struct xvs_link *link;
	char host_device[IFNAMSIZ];

	if (!port || !port->ifindex)
		return false;
	link = xvs_link_by_index(&planner->agent->links, port->ifindex);
	host_device_of(planner, item, host_device);
	return link && !link->master && xvs_device_matches(item, host_device, link) &&
		host_device_fits(planner, item);
}

/* Which port gets which device; those that have a right one keep it. */
static void find_devices(struct planner *planner)
{
	struct xvs_switching *switching = planner->agent->switching;
	char reason[XVS_REASON_SIZE], host_device[IFNAMSIZ];

	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_vport *port =
			xvs_vport_find(switching, planner->wanted.item[i].name);

		if (!keeps_device(planner, &planner->wanted.item[i], port))
			continue;
		planner->ifindex[i] = port->ifindex;
		claim_device(planner, port->ifindex);
	}
	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_wanted *item = &planner->wanted.item[i];
		struct xvs_vport *port = xvs_vport_find(switching, item->name);

		if (planner->ifindex[i] || item->kind == XVS_PORT_HOST)
			continue; /* a host port's veth is made, not found */
		reason[0] = 0;
		host_device_of(planner, item, host_device);
		planner->ifindex[i] = xvs_device_find(
			planner->agent, item, host_device, planner->claims, reason);
		if (planner->ifindex[i])
			claim_device(planner, planner->ifindex[i]);
		if (port)
			snprintf(port->reason, sizeof(port->reason), "%s", reason);
	}
}

static void plan_detach(struct planner *planner, const struct xvs_vport *port)
{
	const struct xvs_link *link =
		xvs_link_by_index(&planner->agent->links, port->ifindex);
	struct change *change = change_of(planner, port->name);

	if (!change)
		return;
	change->old_ifindex = port->ifindex;
	ADD(planner, &detach, change, "detach port %s from %s", port->name,
		link ? link->name : "an interface that is gone");
}

/* Does the configuration ask for a port of this name? */
static bool is_wanted(const struct xvs_config *config, const struct xvs_vport *port)
{
	char name[XVS_NAME_SIZE];
	const struct xvs_switch *item;

	if (port->kind == XVS_PORT_VPORT)
		return xvs_config_port(config, port->name);
	snprintf(name, sizeof(name), "%.*s", (int)strcspn(port->name, "/"), port->name);
	item = xvs_config_switch(config, name);
	if (!item)
		return false;
	return port->kind == XVS_PORT_HOST ? item->host_port.present : item->uplink[0] != 0;
}

static bool is_claimed(const struct planner *planner, uint32_t ifindex)
{
	struct xvs_device_claim *claim;

	HASH_FIND_INT(planner->claims, &ifindex, claim);
	return claim;
}

/* Devices of ports that go, where another port is to have them. */
static void plan_handovers(struct planner *planner)
{
	struct xvs_vport *port, *next;

	HASH_ITER (by_name, planner->agent->switching->by_name, port, next)
		if (port->ifindex && !is_wanted(planner->config, port) &&
			is_claimed(planner, port->ifindex))
			plan_detach(planner, port);
}

static void plan_detaches(struct planner *planner)
{
	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_wanted *item = &planner->wanted.item[i];
		const struct xvs_vport *port =
			xvs_vport_find(planner->agent->switching, item->name);
		struct change *change;

		if (!port || !port->ifindex || port->ifindex == planner->ifindex[i])
			continue;
		plan_detach(planner, port);
		if (item->kind != XVS_PORT_HOST || host_device_fits(planner, item))
			continue;
		change = change_of(planner, item->name);
		if (change)
			ADD(planner, &drop_host_device, change,
				"remove the former interface of %s", item->name);
	}
}

static void plan_host_device(struct planner *planner, const struct xvs_wanted *item)
{
	struct change *change = change_of(planner, item->name);

	if (!change)
		return;
	snprintf(change->interface, sizeof(change->interface), "%s", item->interface);
	snprintf(change->uplink, sizeof(change->uplink), "%s", item->of->uplink);
	ADD(planner, &add_host_device, change, "make interface %s for the host on %s",
		item->interface, item->of->name);
}

static void plan_attach(struct planner *planner, const struct xvs_wanted *item, uint32_t ifindex)
{
	const struct xvs_link *link = xvs_link_by_index(&planner->agent->links, ifindex);
	struct change *change = change_of(planner, item->name);

	if (!change)
		return;
	change->ifindex = ifindex; /* 0: the veth that the step before makes */
	ADD(planner, &attach, change, "attach port %s to %s", item->name,
		link ? link->name : item->interface);
}

static void plan_attaches(struct planner *planner)
{
	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_wanted *item = &planner->wanted.item[i];
		const struct xvs_vport *port =
			xvs_vport_find(planner->agent->switching, item->name);

		if (port && port->ifindex && port->ifindex == planner->ifindex[i])
			continue;
		if (item->kind == XVS_PORT_HOST)
			plan_host_device(planner, item);
		if (item->kind == XVS_PORT_HOST || planner->ifindex[i])
			plan_attach(planner, item, planner->ifindex[i]);
	}
}

static void plan_xdp(struct planner *planner)
{
	for (size_t i = 0; i < planner->wanted.count; i++) {
		const struct xvs_wanted *item = &planner->wanted.item[i];
		const struct xvs_vport *port =
			xvs_vport_find(planner->agent->switching, item->name);
		bool same_device = port && port->ifindex && port->ifindex == planner->ifindex[i];
		struct change *change;

		if (item->kind != XVS_PORT_UPLINK || !planner->ifindex[i] ||
			(same_device && port->xdp_wanted == item->of->xdp))
			continue;
		change = change_of(planner, item->name);
		if (!change)
			return;
		change->xdp = item->of->xdp;
		change->old_xdp = same_device ? port->xdp_wanted : XVS_XDP_OFF;
		ADD(planner, &set_xdp, change, "set XDP on %s to %s", item->interface,
			xvs_xdp_mode_words[item->of->xdp]);
	}
}

static bool has_address(const struct xvs_switch *item, const char *text)
{
	for (size_t i = 0; item && i < item->host_port.address_count; i++)
		if (!strcmp(item->host_port.addresses[i], text))
			return true;
	return false;
}

/* The addresses of `item`'s host port that `other` has not. */
static void plan_address_difference(struct planner *planner, const struct xvs_switch *item,
	const struct xvs_switch *other, bool present)
{
	for (size_t i = 0; i < item->host_port.address_count; i++) {
		const char *text = item->host_port.addresses[i];
		struct change *change;

		if (has_address(other, text))
			continue;
		change = change_of(planner, item->name);
		if (!change)
			return;
		change->present = present;
		snprintf(change->address, sizeof(change->address), "%s", text);
		snprintf(change->interface, sizeof(change->interface), "%s",
			item->host_port.interface);
		ADD(planner, &address, change, "%s address %s %s %s", present ? "add" : "remove",
			text, present ? "to" : "from", item->host_port.interface);
	}
}

static void plan_addresses(struct planner *planner)
{
	XVS_EACH_SWITCH (planner->config, item) {
		const struct xvs_switch *old =
			xvs_config_switch(planner->agent->running, item->name);
		bool made = old && !xvs_link_by_name(&planner->agent->links, item->host_port.interface);

		if (planner->config == planner->agent->running && !made)
			continue;
		plan_address_difference(planner, item, made ? NULL : old, true);
		if (old && !strcmp(old->host_port.interface, item->host_port.interface))
			plan_address_difference(planner, old, item, false);
	}
}

static void plan_publish(struct planner *planner)
{
	struct change *change;

	if (planner->plan->count == 0 &&
		xvs_switch_published(planner->agent, planner->config))
		return;
	change = change_of(planner, "");
	if (change)
		ADD(planner, &publish, change, "publish the configuration to all packets at once");
}

static void plan_port_removal(struct planner *planner, const struct xvs_vport *port)
{
	struct change *change;

	if (port->ifindex && !is_claimed(planner, port->ifindex))
		plan_detach(planner, port);
	change = port->kind == XVS_PORT_HOST ? change_of(planner, port->name) : NULL;
	if (change)
		ADD(planner, &drop_host_device, change, "remove the interface of %s", port->name);
	change = change_of(planner, port->name);
	if (change)
		ADD(planner, &remove_port, change, "remove port %s", port->name);
}

static void plan_removals(struct planner *planner)
{
	struct xvs_switching *switching = planner->agent->switching;
	struct xvs_switch_state *item, *next;
	struct xvs_vport *port, *next_port;

	HASH_ITER (by_name, switching->by_name, port, next_port)
		if (!is_wanted(planner->config, port))
			plan_port_removal(planner, port);
	HASH_ITER (hh, switching->switches, item, next) {
		struct change *change;

		if (xvs_config_switch(planner->config, item->name))
			continue;
		change = change_of(planner, item->name);
		if (change)
			ADD(planner, &remove_switch, change, "remove switch %s", item->name);
	}
}

int xvs_switch_plan(
	struct xvs_agent *agent, const struct xvs_config *config, struct xvs_plan *plan)
{
	struct planner planner = {.agent = agent, .config = config, .plan = plan};
	struct xvs_device_claim *claim, *next;

	planner.error = xvs_wanted_make(config, &planner.wanted);
	if (planner.error)
		return planner.error;
	planner.ifindex = calloc(planner.wanted.count + 1, sizeof(*planner.ifindex));
	if (!planner.ifindex)
		planner.error = -ENOMEM;
	if (!planner.error)
		plan_leases(&planner);
	if (!planner.error) {
		find_devices(&planner);
		plan_switches(&planner);
		plan_new_ports(&planner);
		plan_detaches(&planner);
		plan_handovers(&planner);
		plan_attaches(&planner);
		plan_addresses(&planner);
		plan_xdp(&planner);
		plan_publish(&planner);
		plan_removals(&planner);
	}
	HASH_ITER (hh, planner.claims, claim, next) {
		HASH_DEL(planner.claims, claim);
		free(claim);
	}
	free(planner.ifindex);
	xvs_wanted_clear(&planner.wanted);
	return planner.error;
}
